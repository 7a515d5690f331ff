"""A sink in memory, for machines without a virtual camera and for tests."""

from __future__ import annotations

from sana_vcam.media.pixels import Pixels


class MemoryBackend:
    """The newest frame, which any thread may look at."""

    device = "preview"

    def __init__(self) -> None:
        self.latest: Pixels | None = None

    def send(self, frame: Pixels) -> None:
        """Keep this frame, which nobody writes to any more."""
        self.latest = frame

    def close(self) -> None:
        """Forget the frame."""
        self.latest = None
