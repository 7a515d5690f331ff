"""The publisher thread: the camera's newest frame, as BGRA, into the sessions' camera tracks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sana_vcam.lib.mailbox import Closed, Mailbox
from sana_vcam.lib.meter import Meter
from sana_vcam.media.frames import CameraFrame
from sana_vcam.media.pixels import bgr_to_bgra_bytes


class Publisher:
    """The sender of frames to `targets`, which are two while one session follows another.

    A target takes BGRA bytes of the track's size and says whether they were sent. The tuple is
    replaced by the event loop and read here; frames themselves never touch the loop.
    """

    def __init__(
        self, camera: Mailbox[CameraFrame], on_sent: Callable[[CameraFrame], None] | None = None
    ) -> None:
        """`on_sent` is called on this thread with every frame that was sent, after that."""
        self.targets: tuple[Callable[[bytes], bool], ...] = ()
        self.meter = Meter()
        self._camera = camera
        self._on_sent = on_sent

    def run(self, stop: threading.Event) -> None:
        """Push until `stop`; end the wait for a frame by closing the mailbox."""
        sequence = 0
        while not stop.is_set():
            try:
                frame, sequence = self._camera.get(sequence)
            except Closed:
                return
            targets = self.targets
            if targets and _push(targets, bgr_to_bgra_bytes(frame.bgr)):
                self.meter.count(time.monotonic())
                if self._on_sent is not None:
                    self._on_sent(frame)


def _push(targets: tuple[Callable[[bytes], bool], ...], bgra: bytes) -> bool:
    """Push to all, and tell whether one of them has sent it."""
    sent = [push(bgra) for push in targets]
    return any(sent)
