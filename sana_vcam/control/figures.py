"""What a scrape of the metrics shows besides the state: the seam towards the daemon's parts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts since the start of the process; None leaves one out."""

    frames_published: int | None = None
    """Camera frames sent to the model."""
    frames_received: int | None = None
    """Frames received from the model."""
    frames_written: int | None = None
    """Frames written to the sink."""
    outputs: tuple[tuple[str, bool], ...] = ()
    """Each virtual camera that is fed, and whether it is open now."""
    restarts: int | None = None
    """How often the service was started again."""
