"""Files and folders that only their owner may read or change."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import stat
from pathlib import Path

from sana_vcam.errors import StartupError

log = logging.getLogger(__name__)


_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_MAX_FILE_BYTES = 4096


def replace(path: Path, text: str) -> None:
    """Write a file of ours in the place of whatever has its name; readers see old or new."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_new(draft, text)
        # A rename replaces a symbolic link, it never follows one.
        draft.replace(path)
    except OSError as error:
        raise StartupError(f"cannot write {path}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def private_directory(path: Path) -> None:
    """Make sure that `path` is a directory of ours, mode 0700, that nobody else can replace.

    Raises:
        StartupError: it is not, and cannot be made so; the message says the mend.
    """
    try:
        _make_private(path)
        parent, found = path.parent.stat(), path.lstat()
    except OSError as error:
        raise StartupError(f"cannot make the directory {path}: {error.strerror}") from error
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


def _only_owner_replaces(directory: os.stat_result) -> bool:
    """Whether entries of a directory are safe from everybody but us and root.

    Our own group may write: with a umask of 002 it has us as its only member.
    """
    if not hasattr(os, "geteuid"):
        return True
    ours = directory.st_uid in {0, os.geteuid()}
    others = 0o002 if directory.st_gid == os.getegid() else 0o022
    shared = directory.st_mode & others and not directory.st_mode & stat.S_ISVTX
    return ours and not shared


def _is_open_to_others(found: os.stat_result) -> bool:
    return hasattr(os, "geteuid") and bool(found.st_mode & 0o077)


def require_ours(path: Path, found: os.stat_result) -> None:
    """Raise `StartupError` for what another user owns."""
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise StartupError(f"{path} belongs to another user; remove it: sudo rm -r {path}")


def read_private(path: Path, *, repair: bool = False) -> str:
    """Read a file of ours; empty if there is none. `repair` makes it private if it is not."""
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
        if repair and _is_open_to_others(found):
            log.warning("%s could be read by other users; made private", path)
            os.fchmod(file, 0o600)
        return os.read(file, _MAX_FILE_BYTES).decode(errors="replace")
    finally:
        os.close(file)


def write_new(path: Path, text: str) -> None:
    """Write a file that did not exist, mode 0600 from its first moment.

    Raises `StartupError`, or `OSError` when the disk is full.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise StartupError(f"{path} appeared just now; is another daemon starting?") from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise StartupError(f"cannot write {path}: {error.strerror}") from error
    with os.fdopen(file, "w", encoding="utf-8") as stream:
        stream.write(text)
