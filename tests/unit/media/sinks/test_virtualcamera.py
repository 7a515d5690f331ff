"""One virtual camera, lost and found, on a clock that the test moves."""

import logging

import numpy as np
import pytest

from sana_vcam.errors import SinkError, SinkLost
from sana_vcam.media.sinks import virtualcamera as camera_module
from sana_vcam.media.sinks.virtualcamera import VirtualCamera, VirtualCameraStatus

FRAME = np.zeros(4, np.uint8)


class Backend:
    """Takes frames, or fails as it is told."""

    def __init__(self, rig):
        self.rig = rig
        self.device = rig.device
        rig.open += 1

    def send(self, frame):
        if self.rig.send_error is not None:
            raise self.rig.send_error
        self.rig.sent += 1

    def close(self):
        self.rig.open -= 1


class Rig:
    def __init__(self):
        self.now = 100.0
        self.device = "/dev/video10"
        self.open_error = None
        self.send_error = None
        self.open = self.sent = self.attempts = 0
        self.camera = VirtualCamera("SANA VCam", self.device, self.make, clock=lambda: self.now)

    def make(self):
        self.attempts += 1
        if self.open_error is not None:
            raise self.open_error
        return Backend(self)

    def send(self, after=0.0):
        self.now += after
        self.camera.send(FRAME)


@pytest.fixture
def rig():
    rig = Rig()
    yield rig
    rig.camera.close()
    assert rig.open == 0


def test_an_open_camera_counts_its_frames(rig):
    rig.camera.open()
    rig.send()
    rig.send()

    assert rig.camera.status == VirtualCameraStatus("SANA VCam", "/dev/video10", True, None, 2)
    assert rig.sent == 2


@pytest.mark.parametrize("error", [SinkLost("gone"), RuntimeError("gone"), OSError("gone")])
def test_a_lost_camera_drops_frames_and_says_why(rig, error):
    rig.camera.open()
    rig.send_error = error
    rig.send()
    rig.send()

    status = rig.camera.status
    assert not status.open
    assert "gone" in status.error
    assert (rig.open, rig.attempts, status.frames) == (0, 1, 0)


def test_what_nothing_can_mend_is_raised(rig):
    rig.camera.open()
    rig.send_error = SinkError("the reader of the pipe has gone")

    with pytest.raises(SinkError, match="reader"):
        rig.send()


def test_a_lost_camera_is_opened_again_after_growing_waits(rig):
    rig.camera.open()
    rig.send_error = SinkLost("gone")
    rig.send()
    rig.open_error = SinkError("not there")
    moments = []
    start = rig.now
    for _ in range(2500):
        before = rig.attempts
        rig.send(after=0.01)
        if rig.attempts > before:
            moments.append(rig.now - start)
    waits = np.diff([0.0, *moments])

    assert waits == pytest.approx([0.5, 1, 2, 4, 5, 5, 5], abs=0.02)


def test_it_comes_back_at_another_place(rig):
    rig.camera.open()
    rig.send_error = SinkLost("gone")
    rig.send()
    rig.send_error, rig.device = None, "/dev/video11"
    rig.send(after=0.6)

    assert rig.camera.status == VirtualCameraStatus("SANA VCam", "/dev/video11", True, None, 1)


def test_the_waits_are_short_again_only_after_a_frame(rig):
    rig.camera.open()
    rig.send_error = SinkLost("gone")
    rig.send()
    rig.send(after=0.6)
    assert rig.attempts == 2
    rig.send(after=0.6)
    assert rig.attempts == 2, "it was opened, and took no frame: the second wait is longer"
    rig.send_error = None
    rig.send(after=0.6)
    rig.send_error = SinkLost("gone again")
    rig.send()
    rig.send_error = None
    rig.send(after=0.6)
    assert rig.attempts == 4


def test_the_first_failure_is_a_warning_and_its_repeats_are_not(rig, caplog):
    rig.camera.open()
    with caplog.at_level(logging.DEBUG, camera_module.__name__):
        rig.send_error = SinkLost("gone")
        rig.send()
        rig.send_error, rig.open_error = None, SinkError("not there")
        for _ in range(20):
            rig.send(after=1.0)
        rig.open_error, rig.send_error = None, SinkLost("opens, and takes nothing")
        for _ in range(20):
            rig.send(after=1.0)
        rig.send_error = None
        rig.send(after=10.0)

    levels = [record.levelname for record in caplog.records]
    assert levels[0] == "WARNING"
    assert levels[-1] == "INFO"
    assert set(levels[1:-1]) == {"DEBUG"}


def test_closing_twice_is_fine(rig):
    rig.camera.open()
    rig.camera.close()
    rig.camera.close()
