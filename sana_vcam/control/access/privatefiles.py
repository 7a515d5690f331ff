"""Files and folders that only their owner may read or change."""

from __future__ import annotations

import logging
import os
import stat
import sys
from pathlib import Path

from sana_vcam.errors import StartupError
from sana_vcam.lib.atomicfile import create_file, replace_file

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_MAX_FILE_BYTES = 4096

log = logging.getLogger(__name__)


class CannotWrite(StartupError):
    """A file or folder of ours cannot be made: the disk is full or may only be read."""


def replace(path: Path, text: str, *, lasting: bool) -> None:
    """Write a file of ours in the place of whatever has its name; see `replace_file`.

    Raises `StartupError`.
    """
    try:
        replace_file(path, text.encode(), lasting=lasting)
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror}") from error


def private_directory(path: Path) -> None:
    """Make sure that `path` is a directory of ours, mode 0700, that nobody else can replace.

    Raises:
        StartupError: it is not, and cannot be made so; the message says how to fix it.
    """
    try:
        _make_private(path)
        parent, found = path.parent.stat(), path.lstat()
    except OSError as error:
        raise CannotWrite(f"cannot make the directory {path}: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise StartupError(f"{path} is a symbolic link or a file; remove it: rm {path}")
    require_ours(path, found)
    if not _only_owner_replaces(parent):
        raise StartupError(
            f"other users can replace {path}; mend it: chmod go-w {path.parent} "
            "(or set XDG_RUNTIME_DIR and XDG_STATE_HOME to directories of your own)"
        )
    if _is_open_to_others(found):
        log.warning("%s was open to other users; made private", path)
        path.chmod(0o700)


def _make_private(path: Path) -> None:
    if not path.parent.exists():
        _make_private(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return
    # Whatever the umask has taken away.
    path.chmod(0o700)


def _only_owner_replaces(directory: os.stat_result) -> bool:
    """Whether entries of a directory are safe from everybody but us and root.

    Our own group may write: with a umask of 002 it has us as its only member.
    """
    if sys.platform == "win32":
        return True
    ours = directory.st_uid in {0, os.geteuid()}
    others = 0o002 if directory.st_gid == os.getegid() else 0o022
    shared = directory.st_mode & others and not directory.st_mode & stat.S_ISVTX
    return ours and not shared


def _is_open_to_others(found: os.stat_result) -> bool:
    return sys.platform != "win32" and bool(found.st_mode & 0o077)


def require_ours(path: Path, found: os.stat_result) -> None:
    """Raise `StartupError` for what another user owns."""
    if sys.platform != "win32" and found.st_uid != os.geteuid():
        raise StartupError(f"{path} belongs to another user; remove it: sudo rm -r {path}")


def read_private(path: Path, *, repair: bool = False) -> str:
    """Read a file of ours; empty if there is none. `repair` makes it private if it is not.

    Raises:
        StartupError: it cannot be read, or is not a plain file of ours.
    """
    try:
        file = os.open(path, os.O_RDONLY | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return ""
    except OSError as error:
        if path.is_symlink():
            raise StartupError(f"{path} is a symbolic link; remove it: rm {path}") from error
        raise StartupError(f"cannot read {path}: {error.strerror}") from error
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise StartupError(f"{path} is not a file; remove it: rm -r {path}")
        require_ours(path, found)
        if sys.platform != "win32" and repair and _is_open_to_others(found):
            log.warning("%s could be read by other users; made private", path)
            os.fchmod(file, 0o600)
        data = os.read(file, _MAX_FILE_BYTES + 1)
        if len(data) > _MAX_FILE_BYTES:
            raise StartupError(f"{path} is longer than any of ours; remove it: rm {path}")
        return data.decode(errors="replace")
    finally:
        os.close(file)


def create(path: Path, text: str) -> None:
    """Write a file of ours that did not exist; see `create_file`.

    Raises `StartupError`, which is a `CannotWrite` where the disk does not take it.
    """
    try:
        create_file(path, text.encode())
    except FileExistsError as error:
        raise StartupError(f"{path} appeared just now; is another daemon starting?") from error
    except OSError as error:
        raise CannotWrite(f"cannot write {path}: {error.strerror}") from error
