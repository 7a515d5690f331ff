"""The publisher thread: the camera's newest frame, as BGRA, into the sessions' camera tracks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sana_vcam.config.kinds import Fit, Size
from sana_vcam.lib.mailbox import Closed, Mailbox
from sana_vcam.lib.meter import Meter
from sana_vcam.media.frames import CameraFrame
from sana_vcam.media.pixels import Pixels, bgr_to_bgra_bytes, fit


@dataclass(frozen=True, slots=True)
class CameraTarget:
    """A session's camera track.

    `push` takes BGRA bytes of exactly `size`, (width, height), and says whether they were sent.
    """

    push: Callable[[bytes], bool]
    size: Size


class Publisher:
    """The sender of frames to `targets`, which are two while one session follows another.

    Each target gets frames of its one size, whatever size the camera's have: a size that changed
    in a run would crash the model. The tuple is replaced by the event loop and read here; frames
    themselves never touch the loop.
    """

    def __init__(
        self,
        camera: Mailbox[CameraFrame],
        on_sent: Callable[[CameraFrame], None] | None = None,
        *,
        mode: Fit = "crop",
        least_fps: float | None = None,
    ) -> None:
        """`on_sent` is called on this thread with every picture that was sent, after that.

        `mode` is how a frame of another shape becomes a target's. While the camera gives fewer
        than `least_fps`, its newest frame is sent again.
        """
        self.targets: tuple[CameraTarget, ...] = ()
        self.meter = Meter()
        """Counts what was sent."""
        self.pictures = Meter()
        """Counts the camera's pictures that were sent; one that is sent again is not counted."""
        self._camera = camera
        self._on_sent = on_sent
        self._mode: Fit = mode
        self._again_s = None if least_fps is None else 1 / least_fps
        self._converted: tuple[Pixels | None, dict[Size, bytes]] = (None, {})

    def run(self, stop: threading.Event) -> None:
        """Push until `stop`; end the wait for a frame by closing the mailbox."""
        sequence, number = 0, -1
        frame: CameraFrame | None = None
        while not stop.is_set():
            try:
                frame, sequence = self._next(frame, sequence)
            except Closed:
                return
            targets = self.targets
            if not targets or frame is None or not self._push(targets, frame):
                continue
            now = time.monotonic()
            self.meter.count(now)
            if frame.sequence != number:
                number = frame.sequence
                self.pictures.count(now)
                if self._on_sent is not None:
                    self._on_sent(frame)

    def _next(self, frame: CameraFrame | None, sequence: int) -> tuple[CameraFrame | None, int]:
        """Wait for the next frame, or until the present one is to be sent again.

        None if that one is no more: the camera is lost or closed.
        """
        if frame is None or self._again_s is None or not self.targets:
            return self._camera.get(sequence)
        found = self._camera.get(sequence, self._again_s)
        return found or self._camera.peek()

    def _push(self, targets: tuple[CameraTarget, ...], frame: CameraFrame) -> bool:
        """Push to all, converted once for each size, and tell whether one of them has sent it."""
        if self._converted[0] is not frame.bgr:
            self._converted = (frame.bgr, {})
        converted = self._converted[1]
        sent = False
        for target in targets:
            bgra = converted.get(target.size)
            if bgra is None:
                bgra = bgr_to_bgra_bytes(fit(frame.bgr, *target.size, self._mode))
                converted[target.size] = bgra
            sent = target.push(bgra) or sent
        return sent
