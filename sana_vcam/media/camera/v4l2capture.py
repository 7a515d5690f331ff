"""A webcam on Linux, read through V4L2 itself: every failure has a cause and a fix.

OpenCV's capture would say no more than that there is no picture, whether the camera was unplugged,
is used by another program, found no room on the USB bus or gives a format that it does not know.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import sys
import time
from collections.abc import Callable

from sana_vcam.config.schema import CameraConfig
from sana_vcam.errors import CameraFault, CameraWords
from sana_vcam.lib.polling import POLLIN
from sana_vcam.media.camera.decode import PictureFormat, decode
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.v4l2 import devices, ioctl
from sana_vcam.media.v4l2.modes import COMPRESSED, DECODABLE, ModeChoice, choose

FIRST_PICTURE_S = 4.0
"""Some cameras set their exposure before they send anything."""
NEXT_PICTURE_S = 2.5
"""So long is waited for the next one, or for so many of them at the rate that was asked for."""
LONGEST_WAIT_S = 5.0
STANDS_S = 0.5
"""What another program feeds (the screen of a phone, say) may stand; its last picture is given
again after so long ..."""
STANDS_AT_MOST_S = 60.0
"""... but not for longer than this: that program has gone."""
SLICE_S = 0.5
"""How long one wait lasts, so that a suspend does not go unnoticed."""
BUFFERS = 4
MOST_BAD_PICTURES = 10
"""Torn pictures in a row (a USB hiccup tears one) before the camera is given up."""
SLEPT_S = 1.0
"""After a longer suspend the camera is opened again."""

GONE = {errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ESHUTDOWN}


class V4l2Capture:
    """An open webcam that streams. Belongs to the camera thread."""

    def __init__(
        self,
        device: devices.Device,
        config: CameraConfig,
        *,
        system: devices.System | None = None,
        clock: Callable[[], float] = time.monotonic,
        asleep: Callable[[], float] | None = None,
    ) -> None:
        """Open the device in its best mode and start it. Raises `CameraFault`.

        `asleep` tells for how many seconds the machine has been suspended so far.
        """
        self._device = device
        self._system = system or devices.System()
        self._clock = clock
        self._asleep = asleep or suspended_s
        self._maps: list[mmap.mmap] = []
        self._wait_s = FIRST_PICTURE_S
        self._next_s = NEXT_PICTURE_S
        self._bad = 0
        self._fed = device.kind == "virtual camera"
        """Whether another program feeds the device, by v4l2loopback."""
        self._last: tuple[Pixels, float] | None = None
        """The latest picture, and when it came."""
        choice = choose(device.modes, config.width, config.height, config.fps)
        if choice is None:
            raise CameraFault(_no_format(device), CameraWords.FORMAT)
        try:
            self._node = os.open(device.path, ioctl.OPEN_FLAGS)
        except OSError as error:
            raise self._cannot(error) from error
        self._queue = ioctl.Queue(self._system.ioctl, self._node, ioctl.BUF_TYPE_CAPTURE)
        try:
            self.format = self._set_format(choice)
            self._start(choice)
        except OSError as error:
            self.close()
            raise self._cannot(error) from error
        except BaseException:
            self.close()
            raise
        self._slept_before = self._asleep()

    def read(self) -> Pixels:
        """Wait for the next picture, and take the newest there is. Raises `CameraFault`."""
        begun = self._clock()
        until = begun + self._wait_s
        while True:
            try:
                data = self._newest()
            except OSError as error:
                raise self._cannot(error) from error
            self._notice_sleep()
            picture = decode(data, self.format) if data else None
            if picture is not None:
                self._wait_s, self._bad = self._next_s, 0
                self._last = picture, self._clock()
                return picture
            if data is not None:
                self._bad += 1
            if self._stands(begun) and self._last is not None:
                return self._last[0]
            left_s = until - self._clock()
            if left_s <= 0 or self._bad >= MOST_BAD_PICTURES:
                raise self._silent()
            if data is None:
                self._await_picture(left_s)

    def close(self) -> None:
        """Stop and release the device; its light goes off."""
        with contextlib.suppress(OSError):
            self._queue.stream(False)
        for one in self._maps:
            one.close()
        self._maps.clear()
        os.close(self._node)

    def _stands(self, begun: float) -> bool:
        """Whether the last picture of a program that feeds the device is to be given again."""
        if not self._fed or self._last is None or self._bad:
            return False
        now = self._clock()
        return now - begun >= STANDS_S and now - self._last[1] < STANDS_AT_MOST_S

    def _set_format(self, choice: ModeChoice) -> PictureFormat:
        """Ask for the mode; what the driver made of it. Raises `OSError`, `CameraFault`."""
        mode, code = choice.mode, choice.mode.pixel_format.ljust(4).encode("latin-1")
        wanted = ioctl.PixFormat(mode.width, mode.height, code)
        found = self._queue.set_format(wanted)
        name = ioctl.fourcc_words(found.fourcc)
        if name not in DECODABLE:
            raise CameraFault(
                f"the camera {devices.describe(self._device)} gives {name} instead of {choice}, "
                "which cannot be read: set camera.width and camera.height to a size it lists "
                "(sana-vcam devices)",
                CameraWords.FORMAT,
            )
        line = 0 if name in COMPRESSED else found.line_bytes
        return PictureFormat(name, found.width, found.height, line)

    def _start(self, choice: ModeChoice) -> None:
        """Set the rate, map the buffers, and stream. Raises `OSError`."""
        if choice.fps:
            self._next_s = min(max(NEXT_PICTURE_S, NEXT_PICTURE_S / choice.fps), LONGEST_WAIT_S)
            with contextlib.suppress(OSError):
                self._queue.set_rate(choice.fps)
        for index in range(self._queue.request_buffers(BUFFERS)):
            self._maps.append(self._queue.map_buffer(index))
            self._queue.give(index)
        self._queue.stream(True)

    def _newest(self) -> bytes | None:
        """Take the newest picture that is ready, b"" for a torn one, None without one.

        Late is worse than lost: after a hold-up the buffers are full of the past.
        """
        newest: bytes | None = None
        for _ in self._maps:
            try:
                index, used, flags = self._queue.take()
            except BlockingIOError:
                break
            torn = bool(flags & ioctl.BUF_FLAG_ERROR)
            newest = b"" if torn else self._maps[index][:used]
            self._queue.give(index)
        return newest

    def _await_picture(self, left_s: float) -> None:
        """Wait for a picture, but not so long that a suspend goes unnoticed."""
        found = self._system.poll({self._node: POLLIN}, min(left_s, SLICE_S))
        events = found.get(self._node, 0)
        if events and not events & POLLIN:
            # The device has gone or its stream has broken; asking it tells which.
            try:
                self._queue.take()
            except BlockingIOError:
                raise self._silent() from None
            except OSError as error:
                raise self._cannot(error) from error

    def _notice_sleep(self) -> None:
        if self._asleep() - self._slept_before > SLEPT_S:
            raise CameraFault(
                f"the computer was asleep: the camera {devices.describe(self._device)} is opened "
                "again",
                CameraWords.WAKING,
            )

    def _silent(self) -> CameraFault:
        what = "only torn pictures" if self._bad else "no picture"
        return CameraFault(
            f"the camera {devices.describe(self._device)} gives {what}: it is opened again; if "
            "that does not help, unplug it and plug it in again, into the computer itself",
            CameraWords.SILENT,
        )

    def _cannot(self, error: OSError) -> CameraFault:
        who = devices.describe(self._device)
        if error.errno in GONE:
            return unplugged(self._device.name)
        if error.errno == errno.EBUSY:
            holders = ", ".join(map(str, devices.holders_of(self._device.path, self._system)))
            by = f"by {holders}" if holders else "by another program"
            return CameraFault(
                f"the camera {who} is in use {by}: close it there; it is opened here by itself",
                CameraWords.BUSY,
            )
        if error.errno in {errno.EACCES, errno.EPERM}:
            return CameraFault(
                f"no right to open the camera {who}: {devices.JOIN_GROUP}", CameraWords.FORBIDDEN
            )
        if error.errno == errno.ENOSPC:
            return CameraFault(
                f"the USB bus has no room for the camera {who}: plug it into another port (not "
                "the hub of another camera), or set camera.width and camera.height lower",
                CameraWords.SILENT,
            )
        return CameraFault(
            f"the camera {who} fails: {error.strerror}; it is opened again; if that does not "
            "help, unplug it and plug it in again",
            CameraWords.SILENT,
        )


def unplugged(name: str) -> CameraFault:
    """Say that the camera was there, and is no more."""
    return CameraFault(
        f'the camera "{name}" was unplugged: plug it in again; it is opened by itself',
        CameraWords.UNPLUGGED,
    )


def suspended_s() -> float:
    """Measure the seconds that Linux has been suspended since it started; 0 elsewhere."""
    if sys.platform != "linux":
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()


def _no_format(device: devices.Device) -> str:
    have = ", ".join(dict.fromkeys(mode.pixel_format for mode in device.modes)) or "nothing"
    return (
        f"the camera {devices.describe(device)} gives {have}, which cannot be read: choose another "
        "with camera.device (sana-vcam devices lists them)"
    )
