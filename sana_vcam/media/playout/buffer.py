"""The playout buffer: frames arrive in bursts, and leave evenly after the least delay.

The model hands over 24 frames at once, every 1 to 1.5 s. Shown as they come they would stutter.
The buffer walks along a learned schedule (`sana_vcam.media.playout.schedule`), so that a smooth
source is delayed hardly at all, and a bursty one by a little more than its bursts need.
"""

from __future__ import annotations

import threading
from collections import deque

from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.pacing import PresentationTime
from sana_vcam.media.playout.schedule import Schedule

MAX_CORRECTION = 0.08
"""How much faster or slower than the schedule the picture may run to follow it."""
CORRECTION_S = 1.5
"""The time in which a difference from the schedule is made up for."""
CHUNK_FRAMES = 24
"""Frames that come at once, on top of what the delay holds back; one of 1280x704 is 1.4 MB. It is
`sana-streaming`'s chunk; a feed may have another."""
SAME_RATE = 1.01
"""A source no faster than this, in the sink's rate, has a tick for each of its frames."""
ROUNDING = 1e-3
"""A position this close below a whole number is that number: due times are rounded."""


UNKNOWN_S = 6.0
"""A model that has shown one burst may be silent for so long before the next: its pace is not known
yet, and the slowest that were seen take 5 s."""
KNOWN_S = 1.5
"""Frames that have come for so long without a pause, longer than a burst, come evenly."""
PAUSE_S = 0.3
"""A silence of at least this is one between bursts."""
PAUSES = 4
"""So many of the latest pauses count."""
SPARE = (1.25, 0.25)
"""A pause may be this many times the longest one that counts, and so many seconds longer."""
LONGEST_S = 12.0
"""No pace excuses a longer silence."""


class Wakeup:
    """A wait of the playout thread that any other can end: a frame has come, or a change."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._woken = False

    def notify(self) -> None:
        """End the wait that is on now, since a frame has come."""
        with self._condition:
            self._condition.notify_all()

    def wake(self) -> None:
        """End the wait that is on now, or else the next one."""
        with self._condition:
            self._woken = True
            self._condition.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait for a frame, or at most so long; True if `wake` ended it."""
        with self._condition:
            if not self._woken and seconds > 0:
                self._condition.wait(seconds)
            woken, self._woken = self._woken, False
            return woken


class PlayoutBuffer:
    """Frames that arrive in bursts and leave by a schedule; one thread writes, another reads.

    Times are `time.monotonic()` seconds, handed in. Positions count frames since `clear`.
    """

    def __init__(
        self,
        *,
        fps: float,
        max_delay_s: float,
        chunk_frames: int = CHUNK_FRAMES,
        wakeup: Wakeup | None = None,
    ) -> None:
        """Prepare for ticks at `fps`; smoothing adds at most `max_delay_s` (0: none).

        `chunk_frames` is how many come at once at most. `wakeup` is told of each arrival.
        """
        self.wakeup = wakeup or Wakeup()
        self._fps = fps
        self._chunk_frames = chunk_frames
        self._lock = threading.Lock()
        self._frames: deque[ModelFrame] = deque()
        self._schedule = Schedule(1 / fps, max_delay_s)
        self._count = 0
        self._shown = -1
        # The walk along the schedule: where it was at the latest take, and its frames per second.
        self._position: float | None = None
        self._taken_at = 0.0
        self._speed = fps
        self.catches_up = False
        """Whether the ticks catch up with the pictures: one is late by more than half a frame, or
        none may wait. Written by the reader."""
        self.previewed: ModelFrame | None = None
        """None: a buffer by itself has no preview bus beside it (`Mixer.previewed`)."""
        self.dropped = 0
        self.repeated = 0
        self._first_at: float | None = None
        self._last_at = 0.0
        self._pauses: deque[float] = deque(maxlen=PAUSES)
        self.patience_s = UNKNOWN_S
        """How long the model may be silent, by its own pace so far. Written by the writer."""
        self.limit_delay(max_delay_s)

    def limit_delay(self, max_delay_s: float) -> None:
        """Have smoothing add at most `max_delay_s` from now on; 0: none. From any thread."""
        with self._lock:
            self._smooth = max_delay_s > 0
            self._max_delay_s = max_delay_s
            self._most = int(max_delay_s * self._fps) + self._chunk_frames + 1
            self._schedule.limit_lag(max_delay_s)
            # Whichever way it goes on, it does so from where it should be.
            self._position = None
            self.catches_up = not self._smooth

    def put(self, frame: ModelFrame) -> None:
        """Take a frame that has just arrived. Never blocks for long; any one thread."""
        self._learn_pace(frame.received_at)
        with self._lock:
            self._schedule.arrived(self._count, frame.received_at)
            self._count += 1
            self._frames.append(frame)
            if len(self._frames) > self._most:
                self._frames.popleft()
                self.dropped += 1
        self.wakeup.notify()

    def _learn_pace(self, now: float) -> None:
        """Learn from each arrival how long the model takes from one burst to the next."""
        if self._first_at is None:
            self._first_at = now
        elif now - self._last_at > LONGEST_S:
            # That was no pace, but a breakdown.
            self._first_at = now
        elif now - self._last_at >= PAUSE_S:
            self._pauses.append(now - self._last_at)
        self._last_at = now
        if self._pauses:
            times, more_s = SPARE
            self.patience_s = min(max(self._pauses) * times + more_s, LONGEST_S)
        elif now - self._first_at >= KNOWN_S:
            self.patience_s = 0.0

    def clear(self) -> None:
        """Forget every frame and the schedule: what comes next is another run."""
        self._first_at = None
        with self._lock:
            self._frames.clear()
            self._schedule.clear()
            self._count = 0
            self._position = None
            self._shown = -1

    def due(self, now: float) -> PresentationTime | None:
        """Tell when the frame after the one on show is due; None while nobody can know."""
        with self._lock:
            last_at = self._schedule.last_at
            if last_at is None:
                return None
            arrived = self._count - 1 > self._shown
            interval_s = self._schedule.interval_s
            if arrived and (not self._smooth or self._position is None):
                return PresentationTime(now, arrived=True, eager=not self._smooth)
            if not self._smooth or self._position is None:
                at = last_at + interval_s
            else:
                at = self._taken_at + (self._shown + 1 - self._position) / self._speed
            # A frame that is overdue by more than a frame's time is the next burst's.
            return PresentationTime(at, arrived) if arrived or now - at < interval_s else None

    def take(self, now: float) -> ModelFrame | None:
        """Take the frame to show at the tick `now`; the former one again if none is due.

        None before the first frame.
        """
        with self._lock:
            if not self._frames:
                return None
            newest = self._count - 1
            position = self._walk(now, newest) if self._smooth else float(newest)
            self._position, self._taken_at = position, now
            return self._show(int(position + ROUNDING))

    @property
    def waiting(self) -> int:
        """How many frames are held."""
        with self._lock:
            return len(self._frames)

    @property
    def delay_s(self) -> float:
        """How long the frame on show waited here beyond its arrival, as scheduled now."""
        with self._lock:
            if self._position is None:
                return 0.0
            behind = self._count - 1 - self._position
            return max(0.0, behind * self._schedule.interval_s)

    def _walk(self, now: float, newest: int) -> float:
        """Go on at the speed chosen before, and choose the next one; with the lock held."""
        interval_s = self._schedule.interval_s
        target = self._schedule.position(now) if self._schedule.last_at is not None else newest
        if self._position is None:
            self._speed = 1 / interval_s
            return min(max(target, 0.0), newest)
        position = self._position + (now - self._taken_at) * self._speed
        error_s = (target - position) * interval_s
        if error_s + self._schedule.lag_s > self._max_delay_s + interval_s:
            position, error_s = target, 0.0
        self.catches_up = error_s > interval_s / 2
        correction = max(-MAX_CORRECTION, min(MAX_CORRECTION, error_s / CORRECTION_S))
        self._speed = (1 + correction) / interval_s
        most = newest
        if self._speed <= SAME_RATE * self._fps and position < self._shown + 3:
            # Catching up is no reason to leave a frame out.
            most = min(newest, self._shown + 1)
        # Never beyond what has arrived, never back.
        return max(self._position, min(position, most + 1 - 2 * ROUNDING))

    def _show(self, index: int) -> ModelFrame:
        """Drop the frames that are passed by, and give the one at `index`."""
        oldest = self._count - len(self._frames)
        index = max(index, oldest)
        passed = max(0, index - max(self._shown + 1, oldest))
        self.dropped += passed
        if index == self._shown:
            self.repeated += 1
        while oldest < index:
            self._frames.popleft()
            oldest += 1
        self._shown = max(self._shown, index)
        return self._frames[0]
