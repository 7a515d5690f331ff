"""A v4l2loopback device that is fed: whole frames by write(2), all checked.

pyvirtualcam can feed it as well, but takes whatever format the driver gives back, does not set the
rate, and raises nothing when a write fails. The controls are those of v4l2loopback 0.12 to 0.15.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import mmap
import os
from dataclasses import replace

from sana_vcam.errors import SinkError, SinkLost
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.v4l2 import devices, ioctl
from sana_vcam.media.v4l2.capabilities import query
from sana_vcam.media.v4l2.ioctl import FMT_EXTENDED, PixFormat, Queue

log = logging.getLogger(__name__)

TIMEOUT_MS = 1500
"""Without a frame for so long the driver shows the slate; longer than any pause in our writing."""
DECLARE_EVERY_S = 5
"""A viewer may set the rate as well (OpenCV says 30), and the next one would be shown that."""

I420 = b"YU12"
"""What V4L2 calls it: a plane of Y, then U and V of half the size each way."""
COLOURS = (ioctl.COLORSPACE_SRGB, FMT_EXTENDED, 0, ioctl.YCBCR_ENC_601, ioctl.LIMITED_RANGE, 0)
"""`colorspace`, `priv`, `flags`, `ycbcr_enc`, `quantization` and `xfer_func` of v4l2_pix_format."""
CONTROL_KEEP_FORMAT = 0x0098_F900
CONTROL_TIMEOUT = CONTROL_KEEP_FORMAT + 2
CONTROL_TIMEOUT_IMAGE_IO = CONTROL_KEEP_FORMAT + 3


class LoopbackBackend:
    """One v4l2loopback device, open for the life of this object."""

    def __init__(
        self,
        path: str,
        size: tuple[int, int],
        fps: float,
        *,
        slate: bytes | None = None,
        timeout_ms: int = TIMEOUT_MS,
        system: devices.System | None = None,
    ) -> None:
        """Open the device at `path` for I420 of `size` (width, height); lay down `slate`, a frame.

        The driver itself shows the slate once nothing was written for `timeout_ms`, even after
        this process was killed. Raises `SinkError`.
        """
        self.device = path
        self._system = system or devices.System()
        self._ioctl = self._system.ioctl
        self._slate = slate
        self._fps = fps
        self._frames = 0
        width, height = size
        self._format = PixFormat(width, height, I420, width, width * height * 3 // 2)
        self._node = self._open()
        self._queue = Queue(self._ioctl, self._node, ioctl.BUF_TYPE_OUTPUT)
        try:
            self._agree()
            self._declare_rate()
            if slate is not None:
                self._lay_down(slate, timeout_ms)
            self._take_over()
        except BaseException:
            os.close(self._node)
            raise

    def send(self, frame: Pixels) -> None:
        """Write one frame; does not wait for a viewer. Raises `SinkLost`."""
        self._write(memoryview(frame.reshape(-1)))
        self._frames += 1
        if self._frames % round(self._fps * DECLARE_EVERY_S) == 0:
            self._declare_rate()

    def close(self) -> None:
        """Leave the slate as the last picture, and let go of the device."""
        try:
            if self._slate is not None:
                with contextlib.suppress(SinkLost):
                    self._write(memoryview(self._slate))
        finally:
            os.close(self._node)

    def _write(self, frame: memoryview) -> None:
        try:
            written = self._system.write(self._node, frame)
        except OSError as error:
            why = error.strerror or str(error)
            raise SinkLost(
                f"the virtual camera {self.device} takes no frames any more: {why}; it is opened "
                "again as soon as it is back"
            ) from error
        if written != frame.nbytes:
            raise SinkLost(
                f"the virtual camera {self.device} took {written} of {frame.nbytes} bytes of a "
                "frame: another program has changed its format; it is opened again"
            )

    def _open(self) -> int:
        try:
            return os.open(self.device, ioctl.OPEN_FLAGS)
        except OSError as error:
            raise SinkError(self._why_not_open(error)) from error

    def _why_not_open(self, error: OSError) -> str:
        if error.errno in {errno.EACCES, errno.EPERM}:
            return f"no right to write to {self.device}: {devices.JOIN_GROUP}"
        if error.errno in {errno.ENOENT, errno.ENODEV, errno.ENXIO}:
            return f"the virtual camera {self.device} is gone: load the module v4l2loopback again"
        if error.errno == errno.EBUSY:
            return (
                f"{self.device} has been opened as often as v4l2loopback allows{self._holders()}: "
                "close some of them, or load the module with a larger max_openers"
            )
        return f"cannot open {self.device}: {error.strerror}"

    def _agree(self) -> None:
        """Set the format, and see that it is the one that was asked for."""
        try:
            capability = query(self._ioctl, self._node)
        except OSError as error:
            raise SinkError(f"{self.device} does not answer: {error.strerror}") from error
        if capability.driver != ioctl.LOOPBACK_DRIVER:
            raise SinkError(f"{self.device} ({capability.card}) is not a v4l2loopback device")
        answer = self._set_format()
        if answer != self._format:
            # The lock of an earlier program or of v4l2loopback-ctl set-caps: ours to lift, since
            # the device carries our label.
            with contextlib.suppress(OSError):
                ioctl.set_control(self._ioctl, self._node, CONTROL_KEEP_FORMAT, 0)
            answer = self._set_format()
        if answer != self._format:
            raise SinkError(
                f"{self.device} stays at {answer} and is needed at {self._format}: a program keeps "
                f"it there{self._holders()}; close that program (a virtual camera takes another "
                "size only while nobody has it open)"
            )

    def _set_format(self) -> PixFormat:
        """Ask for the format; what the driver made of it. Raises `SinkError`."""
        wanted = self._format
        try:
            found = self._queue.set_format(wanted, field=ioctl.FIELD_NONE, colours=COLOURS)
        except OSError as error:
            raise SinkError(self._why_no_format(error)) from error
        # Before 0.14 the driver answers with the size of its buffer: whole pages.
        if wanted.frame_bytes <= found.frame_bytes < wanted.frame_bytes + mmap.PAGESIZE:
            return replace(found, frame_bytes=wanted.frame_bytes)
        return found

    def _why_no_format(self, error: OSError) -> str:
        """Explain a refusal; a second producer gets EBUSY with exclusive_caps=0, EINVAL with 1."""
        if error.errno in {errno.EBUSY, errno.EINVAL}:
            return (
                f"another program feeds the virtual camera {self.device}{self._holders()}: end it, "
                "or set sink.device to another virtual camera"
            )
        return f"{self.device} refuses {self._format}: {error.strerror}"

    def _holders(self) -> str:
        """Name who has the device open, as a clause; nothing if that cannot be seen."""
        who = ", ".join(map(str, devices.holders_of(self.device, self._system)))
        return f" (open in {who})" if who else ""

    def _declare_rate(self) -> None:
        """Tell the driver the rate that apps are shown; without VIDIOC_S_PARM it says 30."""
        try:
            self._queue.set_rate(self._fps)
        except OSError as error:
            log.debug("%s keeps its own frame rate: %s", self.device, error)

    def _take_over(self) -> None:
        """Become the writer in the eyes of v4l2loopback 0.12 and 0.13.

        Otherwise 0.12 does not make the device an output again when this process ends, and offers
        it to nobody. From 0.14 on a writer by write(2) may not ask for this, and need not.
        """
        with contextlib.suppress(OSError):
            self._queue.stream(True)

    def _lay_down(self, slate: bytes, timeout_ms: int) -> None:
        """Give the driver its timeout image, and the time after which it shows it.

        Pushing the button `timeout_image_io` makes the *next* descriptor of the device write the
        image, through a mapping; it has to follow at once. A driver that refuses loses the slate
        after a crash, and nothing else.
        """
        try:
            ioctl.set_control(self._ioctl, self._node, CONTROL_TIMEOUT_IMAGE_IO, 1)
            node = os.open(self.device, ioctl.OPEN_FLAGS)
            try:
                self._map_slate(node, slate)
            finally:
                os.close(node)
            ioctl.set_control(self._ioctl, self._node, CONTROL_TIMEOUT, timeout_ms)
        except (OSError, ValueError) as error:
            log.warning("%s takes no slate for when this program dies: %s", self.device, error)

    def _map_slate(self, node: int, slate: bytes) -> None:
        queue = Queue(self._ioctl, node, ioctl.BUF_TYPE_OUTPUT)
        queue.request_buffers(1)
        with queue.map_buffer(0) as image:
            if len(image) < len(slate):
                raise ValueError(f"its buffer holds {len(image)} bytes, the slate has {len(slate)}")
            image[: len(slate)] = slate
