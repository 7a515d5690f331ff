"""libpipewire-0.3 as ctypes sees it: functions, structures, and methods behind a pointer.

The numbers are those of pipewire's and spa's headers of 0.3.65; 1.4 has the same.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Mapping
from ctypes import (
    POINTER,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any, Final

SONAME: Final = "libpipewire-0.3.so.0"
INSTALL: Final = "sudo apt install libpipewire-0.3-0"
ANY: Final = 0xFFFF_FFFF
"""PW_ID_ANY and SPA_ID_INVALID."""


class PipeWireError(Exception):
    """PipeWire cannot be used, or has gone: one sentence, with what mends it."""


class PipeWireAbsent(PipeWireError):
    """PipeWire is not there, and may come: installed later, or started with the desktop."""


class Interface(ctypes.Structure):
    """`spa_interface`: what every object with methods begins with."""

    _fields_ = (
        ("type", c_char_p),
        ("version", c_uint32),
        ("methods", c_void_p),
        ("data", c_void_p),
    )


class Hook(ctypes.Structure):
    """`spa_hook`: a listener's place in the library's list; lives as long as what it listens to."""

    _fields_ = (("link", c_void_p * 2), ("callbacks", c_void_p * 2), ("own", c_void_p * 2))


class DictItem(ctypes.Structure):
    """`spa_dict_item`."""

    _fields_ = (("key", c_char_p), ("value", c_char_p))


class Dict(ctypes.Structure):
    """`spa_dict`."""

    _fields_ = (("flags", c_uint32), ("n_items", c_uint32), ("items", POINTER(DictItem)))


class Loop(ctypes.Structure):
    """`pw_loop`: four interfaces, of which the control's turns it."""

    _fields_ = (
        ("system", c_void_p),
        ("loop", c_void_p),
        ("control", c_void_p),
        ("tools", c_void_p),
    )


class Meta(ctypes.Structure):
    """`spa_meta`."""

    _fields_ = (("type", c_uint32), ("size", c_uint32), ("data", c_void_p))


class MetaHeader(ctypes.Structure):
    """`spa_meta_header`: when a frame is to be shown, and which one it is."""

    _fields_ = (
        ("flags", c_uint32),
        ("offset", c_uint32),
        ("pts", c_int64),
        ("dts_offset", c_int64),
        ("sequence", c_uint64),
    )


class Chunk(ctypes.Structure):
    """`spa_chunk`: which part of the memory is valid."""

    _fields_ = (("offset", c_uint32), ("size", c_uint32), ("stride", c_int32), ("flags", c_int32))


class Data(ctypes.Structure):
    """`spa_data`: one block of memory."""

    _fields_ = (
        ("type", c_uint32),
        ("flags", c_uint32),
        ("fd", c_int64),
        ("mapoffset", c_uint32),
        ("maxsize", c_uint32),
        ("data", c_void_p),
        ("chunk", POINTER(Chunk)),
    )


class SpaBuffer(ctypes.Structure):
    """`spa_buffer`."""

    _fields_ = (
        ("n_metas", c_uint32),
        ("n_datas", c_uint32),
        ("metas", POINTER(Meta)),
        ("datas", POINTER(Data)),
    )


class StreamBuffer(ctypes.Structure):
    """`pw_buffer`, as far as every version has it."""

    _fields_ = (("buffer", POINTER(SpaBuffer)), ("user_data", c_void_p), ("size", c_uint64))


DONE: Final = ctypes.CFUNCTYPE(None, c_void_p, c_uint32, c_int)
ERROR: Final = ctypes.CFUNCTYPE(None, c_void_p, c_uint32, c_int, c_int, c_char_p)
GLOBAL: Final = ctypes.CFUNCTYPE(
    None, c_void_p, c_uint32, c_uint32, c_char_p, c_uint32, POINTER(Dict)
)
GLOBAL_REMOVED: Final = ctypes.CFUNCTYPE(None, c_void_p, c_uint32)
STATE_CHANGED: Final = ctypes.CFUNCTYPE(None, c_void_p, c_int, c_int, c_char_p)
PARAM_CHANGED: Final = ctypes.CFUNCTYPE(None, c_void_p, c_uint32, c_void_p)
BUFFER_REMOVED: Final = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)


class CoreEvents(ctypes.Structure):
    """`pw_core_events`, version 0."""

    _fields_ = (
        ("version", c_uint32),
        ("info", c_void_p),
        ("done", DONE),
        ("ping", c_void_p),
        ("error", ERROR),
        ("others", c_void_p * 4),
    )


class RegistryEvents(ctypes.Structure):
    """`pw_registry_events`, version 0."""

    _fields_ = (("version", c_uint32), ("added", GLOBAL), ("removed", GLOBAL_REMOVED))


class StreamEvents(ctypes.Structure):
    """`pw_stream_events`, version 2."""

    _fields_ = (
        ("version", c_uint32),
        ("destroy", c_void_p),
        ("state_changed", STATE_CHANGED),
        ("control_info", c_void_p),
        ("io_changed", c_void_p),
        ("param_changed", PARAM_CHANGED),
        ("add_buffer", c_void_p),
        ("remove_buffer", BUFFER_REMOVED),
        ("others", c_void_p * 4),
    )


FUNCTIONS: Final[Mapping[str, tuple[Any, tuple[Any, ...]]]] = {
    "pw_init": (None, (c_void_p, c_void_p)),
    "pw_get_library_version": (c_char_p, ()),
    "pw_loop_new": (POINTER(Loop), (c_void_p,)),
    "pw_loop_destroy": (None, (POINTER(Loop),)),
    "pw_properties_new_dict": (c_void_p, (POINTER(Dict),)),
    "pw_context_new": (c_void_p, (POINTER(Loop), c_void_p, c_size_t)),
    "pw_context_destroy": (None, (c_void_p,)),
    "pw_context_connect_fd": (c_void_p, (c_void_p, c_int, c_void_p, c_size_t)),
    "pw_core_disconnect": (c_int, (c_void_p,)),
    "pw_proxy_destroy": (None, (c_void_p,)),
    "pw_stream_new": (c_void_p, (c_void_p, c_char_p, c_void_p)),
    "pw_stream_destroy": (None, (c_void_p,)),
    "pw_stream_add_listener": (
        None,
        (c_void_p, POINTER(Hook), POINTER(StreamEvents), c_void_p),
    ),
    "pw_stream_connect": (c_int, (c_void_p, c_int, c_uint32, c_int, POINTER(c_void_p), c_uint32)),
    "pw_stream_update_params": (c_int, (c_void_p, POINTER(c_void_p), c_uint32)),
    "pw_stream_get_node_id": (c_uint32, (c_void_p,)),
    "pw_stream_dequeue_buffer": (c_void_p, (c_void_p,)),
    "pw_stream_queue_buffer": (c_int, (c_void_p, c_void_p)),
    "pw_stream_trigger_process": (c_int, (c_void_p,)),
}
"""What is called by name: the result's type, and those of the arguments."""


class Library:
    """The loaded library, by its functions' names without "pw_"."""

    def __init__(self, soname: str = SONAME) -> None:
        """Load and prepare it. Raises `PipeWireError`, `PipeWireAbsent` if it is not installed."""
        try:
            loaded = ctypes.CDLL(soname)
        except OSError as error:
            raise PipeWireAbsent(f"{soname} is not installed: {INSTALL}") from error
        self._functions: dict[str, Any] = {}
        for name, (result, arguments) in FUNCTIONS.items():
            try:
                function = getattr(loaded, name)
            except AttributeError as error:
                raise PipeWireError(
                    f"{soname} has no {name}, so it is older than 0.3.40: install a newer PipeWire"
                ) from error
            function.restype, function.argtypes = result, arguments
            self._functions[name.removeprefix("pw_")] = function
        self.init(None, None)
        self.version: str = (self.get_library_version() or b"").decode(errors="replace")

    def __getattr__(self, name: str) -> Any:
        try:
            return self._functions[name]
        except KeyError:
            raise AttributeError(name) from None

    def properties(self, words: Mapping[str, str]) -> Any:
        """Make `pw_properties`, which whoever takes them frees."""
        items = (DictItem * len(words))(
            *(DictItem(key.encode(), value.encode()) for key, value in words.items())
        )
        return self.properties_new_dict(Dict(0, len(words), items))


@functools.cache
def library() -> Library:
    """Load the library, once for the process. Raises `PipeWireError`."""
    return Library()


class Methods:
    """The methods of an object that the library gave: of C functions in a row, called by place.

    That the object is what it should be is looked at first: an interface of another name would
    have other functions there.
    """

    def __init__(
        self, pointer: int, kind: bytes, prototypes: Mapping[str, tuple[int, Any]]
    ) -> None:
        """Take the methods of the object at `pointer`. Raises `PipeWireError` for another kind.

        `prototypes` has the place of each method behind the structure's version, and its type,
        whose first argument is the object's data.
        """
        interface = Interface.from_address(pointer)
        if not (interface.type or b"").endswith(kind) or not interface.methods:
            found = (interface.type or b"nothing").decode(errors="replace")
            raise PipeWireError(
                f"{SONAME} gives {found} for {kind.decode()}, which this version cannot use: "
                "install PipeWire 0.3.40 to 1.x"
            )
        self._data = interface.data
        word = ctypes.sizeof(c_void_p)
        self._methods = {
            name: prototype(c_void_p.from_address(interface.methods + word * place).value or 0)
            for name, (place, prototype) in prototypes.items()
        }

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a method."""
        return self._methods[name](self._data, *arguments)


def words_of(found: Any) -> dict[str, str]:
    """Read a `spa_dict`; a missing one is empty."""
    if not found:
        return {}
    items = found.contents.items[: found.contents.n_items]
    return {
        item.key.decode(errors="replace"): (item.value or b"").decode(errors="replace")
        for item in items
        if item.key
    }


def failed(result: int) -> bool:
    """Whether the library refused: it answers with a negative errno."""
    return result < 0
