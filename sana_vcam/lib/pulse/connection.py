"""A connection to the user's PulseAudio server, and what it says of its sources, on one thread."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sana_vcam.lib.pulse.library import (
    CONTEXT_FAILED,
    CONTEXT_READY,
    CONTEXT_TERMINATED,
    NO_AUTOSPAWN,
    NONE,
    ON_EVENT,
    ON_INDEX,
    ON_SERVER,
    ON_SOURCE,
    ON_SUCCESS,
    RUNNING,
    SUBSCRIBED,
    PulseError,
    PulseLibrary,
    pulse_library,
)

START: Final = "systemctl --user restart pulseaudio, or without systemd: pulseaudio --start"
ANSWER_S: Final = 5.0
"""How long a server may take to answer."""
TURN_S: Final = 0.05
OF_PIPEWIRE: Final = "on PipeWire"
"""In the name of the server that PipeWire brings."""


@dataclass(frozen=True, slots=True)
class PulseSource:
    """One source of the server, as it was told last."""

    index: int
    name: str
    description: str
    module: int
    """Index of the module that made it."""
    is_monitor: bool
    """Whether it is what a sink plays."""
    is_recorded: bool
    """Whether somebody records it now."""
    path: str
    """Its `device.string`: for a pipe the path of the FIFO."""


def server_socket(environment: Mapping[str, str]) -> Path:
    """Name the socket of this user's server, whether it is there or not. Raises `PulseError`."""
    named = environment.get("PULSE_SERVER", "").split()
    if named:
        address = named[0].rpartition("}")[2].removeprefix("unix:")
        if address.startswith("/"):
            return Path(address)
        raise PulseError(
            f"PULSE_SERVER is {named[0]}, a sound server on another machine, to which the voice "
            "cannot be given: unset PULSE_SERVER"
        )
    if folder := environment.get("PULSE_RUNTIME_PATH"):
        return Path(folder) / "native"
    if folder := environment.get("XDG_RUNTIME_DIR"):
        return Path(folder) / "pulse" / "native"
    raise PulseError(
        "XDG_RUNTIME_DIR is not set, so there is no PulseAudio of a session: run as the user who "
        "is logged in"
    )


def find_server(environment: Mapping[str, str] | None = None) -> Path:
    """Find the socket of this user's server. Raises `PulseError` with what mends it."""
    path = server_socket(os.environ if environment is None else environment)
    if not path.is_socket():
        raise PulseError(f"PulseAudio does not run, there is no socket {path}: {START}")
    return path


class PulseConnection:
    """One connection. Made, turned and closed on one thread, on which its callbacks run too."""

    def __init__(self, path: Path, library: PulseLibrary | None = None) -> None:
        """Connect to the server at `path`, and wait until it has told what it has.

        Blocks, usually for milliseconds. Raises `PulseError`.
        """
        self.library = library or pulse_library()
        self.server_name = ""
        self.sources: tuple[PulseSource, ...] = ()
        """What the server has told last, the oldest first."""
        self._path = path
        self._failure: BaseException | None = None
        self._is_asked = False
        self._is_stale = False
        self._coming: list[PulseSource] = []
        self._lists = 0
        """How often the sources were told whole."""
        self._load_result: int | None = None
        self._undo = contextlib.ExitStack()
        self._on_event = ON_EVENT(self._guarded(self._changed))
        self._on_success = ON_SUCCESS(self._guarded(self._done))
        self._on_server = ON_SERVER(self._guarded(self._server_told))
        self._on_source = ON_SOURCE(self._guarded(self._source_told))
        self._on_loaded = ON_INDEX(self._guarded(self._loaded))
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        call = self.library
        self._loop = call.mainloop_new()
        if not self._loop:
            raise PulseError("libpulse gives no main loop: the system has no memory or files left")
        self._undo.callback(call.mainloop_free, self._loop)
        self.context = call.context_new(call.mainloop_get_api(self._loop), b"SANA VCam")
        if not self.context:
            raise PulseError("libpulse gives no context: the system has no memory left")
        self._undo.callback(call.context_unref, self.context)
        if call.context_connect(self.context, f"unix:{self._path}".encode(), NO_AUTOSPAWN, None):
            raise self._lost()
        self._undo.callback(call.context_disconnect, self.context)
        self._wait_for(lambda: call.context_get_state(self.context) == CONTEXT_READY)
        call.context_set_subscribe_callback(self.context, self._on_event, None)
        self._release(call.context_subscribe(self.context, SUBSCRIBED, self._on_success, None))
        self._release(call.context_get_server_info(self.context, self._on_server, None))
        self._wait_for(lambda: bool(self.server_name))
        self.refresh()

    @property
    def is_pipewire(self) -> bool:
        """Whether it is PipeWire that answers for PulseAudio."""
        return OF_PIPEWIRE in self.server_name

    def close(self) -> None:
        """Disconnect. Twice is fine."""
        self._undo.close()

    def turn(self, wait_s: float) -> None:
        """Do what there is to do, after having waited for it up to `wait_s`.

        Raises `PulseError` once the server has gone, and whatever a callback has raised.
        """
        self._ask_if_stale()
        # A step takes one message of the server, of the several that may have come.
        done = self._wait(wait_s) if wait_s else 1
        while done > 0:
            self._ask_if_stale()
            done = self.library.mainloop_iterate(self._loop, 0, None)
        if done < 0:
            raise PulseError(f"libpulse's main loop has ended: {START}")
        if self._failure is not None:
            raise self._failure
        state = self.library.context_get_state(self.context)
        if state in {CONTEXT_FAILED, CONTEXT_TERMINATED}:
            raise self._lost()

    def _wait(self, wait_s: float) -> int:
        """Wait once, and give how much there was to do; less than 0 where there is no loop."""
        done: int = self.library.mainloop_prepare(self._loop, round(wait_s * 1e6))
        if done >= 0:
            done = self.library.mainloop_poll(self._loop)
        if done >= 0:
            done = self.library.mainloop_dispatch(self._loop)
        # Woken for nothing, it is looked once more.
        return max(1, done) if done >= 0 else done

    def _ask_if_stale(self) -> None:
        if self._is_stale and not self._is_asked:
            self._ask()

    # -- what we ask ---------------------------------------------------------------------------

    def refresh(self) -> None:
        """Have `sources` told anew, and wait for it; they are by themselves when one changes."""
        self._wait_for(lambda: not self._is_asked)
        lists = self._lists
        self._ask()
        self._wait_for(lambda: self._lists > lists)

    def load_module(self, name: str, arguments: str) -> None:
        """Have a module loaded, and wait until `sources` tell of it. Raises `PulseError`."""
        self._load_result = None
        self._release(
            self.library.context_load_module(
                self.context, name.encode(), arguments.encode(), self._on_loaded, None
            )
        )
        self._wait_for(lambda: self._load_result is not None)
        if self._load_result == NONE:
            raise PulseError(f"PulseAudio does not load {name}: {self._reason()}")
        self.refresh()

    def unload_module(self, index: int) -> None:
        """Have a module unloaded, and wait until `sources` tell of it."""
        self._release(
            self.library.context_unload_module(self.context, index, self._on_success, None)
        )
        self.refresh()

    def _ask(self) -> None:
        self._is_stale, self._is_asked, self._coming = False, True, []
        self._release(
            self.library.context_get_source_info_list(self.context, self._on_source, None)
        )

    def _release(self, operation: int | None) -> None:
        if not operation:
            raise self._lost()
        self.library.operation_unref(operation)

    def _wait_for(self, is_there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + ANSWER_S
        while not is_there():
            if time.monotonic() > deadline:
                raise PulseError(f"PulseAudio does not answer at {self._path}: {START}")
            self.turn(TURN_S)

    def _lost(self) -> PulseError:
        return PulseError(f"PulseAudio does not answer at {self._path} ({self._reason()}): {START}")

    def _reason(self) -> str:
        words: bytes = self.library.strerror(self.library.context_errno(self.context)) or b""
        return words.decode(errors="replace")

    # -- what the server says ------------------------------------------------------------------

    def _guarded[**P](self, callback: Callable[P, None]) -> Callable[P, None]:
        """Make a callback for C: what it raises is raised by `turn`, and not lost in C."""

        def run(*arguments: P.args, **named: P.kwargs) -> None:
            try:
                callback(*arguments, **named)
            except BaseException as error:
                if self._failure is None:
                    self._failure = error

        return run

    def _changed(self, _context: int, _what: int, _index: int, _data: int | None) -> None:
        self._is_stale = True

    def _done(self, _context: int, _success: int, _data: int | None) -> None:
        # A module that is gone already is as good as one that was unloaded.
        self._is_stale = True

    def _loaded(self, _context: int, index: int, _data: int | None) -> None:
        self._load_result = index

    def _server_told(self, _context: int, info: Any, _data: int | None) -> None:
        if info:
            self.server_name = _text(info.contents.server_name) or "without a name"

    def _source_told(self, _context: int, info: Any, end: int, _data: int | None) -> None:
        if end:
            self.sources, self._is_asked = tuple(self._coming), False
            self._lists += 1
            return
        told = info.contents
        self._coming.append(
            PulseSource(
                index=told.index,
                name=_text(told.name),
                description=_text(told.description),
                module=told.owner_module,
                is_monitor=told.monitor_of_sink != NONE,
                is_recorded=told.state == RUNNING,
                path=_text(self.library.proplist_gets(told.proplist, b"device.string")),
            )
        )


def _text(words: bytes | None) -> str:
    return (words or b"").decode(errors="replace")
