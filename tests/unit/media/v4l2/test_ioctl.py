"""The requests of V4L2: their numbers, and the structures that go with them."""

import struct

import pytest

from sana_vcam.media.v4l2 import ioctl

READ, WRITE = 2, 1
BOTH = READ | WRITE


def ioc(direction, number, size):
    """From linux/ioctl.h: _IOC(direction, 'V', number, size)."""
    return direction << 30 | size << 16 | ord("V") << 8 | number


def test_the_numbers_are_those_of_the_kernel_header():
    """From linux/videodev2.h."""
    assert ioc(READ, 0, 104) == ioctl.VIDIOC_QUERYCAP
    assert ioc(BOTH, 2, 64) == ioctl.VIDIOC_ENUM_FMT
    assert ioc(BOTH, 5, 208) == ioctl.VIDIOC_S_FMT
    assert ioc(BOTH, 8, 20) == ioctl.VIDIOC_REQBUFS
    assert ioc(BOTH, 9, 88) == ioctl.VIDIOC_QUERYBUF
    assert ioc(BOTH, 15, 88) == ioctl.VIDIOC_QBUF
    assert ioc(BOTH, 17, 88) == ioctl.VIDIOC_DQBUF
    assert ioc(WRITE, 18, 4) == ioctl.VIDIOC_STREAMON
    assert ioc(WRITE, 19, 4) == ioctl.VIDIOC_STREAMOFF
    assert ioc(BOTH, 22, 204) == ioctl.VIDIOC_S_PARM
    assert ioc(BOTH, 28, 8) == ioctl.VIDIOC_S_CTRL
    assert ioc(BOTH, 74, 44) == ioctl.VIDIOC_ENUM_FRAMESIZES
    assert ioc(BOTH, 75, 52) == ioctl.VIDIOC_ENUM_FRAMEINTERVALS
    assert ioc(READ, 89, 136) == ioctl.VIDIOC_DQEVENT
    assert ioc(WRITE, 90, 32) == ioctl.VIDIOC_SUBSCRIBE_EVENT


class Asked:
    """Takes note of requests, each as long as its number says."""

    def __init__(self):
        self.requests = []

    def __call__(self, node, request, argument):
        assert len(argument) == request >> 16 & 0x3FFF
        self.requests.append((request, bytes(argument)))


@pytest.mark.parametrize(
    ("fps", "rate"), [(24.0, (1, 24)), (29.97, (100, 2997)), (7.5, (2, 15)), (30.0, (1, 30))]
)
def test_the_rate_is_a_fraction(fps, rate):
    asked = Asked()
    ioctl.Queue(asked, 3, ioctl.BUF_TYPE_OUTPUT).set_rate(fps)
    ((request, argument),) = asked.requests
    assert request == ioctl.VIDIOC_S_PARM
    assert struct.unpack_from("5I", argument) == (ioctl.BUF_TYPE_OUTPUT, 0, 0, *rate)


def test_every_structure_is_as_long_as_its_request_says():
    asked = Asked()
    queue = ioctl.Queue(asked, 3, ioctl.BUF_TYPE_CAPTURE)
    queue.set_format(ioctl.PixFormat(64, 36, b"YUYV"))
    queue.request_buffers(4)
    queue.give(0)
    queue.take()
    queue.stream(True)
    queue.stream(False)
    ioctl.set_control(asked, 3, 1, 2)
    ioctl.subscribe_event(asked, 3, 1)
    ioctl.dequeue_event(asked, 3)
    assert len(asked.requests) == 9
