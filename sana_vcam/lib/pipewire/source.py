"""A video source: a node that any number of programs read, and that offers one size and rate."""

from __future__ import annotations

import ctypes
import struct
import time
from collections.abc import Iterable, Mapping
from ctypes import c_void_p
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import Any, Final

from sana_vcam.lib.pipewire import pods
from sana_vcam.lib.pipewire.connection import PipeWireConnection
from sana_vcam.lib.pipewire.library import (
    ANY,
    BUFFER_REMOVED,
    PARAM_CHANGED,
    STATE_CHANGED,
    Hook,
    MetaHeader,
    PipeWireError,
    StreamBuffer,
    StreamEvents,
    failed,
)

OUTPUT: Final = 1
MAP_BUFFERS: Final = 1 << 2
DRIVER: Final = 1 << 3
"""PW_DIRECTION_OUTPUT and PW_STREAM_FLAG_…."""

PARAM_ENUM_FORMAT: Final = 3
PARAM_FORMAT: Final = 4
PARAM_BUFFERS: Final = 5
PARAM_META: Final = 6
OBJECT_FORMAT: Final = 0x40003
OBJECT_BUFFERS: Final = 0x40004
OBJECT_META: Final = 0x40005
"""SPA_PARAM_… and SPA_TYPE_OBJECT_…."""

MEDIA_TYPE, MEDIA_SUBTYPE = 1, 2
VIDEO_FORMAT, VIDEO_SIZE, VIDEO_RATE = 0x20001, 0x20003, 0x20004
VIDEO_RANGE, VIDEO_MATRIX = 0x2000C, 0x2000D
"""SPA_FORMAT_…, the keys of a format."""
MEDIA_VIDEO, SUBTYPE_RAW = 2, 1
RANGE_LIMITED, MATRIX_BT601 = 2, 4
DATA_MEMPTR, DATA_MEMFD = 1, 2
META_HEADER = 1
BUFFERS = (8, 2, 16)
"""How many buffers: by default, at least, at most."""
CHUNK: Final = struct.Struct("=IIiI")
"""`Chunk`: offset, size, stride, flags."""
HEADER: Final = struct.Struct("=IIqqQ")
"""`MetaHeader`: flags, offset, pts, dts_offset, sequence."""


class StreamState(IntEnum):
    """`pw_stream_state`."""

    ERROR = -1
    UNCONNECTED = 0
    CONNECTING = 1
    PAUSED = 2
    STREAMING = 3


class VideoFormat(IntEnum):
    """`spa_video_format`, as far as it is offered here."""

    I420 = 2
    YUY2 = 4


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """How a frame of one format lies in memory."""

    format: VideoFormat
    stride: int
    frame_bytes: int


def layouts(width: int, height: int) -> tuple[FrameLayout, ...]:
    """List the layouts that are offered, the preferred one first.

    Readers compute the planes' places of I420 with lines of whole words, so a width that has
    none is offered as YUY2 only.
    """
    packed = FrameLayout(VideoFormat.YUY2, width * 2, width * height * 2)
    planar = FrameLayout(VideoFormat.I420, width, width * height * 3 // 2)
    return (packed,) if width % 8 else (planar, packed)


@dataclass(frozen=True, slots=True)
class _Places:
    """Where in memory the parts of a buffer are."""

    frame: int
    chunk: int
    header: int
    """0 where the buffer has none."""


class VideoSource:
    """One node of a connection, on whose thread it is made and fed."""

    def __init__(
        self,
        connection: PipeWireConnection,
        properties: Mapping[str, str],
        size: tuple[int, int],
        fps: float,
    ) -> None:
        """Publish the node; `size` is (width, height). Raises `PipeWireError`."""
        self.state = StreamState.UNCONNECTED
        self.layout: FrameLayout | None = None
        """What readers have agreed to; None while nobody reads."""
        self.sent = 0
        self.dropped = 0
        """Frames for which there was no buffer: all are in readers' hands."""
        self._library = connection.library
        self._offered = layouts(*size)
        self._params: list[Any] = []
        self._places: dict[int, _Places] = {}
        """Of the buffers that were filled once, by their address."""
        with connection.closing_first(self.close):
            self._stream = self._library.stream_new(
                connection.core, b"video", self._library.properties(properties)
            )
            if not self._stream:
                raise PipeWireError("PipeWire makes no node; see its messages above")
            self._listen(connection)
            rate = Fraction(fps).limit_denominator(1001)
            offers = [enum_format(one.format, size, rate) for one in self._offered]
            if failed(
                self._library.stream_connect(
                    self._stream, OUTPUT, ANY, DRIVER | MAP_BUFFERS, *self._pointers(offers)
                )
            ):
                raise PipeWireError("PipeWire does not take the node; see its messages above")

    @property
    def node(self) -> int | None:
        """The node's number at the server; None while it has none."""
        number: int = self._library.stream_get_node_id(self._stream) if self._stream else ANY
        return None if number == ANY else number

    @property
    def streaming(self) -> bool:
        """Whether somebody reads."""
        return self.state is StreamState.STREAMING and self.layout is not None

    def send(self, frame: int) -> bool:
        """Send the frame at this address to all readers; False: none had room.

        Its bytes are those of `layout`, and are copied. To be called only while `streaming`.
        """
        layout = self.layout
        taken = self._library.stream_dequeue_buffer(self._stream)
        if layout is None or not taken:
            self.dropped += 1
            return False
        places = self._places.get(taken) or self._find_places(taken, layout)
        ctypes.memmove(places.frame, frame, layout.frame_bytes)
        chunk = CHUNK.pack(0, layout.frame_bytes, layout.stride, 0)
        ctypes.memmove(places.chunk, chunk, CHUNK.size)
        if places.header:
            header = HEADER.pack(0, 0, time.monotonic_ns(), 0, self.sent)
            ctypes.memmove(places.header, header, HEADER.size)
        self._library.stream_queue_buffer(self._stream, taken)
        # Only now: what is filled in once the graph runs comes a whole frame later.
        self._library.stream_trigger_process(self._stream)
        self.sent += 1
        return True

    def _find_places(self, taken: int, layout: FrameLayout) -> _Places:
        """Look into a buffer, which costs more than to fill it does; once for its life."""
        buffer = StreamBuffer.from_address(taken).buffer.contents
        data = buffer.datas[0] if buffer.n_datas else None
        if data is None or not data.data or data.maxsize < layout.frame_bytes:
            self._library.stream_queue_buffer(self._stream, taken)
            raise PipeWireError("PipeWire gives buffers that hold no frame")
        header = next(
            (
                meta.data
                for meta in buffer.metas[: buffer.n_metas]
                if meta.type == META_HEADER and meta.size >= ctypes.sizeof(MetaHeader)
            ),
            0,
        )
        found = _Places(data.data, ctypes.addressof(data.chunk.contents), header)
        self._places[taken] = found
        return found

    def close(self) -> None:
        """Take the node away; the connection does so before it closes. Twice is fine."""
        stream, self._stream = self._stream, None
        if stream:
            self._library.stream_destroy(stream)

    def _listen(self, connection: PipeWireConnection) -> None:
        hook, events = Hook(), StreamEvents()
        events.version = 2
        events.state_changed = STATE_CHANGED(connection.guarded(self._on_state))
        events.param_changed = PARAM_CHANGED(connection.guarded(self._on_param))
        events.remove_buffer = BUFFER_REMOVED(connection.guarded(self._on_buffer_removed))
        connection.keep(hook, events)
        self._library.stream_add_listener(self._stream, hook, events, None)

    def _on_state(self, _data: int | None, _old: int, new: int, error: bytes | None) -> None:
        self.state = StreamState(new)
        if self.state is StreamState.ERROR:
            why = (error or b"no reason given").decode(errors="replace")
            raise PipeWireError(f"PipeWire has ended the node ({why})")

    def _on_param(self, _data: int | None, parameter: int, pod: int | None) -> None:
        if parameter != PARAM_FORMAT:
            return
        self.layout = None
        self._places.clear()
        if not pod:
            return
        chosen = pods.read_identifier(_bytes_of(pod), VIDEO_FORMAT)
        self.layout = next((one for one in self._offered if one.format == chosen), None)
        if self.layout is None:
            raise PipeWireError(f"PipeWire chose a format that was not offered ({chosen})")
        wanted = [buffers(self.layout), header_meta()]
        self._library.stream_update_params(self._stream, *self._pointers(wanted))

    def _on_buffer_removed(self, _data: int | None, buffer: int | None) -> None:
        if buffer is not None:
            self._places.pop(buffer, None)

    def _pointers(self, built: Iterable[bytes]) -> tuple[Any, int]:
        """Make an array of pointers to pods, and its length; both live until the next one."""
        held = [ctypes.create_string_buffer(one, len(one)) for one in built]
        array = (c_void_p * len(held))(*(ctypes.addressof(one) for one in held))
        self._params = [held, array]
        return array, len(held)


def enum_format(kind: VideoFormat, size: tuple[int, int], rate: Fraction) -> bytes:
    """Build the offer of one format."""
    return pods.compound(
        OBJECT_FORMAT,
        PARAM_ENUM_FORMAT,
        {
            MEDIA_TYPE: pods.identifier(MEDIA_VIDEO),
            MEDIA_SUBTYPE: pods.identifier(SUBTYPE_RAW),
            VIDEO_FORMAT: pods.identifier(kind),
            VIDEO_SIZE: pods.rectangle(*size),
            VIDEO_RATE: pods.fraction(rate),
            VIDEO_RANGE: pods.identifier(RANGE_LIMITED),
            VIDEO_MATRIX: pods.identifier(MATRIX_BT601),
        },
    )


def buffers(layout: FrameLayout) -> bytes:
    """Build the wish for buffers: their number, one block each, its size, stride and memory."""
    memory = 1 << DATA_MEMFD | 1 << DATA_MEMPTR
    return pods.compound(
        OBJECT_BUFFERS,
        PARAM_BUFFERS,
        {
            1: pods.integers(pods.CHOICE_RANGE, *BUFFERS),
            2: pods.integer(1),
            3: pods.integer(layout.frame_bytes),
            4: pods.integer(layout.stride),
            6: pods.integers(pods.CHOICE_FLAGS, memory),
        },
    )


def header_meta() -> bytes:
    """Build the wish for a header with time and number beside each frame."""
    return pods.compound(
        OBJECT_META,
        PARAM_META,
        {1: pods.identifier(META_HEADER), 2: pods.integer(ctypes.sizeof(MetaHeader))},
    )


def _bytes_of(pod: int) -> bytes:
    size = ctypes.c_uint32.from_address(pod).value
    return ctypes.string_at(pod, size + 8)
