"""How local clients find the daemon and its token: two private files that nobody can plant.

- `token` in the state directory: generated once and kept, so that hotkeys stay set up. A new one
  in its place is taken up by the running daemon.
- `control.json` in the runtime directory: where the running daemon listens.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import secrets
import stat
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from sana_vcam.errors import StartupError

TOKEN_FILE = "token"  # noqa: S105 - a file's name
CONTROL_FILE = "control.json"

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_MAX_FILE_BYTES = 4096

_log = logging.getLogger(__name__)


class Rendezvous(BaseModel):
    """The content of control.json."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    url: str
    """The WebSocket's address, without the token."""
    token: SecretStr
    """What clients present as `Authorization: Bearer` or `?token=`."""
    pid: int
    """The daemon's process."""
    version: str
    """The daemon's version."""
    socket: str | None = None
    """The Unix socket, where there is one; it takes no token."""

    @property
    def dashboard(self) -> str:
        """The dashboard's address, with the token in clear: for the user's own eyes."""
        query = urlencode({"token": self.token.get_secret_value()})
        return f"http://{urlsplit(self.url).netloc}/?{query}"

    def text(self) -> str:
        """Write the file's content, with the token in clear."""
        return json.dumps(self.model_dump() | {"token": self.token.get_secret_value()}) + "\n"


def load_token(configured: SecretStr | None, state_dir: Path) -> str:
    """Return the configured token, or the kept one; the first call generates it.

    Raises:
        StartupError: the token is empty, or its file cannot be trusted.
    """
    if configured is not None:
        token = configured.get_secret_value()
        if not token or not token.isprintable() or " " in token:
            raise StartupError(
                "[control] token is empty, or has spaces or control characters in it; "
                "set a long random word, or remove the key to have one generated"
            )
        return token
    private_directory(state_dir)
    path = state_dir / TOKEN_FILE
    return _read_private(path, repair=True).strip() or _create_token(path)


def kept_token(state_dir: Path) -> str | None:
    """Return the token that is kept, if there is one.

    Raises:
        StartupError: its file cannot be trusted.
    """
    return _read_private(state_dir / TOKEN_FILE).strip() or None


def rotate_token(state_dir: Path) -> str:
    """Keep a new token in place of the old one, and return it.

    Raises:
        StartupError: the directory cannot be trusted or written.
    """
    private_directory(state_dir)
    token = secrets.token_urlsafe(32)
    _replace(state_dir / TOKEN_FILE, token + "\n")
    return token


def _create_token(path: Path) -> str:
    token = secrets.token_urlsafe(32)
    path.unlink(missing_ok=True)  # an empty file, left by a crash
    try:
        _write_new(path, token + "\n")
    except OSError as error:
        # A full disk is no reason for viewers to see nothing: control.json tells this token.
        path.unlink(missing_ok=True)
        _log.warning("cannot keep the control token in %s: %s", path, error.strerror)
    else:
        _log.info("generated a control token, kept in %s", path)
    return token


def publish(rendezvous: Rendezvous, runtime_dir: Path) -> None:
    """Write control.json, replacing whatever has its name.

    Raises:
        StartupError: the directory cannot be trusted or written.
    """
    private_directory(runtime_dir)
    _replace(runtime_dir / CONTROL_FILE, rendezvous.text())


def _replace(path: Path, text: str) -> None:
    """Write a file of ours in the place of whatever has its name; readers see old or new."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_new(draft, text)
        # A rename replaces a symbolic link, it never follows one.
        draft.replace(path)
    except OSError as error:
        raise StartupError(f"cannot write {path}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def find(runtime_dir: Path) -> Rendezvous | None:
    """Read control.json; None if there is none or it is not ours to trust."""
    try:
        return Rendezvous.model_validate_json(_read_private(runtime_dir / CONTROL_FILE))
    except (StartupError, ValidationError):
        return None


def withdraw(rendezvous: Rendezvous, runtime_dir: Path) -> None:
    """Remove control.json, unless another daemon has replaced it."""
    if find(runtime_dir) == rendezvous:
        (runtime_dir / CONTROL_FILE).unlink(missing_ok=True)


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
    _require_ours(path, found)
    if not _only_owner_replaces(parent):
        raise StartupError(
            f"other users can replace {path}; mend it: chmod go-w {path.parent} "
            "(or set XDG_RUNTIME_DIR and XDG_STATE_HOME to directories of your own)"
        )
    if _is_open_to_others(found):
        _log.warning("%s was open to other users; made private", path)
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


def _require_ours(path: Path, found: os.stat_result) -> None:
    if hasattr(os, "geteuid") and found.st_uid != os.geteuid():
        raise StartupError(f"{path} belongs to another user; remove it: sudo rm -r {path}")


def _read_private(path: Path, *, repair: bool = False) -> str:
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
        _require_ours(path, found)
        if repair and _is_open_to_others(found):
            _log.warning("%s could be read by other users; made private", path)
            os.fchmod(file, 0o600)
        return os.read(file, _MAX_FILE_BYTES).decode(errors="replace")
    finally:
        os.close(file)


def _write_new(path: Path, text: str) -> None:
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
