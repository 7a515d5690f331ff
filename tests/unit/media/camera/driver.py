"""A V4L2 capture driver without the kernel: a plain file for the node, and its answers."""

import errno
import os
import select
import struct
from pathlib import Path

from sana_vcam.media.camera import v4l2capture
from sana_vcam.media.v4l2 import devices
from sana_vcam.media.v4l2 import ioctl as v4l2
from sana_vcam.media.v4l2.capabilities import Mode

LENGTH = 256 * 1024


class CaptureDriver:
    """One camera at /dev/video0 of a made-up machine; `system` is what the code under test gets."""

    def __init__(self, root, *, modes=((("MJPG"), 1280, 720, (30.0,)),), name="HD Webcam"):
        for folder in ("sys/class/video4linux/video0", "dev/v4l/by-id", "proc"):
            (root / folder).mkdir(parents=True)
        (root / "sys/class/video4linux/video0/name").write_text(name + "\n")
        self.root = root
        self.node = root / "dev/video0"
        with self.node.open("wb") as file:
            file.truncate(v4l2capture.BUFFERS * LENGTH)
        self.system = devices.System(root, self.ioctl, "linux", poll=self.poll)
        self.device = devices.Device(
            str(self.node), 0, name, "camera", modes=tuple(Mode(*mode) for mode in modes)
        )
        self.gives = None
        """(fourcc, width, height) that the driver makes of whatever is asked."""
        self.line_bytes = 0
        self.refused = {}
        """Requests that fail, with their errno."""
        self.pictures = []
        """What is captured next: bytes, or None for a torn one. At the end nothing comes."""
        self.batch = 1
        """How many pictures come at once."""
        self.poll_events = select.POLLIN
        self.asked = None
        self.rate = None
        self.streams = False
        self.free = []
        self.waits = []
        self.now = 1000.0

    def hold(self, pid, command):
        process = self.root / f"proc/{pid}"
        (process / "fd").mkdir(parents=True)
        (process / "comm").write_text(command + "\n")
        (process / "fd/3").symlink_to(self.node)

    def clock(self):
        return self.now

    def poll(self, wanted, timeout_s):
        (node,) = wanted
        self.waits.append(timeout_s)
        if self.poll_events != select.POLLIN:
            return {node: self.poll_events}
        if self.pictures:
            self._ready = self.batch
            return {node: select.POLLIN}
        self.now += timeout_s
        return {}

    _ready = 0

    def ioctl(self, fd, request, argument):
        if request in self.refused:
            raise OSError(self.refused[request], os.strerror(self.refused[request]))
        if request == v4l2.VIDIOC_S_FMT:
            width, height, code = struct.unpack_from("2I4s", argument, 8)
            self.asked = (code, width, height)
            code, width, height = self.gives or self.asked
            struct.pack_into("2I4s2I", argument, 8, width, height, code, 1, self.line_bytes)
        elif request == v4l2.VIDIOC_S_PARM:
            numerator, denominator = struct.unpack_from("2I", argument, 12)
            self.rate = denominator / numerator
        elif request == v4l2.VIDIOC_QUERYBUF:
            (index,) = struct.unpack_from("I", argument)
            struct.pack_into("I", argument, 64, index * LENGTH)
            struct.pack_into("I", argument, 72, LENGTH)
        elif request == v4l2.VIDIOC_QBUF:
            self.free.append(struct.unpack_from("I", argument)[0])
        elif request == v4l2.VIDIOC_DQBUF:
            self._give(argument)
        elif request in {v4l2.VIDIOC_STREAMON, v4l2.VIDIOC_STREAMOFF}:
            self.streams = request == v4l2.VIDIOC_STREAMON
        elif request != v4l2.VIDIOC_REQBUFS:
            raise OSError(errno.ENOTTY, "Inappropriate ioctl")

    def _give(self, argument):
        if not self._ready or not self.pictures:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        self._ready -= 1
        data = self.pictures.pop(0)
        index = self.free.pop(0)
        torn = data is None
        with Path(self.node).open("r+b") as file:
            file.seek(index * LENGTH)
            file.write(data or b"")
        used = 0 if torn else len(data)
        struct.pack_into("4I", argument, 0, index, 1, used, v4l2.BUF_FLAG_ERROR if torn else 0)
