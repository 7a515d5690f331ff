"""Editing the presets in the configuration file: locked, judged before, written whole.

A file that is wrong now, or would be after the edit, is not touched. What stood before the last
edit is kept beside it, as config.toml.bak.
"""

from __future__ import annotations

import os
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from sana_vcam.config.load import Loaded
from sana_vcam.config.paths import SYSTEM_PATH, user_path
from sana_vcam.config.preset import Preset
from sana_vcam.config.source import ConfigSource
from sana_vcam.config.text import render_template
from sana_vcam.errors import CommandFailed, ConfigError
from sana_vcam.lib.atomicfile import PRIVATE, remove_drafts, replace_file
from sana_vcam.presets.edits import Edit, apply
from sana_vcam.presets.text import edited

LOCK_TIMEOUT_S = 10.0
BACKUP_SUFFIX = ".bak"
BOM = b"\xef\xbb\xbf"
ATTEMPTS = 5


def edit_presets(source: ConfigSource, edit: Edit) -> tuple[Path, tuple[Preset, ...]]:
    """Carry out an edit in the file of `source`; returns the file and the presets after it.

    Blocks, for a disk and for other programs that edit at the same time. An editor that does not
    know of the lock is noticed: the edit is made anew in what it has written.

    Raises:
        CommandFailed: `not_found` for an id that is not there; `rejected` if the file is wrong or
            cannot be written, or the configuration would be wrong. Nothing has changed then.
    """
    path = source.file
    target = Path(os.path.realpath(path))
    _require_writable(path, target, source)
    try:
        with _locked(path, target):
            remove_drafts(target)
            for _ in range(ATTEMPTS):
                done = _edit_once(source, path, target, edit)
                if done is not None:
                    return path, done
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandFailed("rejected", f"{path}: cannot be written: {reason}") from error
    raise CommandFailed("rejected", f"{path}: another program writes it all the time; try again")


def _edit_once(
    source: ConfigSource, path: Path, target: Path, edit: Edit
) -> tuple[Preset, ...] | None:
    """Read, judge, edit, judge, write; None if the file has changed meanwhile."""
    raw = _read(target)
    text = _decoded(path, raw) if raw is not None else render_template()
    loaded = _judged(source, {} if raw is None else {path: text}, "is wrong, so it is not edited")
    _require_from_file(loaded)
    after = apply(edit, loaded.config.presets)
    new = edited(text, loaded.config.presets, edit)
    checked = _judged(source, {path: new}, "would be wrong after that, so nothing was changed")
    _require_only_presets_changed(path, text, new)
    if checked.config.presets != after:
        raise CommandFailed("rejected", f"{path}: its [[presets]] can only be edited by hand")
    if _read(target) != raw:
        return None
    _write(path, target, raw, new)
    return after


def _write(path: Path, target: Path, raw: bytes | None, text: str) -> None:
    data = text.encode()
    if raw is None:
        replace_file(target, data)
        return
    like = target.stat()
    # Beside the link, not beside what it leads to: that may be a folder under version control.
    backup = path.with_name(path.name + BACKUP_SUFFIX)
    replace_file(Path(os.path.realpath(backup)), raw, like=like)
    replace_file(target, BOM + data if raw.startswith(BOM) else data, like=like)


def _read(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None


def _decoded(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandFailed(
            "rejected", f"{path}: is not UTF-8 text (byte {error.start + 1}), so it is not edited"
        ) from error


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
        mend = f"unset {name}" if kind == "environment" else "start without that flag"
        raise CommandFailed(
            "rejected",
            f"the presets come from the {kind} ({name}), which goes before the file; "
            f"to edit them in the file, {mend}",
        )


def _require_only_presets_changed(path: Path, before: str, after: str) -> None:
    if _all_else(before) != _all_else(after):
        raise CommandFailed("rejected", f"{path}: its [[presets]] can only be edited by hand")


def _all_else(text: str) -> dict[str, Any]:
    return {key: value for key, value in tomllib.loads(text).items() if key != "presets"}


def _require_writable(path: Path, target: Path, source: ConfigSource) -> None:
    """Refuse what cannot be written, with what to do; a folder that is missing is made later."""
    folders = {folder for folder in (path.parent, target.parent) if folder.exists()}
    allowed = all(os.access(folder, os.W_OK | os.X_OK) for folder in folders)
    if allowed and (not target.exists() or os.access(target, os.W_OK)):
        return
    link = "" if target == path.absolute() else f" (a link to {target})"
    raise CommandFailed(
        "rejected",
        f"{path}{link}: this user may not write it, so nothing was changed; {_mend(path, source)}",
    )


def _mend(path: Path, source: ConfigSource) -> str:
    if path != SYSTEM_PATH:
        return "make the file and its folder writable, or edit it where it is made"
    if source.path is not None:
        return "edit it as root; it is read again at once"
    own = user_path(source.environ)
    return (
        f"edit it as root, or make a copy of your own: mkdir -p {shlex.quote(str(own.parent))} "
        f"&& install -m 600 {path} {shlex.quote(str(own))}"
    )


@contextmanager
def _locked(path: Path, target: Path) -> Iterator[None]:
    """Keep other programs of ours from editing the file meanwhile.

    The lock stands beside the link, as the backup does, and stays there.
    """
    for folder in (path.parent, target.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"), mode=PRIVATE)
    try:
        with lock.acquire(timeout=LOCK_TIMEOUT_S):
            yield
    except Timeout as error:
        raise CommandFailed(
            "rejected", f"{path}: another program edits it right now; try again"
        ) from error
