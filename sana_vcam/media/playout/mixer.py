"""The vision mixer: each session has a playout buffer of its own, and one of them is on air.

A session that is being brought up plays off air, at the same ticks: its buffer learns its bursts
and lets its frames pass, so that a cut finds it on schedule, with the next picture due at the next
tick. The frames of two sessions never meet in one schedule.

One that is off air may be on the preview bus: what its session shows is for the operator alone.
"""

from __future__ import annotations

from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.pacing import PresentationTime
from sana_vcam.media.playout.buffer import CHUNK_FRAMES, PlayoutBuffer, Wakeup


class Mixer:
    """`take` belongs to the playout thread; everything else to the event loop.

    What it has in common with a buffer is that of the one on air.
    """

    def __init__(self, *, fps: float, max_delay_s: float) -> None:
        """Prepare for ticks at `fps`; smoothing adds at most `max_delay_s`."""
        self.wakeup = Wakeup()
        self._fps = fps
        self._max_delay_s = max_delay_s
        # Replaced as wholes, so that a tick sees the one or the other.
        self._buffers: tuple[PlayoutBuffer, ...] = ()
        self._on_air: PlayoutBuffer | None = None
        self._in_preview: PlayoutBuffer | None = None
        self.previewed: ModelFrame | None = None
        """What the latest `take` found on the preview bus. Written by the playout thread."""
        # What the buffers that were on air before have counted, less what the present one had
        # counted off air.
        self._dropped = 0
        self._repeated = 0

    def open(self, chunk_frames: int = CHUNK_FRAMES) -> PlayoutBuffer:
        """Make a buffer for one more session, whose chunks are so large at most; off air."""
        buffer = PlayoutBuffer(
            fps=self._fps,
            max_delay_s=self._max_delay_s,
            chunk_frames=chunk_frames,
            wakeup=self.wakeup,
        )
        self._buffers = (*self._buffers, buffer)
        return buffer

    def limit_delay(self, max_delay_s: float) -> None:
        """Have smoothing add at most so much from now on, for every session; 0: nothing."""
        self._max_delay_s = max_delay_s
        for buffer in self._buffers:
            buffer.limit_delay(max_delay_s)

    def cut(self, buffer: PlayoutBuffer | None) -> None:
        """Take the pictures of `buffer` from the next tick on; None: of nobody."""
        if buffer is self._on_air:
            return
        dropped, repeated = self.dropped, self.repeated
        self._on_air = buffer
        self.show_in_preview(buffer, on=False)
        self._dropped = dropped - (buffer.dropped if buffer else 0)
        self._repeated = repeated - (buffer.repeated if buffer else 0)

    def show_in_preview(self, buffer: PlayoutBuffer | None, *, on: bool) -> None:
        """Put a buffer on the preview bus from the next tick on, or take it off again."""
        if on:
            self._in_preview = buffer
        elif buffer is self._in_preview:
            self._in_preview = None

    def close(self, buffer: PlayoutBuffer) -> None:
        """Forget a buffer; what was on air is nothing then."""
        self.show_in_preview(buffer, on=False)
        if buffer is self._on_air:
            self.cut(None)
        self._buffers = tuple(other for other in self._buffers if other is not buffer)

    @property
    def on_air(self) -> PlayoutBuffer | None:
        """The buffer whose pictures are taken; from any thread."""
        return self._on_air

    def is_on_air(self, buffer: PlayoutBuffer) -> bool:
        """Whether the pictures are taken from `buffer`; from any thread."""
        return buffer is self._on_air

    def take(self, now: float) -> ModelFrame | None:
        """Take the frame to show at the tick `now`, or None before the first."""
        on_air, in_preview = self._on_air, self._in_preview
        shown = previewed = None
        for buffer in self._buffers:
            frame = buffer.take(now)
            if buffer is on_air:
                shown = frame
            elif buffer is in_preview:
                previewed = frame
        self.previewed = previewed
        return shown

    def due(self, now: float) -> PresentationTime | None:
        """Tell when the next frame on air is to be shown; None while nobody can know."""
        buffer = self._on_air
        return buffer.due(now) if buffer else None

    @property
    def catches_up(self) -> bool:
        """Whether the ticks are to catch up with the pictures on air."""
        buffer = self._on_air
        return buffer is not None and buffer.catches_up

    @property
    def patience_s(self) -> float:
        """How long the model on air may be silent, by its own pace so far."""
        buffer = self._on_air
        return buffer.patience_s if buffer else 0.0

    @property
    def waiting(self) -> int:
        """How many frames are held, on air and off."""
        return sum(buffer.waiting for buffer in self._buffers)

    @property
    def delay_s(self) -> float:
        """How long the frame on show waited beyond its arrival."""
        buffer = self._on_air
        return buffer.delay_s if buffer else 0.0

    @property
    def dropped(self) -> int:
        """Frames never shown while their session was on air."""
        buffer = self._on_air
        return self._dropped + (buffer.dropped if buffer else 0)

    @property
    def repeated(self) -> int:
        """Ticks that had to show a frame again."""
        buffer = self._on_air
        return self._repeated + (buffer.repeated if buffer else 0)
