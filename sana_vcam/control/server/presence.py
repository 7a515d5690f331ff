"""What clients find a daemon by, in its run-time folder: `control.json` and the Unix socket.

Tidy programs clean such folders away, and disks are full. What is missing comes back within a
second or two of when it can; until then clients reach the daemon by its address.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from sana_vcam.control.access import discovery, privatefiles, unixsocket
from sana_vcam.errors import StartupError

PATIENCE_S = 1.0

log = logging.getLogger(__name__)


class Presence:
    """The control file and the socket's file; all methods block, and come one after the other."""

    def __init__(self, runtime_dir: Path, on_published: Callable[[], None] | None = None) -> None:
        """`on_published` is called after each look, and when the control file is written."""
        self._on_published = on_published
        self._folder = runtime_dir
        self._control_file: discovery.ControlFile | None = None
        self._socket: tuple[int, int] | None = None
        self._told: set[str] = set()
        self._turn = threading.Lock()
        self._fresh: socket.socket | None = None
        self._is_refused = False
        """Whether the folder took no socket the last time."""
        self._is_over = False

    def open_socket(self) -> socket.socket | None:
        """Open the Unix socket; None where there can be none, and clients take the TCP port.

        Raises:
            StartupError: the folder cannot be trusted, or another daemon has the socket.
        """
        if not unixsocket.IS_SUPPORTED:
            return None
        try:
            privatefiles.private_directory(self._folder)
            listening = unixsocket.listen(self._folder)
        except (privatefiles.CannotWrite, unixsocket.NoSocket, OSError) as error:
            self._is_refused, self._socket = True, None
            why = (isinstance(error, OSError) and error.strerror) or error
            self._tell(f"no Unix socket in {self._folder}, clients take the TCP port: {why}")
            return None
        self._is_refused = False
        self._socket = unixsocket.identity(self._folder)
        return listening

    @property
    def socket_path(self) -> str | None:
        """The Unix socket's file; None without one."""
        return None if self._socket is None else str(self._folder / unixsocket.SOCKET_FILE)

    def publish(self, control_file: discovery.ControlFile) -> None:
        """Write the control file; that it cannot be written is said, and it is tried again.

        Raises:
            StartupError: the folder cannot be trusted.
        """
        self._control_file = control_file
        try:
            discovery.publish(control_file, self._folder)
        except privatefiles.CannotWrite as error:
            self._tell(
                f"clients cannot find this daemon by its file: {error}. Until it can be written: "
                f"sana-vcam ctl --url {control_file.url} state"
            )
        self._published()

    def _published(self) -> None:
        if self._on_published is not None:
            self._on_published()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that clients find a daemon by."""
        return (self._folder / discovery.CONTROL_FILE, self._folder / unixsocket.SOCKET_FILE)

    @property
    def is_whole(self) -> bool:
        """Whether all was there or could be put back at the last look."""
        return not (self._is_refused or self._told)

    def look(self) -> None:
        """Put back what is missing. A new listening socket is there to be taken then."""
        with self._turn:
            if not self._is_over:
                self._look()

    def take_socket(self) -> socket.socket | None:
        """Take the listening socket that the last look has opened, if it has; does not block."""
        fresh, self._fresh = self._fresh, None
        return fresh

    def _look(self) -> None:
        try:
            before = self.socket_path
            is_gone = self._socket is not None and (
                unixsocket.identity(self._folder) != self._socket
            )
            if is_gone or self._is_refused:
                self._fresh = self.open_socket()
                if self._fresh is not None:
                    log.warning("the socket in %s is there again", self._folder)
            mine = self._control_file
            if mine is not None and self.socket_path != before:
                mine = mine.model_copy(update={"socket": self.socket_path})
            if mine is not None and discovery.find(self._folder) != mine:
                self.publish(mine)
        except StartupError as error:
            self._tell(f"clients cannot find this daemon: {error}")
        if not self._is_refused and discovery.find(self._folder) == self._control_file:
            self._told.clear()
        self._published()

    def withdraw(self) -> None:
        """Remove both files, unless another daemon has replaced them; the last call.

        A look that goes on is waited for, but not for longer than a disk should take.
        """
        self._is_over = True
        if self._turn.acquire(timeout=PATIENCE_S):
            self._turn.release()
        if (fresh := self.take_socket()) is not None:
            fresh.close()
        unixsocket.remove(self._folder, self._socket)
        if self._control_file is not None:
            discovery.withdraw(self._control_file, self._folder)

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            log.warning("%s", what)
