"""The connection to a running daemon: finding it, checking whose it is, and asking it."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect, unix_connect

from sana_vcam.clients.terminal import (
    REPLY_TIMEOUT_S,
    REQUEST_ID,
    Failure,
)
from sana_vcam.config import paths
from sana_vcam.control.access import discovery, group, peers, sockdiag, tokens, unixsocket
from sana_vcam.control.protocol import messages
from sana_vcam.errors import StartupError
from sana_vcam.lib.printing import printable

_MAX_REPLY_BYTES = 32 * 1024 * 1024
TOO_SOON_PAUSE_S = 0.1
START_HINT = "start it: sana-vcam run" + (
    " (or: systemctl --user start sana-vcam)" if sys.platform == "linux" else ""
)


@dataclass(frozen=True, slots=True)
class DaemonAddress:
    """A daemon's address, and the token to present there."""

    url: str
    token: str | None = field(repr=False)
    pid: int | None = None
    runtime_dir: Path | None = None
    """Where its Unix socket is, if it has one."""
    uid: int | None = None
    """The user that it runs as; None: ours."""


def find_daemon(url: str | None, token: str | None, runtime_dir: Path | None) -> DaemonAddress:
    """Find the daemon by the address that was given, or else by its control file."""
    directory = resolve_runtime_dir(runtime_dir)
    found = discovery.find(directory)
    if url is None and (found is None or _has_gone(found)) and (system := _system_daemon()):
        mine = token or system.control_file.token.get_secret_value()
        return DaemonAddress(system.control_file.url, mine, system.control_file.pid, uid=system.uid)
    if found is not None and url in {None, found.url}:
        mine = token or found.token.get_secret_value()
        # A daemon that is named by its address is reached there.
        has_socket = found.socket is not None and url is None and unixsocket.IS_SUPPORTED
        return DaemonAddress(found.url, mine, found.pid, directory if has_socket else None)
    if url is None:
        raise Failure(
            f"no daemon runs (there is no {directory / discovery.CONTROL_FILE}); {START_HINT}"
        )
    return DaemonAddress(url, token or os.environ.get(tokens.TOKEN_VARIABLE))


def _has_gone(found: discovery.ControlFile) -> bool:
    """Whether nobody listens where the control file says; a killed daemon leaves it behind."""
    if sys.platform != "linux":
        return False
    try:
        return peers.listener_uid(_server(found.url)) is None
    except ValueError:
        return True


def _server(url: str) -> sockdiag.Endpoint:
    """Read where a daemon listens from its address; raises `ValueError` for what is none."""
    where = urlsplit(url)
    return sockdiag.endpoint(where.hostname or "", where.port or 0)


def _system_daemon() -> group.SystemDaemon | None:
    """Find a daemon that runs as a service of the machine, for the people of its group."""
    try:
        return group.find()
    except PermissionError as error:
        raise Failure(
            f"the daemon is a service of the machine, for its group: {group.JOIN_GROUP}"
        ) from error


def resolve_runtime_dir(given: Path | None) -> Path:
    """Take the run-time folder that was given, or else find the user's.

    Raises:
        Failure: there is no directory that is safe to use.
    """
    try:
        return given or paths.runtime_dir()
    except StartupError as error:
        raise Failure(str(error)) from error


@contextmanager
def connected(daemon: DaemonAddress) -> Iterator[ClientConnection]:
    """Connect; a connection that fails, at once or later, becomes a `Failure`."""
    unix = _unix_socket(daemon)
    if unix is None:
        require_same_owner(daemon)
    try:
        with _open(daemon, unix) as connection:
            yield connection
    except BrokenPipeError:
        raise
    except InvalidStatus as error:
        said = printable((error.response.body or b"").decode(errors="replace").strip())
        raise Failure(f"the daemon refused ({error.response.status_code}): {said}") from error
    except ConnectionClosed as error:
        raise Failure("the daemon closed the connection") from error
    except TimeoutError as error:
        raise Failure(f"no answer from {daemon.url}") from error
    except (OSError, WebSocketException) as error:
        if daemon.pid is None:
            raise Failure(f"cannot connect to {daemon.url}: {error}") from error
        raise Failure(
            f"the daemon has gone without a goodbye: nothing answers at {daemon.url}, "
            f"where control.json has it (pid {daemon.pid}); {START_HINT}"
        ) from error


def _unix_socket(daemon: DaemonAddress) -> socket.socket | None:
    if daemon.runtime_dir is None:
        return None
    try:
        return unixsocket.connect(daemon.runtime_dir)
    except OSError:
        # The TCP port may still answer; if it does not, its failure is the one to tell.
        return None


def _open(daemon: DaemonAddress, unix: socket.socket | None) -> ClientConnection:
    more: dict[str, Any] = {
        "proxy": None,
        "compression": None,
        "max_size": _MAX_REPLY_BYTES,
        "close_timeout": 1,
    }
    opened: ClientConnection
    if unix is not None:
        opened = unix_connect(uri="ws://localhost/ws", sock=unix, **more)
    else:
        opened = connect(daemon.url, additional_headers=authorization(daemon.token), **more)
    return opened


def require_same_owner(daemon: DaemonAddress) -> None:
    """Raise `Failure` if another user listens where our daemon was, who must not see the token."""
    if daemon.pid is None or sys.platform != "linux":
        return
    try:
        server = _server(daemon.url)
    except ValueError as error:
        raise Failure(f"control.json has no address of a daemon; {START_HINT}") from error
    uid = peers.listener_uid(server)
    owner = os.geteuid() if daemon.uid is None else daemon.uid
    if uid not in {None, owner}:
        raise Failure(
            f"the daemon has gone, and another user (id {uid}) listens at {daemon.url}; "
            f"{START_HINT}"
        )


def authorization(token: str | None) -> dict[str, str]:
    """Make the header that presents `token`; none without one."""
    if not token:
        return {}
    # A header's value is written as ISO-8859-1; the daemon compares UTF-8.
    return {"Authorization": f"Bearer {token}".encode().decode("iso-8859-1")}


def ask(daemon: DaemonAddress, command: messages.Command) -> dict[str, Any]:
    """Send one command and wait for its reply, passing over events."""
    with connected(daemon) as connection:
        return _ask(connection, command)


def ask_in_turn(daemon: DaemonAddress, commands: Iterable[messages.Command]) -> dict[str, Any]:
    """Send commands over one connection, each when the one before has run.

    Returns the reply of the last, or of the first that was refused. One that came too soon after
    many others is sent again.
    """
    with connected(daemon) as connection:
        for command in commands:
            while _is_too_soon(reply := _ask(connection, command)):
                time.sleep(TOO_SOON_PAUSE_S)
            if reply["type"] == "error":
                break
        return reply


def _is_too_soon(reply: dict[str, Any]) -> bool:
    data = reply["data"] if reply["type"] == "error" else {}
    return data.get("code") == str(messages.ReplyCode.RATE_LIMITED)


def _ask(connection: ClientConnection, command: messages.Command) -> dict[str, Any]:
    connection.send(messages.request_text(command, REQUEST_ID))
    while True:
        message: dict[str, Any] = json.loads(connection.recv(timeout=REPLY_TIMEOUT_S))
        if message.get("id") == REQUEST_ID:
            return message
