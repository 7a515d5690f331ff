"""A connection to the user's PipeWire server, and everything that it says, on one thread."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import socket
import stat
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from ctypes import c_int, c_size_t, c_uint32, c_void_p
from pathlib import Path
from typing import Any, Final

from sana_vcam.lib.pipewire.graph import Graph
from sana_vcam.lib.pipewire.library import (
    DONE,
    ERROR,
    GLOBAL,
    GLOBAL_REMOVED,
    CoreEvents,
    Hook,
    Library,
    Methods,
    PipeWireAbsent,
    PipeWireError,
    RegistryEvents,
    words_of,
)

SOCKET: Final = "pipewire-0"
START: Final = "systemctl --user start pipewire.socket"
RESTART: Final = "systemctl --user restart pipewire"

LOOP_METHODS: Final = {
    "get_fd": (1, ctypes.CFUNCTYPE(c_int, c_void_p)),
    "enter": (3, ctypes.CFUNCTYPE(None, c_void_p)),
    "leave": (4, ctypes.CFUNCTYPE(None, c_void_p)),
    "iterate": (5, ctypes.CFUNCTYPE(c_int, c_void_p, c_int)),
}
CORE_METHODS: Final = {
    "add_listener": (
        1,
        ctypes.CFUNCTYPE(
            c_int, c_void_p, ctypes.POINTER(Hook), ctypes.POINTER(CoreEvents), c_void_p
        ),
    ),
    "sync": (3, ctypes.CFUNCTYPE(c_int, c_void_p, c_uint32, c_int)),
    "get_registry": (6, ctypes.CFUNCTYPE(c_void_p, c_void_p, c_uint32, c_size_t)),
}
REGISTRY_METHODS: Final = {
    "add_listener": (
        1,
        ctypes.CFUNCTYPE(
            c_int, c_void_p, ctypes.POINTER(Hook), ctypes.POINTER(RegistryEvents), c_void_p
        ),
    ),
}
REGISTRY_VERSION: Final = 3


def find_socket(environment: Mapping[str, str] | None = None) -> Path:
    """Find the socket of this user's server.

    Raises `PipeWireError` with what mends it, `PipeWireAbsent` where a start of the server does.
    """
    if sys.platform != "linux":
        raise PipeWireError("PipeWire is there on Linux only")
    environment = os.environ if environment is None else environment
    remote = Path(environment.get("PIPEWIRE_REMOTE") or SOCKET)
    folder = environment.get("PIPEWIRE_RUNTIME_DIR") or environment.get("XDG_RUNTIME_DIR")
    if not remote.is_absolute() and not folder:
        raise PipeWireError(
            "XDG_RUNTIME_DIR is not set, so there is no PipeWire of a session: run as the user "
            "who is logged in"
        )
    path = Path(folder or "/") / remote
    try:
        found = path.stat()
    except OSError as error:
        raise PipeWireAbsent(f"PipeWire does not run, {path} is not there: {START}") from error
    if not stat.S_ISSOCK(found.st_mode):
        raise PipeWireAbsent(f"PipeWire does not run, {path} is no socket: {START}")
    if found.st_uid != os.geteuid():
        raise _another_users(path, found.st_uid)
    return path


def connect_socket(path: Path) -> socket.socket:
    """Connect to the server at `path`, without waiting for it. Raises `PipeWireError`."""
    if sys.platform != "linux":
        raise PipeWireError("PipeWire is there on Linux only")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.connect(str(path))
        _, uid, _ = struct.unpack("=3i", made.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid != os.geteuid():
            raise _another_users(path, uid)
    except OSError as error:
        made.close()
        why = error.strerror or str(error)
        raise PipeWireError(f"PipeWire does not answer at {path}: {why}; {RESTART}") from error
    except BaseException:
        made.close()
        raise
    return made


def _another_users(path: Path, uid: int) -> PipeWireError:
    return PipeWireError(
        f"the PipeWire at {path} belongs to user {uid}: run sana-vcam as that user"
    )


class PipeWireConnection:
    """One connection. Made, turned and closed on one thread, on which its callbacks run too."""

    def __init__(
        self, library: Library, path: Path, properties: Mapping[str, str] | None = None
    ) -> None:
        """Connect to the server at `path`; `ready` tells when it has answered.

        Raises `PipeWireError`.
        """
        self.library = library
        self.graph = Graph()
        """What the server has told of its objects."""
        self.ready = False
        """Whether the server has answered, and told of all that there is."""
        self.server_descriptor = -1
        """The descriptor that is readable when the server has said something.

        It is not when the library has only left itself a note, as it does after each frame.
        Those make `fileno` readable, and may wait for the next `turn`.
        """
        self._failure: BaseException | None = None
        self._undo = contextlib.ExitStack()
        self._kept: list[Any] = []
        try:
            self._open(path, properties or {})
        except BaseException:
            self._undo.close()
            raise

    def _open(self, path: Path, properties: Mapping[str, str]) -> None:
        call = self.library
        loop = call.loop_new(None)
        if not loop:
            raise PipeWireError("PipeWire's library gives no loop; see its messages above")
        self._undo.callback(call.loop_destroy, loop)
        self._loop = Methods(loop.contents.control, b"LoopControl", LOOP_METHODS)
        self._loop.call("enter")
        self._undo.callback(self._loop.call, "leave")
        context = call.context_new(loop, call.properties(properties), 0)
        if not context:
            raise PipeWireError(
                "PipeWire's library cannot be set up: sudo apt install --reinstall "
                "libpipewire-0.3-common libpipewire-0.3-modules"
            )
        self._undo.callback(call.context_destroy, context)
        # The library closes the descriptor, whatever comes of it.
        descriptor = self.server_descriptor = connect_socket(path).detach()
        self.core = call.context_connect_fd(context, descriptor, call.properties(properties), 0)
        if not self.core:
            raise PipeWireError(f"PipeWire refuses the connection at {path}: {RESTART}")
        self._undo.callback(call.core_disconnect, self.core)
        self._listen()

    def _listen(self) -> None:
        core = Methods(self.core, b"Interface:Core", CORE_METHODS)
        hook, events = Hook(), CoreEvents()
        events.done = DONE(self.guarded(self._on_done))
        events.error = ERROR(self.guarded(self._on_error))
        self.keep(hook, events)
        core.call("add_listener", hook, events, None)
        found = core.call("get_registry", REGISTRY_VERSION, 0)
        if not found:
            raise PipeWireError(f"PipeWire does not tell what it has: {RESTART}")
        self._undo.callback(self.library.proxy_destroy, found)
        registry = Methods(found, b"Interface:Registry", REGISTRY_METHODS)
        hook, heard = Hook(), RegistryEvents()
        heard.added = GLOBAL(self.guarded(self._on_added))
        heard.removed = GLOBAL_REMOVED(self.guarded(self._on_removed))
        self.keep(hook, heard)
        registry.call("add_listener", hook, heard, None)
        self._core = core
        self.ask()

    def fileno(self) -> int:
        """Name the descriptor that is readable when there is something to do."""
        number: int = self._loop.call("get_fd")
        return number

    def ask(self) -> None:
        """Ask the server to answer; `ready` is False until it has."""
        self.ready = False
        self._sequence = self._core.call("sync", 0, 0)

    def turn(self) -> None:
        """Do what there is to do, and wait for nothing.

        Raises `PipeWireError` once the server has gone, and whatever a callback has raised.
        """
        self._loop.call("iterate", 0)
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Disconnect, and end the library's threads of this connection. Twice is fine."""
        self._undo.close()

    # -- for what is built on a connection -------------------------------------------------------

    def guarded[**P](self, callback: Callable[P, None]) -> Callable[P, None]:
        """Make a callback for C: what it raises is raised by `turn`, and not lost in C."""

        def run(*arguments: P.args, **named: P.kwargs) -> None:
            try:
                callback(*arguments, **named)
            except BaseException as error:
                if self._failure is None:
                    self._failure = error

        return run

    def keep(self, *things: Any) -> None:
        """Keep what C has pointers to for as long as this connection."""
        self._kept.extend(things)

    @contextlib.contextmanager
    def closing_first(self, close: Callable[[], None]) -> Iterator[None]:
        """Have `close` called before the connection closes, if the block goes well."""
        yield
        self._undo.callback(close)

    # -- what the server says --------------------------------------------------------------------

    def _on_done(self, _data: int | None, _id: int, sequence: int) -> None:
        if sequence == self._sequence:
            self.ready = True

    def _on_error(
        self, _data: int | None, number: int, _sequence: int, result: int, message: bytes | None
    ) -> None:
        """Take note that the connection is lost; errors of other objects concern those alone."""
        if number != 0:
            return
        why = (message or b"").decode(errors="replace") or os.strerror(-result)
        if result == -errno.EPIPE:
            why = "the connection has ended"
        raise PipeWireError(f"PipeWire has gone ({why}): {START}")

    def _on_added(
        self,
        _data: int | None,
        number: int,
        _permissions: int,
        kind: bytes,
        _version: int,
        properties: Any,
    ) -> None:
        self.graph.add(number, kind.decode(errors="replace"), words_of(properties))

    def _on_removed(self, _data: int | None, number: int) -> None:
        self.graph.remove(number)
