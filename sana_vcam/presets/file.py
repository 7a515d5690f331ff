"""Editing the presets in their own file: locked, judged before and after, written whole.

The configuration file is only read: the first edit copies its `[[presets]]`. A file that is wrong
now, or would be after the edit, is not touched. What stood before the last edit is kept beside it,
as presets.toml.bak.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from sana_vcam.config.load import Loaded
from sana_vcam.config.preset import Preset, image_path
from sana_vcam.config.presetsfile import render_presets_file
from sana_vcam.config.source import ConfigSource
from sana_vcam.errors import CommandFailed, ConfigError
from sana_vcam.lib.atomicfile import PRIVATE, remove_drafts, replace_file
from sana_vcam.lib.statefile import make_private_folder, read_bounded
from sana_vcam.presets.edits import Edit, Import, RestoreBuiltins, apply

LOCK_TIMEOUT_S = 10.0
"""How long another program may take for its edit."""
BACKUP_SUFFIX = ".bak"
ATTEMPTS = 5
"""How often an edit is made anew because the file has changed meanwhile."""
VERBS = "add|edit|remove|move|reset"


@dataclass(frozen=True, slots=True)
class Edited:
    """An edit that has been carried out: the file, and the list before and after it."""

    path: Path
    before: tuple[Preset, ...]
    presets: tuple[Preset, ...]


def edit_presets(source: ConfigSource, edit: Edit) -> tuple[Path, tuple[Preset, ...]]:
    """Carry out an edit, as `carry_out` does; returns the file and the presets after it."""
    done = carry_out(source, edit)
    return done.path, done.presets


def carry_out(source: ConfigSource, edit: Edit) -> Edited:
    """Carry out an edit in the presets' own file.

    Blocks, for a disk and for other programs that edit at the same time. An editor that does not
    know of the lock is noticed: the edit is made anew in what it has written.

    Raises:
        CommandFailed: `not_found` for an id that is not there; `rejected` if a file is wrong or
            cannot be written, or the configuration would be wrong. Nothing has changed then.
    """
    path = source.presets_file
    target = Path(os.path.realpath(path))
    _require_writable(path, target, source)
    try:
        with _locked(path, target):
            remove_drafts(target)
            for _ in range(ATTEMPTS):
                done = _edit_once(source, path, target, edit)
                if done is not None:
                    return Edited(path, *done)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandFailed("rejected", f"{path}: cannot be written: {reason}") from error
    raise CommandFailed("rejected", f"{path}: another program writes it all the time; try again")


def _edit_once(
    source: ConfigSource, path: Path, target: Path, edit: Edit
) -> tuple[tuple[Preset, ...], tuple[Preset, ...]] | None:
    """Read, judge, edit, judge, write; None if the file has changed meanwhile.

    Returns the presets before and after.
    """
    raw = _read(target)
    loaded = _judged(source, {}, "is wrong, so the presets are not edited")
    _require_from_file(loaded)
    before, folder = loaded.config.presets, source.presets_folder
    if isinstance(edit, Import):
        # Its images are named from where the list will be.
        after = apply(edit, _moved(before, folder, path.parent))
    else:
        after = _moved(apply(edit, before), folder, path.parent)
    new = render_presets_file(
        None if isinstance(edit, RestoreBuiltins) else after,
        loaded.copied,
        config=source.file.name,
        backup=_backup(path).name,
    )
    _judged(source, {path: new}, "would be wrong after that, so nothing was changed")
    if _read(target) != raw:
        return None
    images = edit.images if isinstance(edit, Import) else {}
    with _written(images, path.parent, _for_the_same_readers(source.file)):
        _write(path, target, raw, new, source)
    return before, after


@contextmanager
def _written(
    images: Mapping[str, bytes], folder: Path, like: os.stat_result | None
) -> Iterator[None]:
    """Write images before the block; if anything fails, those that were not there go again."""
    new: list[Path] = []
    try:
        for name, data in images.items():
            path = folder / name
            make_private_folder(path.parent)
            if like is not None:
                _open_to_readers(path.parent, like)
            if not path.exists():
                new.append(path)
            replace_file(path, data, like=like)
        yield
    except BaseException:
        for path in new:
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()
        raise


def _open_to_readers(folder: Path, like: os.stat_result) -> None:
    """Let those enter a folder who may read the file `like`."""
    readable = stat.S_IMODE(like.st_mode) & 0o444
    if sys.platform != "win32":
        os.chown(folder, like.st_uid, like.st_gid)
    folder.chmod(0o700 | readable | readable >> 2)


def _moved(presets: Sequence[Preset], before: Path, after: Path) -> tuple[Preset, ...]:
    """Keep the images where they are when the list goes from one folder to another."""
    if before == after:
        return tuple(presets)
    return tuple(
        preset.model_copy(update={"image": str(image_path(preset.image, before))})
        if preset.image is not None
        else preset
        for preset in presets
    )


def _write(path: Path, target: Path, raw: bytes | None, text: str, source: ConfigSource) -> None:
    if raw is None:
        replace_file(target, text.encode(), like=_for_the_same_readers(source.file))
        return
    like = target.stat()
    replace_file(Path(os.path.realpath(_backup(path))), raw, like=like)
    replace_file(target, text.encode(), like=like)


def _backup(path: Path) -> Path:
    """Name the file beside the link, not beside what it leads to, which may be under git."""
    return path.with_name(path.name + BACKUP_SUFFIX)


def _for_the_same_readers(config: Path) -> os.stat_result | None:
    """Have root give a new file to those who read the configuration; others keep it for themselves.

    A service reads what root edits for it.
    """
    return config.stat() if _user() == 0 and config.exists() else None


def _read(target: Path) -> bytes | None:
    try:
        return read_bounded(target)
    except FileNotFoundError:
        return None


def _judged(source: ConfigSource, drafts: Mapping[Path, str], what: str) -> Loaded:
    try:
        return source.load(drafts)
    except ConfigError as error:
        first, *more = str(error).splitlines()
        others = f" (and {len(more)} more; sana-vcam config check)" if more else ""
        raise CommandFailed("rejected", f"the configuration {what}: {first}{others}") from error


def _require_from_file(loaded: Loaded) -> None:
    """Refuse to edit a list that something stronger than the file gives."""
    origin = loaded.origins["presets"]
    if origin.startswith(("environment", "flag")):
        kind, _, name = origin.partition(" ")
        fix = f"unset {name}" if kind == "environment" else "start without that flag"
        raise CommandFailed(
            "rejected",
            f"the presets come from the {kind} ({name}), which goes before the file; "
            f"to edit them in the file, {fix}",
        )


def _require_writable(path: Path, target: Path, source: ConfigSource) -> None:
    """Refuse what cannot be written, with what to do; a folder that is missing is made later."""
    places = [_nearest_there(path.parent), _nearest_there(target.parent), target]
    closed = [place for place in dict.fromkeys(places) if place.exists() and not _writable(place)]
    if closed:
        link = f" (a link to {target})" if path.is_symlink() else ""
        raise CommandFailed(
            "rejected",
            f"{path}{link}: this user may not write it, so nothing was changed; "
            f"{_fix(closed, path, target, source)}",
        )


def _nearest_there(folder: Path) -> Path:
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())


def _writable(place: Path) -> bool:
    return os.access(place, os.W_OK | os.X_OK if place.is_dir() else os.W_OK)


def _fix(closed: list[Path], path: Path, target: Path, source: ConfigSource) -> str:
    names = shlex.join(map(str, closed))
    if path.is_symlink() and path.parent not in closed:
        copy = ["cp", "--remove-destination", target] if target.exists() else ["rm"]
        own = shlex.join(map(str, [*copy, path]))
        return f"to have a file of your own in the link's place: {own}"
    if all(place.stat().st_uid == _user() for place in closed):
        return f"to make it writable: chmod u+w {names}"
    if source.path is not None:
        config = shlex.quote(str(source.path))
        return f"edit them as root: sudo sana-vcam presets {VERBS} --config {config}"
    return f'to make it yours: sudo chown "$USER" {names}'


def _user() -> int:
    if sys.platform == "win32":
        return -1
    return os.geteuid()


@contextmanager
def _locked(path: Path, target: Path) -> Iterator[None]:
    """Keep other programs of ours from editing the file meanwhile.

    The lock stands beside the link, as the backup does, and stays there.
    """
    for folder in (path.parent, target.parent):
        make_private_folder(folder)
    lock = FileLock(path.with_name(f".{path.name}.lock"), mode=PRIVATE)
    try:
        with lock.acquire(timeout=LOCK_TIMEOUT_S):
            yield
    except Timeout as error:
        raise CommandFailed(
            "rejected", f"{path}: another program edits it right now; try again"
        ) from error
