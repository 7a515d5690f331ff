"""The control API's Unix socket: a file that only its user can open, and who is at its other end.

Standard library only, because `sana-vcam ctl` comes through here with each press of a key. Linux
only: elsewhere SO_PEERCRED is missing or another thing, and clients take the TCP port.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import struct
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sana_vcam.errors import StartupError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOCKET_FILE = "control.sock"

IS_SUPPORTED = sys.platform == "linux"

_BACKLOG = 100
_CREDENTIALS = struct.Struct("iII")
"""`struct ucred` of unix(7): pid, uid, gid."""


class NoSocket(StartupError):
    """The socket cannot be made, and nobody else has it."""


def listen(directory: Path) -> socket.socket:
    """Open the listening socket in a private directory of ours, in the place of a dead daemon's.

    Raises:
        StartupError: a daemon that lives has it, or something else is in its place.
        NoSocket: it cannot be made.
    """
    if sys.platform != "linux":
        raise NoSocket("there is a Unix socket of ours on Linux only")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # The file that bind() makes has this mode from its first moment.
        os.fchmod(listening.fileno(), 0o600)
        with _address(directory) as address:
            _remove_the_dead(directory, address)
            listening.bind(address)
        listening.listen(_BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        path = directory / SOCKET_FILE
        raise NoSocket(f"cannot open the socket {path}: {error.strerror or error}") from error
    except StartupError:
        listening.close()
        raise
    return listening


def _remove_the_dead(directory: Path, address: str) -> None:
    path = directory / SOCKET_FILE
    try:
        found = os.lstat(address)
    except FileNotFoundError:
        return
    if not (stat.S_ISSOCK(found.st_mode) or stat.S_ISLNK(found.st_mode)):
        raise StartupError(f"{path} is not a socket; remove it: rm -r {path}")
    # A link is removed, and never followed.
    if stat.S_ISSOCK(found.st_mode) and _is_alive(address):
        raise StartupError(
            f"a sana-vcam already listens on {path} (try: sana-vcam ctl state); stop that first"
        )
    os.unlink(address)  # noqa: PTH108 - pathlib is not loaded for a press of a key


def _is_alive(address: str) -> bool:
    if sys.platform != "linux":
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(address)
        except BlockingIOError:
            # Its backlog is full: somebody listens.
            return True
        except ConnectionRefusedError:
            return False
    return True


def identity(directory: Path) -> tuple[int, int] | None:
    """Read the socket file's device and inode, which tell it from a later one; None without one."""
    try:
        found = os.lstat(directory / SOCKET_FILE)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def remove(directory: Path, ours: tuple[int, int] | None) -> None:
    """Remove the socket's file, unless another daemon has replaced it."""
    if ours is not None and identity(directory) == ours:
        os.unlink(directory / SOCKET_FILE)  # noqa: PTH108 - as above


def connect(directory: str | Path) -> socket.socket:
    """Connect to the daemon whose run-time files are in `directory`.

    Raises:
        OSError: nobody listens there.
        PermissionError: another user does.
    """
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(directory) as address:
            client.connect(address)
        if peer_uid(client) != os.geteuid():
            raise PermissionError(f"another user listens in {directory}")
    except BaseException:
        client.close()
        raise
    return client


def peer_uid(connection: socket.socket) -> int:
    """Ask the kernel for the user of the other end, as of when it connected or began to listen."""
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid: int = _CREDENTIALS.unpack(packed)[1]
    return uid


@contextmanager
def _address(directory: str | Path) -> Iterator[str]:
    """Name the socket by its open directory: nobody can put another in its place meanwhile.

    It is also short: a socket's address has room for 107 bytes.
    """
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{opened}/{SOCKET_FILE}"
    finally:
        os.close(opened)
