"""A frame's way into a buffer of PipeWire's, with the library's part played by real structures."""

import contextlib
import ctypes

import pytest

from sana_vcam.lib.pipewire import source
from sana_vcam.lib.pipewire.library import (
    Chunk,
    Data,
    Meta,
    MetaHeader,
    PipeWireError,
    SpaBuffer,
    StreamBuffer,
)
from sana_vcam.lib.pipewire.source import StreamState, VideoSource, layouts

SIZE = (16, 8)
LAYOUT = layouts(*SIZE)[0]
HEADER = source.META_HEADER


class Buffer:
    """One buffer as the library lays it out; `frame` is what readers see."""

    def __init__(self, room=LAYOUT.frame_bytes, meta=HEADER):
        self.memory = ctypes.create_string_buffer(room)
        self.chunk = Chunk(7, 7, 7, 7)
        self.header = MetaHeader()
        address = ctypes.addressof
        data = Data(maxsize=room, data=address(self.memory), chunk=ctypes.pointer(self.chunk))
        metas = Meta(meta, ctypes.sizeof(MetaHeader), address(self.header))
        self.inner = SpaBuffer(1, 1, ctypes.pointer(metas), ctypes.pointer(data))
        self.outer = StreamBuffer(ctypes.pointer(self.inner))
        self.address = address(self.outer)

    @property
    def frame(self):
        return self.memory.raw


class Library:
    """What of libpipewire a source calls."""

    def __init__(self):
        self.free = []
        self.calls = []

    def properties(self, _words):
        return None

    def stream_new(self, *_):
        return 1

    def stream_add_listener(self, _stream, _hook, events, _data):
        self.events = events

    def stream_connect(self, *_):
        return 0

    def stream_update_params(self, *_):
        return 0

    def stream_dequeue_buffer(self, _stream):
        return self.free.pop(0).address if self.free else None

    def stream_queue_buffer(self, _stream, buffer):
        self.calls.append(("queue", buffer))

    def stream_trigger_process(self, _stream):
        self.calls.append(("trigger",))


class Connection:
    core = 1

    def __init__(self, library):
        self.library = library

    @contextlib.contextmanager
    def closing_first(self, _close):
        yield

    def guarded(self, callback):
        return callback

    def keep(self, *_):
        pass


@pytest.fixture
def library():
    return Library()


@pytest.fixture
def sending(library):
    """A source that is read, and what sends a frame of one level through it."""
    made = VideoSource(Connection(library), {}, SIZE, 24.0)
    offer = source.enum_format(LAYOUT.format, SIZE, 24)
    pod = ctypes.create_string_buffer(offer, len(offer))
    library.events.param_changed(None, source.PARAM_FORMAT, ctypes.addressof(pod))
    library.events.state_changed(None, StreamState.PAUSED, StreamState.STREAMING, None)

    def send(level):
        frame = ctypes.create_string_buffer(bytes([level]) * LAYOUT.frame_bytes)
        return made.send(ctypes.addressof(frame))

    assert made.streaming
    send.source = made
    return send


def test_a_frame_is_whole_before_the_graph_runs(library, sending):
    buffer = Buffer()
    library.free = [buffer]
    assert sending(9)
    assert buffer.frame == bytes([9]) * LAYOUT.frame_bytes
    chunk = buffer.chunk
    assert (chunk.offset, chunk.size, chunk.stride, chunk.flags) == (0, LAYOUT.frame_bytes, 16, 0)
    assert library.calls == [("queue", buffer.address), ("trigger",)]


def test_each_frame_has_its_number_and_a_later_time(library, sending):
    buffer = Buffer()
    stamps = []
    for level in range(3):
        library.free = [buffer]
        sending(level)
        stamps.append((buffer.header.sequence, buffer.header.pts))
    assert [number for number, _ in stamps] == [0, 1, 2]
    assert sorted({at for _, at in stamps}) == [at for _, at in stamps]
    assert buffer.frame[0] == 2


def test_a_buffer_without_a_header_is_filled_all_the_same(library, sending):
    buffer = Buffer(meta=HEADER + 1)
    library.free = [buffer]
    assert sending(3)
    assert (buffer.frame[0], buffer.header.pts) == (3, 0)


def test_frames_without_a_buffer_are_counted(library, sending):
    assert not sending(1)
    assert (sending.source.dropped, library.calls) == (1, [])


def test_a_buffer_that_was_taken_away_is_looked_at_anew(library, sending):
    buffer, other = Buffer(), Buffer()
    library.free = [buffer]
    sending(1)
    # The library frees it, and has another at the same address.
    library.events.remove_buffer(None, buffer.address)
    buffer.outer.buffer = ctypes.pointer(other.inner)
    library.free = [buffer]
    sending(2)
    assert (buffer.frame[0], other.frame[0]) == (1, 2)


def test_another_format_forgets_all_buffers(library, sending):
    buffer, other = Buffer(), Buffer()
    library.free = [buffer]
    sending(1)
    library.events.param_changed(None, source.PARAM_FORMAT, None)
    assert not sending.source.streaming
    offer = source.enum_format(LAYOUT.format, SIZE, 24)
    pod = ctypes.create_string_buffer(offer, len(offer))
    library.events.param_changed(None, source.PARAM_FORMAT, ctypes.addressof(pod))
    buffer.outer.buffer = ctypes.pointer(other.inner)
    library.free = [buffer]
    sending(2)
    assert (buffer.frame[0], other.frame[0]) == (1, 2)


def test_a_buffer_that_is_too_small_is_given_back_and_ends_the_source(library, sending):
    buffer = Buffer(room=LAYOUT.frame_bytes - 1)
    library.free = [buffer]
    with pytest.raises(PipeWireError, match="hold no frame"):
        sending(1)
    assert library.calls == [("queue", buffer.address)]
