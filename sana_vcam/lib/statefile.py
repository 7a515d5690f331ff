"""Small files of ours, read as if an enemy had written them.

Whoever owns the folder may put a FIFO, a device, a folder or a gigabyte in a file's place. Reading
never waits for one, and never takes more than it was told to.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import time
from pathlib import Path
from typing import Any

from sana_vcam.lib.atomicfile import create_file

MAX_BYTES = 1 << 20
"""More than any file of ours ever holds."""
_FLAGS = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
)
_KINDS = (
    (stat.S_ISDIR, os.strerror(errno.EISDIR)),
    (stat.S_ISFIFO, "it is a FIFO"),
    (stat.S_ISSOCK, "it is a socket"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a device"),
)


def read_bounded(path: Path, most: int = MAX_BYTES) -> bytes:
    """Read a plain file of at most `most` bytes, without waiting for what is none.

    Raises `FileNotFoundError`, or `OSError` whose `strerror` says in words why not.
    """
    number = _open(path)
    try:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode):
            if _is_null(found):
                return b""
            raise OSError(errno.EINVAL, _kind(found), str(path))
        data = b""
        # A file of /proc says that it has no size, and one that grows says too little.
        while len(data) <= most and (more := os.read(number, most + 1 - len(data))):
            data += more
    finally:
        os.close(number)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
    return data


def _open(path: Path) -> int:
    try:
        return os.open(path, _FLAGS)
    except FileNotFoundError:
        raise
    except OSError as error:
        # A socket, and a device without a driver, cannot even be opened.
        try:
            words = _kind(path.stat())
        except OSError:
            words = ""
        reason = words or error.strerror or str(error)
        raise OSError(error.errno, reason, str(path)) from error


def _is_null(found: os.stat_result) -> bool:
    """Whether it is the null device, which stands for an empty file."""
    return os.name == "posix" and os.path.samestat(found, os.stat(os.devnull))  # noqa: PTH116


def _kind(found: os.stat_result) -> str:
    return next((words for is_one, words in _KINDS if is_one(found.st_mode)), "")


def parse_object(data: bytes) -> dict[str, Any]:
    """Read a text that is a JSON object. Raises `ValueError` in words for the user."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("it holds no JSON") from None
    if not isinstance(found, dict):
        raise ValueError("it holds no JSON object")
    return found


def set_aside(path: Path) -> Path | None:
    """Rename what cannot be read, whatever it is, so that it is kept; None if that fails."""
    aside = _aside(path)
    try:
        path.rename(aside)
    except OSError:
        return None
    return aside


def copy_aside(path: Path, data: bytes) -> Path | None:
    """Keep a copy of what is damaged in part and will be written anew; None if that fails."""
    aside = _aside(path)
    try:
        create_file(aside, data)
    except OSError:
        return None
    return aside


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.stem}.broken-{time.time_ns()}{path.suffix}")


def kept_as(aside: Path | None) -> str:
    """Say where something is kept, as the rest of a sentence."""
    return "" if aside is None else f"; it is kept as {aside}"


def is_newer(found: dict[str, Any], version: int) -> bool:
    """Whether a file is of a later version of this program than `version` of the file."""
    given = found.get("version", version)
    return isinstance(given, int) and not isinstance(given, bool) and given > version


def beside_newer(path: Path, version: int) -> Path:
    """Name the file that stands for `path` while a newer program's file is there."""
    return path.with_name(f"{path.stem}.version-{version}{path.suffix}")


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for the user alone.

    Whatever the umask: `Path.mkdir` leaves the ones above open. Raises `OSError`.
    """
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        make_private_folder(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        folder.chmod(0o700)
