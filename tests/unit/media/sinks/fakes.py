"""v4l2loopback without the kernel: plain files for the nodes, and its answers to system calls."""

import errno
import mmap
import os
import select
import struct
import threading
import time
from pathlib import Path

from sana_vcam.media.sinks import loopback, viewers
from sana_vcam.media.v4l2 import devices
from sana_vcam.media.v4l2 import ioctl as v4l2

FRAME_PAGES = 352 * 1024
BUFFERS = 33


def open_descriptors():
    """The numbers of this process's open files, without the one that looks."""
    found = {int(entry.name) for entry in Path("/proc/self/fd").iterdir()}
    return {number for number in found if Path(f"/proc/self/fd/{number}").exists()}


class Device:
    """The state of one virtual camera."""

    def __init__(self, label):
        self.label = label
        self.driver = v4l2.LOOPBACK_DRIVER
        self.format = (640, 480, b"YUYV")
        self.held = False
        """A viewer keeps the format."""
        self.producer_elsewhere = False
        self.controls = {}
        self.rate = None
        self.colours = None
        self.written = []
        self.write_error = None
        self.short = None
        self.refused = {}
        """Requests that fail, with their errno."""
        self.rounds_up = False
        """The driver answers with the size of its buffer (before 0.14)."""
        self.event = viewers.CLIENT_USAGE[0]
        self.count = 0
        self.subscribed = {}
        self.unplugged_nodes = set()


class Machine:
    """A made-up machine with virtual cameras; `system` is what the code under test gets."""

    def __init__(self, root):
        self.root = root
        self.devices = {}
        self.calls = []
        for folder in ("sys/class/video4linux", "sys/module/v4l2loopback", "dev", "proc"):
            (root / folder).mkdir(parents=True)
        self.system = devices.System(root, self.ioctl, "linux", self.write, self.poll)
        self._news = threading.Condition()

    def add(self, number, label="SANA VCam"):
        """Plug in a virtual camera; returns its state."""
        entry = self.root / f"sys/class/video4linux/video{number}"
        entry.mkdir()
        (entry / "name").write_text(label + "\n")
        (entry / "max_openers").write_text("10\n")
        node = self.root / f"dev/video{number}"
        with node.open("wb") as file:
            file.truncate(BUFFERS * FRAME_PAGES)
        self.devices[str(node)] = device = Device(label)
        return device

    def path(self, number):
        return str(self.root / f"dev/video{number}")

    def remove(self, number):
        """Unload it; descriptors that are open stay, and fail."""
        entry = self.root / f"sys/class/video4linux/video{number}"
        for file in entry.iterdir():
            file.unlink()
        entry.rmdir()
        device = self.devices.pop(self.path(number))
        device.write_error = errno.ENODEV
        Path(self.path(number)).unlink()
        with self._news:
            device.unplugged_nodes.update(device.subscribed)
            self._gone = device
            self._news.notify_all()

    def hold(self, pid, command, *numbers):
        """Let another process have the devices open."""
        process = self.root / f"proc/{pid}"
        (process / "fd").mkdir(parents=True)
        (process / "comm").write_text(command + "\n")
        for index, number in enumerate(numbers):
            (process / f"fd/{index}").symlink_to(self.path(number))

    def release(self, pid):
        for link in (self.root / f"proc/{pid}/fd").iterdir():
            link.unlink()

    def module_uses(self, number):
        count = self.root / "sys/module/v4l2loopback/refcnt"
        # As the kernel gives it: whole at each read.
        fresh = count.with_name("refcnt.new")
        fresh.write_text(f"{number}\n")
        fresh.replace(count)

    def image(self, number, offset=0):
        """What was written through a mapping."""
        with Path(self.path(number)).open("rb") as file:
            file.seek(32 * FRAME_PAGES + offset)
            return file.read(FRAME_PAGES)

    def viewers(self, number, count):
        """Let so many apps stream from the device."""
        device = self.devices[self.path(number)]
        with self._news:
            device.count = count
            for pending in device.subscribed.values():
                pending.append(count)
            self._news.notify_all()

    # The system calls

    def write(self, fd, frame):
        device = self._device(fd)
        if device.write_error:
            raise OSError(device.write_error, os.strerror(device.write_error))
        if device.short is not None:
            return device.short
        device.written.append(bytes(frame))
        return len(frame)

    def poll(self, wanted, timeout_s):
        until = time.monotonic() + timeout_s
        while True:
            ready = self._ready(wanted)
            if ready or time.monotonic() > until:
                return ready
            with self._news:
                self._news.wait(0.005)

    def _ready(self, wanted):
        ready = {}
        for fd, events in wanted.items():
            device = self._owner(fd)
            if device is None:
                poll = select.poll()
                poll.register(fd, events)
                ready.update(poll.poll(0))
            elif fd in device.unplugged_nodes:
                ready[fd] = select.POLLERR | select.POLLHUP
            elif device.subscribed.get(fd):
                ready[fd] = select.POLLPRI
        return ready

    def _owner(self, fd):
        path = str(Path(f"/proc/self/fd/{fd}").readlink())
        return self.devices.get(path) or (
            self._gone if path.removesuffix(" (deleted)") != path else None
        )

    def _device(self, fd):
        found = self._owner(fd)
        if found is None:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return found

    def ioctl(self, fd, request, argument):
        device = self._device(fd)
        self.calls.append(request)
        if request in device.refused:
            raise OSError(device.refused[request], os.strerror(device.refused[request]))
        names = {
            v4l2.VIDIOC_QUERYCAP: self._query,
            v4l2.VIDIOC_S_FMT: self._set_format,
            v4l2.VIDIOC_S_PARM: self._set_rate,
            v4l2.VIDIOC_S_CTRL: self._set_control,
            v4l2.VIDIOC_REQBUFS: lambda *_: None,
            v4l2.VIDIOC_QUERYBUF: self._query_buffer,
            v4l2.VIDIOC_SUBSCRIBE_EVENT: self._subscribe,
            v4l2.VIDIOC_DQEVENT: self._take_event,
        }
        if request not in names:
            raise OSError(errno.EINVAL, "Invalid argument")
        names[request](device, fd, argument)

    def _query(self, device, fd, answer):
        words = (device.driver.encode(), device.label.encode()[:31], b"platform")
        caps = v4l2.CAP_OUTPUT | v4l2.CAP_DEVICE_CAPS
        struct.pack_into("16s32s32sIII", answer, 0, *words, 0, caps, 2)

    def _set_format(self, device, fd, request):
        if device.producer_elsewhere:
            raise OSError(errno.EBUSY, "Device or resource busy")
        locked = device.held or device.controls.get(loopback.CONTROL_KEEP_FORMAT)
        if not locked:
            width, height, code = struct.unpack_from("2I4s", request, 8)
            device.format = (width, height, code)
        width, height, code = device.format
        line = width if code == b"YU12" else width * 2
        frame = line * height * (3 if code == b"YU12" else 2) // 2
        if code == b"YUYV":
            frame = line * height
        if device.rounds_up:
            frame = -(-frame // mmap.PAGESIZE) * mmap.PAGESIZE
        device.colours = struct.unpack_from("6I", request, 32)
        struct.pack_into("2I4s3I", request, 8, width, height, code, 1, line, frame)

    def _set_rate(self, device, fd, request):
        device.rate = struct.unpack_from("5I", request)

    def _set_control(self, device, fd, request):
        control, value = struct.unpack("Ii", request)
        device.controls[control] = value

    def _query_buffer(self, device, fd, buffer):
        struct.pack_into("I", buffer, 64, 32 * FRAME_PAGES)
        struct.pack_into("I", buffer, 72, FRAME_PAGES)

    def _subscribe(self, device, fd, request):
        number, _, flags = struct.unpack_from("3I", request)
        if number != device.event:
            raise OSError(errno.EINVAL, "Invalid argument")
        device.subscribed[fd] = [device.count] if flags & v4l2.EVENT_SEND_INITIAL else []

    def _take_event(self, device, fd, event):
        if fd in device.unplugged_nodes:
            raise OSError(errno.ENODEV, "No such device")
        if not device.subscribed[fd]:
            raise OSError(errno.ENOENT, "No such file or directory")
        struct.pack_into("I4xI", event, 0, device.event, device.subscribed[fd].pop(0))

    _gone = None
