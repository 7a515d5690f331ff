"""A recording of one source: samples as they come, of one channel."""

from __future__ import annotations

import ctypes
from ctypes import c_size_t, c_void_p
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sana_vcam.lib.pulse.connection import PulseConnection
from sana_vcam.lib.pulse.library import (
    ADJUST_LATENCY,
    DONT_MOVE,
    FORMAT_FLOAT32LE,
    NONE,
    START_UNMUTED,
    STREAM_FAILED,
    STREAM_TERMINATED,
    BufferAttributes,
    PulseError,
    SampleSpec,
)

SAMPLE_BYTES: Final = 4
KEPT_S: Final = 2.0
"""So much waits for a reader that is late; the oldest is lost beyond it."""

type Block = NDArray[np.float32]


class PulseRecording:
    """A recording while it lasts: until `close`, or until its source has gone.

    It is never moved to another source, by nobody.
    """

    def __init__(
        self, connection: PulseConnection, source: str, *, rate: int, fragment: int
    ) -> None:
        """Begin to record a source, in pieces of `fragment` samples. Raises `PulseError`."""
        self._call = connection.library
        spec = SampleSpec(FORMAT_FLOAT32LE, rate, 1)
        self._stream = self._call.stream_new(connection.context, b"voice", spec, None)
        if not self._stream:
            raise PulseError(f"PulseAudio cannot record {source}: no stream can be made")
        attributes = BufferAttributes(
            maxlength=round(KEPT_S * rate) * SAMPLE_BYTES,
            tlength=NONE,
            prebuf=NONE,
            minreq=NONE,
            fragsize=fragment * SAMPLE_BYTES,
        )
        flags = DONT_MOVE | ADJUST_LATENCY | START_UNMUTED
        if self._call.stream_connect_record(self._stream, source.encode(), attributes, flags):
            self._call.stream_unref(self._stream)
            self._stream = None
            raise PulseError(f"PulseAudio does not let {source} be recorded")

    @property
    def has_ended(self) -> bool:
        """Whether it was closed, refused, or its source has gone."""
        ended = {STREAM_FAILED, STREAM_TERMINATED}
        return not self._stream or self._call.stream_get_state(self._stream) in ended

    @property
    def device(self) -> str:
        """The name of the source that is recorded; empty before the server has told."""
        name: bytes | None = self._call.stream_get_device_name(self._stream)
        return (name or b"").decode(errors="replace")

    def read(self) -> Block:
        """Give what has come since the last call, samples from -1 to 1. Waits for nothing.

        What the server could not tell, a hole, is silence of the same length.
        """
        blocks: list[Block] = [np.zeros(0, np.float32)]
        data, size = c_void_p(), c_size_t()
        while self._stream and self._has_more():
            if self._call.stream_peek(self._stream, data, size) or not size.value:
                break
            if data.value:
                text = ctypes.string_at(data.value, size.value)
                blocks.append(np.frombuffer(text, np.float32))
            else:
                blocks.append(np.zeros(size.value // SAMPLE_BYTES, np.float32))
            self._call.stream_drop(self._stream)
        return np.concatenate(blocks)

    def _has_more(self) -> bool:
        size: int = self._call.stream_readable_size(self._stream)
        # All bits are set where it failed.
        return 0 < size < c_size_t(-1).value

    def close(self) -> None:
        """End it. Twice is fine. To be called before its connection closes."""
        stream, self._stream = self._stream, None
        if stream:
            self._call.stream_disconnect(stream)
            self._call.stream_unref(stream)
