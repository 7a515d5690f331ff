"""Files that appear whole: at any moment a reader sees the old text or the new one."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".tmp"
PRIVATE = 0o600
"""The mode of a file that only its owner may read."""


def replace_file(
    target: Path,
    data: bytes,
    *,
    mode: int = PRIVATE,
    like: os.stat_result | None = None,
    lasting: bool = True,
) -> None:
    """Put `data` in the place of `target`; a link of that name is replaced, and not followed.

    The new file has `mode`, whatever the umask, or mode and owner of `like`, and is never more
    open than that. It is on disk when this returns, unless it is not to be `lasting`, as a
    run-time file need not be. Blocks. Raises `OSError`, and has changed nothing then.
    """
    with _draft(target, data, mode, like, lasting=lasting) as draft:
        draft.replace(target)
    if lasting:
        _sync_folder(target.parent)


def create_file(target: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """Write `target`, which must not exist; it is on disk when this returns.

    Blocks. Raises `FileExistsError` if something has the name, even if it came just now, or
    another `OSError`, and has changed nothing then.
    """
    with _draft(target, data, mode, None, lasting=True) as draft:
        # Unlike a rename, a link fails if the name was taken in the meantime.
        target.hardlink_to(draft)
    _sync_folder(target.parent)


def remove_drafts(target: Path) -> None:
    """Remove what a crash has left beside `target`; only while nobody else writes it."""
    for left in target.parent.glob(f".{target.name}.*{SUFFIX}"):
        left.unlink(missing_ok=True)


@contextmanager
def _draft(
    target: Path, data: bytes, mode: int, like: os.stat_result | None, *, lasting: bool
) -> Iterator[Path]:
    """Write a draft beside `target`; whatever is left of it goes at the end."""
    number, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=SUFFIX, dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(data)
            stream.flush()
            _set_mode(stream.fileno(), mode, like)
            if lasting:
                os.fsync(stream.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _set_mode(number: int, mode: int, like: os.stat_result | None) -> None:
    """Give an open file its mode, or the owner and the mode of another file."""
    if sys.platform == "win32":
        return
    if like is not None:
        mine = os.fstat(number)
        if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
            os.fchown(number, like.st_uid, like.st_gid)
        mode = stat.S_IMODE(like.st_mode)
    os.fchmod(number, mode)


def _sync_folder(folder: Path) -> None:
    """Make the new name last over a power cut, where the system can open a folder."""
    if sys.platform == "win32":
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
