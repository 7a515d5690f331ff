"""The counts that the metrics show besides the state, gathered from the daemon's parts."""

from __future__ import annotations

from dataclasses import dataclass

from sana_vcam.lib.meter import Histogram


@dataclass(frozen=True, slots=True)
class Counters:
    """Counts since the start of the process; None leaves one out."""

    frames_published: int | None = None
    """Camera frames sent to the model."""
    frames_received: int | None = None
    """Frames received from the model."""
    frames_written: int | None = None
    """Frames written to the sink."""
    ticks_skipped: int | None = None
    """Output ticks that came too late to show anything: the machine was busy, or the sink slow."""
    outputs: tuple[tuple[str, bool], ...] = ()
    """Each virtual camera that is fed, and whether it is open now."""
    billed_s: float | None = None
    """Seconds that were ever billed, as far as they were noted; over restarts, too."""
    watched_s: float | None = None
    """Seconds in which somebody read the virtual camera."""
    delays: Histogram | None = None
    """Seconds from the SDK's callback to the sink, of each model frame that was shown."""
    previews: int | None = None
    """Viewers of the live preview now."""
    keep_dropped: int | None = None
    """Pictures that clips and recordings lack, since the encoder was behind."""
    restarts: int | None = None
    """Starts after an end that nobody asked for, ever; over restarts, too."""
