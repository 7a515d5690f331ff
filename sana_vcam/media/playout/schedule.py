"""The schedule of playout: the even course that the arriving frames could take, and its lag.

Pure arithmetic on arrival times. The mean interval between frames is learned over whole bursts, and
the smallest lag behind that even course at which no frame is due before it has arrived. A picture
whose delay goes to and fro is one that no voice can follow, so both change slowly, unless a burst
comes far too late.
"""

from __future__ import annotations

from collections import deque
from operator import sub
from statistics import median

WINDOW_S = 4.5
"""The arrivals that are learned from: about three of the model's slowest chunks."""
BREAK_S = 2.5
"""A longer silence than this is a break, not a burst: what was learned before does not hold."""
MIN_FRAMES = 6
"""With fewer frames nothing is learned."""
KNOWN_S = 3.0
"""After so much of an even course it is known."""
LEARN_EVERY_S = 0.2
"""How often a course that is known is looked at again."""
MIN_BURSTS = 5
"""With fewer of one pace only the latest arrivals count."""
OUTLIERS = 0.05
"""The part of the latest frames that does not count in an even course: one hiccup must not delay
what follows."""

BURSTS_S = 15.0
"""Bursts that began within so long tell the interval: the more, the less one that is late changes
it, and so the lag of all others."""
ANOTHER_PACE = 0.12
"""If the interval of the latest arrivals differs by so much of it, earlier ones do not count."""
HELD_S = 0.1
"""As much more lag than is needed is kept for the next late burst, and given up slowly."""
GIVEN_UP = 0.005
"""By so much of the time."""
IN_A_BURST = 0.7
"""Frames that come faster than in this part of the usual interval are those of a burst."""
LATE_S = 0.3
"""A frame that is later than the schedule by more than this is no jitter: all after it are as late,
unless they catch up."""
SPAN = 12
"""Frames from one to another whose times tell how fast an even course is."""
STEP = 0.6
"""A frame that comes by this part of the interval later or sooner than it should may begin a step
of the course."""
BESIDE = 4
"""It does if so many frames from it on are as late, compared with as many before."""
WHOLE = 0.8
"""A step is at least about one whole frame; with less a burst came late, and the next may not."""
MOST_LEFT_OUT = 5
"""Steps of more intervals together, in the time that is learned from, are the source's rhythm."""


class Schedule:
    """An even course, learned from arrivals; times are monotonic seconds, frames count from 0."""

    def __init__(self, interval_s: float, max_lag_s: float) -> None:
        """Begin with `interval_s` between frames and no lag; it never exceeds `max_lag_s`."""
        self.interval_s = interval_s
        self.lag_s = 0.0
        self._usual_s = interval_s
        self._max_lag_s = max_lag_s
        self._arrivals: deque[tuple[int, float]] = deque()
        self._begins: deque[tuple[int, float]] = deque()
        """The first frame of each burst."""
        self._late_at = float("-inf")
        self._moved: tuple[int, float, float] | None = None
        """The frame before which the even course was moved, when that came, and by how much."""
        self._learned_at = float("-inf")
        self._in_bursts = True

    def arrived(self, number: int, at: float) -> None:
        """Note that frame `number` has arrived."""
        arrivals = self._arrivals
        if arrivals and at - arrivals[-1][1] > BREAK_S:
            self.clear()
        elif arrivals and at - arrivals[-1][1] > LATE_S:
            self._allow_for_late(number, at)
        elif self._moved is not None:
            self._allow_for_catching_up(*self._moved, number, at)
        while arrivals and at - arrivals[0][1] > WINDOW_S:
            arrivals.popleft()
        arrivals.append((number, at))
        is_even = not self._in_bursts and at - arrivals[0][1] > KNOWN_S
        is_known = is_even and at - self._learned_at < LEARN_EVERY_S
        if len(arrivals) >= MIN_FRAMES and not is_known:
            self._learned_at = at
            self._learn()

    def limit_lag(self, max_lag_s: float) -> None:
        """Have the lag not exceed `max_lag_s` from now on."""
        self._max_lag_s = max_lag_s
        self.lag_s = min(self.lag_s, max_lag_s)

    def clear(self) -> None:
        """Forget the arrivals; the interval and the lag hold until there are others."""
        self._arrivals.clear()
        self._begins.clear()
        self._moved = None

    @property
    def last_at(self) -> float | None:
        """When the newest frame arrived."""
        return self._arrivals[-1][1] if self._arrivals else None

    def position(self, now: float) -> float:
        """Tell the number of the frame that is due at `now`, with its fraction."""
        number, arrived = self._arrivals[-1]
        return number + (now - arrived - self.lag_s) / self.interval_s

    def _allow_for_late(self, number: int, at: float) -> None:
        """Move what was learned from to where all would have been as late as frame `number`.

        Its pause would be taken for a slower course otherwise, with a lag that is much too long.
        Of bursts, one that comes soon after another is that of a slower course.
        """
        newest, came_at = self._arrivals[-1]
        late_s = at - (came_at + self.lag_s + (number - newest) * self.interval_s)
        if late_s <= LATE_S:
            return
        if not self._in_bursts:
            if self._moved is not None:
                # Two pauses so soon after each other are those of bursts.
                self._move(-self._moved[2], before=self._moved[0])
                self._moved = None
            elif len(self._arrivals) >= MIN_FRAMES and self.interval_s > IN_A_BURST * self._usual_s:
                later_s = at - came_at - (number - newest) * self.interval_s
                self._move(later_s)
                self._moved = number, at, later_s
        elif len(self._begins) >= MIN_BURSTS:
            if at - self._late_at > BURSTS_S:
                mean_number, mean_at = self._mean_begin()
                self._move(at - (mean_at + (number - mean_number) * self.interval_s))
            self._late_at = at

    def _allow_for_catching_up(
        self, first: int, since: float, later_s: float, number: int, at: float
    ) -> None:
        """Move everything back if frames from `first` on come faster than they are shown."""
        early_s = since + (number - first) * self.interval_s - at
        if early_s > later_s / 2:
            self._move(-later_s, before=first)
            self._moved = None
        elif at - since > WINDOW_S:
            self._moved = None

    def _move(self, by_s: float, before: float = float("inf")) -> None:
        """Move what is known of frames that came before the one `before`."""
        for known in (self._arrivals, self._begins):
            moved = [(n, t + by_s if n < before else t) for n, t in known]
            known.clear()
            known.extend(moved)

    def _mean_begin(self) -> tuple[float, float]:
        """Take the mean of the numbers and times at which bursts began."""
        count = len(self._begins)
        numbers, times = zip(*self._begins, strict=True)
        return sum(numbers) / count, sum(times) / count

    def _learn(self) -> None:
        begins, self._in_bursts = _whole_bursts(self._arrivals)
        if not self._in_bursts:
            self._begins.clear()
        if not self._begins or self._begins[-1] != begins[-1]:
            self._learn_interval(begins)
        (number, at), interval_s = self._arrivals[-1], self.interval_s
        lags = sorted([t - at + (number - n) * interval_s for n, t in self._arrivals])
        if len(self._begins) >= MIN_BURSTS:
            before, then = self._arrivals[-2]
            held_s = then + self.lag_s + (number - before) * interval_s - at
            lag_s = max(lags[-1], min(held_s - GIVEN_UP * (at - then), lags[-1] + HELD_S))
        else:
            lag_s = lags[-1 - int(len(lags) * OUTLIERS)]
        self.lag_s = min(max(0.0, lag_s), self._max_lag_s)

    def _learn_interval(self, latest: list[tuple[int, float]]) -> None:
        """Learn it from the latest arrivals, or from bursts that go further back if they agree."""
        (i, start), (j, end) = latest[0], latest[-1]
        if j > i and end > start:
            self.interval_s = (end - start) / (j - i)
        if not self._in_bursts:
            self.interval_s -= _stepped_s([at for _, at in self._arrivals]) / (j - i)
            return
        begins = self._begins
        newest = begins[-1][0] if begins else -1
        begins.extend([begin for begin in latest if begin[0] > newest])
        while latest[-1][1] - begins[0][1] > BURSTS_S:
            begins.popleft()
        if len(begins) < MIN_BURSTS:
            return
        mean_number, mean_at = self._mean_begin()
        both = sum([(number - mean_number) * (at - mean_at) for number, at in begins])
        interval_s = both / sum([(number - mean_number) ** 2 for number, _ in begins])
        if abs(interval_s - self.interval_s) > ANOTHER_PACE * interval_s:
            begins.clear()
            begins.extend(latest)
        else:
            self.interval_s = interval_s


def _stepped_s(times: list[float]) -> float:
    """Sum up by how much an even course has become later in a few steps, which are not its pace.

    A step of one interval or more is made by frames that were left out before they came here: all
    after them come when they would have. Where there are many, that is the source's own rhythm.
    """
    count = len(times) - SPAN
    if count < SPAN:
        return 0.0
    interval_s = sorted(map(sub, times[SPAN:], times))[count // 2] / SPAN
    least, longest = (1 - STEP) * interval_s, (1 + STEP) * interval_s
    gaps = list(map(sub, times[1:], times))
    if interval_s <= 0 or (max(gaps) < longest and min(gaps) > least):
        return 0.0
    stepped, most = 0, 0
    for place in [place for place, gap in enumerate(gaps, 1) if not least < gap < longest]:
        sooner = reversed(times[max(0, place - BESIDE) : place])
        before = [t + k * interval_s for k, t in enumerate(sooner, 1)]
        after = [t - k * interval_s for k, t in enumerate(times[place : place + BESIDE])]
        frames = (median(after) - median(before)) / interval_s
        if abs(frames) > WHOLE:
            stepped += round(frames)
            most += abs(round(frames))
    return stepped * interval_s if most <= MOST_LEFT_OUT else 0.0


def _whole_bursts(arrivals: deque[tuple[int, float]]) -> tuple[list[tuple[int, float]], bool]:
    """Find the first arrivals after each pause in the window.

    Between two such points lies a whole number of bursts, so that the mean is not skewed by half
    a burst. Without pauses: the first and the last arrival, and False.
    """
    times = [at for _, at in arrivals]
    gaps = list(map(sub, times[1:], times))
    ordered = sorted(gaps)
    threshold = 4 * ordered[len(gaps) // 2] + 0.1
    if ordered[-1] > threshold:
        starts = [k + 1 for k, gap in enumerate(gaps) if gap > threshold]
        if len(starts) >= 2:
            return [arrivals[k] for k in starts], True
    return [arrivals[0], arrivals[-1]], False
