"""libpulse as ctypes sees it: functions, and structures as far as they are read.

The numbers are those of the headers of 16.1. What is behind the last field of a structure that the
library gives is not needed here; it has only ever been added to.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Mapping
from ctypes import (
    CFUNCTYPE,
    POINTER,
    c_char_p,
    c_int,
    c_size_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any, Final

SONAME: Final = "libpulse.so.0"
INSTALL: Final = "sudo apt install libpulse0"

CHANNELS_MAX: Final = 32
NONE: Final = 0xFFFF_FFFF
"""PA_INVALID_INDEX, and a length that the server is to choose."""

NO_AUTOSPAWN: Final = 0x1
"""A look must start no server."""
SUBSCRIBED: Final = 0x2 | 0x8 | 0x80
"""Sources, who records them, and the server itself."""

CONTEXT_READY, CONTEXT_FAILED, CONTEXT_TERMINATED = 4, 5, 6
STREAM_READY, STREAM_FAILED, STREAM_TERMINATED = 2, 3, 4
RUNNING: Final = 0
"""State of a source that somebody records."""

DONT_MOVE: Final = 0x200
ADJUST_LATENCY: Final = 0x2000
START_UNMUTED: Final = 0x1_0000

FORMAT_FLOAT32LE: Final = 5


class PulseError(Exception):
    """PulseAudio cannot be used, or has gone: one sentence, with what mends it."""


class SampleSpec(ctypes.Structure):
    """`pa_sample_spec`."""

    _fields_ = (("format", c_int), ("rate", c_uint32), ("channels", c_uint8))


class ChannelMap(ctypes.Structure):
    """`pa_channel_map`."""

    _fields_ = (("channels", c_uint8), ("map", c_int * CHANNELS_MAX))


class ChannelVolumes(ctypes.Structure):
    """`pa_cvolume`."""

    _fields_ = (("channels", c_uint8), ("values", c_uint32 * CHANNELS_MAX))


class BufferAttributes(ctypes.Structure):
    """`pa_buffer_attr`, all in bytes."""

    _fields_ = (
        ("maxlength", c_uint32),
        ("tlength", c_uint32),
        ("prebuf", c_uint32),
        ("minreq", c_uint32),
        ("fragsize", c_uint32),
    )


class ServerInfo(ctypes.Structure):
    """`pa_server_info`, its begin."""

    _fields_ = (
        ("user_name", c_char_p),
        ("host_name", c_char_p),
        ("server_version", c_char_p),
        ("server_name", c_char_p),
    )


class SourceInfo(ctypes.Structure):
    """`pa_source_info`, up to its state."""

    _fields_ = (
        ("name", c_char_p),
        ("index", c_uint32),
        ("description", c_char_p),
        ("sample_spec", SampleSpec),
        ("channel_map", ChannelMap),
        ("owner_module", c_uint32),
        ("volume", ChannelVolumes),
        ("mute", c_int),
        ("monitor_of_sink", c_uint32),
        ("monitor_of_sink_name", c_char_p),
        ("latency", c_uint64),
        ("driver", c_char_p),
        ("flags", c_int),
        ("proplist", c_void_p),
        ("configured_latency", c_uint64),
        ("base_volume", c_uint32),
        ("state", c_int),
    )


ON_SERVER: Final = CFUNCTYPE(None, c_void_p, POINTER(ServerInfo), c_void_p)
ON_SOURCE: Final = CFUNCTYPE(None, c_void_p, POINTER(SourceInfo), c_int, c_void_p)
ON_INDEX: Final = CFUNCTYPE(None, c_void_p, c_uint32, c_void_p)
ON_SUCCESS: Final = CFUNCTYPE(None, c_void_p, c_int, c_void_p)
ON_EVENT: Final = CFUNCTYPE(None, c_void_p, c_int, c_uint32, c_void_p)

FUNCTIONS: Final[Mapping[str, tuple[Any, tuple[Any, ...]]]] = {
    "pa_strerror": (c_char_p, (c_int,)),
    "pa_mainloop_new": (c_void_p, ()),
    "pa_mainloop_free": (None, (c_void_p,)),
    "pa_mainloop_get_api": (c_void_p, (c_void_p,)),
    "pa_mainloop_iterate": (c_int, (c_void_p, c_int, c_void_p)),
    "pa_mainloop_prepare": (c_int, (c_void_p, c_int)),
    "pa_mainloop_poll": (c_int, (c_void_p,)),
    "pa_mainloop_dispatch": (c_int, (c_void_p,)),
    "pa_context_new": (c_void_p, (c_void_p, c_char_p)),
    "pa_context_connect": (c_int, (c_void_p, c_char_p, c_int, c_void_p)),
    "pa_context_disconnect": (None, (c_void_p,)),
    "pa_context_unref": (None, (c_void_p,)),
    "pa_context_get_state": (c_int, (c_void_p,)),
    "pa_context_errno": (c_int, (c_void_p,)),
    "pa_context_set_subscribe_callback": (None, (c_void_p, ON_EVENT, c_void_p)),
    "pa_context_subscribe": (c_void_p, (c_void_p, c_int, ON_SUCCESS, c_void_p)),
    "pa_context_get_server_info": (c_void_p, (c_void_p, ON_SERVER, c_void_p)),
    "pa_context_get_source_info_list": (c_void_p, (c_void_p, ON_SOURCE, c_void_p)),
    "pa_context_load_module": (c_void_p, (c_void_p, c_char_p, c_char_p, ON_INDEX, c_void_p)),
    "pa_context_unload_module": (c_void_p, (c_void_p, c_uint32, ON_SUCCESS, c_void_p)),
    "pa_operation_unref": (None, (c_void_p,)),
    "pa_proplist_gets": (c_char_p, (c_void_p, c_char_p)),
    "pa_stream_new": (c_void_p, (c_void_p, c_char_p, POINTER(SampleSpec), POINTER(ChannelMap))),
    "pa_stream_connect_record": (c_int, (c_void_p, c_char_p, POINTER(BufferAttributes), c_int)),
    "pa_stream_disconnect": (c_int, (c_void_p,)),
    "pa_stream_unref": (None, (c_void_p,)),
    "pa_stream_get_device_name": (c_char_p, (c_void_p,)),
    "pa_stream_get_state": (c_int, (c_void_p,)),
    "pa_stream_readable_size": (c_size_t, (c_void_p,)),
    "pa_stream_peek": (c_int, (c_void_p, POINTER(c_void_p), POINTER(c_size_t))),
    "pa_stream_drop": (c_int, (c_void_p,)),
}
"""What is called by name: the result's type, and those of the arguments."""


class PulseLibrary:
    """The loaded library, by its functions' names without "pa_"."""

    def __init__(self, soname: str = SONAME) -> None:
        """Load it. Raises `PulseError`."""
        try:
            loaded = ctypes.CDLL(soname)
        except OSError as error:
            raise PulseError(f"{soname} is not installed: {INSTALL}") from error
        self._functions: dict[str, Any] = {}
        for name, (result, arguments) in FUNCTIONS.items():
            try:
                function = getattr(loaded, name)
            except AttributeError as error:
                raise PulseError(
                    f"{soname} has no {name}, so it is older than 4.0: install a newer PulseAudio"
                ) from error
            function.restype, function.argtypes = result, arguments
            self._functions[name.removeprefix("pa_")] = function

    def __getattr__(self, name: str) -> Any:
        try:
            return self._functions[name]
        except KeyError:
            raise AttributeError(name) from None


@functools.cache
def pulse_library() -> PulseLibrary:
    """Load the library, once for the process. Raises `PulseError`."""
    return PulseLibrary()
