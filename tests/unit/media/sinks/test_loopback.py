"""The backend for v4l2loopback against a made-up driver."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.errors import SinkError, SinkLost
from sana_vcam.media.sinks import loopback
from sana_vcam.media.sinks.loopback import LoopbackBackend
from sana_vcam.media.v4l2 import ioctl as v4l2
from tests.unit.media.sinks.fakes import Machine, open_descriptors

WIDTH, HEIGHT = 64, 36
FRAME = WIDTH * HEIGHT * 3 // 2
SLATE = bytes(range(256)) * (FRAME // 256) + b"\x07" * (FRAME % 256)


@pytest.fixture
def machine(tmp_path):
    before = open_descriptors()
    yield Machine(tmp_path)
    assert open_descriptors() == before, "a descriptor was left open"


def open_backend(machine, number=10, **more):
    return LoopbackBackend(
        machine.path(number), (WIDTH, HEIGHT), 24.0, system=machine.system, **more
    )


def why_not(machine, **more):
    with pytest.raises(SinkError) as caught:
        open_backend(machine, **more)
    return str(caught.value)


def test_frames_are_written_whole_in_the_format_that_was_agreed(machine):
    device = machine.add(10)
    backend = open_backend(machine)
    backend.send(np.full(FRAME, 3, np.uint8))
    backend.send(np.full(FRAME, 4, np.uint8))
    backend.close()

    assert device.format == (WIDTH, HEIGHT, b"YU12")
    assert device.written == [b"\x03" * FRAME, b"\x04" * FRAME]
    assert backend.device == machine.path(10)


def test_a_picture_is_written_plane_after_plane(machine):
    device = machine.add(10)
    backend = open_backend(machine)
    i420 = np.arange(FRAME, dtype=np.uint8).reshape(HEIGHT * 3 // 2, WIDTH)
    i420.flags.writeable = False
    backend.send(i420)
    backend.close()

    assert device.written == [i420.tobytes()]


def test_the_rate_and_the_colours_are_declared(machine):
    device = machine.add(10)
    open_backend(machine).close()

    assert device.rate == (2, 0, 0, 1, 24)
    srgb, extended, bt601, limited = 8, 0xFEEDCAFE, 1, 2
    assert device.colours == (srgb, extended, 0, bt601, limited, 0)


def test_the_rate_that_a_viewer_has_set_does_not_stay(machine):
    device = machine.add(10)
    backend = open_backend(machine)
    device.rate = (1, 0, 0, 1, 30)
    for _ in range(24 * loopback.DECLARE_EVERY_S):
        backend.send(np.zeros(FRAME, np.uint8))
    backend.close()

    assert device.rate == (2, 0, 0, 1, 24)


def test_a_driver_that_wants_no_rate_is_left_alone(machine):
    machine.add(10).refused[v4l2.VIDIOC_S_PARM] = errno.ENOTTY

    open_backend(machine).close()


def test_a_size_rounded_up_to_pages_is_the_size(machine):
    machine.add(10).rounds_up = True

    open_backend(machine).close()


def test_the_lock_of_an_earlier_program_is_lifted(machine):
    device = machine.add(10)
    device.controls[loopback.CONTROL_KEEP_FORMAT] = 1

    open_backend(machine).close()

    assert device.controls[loopback.CONTROL_KEEP_FORMAT] == 0
    assert device.format == (WIDTH, HEIGHT, b"YU12")


def test_a_format_that_a_program_keeps_is_said_with_the_program(machine):
    machine.add(10).held = True
    machine.hold(4711, "zoom", 10)

    message = why_not(machine)

    assert "stays at 640x480 YUYV and is needed at 64x36 YU12" in message
    assert "zoom (pid 4711)" in message
    assert "close that program" in message


@pytest.mark.parametrize("error", [errno.EBUSY, errno.EINVAL])
def test_another_producer_is_said_with_the_program(machine, error):
    machine.add(10).refused[v4l2.VIDIOC_S_FMT] = error
    machine.hold(4712, "obs", 10)

    message = why_not(machine)

    assert message.startswith("another program feeds the virtual camera ")
    assert "obs (pid 4712)" in message
    assert "sink.device" in message


def test_nobody_is_named_where_nobody_is_seen(machine):
    machine.add(10).producer_elsewhere = True

    assert "(open in" not in why_not(machine)


def test_a_device_that_is_no_loopback_is_never_written_to(machine):
    device = machine.add(10, "Integrated Camera")
    device.driver = "uvcvideo"

    assert "(Integrated Camera) is not a v4l2loopback device" in why_not(machine)
    assert v4l2.VIDIOC_S_FMT not in machine.calls


def test_a_device_that_is_gone_names_the_module(machine):
    assert "is gone: load the module v4l2loopback again" in why_not(machine)


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        (errno.EACCES, "sudo usermod -aG video $USER"),
        (errno.EBUSY, "max_openers"),
        (errno.EIO, "cannot open"),
    ],
)
def test_a_device_that_does_not_open_is_said_with_the_mend(machine, monkeypatch, error, mend):
    machine.add(10)

    def refuse(path, flags):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(loopback.os, "open", refuse)
    with pytest.raises(SinkError) as caught:
        open_backend(machine)
    monkeypatch.undo()
    assert mend in str(caught.value)


def test_the_driver_gets_the_slate_for_when_nobody_writes(machine):
    device = machine.add(10)
    backend = open_backend(machine, slate=SLATE, timeout_ms=1234)

    assert machine.image(10)[:FRAME] == SLATE
    assert device.controls[loopback.CONTROL_TIMEOUT] == 1234
    pushed = machine.calls.index(v4l2.VIDIOC_S_CTRL)
    assert machine.calls[pushed + 1] == v4l2.VIDIOC_REQBUFS, "the very next descriptor"
    backend.close()
    assert device.written == [SLATE], "and as the last picture"


@pytest.mark.parametrize(
    "request_", [v4l2.VIDIOC_S_CTRL, v4l2.VIDIOC_REQBUFS, v4l2.VIDIOC_QUERYBUF]
)
def test_a_driver_without_a_timeout_image_loses_only_that(machine, caplog, request_):
    device = machine.add(10)
    device.refused[request_] = errno.EINVAL
    backend = open_backend(machine, slate=SLATE)
    backend.send(np.zeros(FRAME, np.uint8))
    backend.close()

    assert "takes no slate" in caplog.text
    assert loopback.CONTROL_TIMEOUT not in device.controls
    assert len(device.written) == 2


@pytest.mark.parametrize("error", [errno.ENODEV, errno.EINVAL, errno.EBUSY])
def test_a_failed_write_is_a_lost_sink(machine, error):
    device = machine.add(10)
    backend = open_backend(machine, slate=SLATE)
    device.write_error = error

    with pytest.raises(SinkLost, match=os.strerror(error)):
        backend.send(np.zeros(FRAME, np.uint8))
    backend.close()


def test_a_short_write_is_a_lost_sink(machine):
    device = machine.add(10)
    backend = open_backend(machine)
    device.short = 100

    with pytest.raises(SinkLost, match=f"took 100 of {FRAME} bytes"):
        backend.send(np.zeros(FRAME, np.uint8))
    backend.close()


def test_the_device_is_closed_when_it_does_not_answer(machine):
    machine.add(10).refused[0x80685600] = errno.EIO

    assert "does not answer" in why_not(machine)


def test_the_lock_is_a_control_of_the_user_class():
    """From v4l2loopback.c."""
    assert loopback.CONTROL_KEEP_FORMAT == (0x00980900 | 0xF000)


def test_the_made_up_driver_has_room_for_a_frame(machine):
    machine.add(10)
    assert Path(machine.path(10)).stat().st_size > 32 * FRAME
