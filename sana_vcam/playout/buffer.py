"""The playout buffer: frames arrive in bursts, and leave evenly with the least delay for that.

The model hands over 24 frames at once, every 1 to 1.5 s. Shown as they come they would stutter.
The buffer learns the mean interval between frames, and the smallest lag behind that even
schedule at which no frame is due before it has arrived. Ticks then walk along the schedule.
A smooth source gets almost no delay this way, a bursty one a little more than its bursts need.
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import pairwise

from sana_vcam.frames import ModelFrame

# What the schedule is learned from: about three of the model's slowest chunks.
WINDOW_S = 4.5
# A longer silence than this is a break, not a burst: what was learned before does not hold.
BREAK_S = 2.5
MIN_FRAMES = 6
# A source this close to the output's rate is shown one frame per tick: no beat between the two.
SAME_RATE = 0.04
# How much faster or slower than the schedule ticks may walk to follow it.
MAX_CORRECTION = 0.08
# A frame's worth of slack, in frames, within which the schedule is not chased.
DEAD_BAND = 1.0
CORRECTION_S = 1.5
# A chunk of the model comes at once, on top of what the delay holds back. A frame is 3.6 MB.
CHUNK_FRAMES = 24


class PlayoutBuffer:
    """Frames by arrival in, frames by schedule out; written by one thread, read by another.

    Times are `time.monotonic()` seconds, handed in. Positions count frames since `clear`.
    """

    def __init__(self, *, fps: float, max_delay_s: float) -> None:
        """Prepare for ticks at `fps`; smoothing adds at most `max_delay_s` (0: none)."""
        self._fps = fps
        self._max_delay_s = max_delay_s
        self._most = int(max_delay_s * fps) + CHUNK_FRAMES + 1
        self._lock = threading.Lock()
        self._frames: deque[ModelFrame] = deque()
        self._arrivals: deque[tuple[int, float]] = deque()
        self._count = 0
        self._position: float | None = None
        self._taken_at = 0.0
        self._shown = -1
        self._interval_s = 1 / fps
        self._lag_s = 0.0
        self.dropped = 0
        self.repeated = 0

    def put(self, frame: ModelFrame) -> None:
        """Take a frame that has just arrived. Never blocks for long; any one thread."""
        with self._lock:
            self._forget_before(frame.received_at)
            self._arrivals.append((self._count, frame.received_at))
            self._count += 1
            self._frames.append(frame)
            if len(self._frames) > self._most:
                self._frames.popleft()
                self.dropped += 1
            self._learn()

    def clear(self) -> None:
        """Forget every frame and the schedule: what comes next is another run."""
        with self._lock:
            self._frames.clear()
            self._arrivals.clear()
            self._count = 0
            self._position = None
            self._shown = -1

    def take(self, now: float) -> ModelFrame | None:
        """The frame to show at the tick `now`; the former one again if none is due.

        None before the first frame.
        """
        with self._lock:
            if not self._frames:
                return None
            newest = self._count - 1
            position = float(newest) if self._max_delay_s == 0 else self._walk(now, newest)
            self._position, self._taken_at = position, now
            return self._show(int(position))

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
            return max(0.0, behind * self._interval_s)

    # -- inside, under the lock ----------------------------------------------------------------

    def _forget_before(self, now: float) -> None:
        if self._arrivals and now - self._arrivals[-1][1] > BREAK_S:
            self._arrivals.clear()
        while self._arrivals and now - self._arrivals[0][1] > WINDOW_S:
            self._arrivals.popleft()

    def _learn(self) -> None:
        """Mean interval over whole bursts, and the least lag that no arrival overtakes."""
        if len(self._arrivals) < MIN_FRAMES:
            return
        first, last = _whole_bursts(self._arrivals)
        (i, start), (j, end) = self._arrivals[first], self._arrivals[last]
        if j > i and end > start:
            self._interval_s = (end - start) / (j - i)
            if abs(self._interval_s * self._fps - 1) < SAME_RATE:
                self._interval_s = 1 / self._fps
        base = self._arrivals[-1]
        lag = max(t - base[1] + (base[0] - n) * self._interval_s for n, t in self._arrivals)
        self._lag_s = min(lag, self._max_delay_s)

    def _target(self, now: float) -> float:
        """The position on the schedule: the newest arrival, less the lag, plus time passed."""
        index, arrived = self._arrivals[-1]
        return index + (now - arrived - self._lag_s) / self._interval_s

    def _walk(self, now: float, newest: int) -> float:
        target = self._target(now)
        if self._position is None:
            return min(max(target, 0.0), newest)
        step = (now - self._taken_at) / self._interval_s
        error = target - (self._position + step)
        bound = self._max_delay_s / self._interval_s + DEAD_BAND
        if error > bound:
            position = target
        else:
            position = self._position + step + self._correction(error, step)
        # Never beyond what has arrived, never back.
        return max(self._position, min(position, newest + 0.999))

    def _correction(self, error: float, step: float) -> float:
        if abs(error) <= DEAD_BAND:
            return 0.0
        wanted = error * step * self._interval_s / CORRECTION_S
        return max(-MAX_CORRECTION * step, min(MAX_CORRECTION * step, wanted))

    def _show(self, index: int) -> ModelFrame:
        """Drop the frames that are passed by and return the one at `index`."""
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


def _whole_bursts(arrivals: deque[tuple[int, float]]) -> tuple[int, int]:
    """Indices of the first arrivals after the first and the last pause in the window.

    Between two such points lies a whole number of bursts, so that the mean is not skewed by half
    a burst. Without pauses: the first and the last arrival.
    """
    gaps = [b[1] - a[1] for a, b in pairwise(arrivals)]
    threshold = 4 * sorted(gaps)[len(gaps) // 2] + 0.1
    starts = [k + 1 for k, gap in enumerate(gaps) if gap > threshold]
    if len(starts) >= 2:
        return starts[0], starts[-1]
    return 0, len(arrivals) - 1
