"""What the operator sees, beside what viewers see."""

from itertools import count

import numpy as np
import pytest

from sana_vcam.control.preview.bus import PreviewBus
from sana_vcam.control.preview.comparison import Compared
from sana_vcam.lib.mailbox import Mailbox
from sana_vcam.media.frames import CameraFrame, ModelFrame
from sana_vcam.media.pixels import to_i420
from sana_vcam.media.playout.buffer import PlayoutBuffer
from sana_vcam.media.playout.mixer import Mixer
from sana_vcam.media.playout.program import OffAir, Program
from sana_vcam.media.slate import Slate


@pytest.fixture
def buffer():
    return PlayoutBuffer(fps=24, max_delay_s=0)


@pytest.fixture
def program(buffer, sink):
    program = Program(buffer, sink.size, slate=lambda: Slate("Connecting"), bypass=None)
    program.patience_s = 2.0
    return program


@pytest.fixture
def camera():
    return Mailbox()


def make(program, sink, camera=None, latency_s=lambda: None, clock=lambda: 0.0):
    camera = camera or Mailbox()
    return PreviewBus(program, sink, "crop", camera=camera, latency_s=latency_s, clock=clock)


def grey(level):
    """A picture of the camera, and its brightness in I420."""
    bgr = np.full((720, 1280, 3), level, np.uint8)
    return bgr, int(to_i420(bgr)[0, 0])


def test_the_rehearsed_look_is_in_the_preview_and_the_still_in_the_sink(program, buffer, sink):
    bus = make(program, sink)
    assert bus.newest() is None

    def tick(now, level):
        buffer.put(ModelFrame(np.full((540, 640), level, np.uint8), level, now))
        sink.send(program.next(now))
        return int(bus.newest()[1][0, 0]), int(sink.latest_i420()[1][0, 0])

    assert tick(1.0, 50) == (50, 50)
    program.off_air = OffAir()
    assert tick(1.1, 60) == (60, 50)
    assert bus.newest()[1].shape == (sink.size[1] * 3 // 2, sink.size[0])
    program.off_air = OffAir(until=1.25)
    assert tick(1.2, 70) == (70, 50), "received before"
    assert tick(1.3, 80) == (80, 80)
    program.off_air = None
    assert tick(1.4, 90) == (90, 90)


def test_a_second_session_is_in_the_preview_and_in_the_sink_once_it_is_cut_to(sink):
    mixer = Mixer(fps=24, max_delay_s=0)
    program = Program(mixer, sink.size, slate=lambda: Slate("Connecting"), bypass=None)
    program.patience_s = 2.0
    bus, (first, second) = make(program, sink), (mixer.open(), mixer.open())
    mixer.cut(first)
    numbers = count()

    def tick(now, *, silent=False):
        for buffer, level in ((first, 50), (second, 200)):
            if not (silent and buffer is second):
                picture = np.full((540, 640), level, np.uint8)
                buffer.put(ModelFrame(picture, next(numbers), now))
        sink.send(program.next(now))
        return int(bus.newest()[1][0, 0]), int(sink.latest_i420()[1][0, 0])

    assert tick(1.0) == (50, 50)
    mixer.show_in_preview(second, on=True)
    assert tick(1.1) == (200, 50)
    assert program.output == "live"
    assert tick(3.2, silent=True) == (50, 50), "it shows nothing now"
    assert tick(3.3) == (200, 50)
    mixer.show_in_preview(second, on=False)
    assert tick(3.4) == (50, 50)
    mixer.show_in_preview(second, on=True)
    tick(3.5)
    mixer.cut(second)
    assert tick(3.6) == (200, 200)
    assert program.rehearsed is None
    mixer.cut(first)
    mixer.show_in_preview(second, on=True)
    mixer.close(second)
    assert tick(3.7) == (50, 50)


def test_before_is_beside_after_and_of_the_same_moment(program, buffer, sink, camera):
    latency_s, now = 0.5, 10.0
    bus = make(program, sink, camera, lambda: latency_s, lambda: now)
    levels = {}
    seen = []
    bus.compare(True)
    for tick in range(40):
        now = 10.0 + tick / 24
        bgr, levels[tick] = grey(10 + 5 * tick)
        camera.put(CameraFrame(bgr, tick, now))
        buffer.put(ModelFrame(np.full((1080, 1280), 200, np.uint8), tick, now))
        sink.send(program.next(now))
        kind, frame = bus.newest()
        assert isinstance(kind, Compared)
        assert frame[360, 640 + 320] == 200, "after, on the right"
        assert frame[10, 10] == 16, "nothing above them"
        seen.append(int(frame[360, 320]))
        latency_s = 0.5 if tick < 30 else None
    # The first one stands until the edited picture has caught up; then all are as late as that is.
    assert seen[:12] == [levels[0]] * 12
    assert seen[12:] == [levels[tick] for tick in range(28)]
    sent = sink.latest_i420()
    bus.compare(False)
    assert bus.newest() == sent


def test_a_comparison_is_no_picture_and_costs_nothing_before_it_is_asked_for(program, sink, camera):
    bus = make(program, sink, camera)
    assert bus._comparison is None
    bus.compare(True)
    assert bus.newest() is None
    sink.send(program.next(1.0))
    kind, frame = bus.newest()
    assert frame[360, 320] == 16, "no camera"
    assert bus.newest()[0] is kind, "nothing new, so nothing is made"
    with pytest.raises(TypeError):
        sink.send(kind)
    bus.compare(False)
    assert bus._comparison is None
