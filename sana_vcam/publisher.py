"""The publisher thread: the camera's newest frame, as BGRA, into the session's camera track."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sana_vcam.frames import CameraFrame
from sana_vcam.mailbox import Closed, Mailbox
from sana_vcam.meter import Meter
from sana_vcam.pixels import bgr_to_bgra_bytes


class Publisher:
    """Pushes frames to `target` while there is one.

    `target` takes BGRA bytes of the track's size and says whether they were sent. It is set by
    the event loop and read here; frames themselves never touch the loop.
    """

    def __init__(self, camera: Mailbox[CameraFrame]) -> None:
        self.target: Callable[[bytes], bool] | None = None
        self.meter = Meter()
        self._camera = camera

    def run(self, stop: threading.Event) -> None:
        """Push until `stop`; end the wait for a frame by closing the mailbox."""
        sequence = 0
        while not stop.is_set():
            try:
                got = self._camera.get(sequence, timeout_s=0.5)
            except Closed:
                return
            if got is None:
                continue
            frame, sequence = got
            target = self.target
            if target is not None and target(bgr_to_bgra_bytes(frame.bgr)):
                self.meter.count(time.monotonic())
