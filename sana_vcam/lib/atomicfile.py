"""Replacing a file so that it is whole at any moment: the old text or the new one."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

SUFFIX = ".tmp"
PRIVATE = 0o600


def replace_file(target: Path, data: bytes, *, like: os.stat_result | None = None) -> None:
    """Put `data` in the place of `target`, which is no link; it is on disk when this returns.

    The new file has mode and owner of `like`, or is the user's alone. Blocks. Raises `OSError`,
    and has changed nothing then.
    """
    draft = _write_draft(target, data, like)
    try:
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def remove_drafts(target: Path) -> None:
    """Remove what a crash has left beside `target`; only while nobody else writes it."""
    for left in target.parent.glob(f".{target.name}.*{SUFFIX}"):
        left.unlink(missing_ok=True)


def _write_draft(target: Path, data: bytes, like: os.stat_result | None) -> Path:
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=SUFFIX, dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(data)
            stream.flush()
            if like is not None:
                _make_like(stream.fileno(), like)
            os.fsync(stream.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def _make_like(number: int, like: os.stat_result) -> None:
    """Give an open file the owner and the mode of another one."""
    if not hasattr(os, "fchown"):
        return
    mine = os.fstat(number)
    if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
        os.fchown(number, like.st_uid, like.st_gid)
    os.fchmod(number, stat.S_IMODE(like.st_mode))


def _sync_folder(folder: Path) -> None:
    """Make the new name last over a power cut; where folders cannot be opened it is up to them."""
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
