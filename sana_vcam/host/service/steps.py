"""The steps of an installation: files that are written, commands that are run.

A manifest remembers every file that was written, with its checksum. So a file is replaced or
removed later only if it is still ours and nobody has changed it since.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from sana_vcam.errors import StartupError
from sana_vcam.host.machine import Machine
from sana_vcam.lib.atomicfile import replace_file

type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FileStep:
    """A file to write. A `secret` one is not shown, and not compared with what is there."""

    path: Path
    text: str = field(repr=False)
    mode: int = 0o644
    keep: bool = False
    """Whether one that is there already is left as it is, because it is the user's to edit."""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class CommandStep:
    """A command to run. Without `needed`, its failure is told and passed over."""

    words: tuple[str, ...]
    needed: bool = True
    fix: str = ""
    stays: tuple[str, ...] = ()
    """A command whose success says that what was done before is of use though this one failed."""
    if_it_stays: str = ""
    """What to do then."""


class Unfinished(StartupError):
    """A step that failed, after which the installation stays as it is."""


@dataclass(frozen=True, slots=True)
class _Replaced:
    """A file as it was before it was written; None if there was none."""

    path: Path
    data: bytes | None
    mode: int
    kept: Path | None
    """Its copy for the user."""


type Step = FileStep | CommandStep


@dataclass
class Manifest:
    """The files that were written, with their checksums; kept as JSON."""

    path: Path
    files: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read the manifest; empty if there is none. Raises `StartupError` if it makes no sense."""
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            return cls(path)
        except OSError as error:
            raise StartupError(f"cannot read {path}: {error.strerror}") from error
        try:
            content = json.loads(text)
            files = {str(name): str(value) for name, value in content["files"].items()}
            return cls(path, files, [str(folder) for folder in content["folders"]])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StartupError(
                f"{path} is damaged; remove it, and after that the files that an uninstallation "
                f"leaves: rm {shlex.quote(str(path))}"
            ) from error

    def write(self) -> None:
        """Write the manifest, or remove it if it names no files."""
        if not self.files:
            self.path.unlink(missing_ok=True)
            return
        self.folders += _make_folders(self.path.parent)
        content = {"files": self.files, "folders": self.folders}
        text = json.dumps(content, indent=2) + "\n"
        replace_file(self.path, text.encode())

    def is_ours(self, path: Path) -> bool:
        """Whether the file is the one that we wrote, unchanged."""
        return self.files.get(str(path)) == _checksum(path)


class Installation:
    """An installation and its manifest. With `dry` it only says what it would do."""

    def __init__(
        self, machine: Machine, manifest: Path, *, dry: bool, say: Say, force: bool = False
    ) -> None:
        self.machine = machine
        self.manifest = Manifest.read(machine.path(manifest))
        self.dry = dry
        self.say = say
        self._force = force
        self._before = replace(
            self.manifest, files=dict(self.manifest.files), folders=list(self.manifest.folders)
        )
        self._replaced: list[_Replaced] = []

    def install(self, steps: Iterable[Step]) -> None:
        """Carry every step out, in order.

        Raises:
            StartupError: a file in the way is not ours, or a step failed; `undo` takes back what
                was written until then.
            Unfinished: the same, and what was done is of use.
        """
        steps = list(steps)
        for file in steps:
            if isinstance(file, FileStep):
                self._refuse_to_replace(file)
        for step in steps:
            if isinstance(step, FileStep):
                self._write(step)
            else:
                self.run(step)

    def undo(self) -> None:
        """Put everything back as it was before; what cannot be is said. Never raises."""
        made = [path for path in self.manifest.folders if path not in self._before.folders]
        self.manifest = self._before
        tasks: list[Callable[[], None]] = [
            *(partial(_put_back, file) for file in reversed(self._replaced)),
            self.manifest.write,
            *(partial(_remove_empty, Path(path)) for path in sorted(made, key=len, reverse=True)),
        ]
        for task in tasks:
            try:
                task()
            except OSError as error:
                self.say(f"left behind: {error.filename}: {error.strerror}")
        if self._replaced:
            self.say("nothing is left behind of it")

    def uninstall(self, paths: Iterable[Path] | None = None) -> None:
        """Remove every file of the manifest that nobody has changed, and folders left empty.

        With `paths` only these files.
        """
        chosen = None if paths is None else {str(self.machine.path(path)) for path in paths}
        for name in list(self.manifest.files):
            if chosen is None or name in chosen:
                self._remove(Path(name))
        if self.dry:
            return
        self.manifest.write()
        if not self.manifest.files:
            for folder in map(Path, sorted(self.manifest.folders, key=len, reverse=True)):
                _remove_empty(folder)

    def run(self, command: CommandStep) -> None:
        """Run a command. Raises `StartupError` if it fails and is needed."""
        words = shlex.join(command.words)
        self.say(f"{'would run' if self.dry else 'run'}: {words}")
        if self.dry:
            return
        result = self.machine.run(*command.words)
        if result.ok:
            return
        fix = f"; {command.fix}" if command.fix else ""
        if command.stays and self.machine.run(*command.stays).ok:
            raise Unfinished(f"{words}: {result.reason}; {command.if_it_stays}")
        if command.needed:
            raise StartupError(f"{words}: {result.reason}{fix}")
        self.say(f"  failed ({result.reason}){fix}")

    def _refuse_to_replace(self, file: FileStep) -> None:
        path = self.machine.path(file.path)
        there = _read(path)
        if file.keep or file.secret or there is None or there == file.text or self._force:
            return
        if not self.manifest.is_ours(path):
            raise StartupError(
                f"{path} is there already and was not written by `sana-vcam service install`, or "
                "has been changed since; --force replaces it and keeps the old one as "
                f"{path.name}.old"
            )

    def _write(self, file: FileStep) -> None:
        path = self.machine.path(file.path)
        there = _read(path)
        if there == file.text or (file.keep and there is not None):
            self.say(f"unchanged: {path}")
            return
        if self.dry:
            self.say(f"would write: {path} (mode {file.mode:04o})")
            shown = "(a secret, not shown)\n" if file.secret else file.text
            self.say("".join(f"  | {line}\n" for line in shown.splitlines()).rstrip("\n"))
            return
        old = path.with_name(f"{path.name}.old")
        keeps = there is not None and not file.secret and not self.manifest.is_ours(path)
        try:
            before = None if there is None else path.read_bytes()
            mode = 0 if there is None else stat.S_IMODE(path.stat().st_mode)
            self._replaced.append(_Replaced(path, before, mode, old if keeps else None))
            if keeps:
                path.replace(old)
                self.say(f"kept: {old}")
            self.manifest.folders += _make_folders(path.parent)
            replace_file(path, file.text.encode(), mode=file.mode)
            self.manifest.files[str(path)] = _checksum(path)
            self.manifest.write()
        except OSError as error:
            where = error.filename or path
            raise StartupError(f"cannot write {where}: {error.strerror}") from error
        self.say(f"wrote: {path}")

    def _remove(self, path: Path) -> None:
        if not path.exists():
            self.say(f"gone already: {path}")
        elif not self.manifest.is_ours(path):
            self.say(f"left, because it has been changed: {path}")
        elif self.dry:
            self.say(f"would remove: {path}")
        else:
            path.unlink()
            self.say(f"removed: {path}")
        if not self.dry:
            del self.manifest.files[str(path)]


def _put_back(file: _Replaced) -> None:
    if file.data is None:
        file.path.unlink(missing_ok=True)
    else:
        replace_file(file.path, file.data, mode=file.mode)
    if file.kept is not None:
        file.kept.unlink(missing_ok=True)


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _make_folders(folder: Path) -> list[str]:
    """Make a folder and those above it, and list the ones that were not there."""
    if folder.is_dir():
        return []
    above = _make_folders(folder.parent)
    folder.mkdir(mode=0o755)
    return [*above, str(folder)]


def _read(path: Path) -> str | None:
    """Read a file; None if there is none. Bytes that are no text differ from every text."""
    try:
        return path.read_text("utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StartupError(f"cannot read {path}: {error.strerror}") from error


def _checksum(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
