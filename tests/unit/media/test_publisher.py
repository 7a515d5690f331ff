"""The publisher thread: the camera's newest frame goes where the loop says, as BGRA."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from sana_vcam.lib.mailbox import Mailbox
from sana_vcam.media import publisher
from sana_vcam.media.frames import CameraFrame
from sana_vcam.media.publisher import CameraTarget, Publisher

SIZE = (6, 4)


def frame(number: int) -> CameraFrame:
    pixels = np.empty((4, 6, 3), np.uint8)
    pixels[:] = (number % 256, 10, 20)
    return CameraFrame(pixels, number, 0.0)


class Camera:
    """A publisher in its thread, and what it pushed."""

    def __init__(self, **options) -> None:
        self.box: Mailbox[CameraFrame] = Mailbox()
        self.sent: list[int] = []
        self.publisher = Publisher(
            self.box, lambda frame: self.sent.append(frame.sequence), **options
        )
        self.stop = threading.Event()
        self.pushed: list[bytes] = []
        self.arrived = threading.Semaphore(0)
        self.accepts = True
        self.thread = threading.Thread(target=self.publisher.run, args=(self.stop,))

    def push(self, bgra: bytes) -> bool:
        self.pushed.append(bgra)
        self.arrived.release()
        return self.accepts

    def wait(self) -> None:
        assert self.arrived.acquire(timeout=20)


@pytest.fixture
def camera():
    camera = Camera()
    camera.thread.start()
    yield camera
    camera.box.close()
    camera.thread.join()


def test_a_frame_is_pushed_as_bgra(camera):
    camera.publisher.targets = (CameraTarget(camera.push, SIZE),)
    camera.box.put(frame(5))
    camera.wait()
    assert camera.pushed == [bytes([5, 10, 20, 255]) * 24]


def test_only_what_was_sent_is_counted(camera):
    camera.publisher.targets = (CameraTarget(camera.push, SIZE),)
    camera.accepts = False
    for number in range(3):
        camera.box.put(frame(number))
        camera.wait()
    camera.box.close()
    camera.thread.join()
    assert list(camera.publisher.meter._times) == []


def test_sent_frames_are_counted(camera):
    camera.publisher.targets = (CameraTarget(camera.push, SIZE),)
    for number in range(3):
        camera.box.put(frame(number))
        camera.wait()
    camera.box.close()
    camera.thread.join()
    assert len(camera.publisher.meter._times) == 3


def test_without_a_target_frames_go_nowhere_and_are_not_kept(camera):
    camera.box.put(frame(1))
    camera.publisher.targets = (CameraTarget(camera.push, SIZE),)
    camera.box.put(frame(2))
    camera.wait()
    assert camera.pushed[-1][0] == 2
    camera.publisher.targets = ()
    camera.box.put(frame(3))
    camera.publisher.targets = (CameraTarget(camera.push, SIZE),)
    camera.box.put(frame(4))
    camera.wait()
    assert camera.pushed[-1][0] in {3, 4}


def test_a_slow_target_gets_the_newest_frame(camera):
    go_on, busy = threading.Event(), threading.Event()

    def slow(bgra: bytes) -> bool:
        busy.set()
        assert go_on.wait(20)
        return camera.push(bgra)

    camera.publisher.targets = (CameraTarget(slow, SIZE),)
    camera.box.put(frame(1))
    assert busy.wait(20)
    for number in range(2, 50):
        camera.box.put(frame(number))
    go_on.set()
    camera.wait()
    camera.wait()
    assert [bgra[0] for bgra in camera.pushed] == [1, 49]


def test_a_target_that_fails_ends_the_thread_with_its_error():
    camera = Camera()

    def fail(bgra: bytes) -> bool:
        raise ValueError("another size")

    camera.publisher.targets = (CameraTarget(fail, SIZE),)
    camera.box.put(frame(1))
    with pytest.raises(ValueError, match="another size"):
        camera.publisher.run(camera.stop)


def test_a_target_of_another_size_gets_its_own(camera):
    camera.publisher.targets = (CameraTarget(camera.push, (3, 2)), CameraTarget(camera.push, SIZE))
    camera.box.put(frame(5))
    camera.wait()
    camera.wait()
    assert [len(bgra) for bgra in camera.pushed] == [24, 96]
    assert camera.pushed[0] == bytes([5, 10, 20, 255]) * 6


def test_stop_ends_it_as_well():
    camera = Camera()
    camera.stop.set()
    camera.box.put(frame(1))
    camera.publisher.run(camera.stop)
    assert camera.pushed == []


@pytest.fixture
def slow_camera():
    """A publisher that sends the newest frame again, 200 times a second."""
    camera = Camera(least_fps=200.0)
    camera.thread.start()
    yield camera
    camera.box.close()
    camera.thread.join()


def test_the_frame_of_a_slow_camera_is_sent_again_and_again(slow_camera):
    slow_camera.publisher.targets = (CameraTarget(slow_camera.push, SIZE),)
    slow_camera.box.put(frame(5))
    for _ in range(10):
        slow_camera.wait()
    slow_camera.box.put(frame(6))
    for _ in range(10):
        slow_camera.wait()

    levels = [bgra[0] for bgra in slow_camera.pushed]
    assert levels == sorted(levels)
    assert levels.count(5) >= 5
    assert levels.count(6) >= 5


def test_only_its_pictures_are_counted_as_the_cameras(slow_camera):
    slow_camera.publisher.targets = (CameraTarget(slow_camera.push, SIZE),)
    for number in (5, 6):
        slow_camera.box.put(frame(number))
        for _ in range(10):
            slow_camera.wait()
    slow_camera.box.close()
    slow_camera.thread.join()

    assert slow_camera.publisher.pictures.total == 2
    assert slow_camera.publisher.meter.total >= 19
    assert slow_camera.sent == [5, 6], "latency is measured on pictures that are new"


def test_a_picture_that_stands_is_posted_again_and_counted_once(slow_camera):
    slow_camera.publisher.targets = (CameraTarget(slow_camera.push, SIZE),)
    for _ in range(5):
        slow_camera.box.put(frame(7))
        slow_camera.wait()
    slow_camera.box.close()
    slow_camera.thread.join()

    assert slow_camera.publisher.pictures.total == 1


def test_a_camera_that_is_lost_has_nothing_sent_again(slow_camera):
    slow_camera.publisher.targets = (CameraTarget(slow_camera.push, SIZE),)
    slow_camera.box.put(frame(5))
    slow_camera.wait()
    slow_camera.box.clear()
    # One more may be on its way.
    slow_camera.arrived.acquire(timeout=0.05)
    pushed = len(slow_camera.pushed)
    slow_camera.stop.wait(0.05)

    assert len(slow_camera.pushed) <= pushed + 1
    slow_camera.box.put(frame(6))
    slow_camera.wait()
    slow_camera.wait()
    assert slow_camera.pushed[-1][0] == 6


def test_a_session_that_is_no_more_gets_nothing_again(slow_camera):
    slow_camera.publisher.targets = (CameraTarget(slow_camera.push, SIZE),)
    slow_camera.box.put(frame(5))
    slow_camera.wait()
    slow_camera.publisher.targets = ()
    slow_camera.stop.wait(0.05)
    pushed = len(slow_camera.pushed)
    slow_camera.stop.wait(0.05)

    assert len(slow_camera.pushed) == pushed


def test_a_frame_that_is_sent_again_is_converted_once(slow_camera, monkeypatch):
    converted = []
    real = publisher.bgr_to_bgra_bytes
    monkeypatch.setattr(
        publisher, "bgr_to_bgra_bytes", lambda bgr: converted.append(1) or real(bgr)
    )
    slow_camera.publisher.targets = (CameraTarget(slow_camera.push, SIZE),)
    slow_camera.box.put(frame(5))
    for _ in range(10):
        slow_camera.wait()

    assert len(converted) == 1
