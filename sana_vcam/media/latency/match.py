"""The delay of one course of pictures behind another, whatever an edit made of the colours.

Each picture is a row of cells, the mean brightness of small areas. Two things survive an edit: a
cell that brightens and darkens goes on doing so, or does the opposite, in the edited picture; and
where and when something moves, it moves there too. Both are compared over the last seconds:

1. At every constant delay, how well each cell follows its own past. The best delay says which
   cells follow at all, and whether upright or inverted.
2. With only those cells, moment by moment, a path of delays: a model that is slower than the
   camera lets the delay grow within a chunk and fall back at the next. Its mean over the last
   seconds is the answer, and how far it went there is the answer's range.
3. Where the path lies at one delay up to a moment, and at another one from then on, the answer is
   of what came after: once that is enough, and fits nothing else as well.

How far the path is better than the best path elsewhere tells how sure the answer is. Motion that
repeats itself has such a path, and a still picture has none that is good: both are not sure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# NumPy loads these two on first use otherwise, when there may be no descriptor left for a file.
import numpy as np
import numpy.fft
import numpy.ma
import numpy.typing as npt

type Array = npt.NDArray[np.floating[Any]]
type Times = npt.NDArray[np.float64]
type Indices = npt.NDArray[np.intp]

STEP_S = 1 / 24
"""The grid on which both courses are compared: about one frame."""
WINDOW_S = 8.0
"""How much of what viewers saw is compared."""
LEAST_S = 5.0
"""With less than this nothing is said: too little motion to tell one moment from another."""
LONGEST_S = 6.0
"""The longest delay that is looked for."""
LATELY_S = 4.0
"""The answer is the mean over so much of the path's end: a delay that changes is followed by it."""
NEWEST_S = 2.0
"""Over so much where the path is steady."""
STEADY = 1.5
"""Grid steps over which a steady one may go: as little as the grid allows."""
SPREAD = (10, 90)
"""Percentiles of the path's end that are its range."""
RESOLUTION_S = STEP_S / 2
"""A delay on the grid may be off by so much."""
GAP_S = 1.0
"""A pause this long in what viewers saw ends what can be compared."""
MOVING_CELLS = 160
"""How many cells are compared: those of the camera that move most."""
SLOW = 10
"""Changes slower than about this many grid steps to each side are left out: lighting, drift."""
LOCAL = 12
"""Grid steps to each side over which a moment of the path is judged."""
EVERY = 3
"""Grid steps from one moment of the path to the next."""
NOISE = 0.15
"""Brightness levels by which a cell of a still picture varies, from camera noise and coding."""
MOTION = (0.15, 0.35)
"""Levels by which the moving cells vary: up to the first it is noise, from the second motion."""
TURN_COST = 0.3
"""What a path pays for each grid step by which the delay changes from moment to moment."""
MOST_TURN = 2
"""Grid steps by which it changes at most, unless it jumps."""
JUMP_COST = 2.4
"""What it pays for a jump to any other delay, as when the model skips frames."""
CHANGE = 6
"""Grid steps by which the delay has to differ from a moment on, to be another one from then on."""
STANDS = 4
"""Grid steps over which it may go to and fro before and after, or there is no such moment."""
CHANGED_S = 0.75
"""With less than this after a change nothing is said: neither of the two delays is that of now."""
APART = 8
"""Grid steps within which another path is the same answer."""
LEAST_BACK = 2 * APART
"""Grid steps of the camera before the window: around a delay in the middle of fewer there would be
no other one to tell it from."""
CUT = (6.0, 3.0)
"""So many times the usual change from frame to frame, and so many levels more, are a cut."""
SAME_LOOK = 0.8
"""Pictures before and after a cut that correlate so well are of one look: the model has only
grounded its edit anew. Those of two prompts correlate less, or not at all."""
NEAR = 12
"""Pictures on each side of a cut whose mean is compared."""


@dataclass(frozen=True, slots=True)
class Course:
    """Pictures in the order of time: `times` (n,) in seconds, `cells` (n, c) in brightness levels.

    `times` increase. `waited` (n,) is for how long each was here already, which is the least that
    it can be late; without it nothing is known of that.
    """

    times: Times
    cells: Array
    waited: Times | None = None

    @property
    def empty(self) -> bool:
        """Whether it is too short for any interpolation."""
        return len(self.times) < 2

    def at(self, moments: Times) -> Array:
        """Interpolate the cells at the moments: (len(moments), c)."""
        after = np.clip(np.searchsorted(self.times, moments), 1, len(self.times) - 1)
        before = after - 1
        part = (moments - self.times[before]) / (self.times[after] - self.times[before])
        share = np.clip(part, 0.0, 1.0).astype(np.float32)[:, None]
        return self.cells[before] * (1 - share) + self.cells[after] * share


@dataclass(frozen=True, slots=True)
class Match:
    """The mean delay of late, the range in which it was, and how sure that is, 0..1.

    `likeness` (0..1) is how well the two agree along the path, `rivalry` (0..1) how good the best
    path elsewhere is in proportion, `lead` how far the best constant delay stands out from the
    next (1 is not at all), and `motion` how much the cells vary, in levels. `changed` is whether
    the delay was another one within the time compared; the rest is about what came after.
    """

    delay_s: float
    confidence: float
    likeness: float
    rivalry: float
    lead: float
    motion: float
    low_s: float
    high_s: float
    changed: bool = False


def match(sent: Course, shown: Course) -> Match | None:
    """Find how far `shown` lies behind `sent`; None if there is too little of either.

    Takes a few milliseconds; pure.
    """
    moments = _window(sent, shown)
    if moments is None:
        return None
    # As far as the last moment allows: the first one may allow a wrong delay only.
    back = int(min(LONGEST_S, moments[-1] - sent.times[0]) / STEP_S)
    if back <= LEAST_BACK:
        return None
    earlier = moments[0] - STEP_S * np.arange(back, 0, -1)
    before = sent.at(np.concatenate([earlier, moments]))
    cuts = np.searchsorted(moments, [at for at in _cuts(shown) if at > moments[0]])
    pair, motion = _Pair.of(before, shown.at(moments), back, cuts)
    least = _least(shown, moments)
    most = (moments - sent.times[0]) / STEP_S
    profile = pair.profile()
    start = int(np.where(np.arange(back + 1) < np.median(least), -1.0, profile).argmax())
    scores = pair.scores(start)
    delays = np.arange(back + 1)
    scores[(delays < least[::EVERY, None]) | (delays > most[::EVERY, None])] = -1.0
    path = _best_path(scores)
    likeness, rivalry = _rate(scores, path)
    changed = _change(path)
    if changed is None:
        lead = _lead(profile, start)
        confidence = _confidence(likeness, rivalry, lead, motion)
        lately = newest = path[-_rows(LATELY_S) :]
        if _swing(lately) <= STEADY:
            newest = lately[-_rows(NEWEST_S) :]
    else:
        lately = newest = path[changed:]
        lead = _lead(profile, start, int(np.median(lately)))
        confidence = _confidence(likeness, rivalry, lead, motion)
        likeness, rivalry = _rate(scores[changed:], lately)
        enough = len(lately) >= _rows(CHANGED_S)
        confidence = min(confidence, _confidence(likeness, rivalry, lead, motion)) * enough
    low_s, high_s = np.percentile(lately, SPREAD) * STEP_S
    beside = _between(scores[-len(newest) :], newest)
    return Match(
        delay_s=(float(newest.mean()) + beside) * STEP_S,
        confidence=confidence,
        likeness=likeness,
        rivalry=min(rivalry, 1.0),
        lead=lead,
        motion=motion,
        low_s=max(0.0, float(low_s) - RESOLUTION_S),
        high_s=float(high_s) + RESOLUTION_S,
        changed=changed is not None,
    )


def _rows(seconds: float) -> int:
    """Count the moments of a path in so many seconds."""
    return int(seconds / STEP_S / EVERY)


def _window(sent: Course, shown: Course) -> Times | None:
    """Choose the moments to compare, on the grid and up to the newest picture."""
    if sent.empty or shown.empty:
        return None
    newest = float(shown.times[-1])
    known_s = float(sent.times[0]) + (LEAST_BACK + 1) * STEP_S
    length = min(WINDOW_S, newest - max(known_s, _comparable_from(sent, shown)))
    if length < LEAST_S:
        return None
    return newest - STEP_S * np.arange(int(length / STEP_S), -1.0, -1.0)


def _comparable_from(sent: Course, shown: Course) -> float:
    """Find when what viewers saw began to be of one piece: after its last pause and last look.

    Before and after another prompt a cell may follow in opposite ways. A cut of the camera's own,
    as of a looped file, is none, nor is one to the same look.
    """
    pauses = shown.times[1:][np.diff(shown.times) > GAP_S]
    own = _cuts(sent)
    looks = [
        at
        for at in _cuts(shown)
        if not np.any((own <= at) & (own >= at - LONGEST_S)) and not _is_same_look(shown, at)
    ]
    return float(max([shown.times[0], *pauses[-1:], *looks[-1:]]))


def _is_same_look(shown: Course, at: float) -> bool:
    """Whether the pictures on both sides of a cut are alike but for brightness and contrast."""
    place = int(np.searchsorted(shown.times, at))
    before = shown.cells[max(0, place - NEAR) : place].mean(axis=0)
    after = shown.cells[place : place + NEAR].mean(axis=0)
    before, after = before - before.mean(), after - after.mean()
    alike = float(before @ after) / max(1e-6, float(np.sqrt((before @ before) * (after @ after))))
    return alike >= SAME_LOOK


def _cuts(course: Course) -> Times:
    """Find when everything changed from one picture to the next."""
    size = np.abs(np.diff(course.cells, axis=0)).mean(axis=1)
    return course.times[1:][size > CUT[0] * float(np.median(size)) + CUT[1]]


def _least(shown: Course, moments: Times) -> Times:
    """Tell for each moment the least delay that there can be, in grid steps."""
    if shown.waited is None:
        return np.zeros(len(moments))
    return np.interp(moments, shown.times, shown.waited) / STEP_S - 1


@dataclass(frozen=True, slots=True)
class _Pair:
    """Both courses on the grid, as two kinds of features; rows are moments, columns cells.

    `sway` is the brightness without its slow part, `bustle` the size of its changes. The sent
    ones begin `back` rows earlier. `weight` is a cell's, by its motion in the camera.
    """

    sent_sway: Array
    sent_bustle: Array
    shown_sway: Array
    shown_bustle: Array
    weight: Array
    back: int

    @classmethod
    def of(cls, sent: Array, shown: Array, back: int, cuts: Indices) -> tuple[_Pair, float]:
        """Compute the features of the cells that move most; also how much those move.

        A jump of what was shown at one of the rows `cuts` is no motion.
        """
        sent_sway = _sway(sent)
        spread = sent_sway.std(axis=0)
        count = min(MOVING_CELLS, len(spread))
        cells = np.argpartition(spread, -count)[-count:]
        sent, shown = np.ascontiguousarray(sent[:, cells]), np.ascontiguousarray(shown[:, cells])
        sent_sway, spread = np.ascontiguousarray(sent_sway[:, cells]), spread[cells]
        weight = spread**2 / (spread**2 + 4 * NOISE**2) + 1e-3
        whole = _joined(shown, cuts)
        features = (_scaled(sent_sway), _bustle(sent), _scaled(_sway(whole)), _bustle(whole))
        return cls(*features, weight, back), float(np.median(spread))

    def profile(self) -> Array:
        """Rate each constant delay, in grid steps: the squared correlation of a cell, on average.

        Squared, since an edit may invert a cell.
        """
        following = self._following()
        return ((following**2 @ self.weight) / self.weight.sum())[::-1]

    def _following(self) -> Array:
        """Correlate each cell with its past: row `back - d` is for the delay `d`."""
        sent, shown = self.sent_sway, self.shown_sway
        length = 1 << (len(sent) + len(shown) - 1).bit_length()
        spectrum = np.fft.rfft(sent, length, axis=0) * np.conj(np.fft.rfft(shown, length, axis=0))
        products = np.fft.irfft(spectrum, length, axis=0)[: self.back + 1]
        power = _running_sum(sent**2, len(shown))
        both = power * (shown**2).sum(axis=0) + 1e-3 * len(shown) ** 2
        return (products / np.sqrt(both)).astype(np.float32)

    def scores(self, start: int) -> Array:
        """Rate how each moment fits each delay, 0..1, with what follows at the delay `start`.

        Rows are moments, `EVERY` grid steps apart; columns are delays in grid steps.
        """
        rows = slice(self.back - start, self.back - start + len(self.shown_sway))
        sway = _correlation(self.sent_sway[rows], self.shown_sway)
        bustle = _correlation(self.sent_bustle[rows], self.shown_bustle)
        upright = np.sign(sway) * _beyond(np.abs(sway), 0.15) * self.weight
        moving = (_beyond(bustle, 0.10) + 1e-3) * self.weight
        fit = self._fit(self.sent_sway, self.shown_sway, upright)
        fit += self._fit(self.sent_bustle, self.shown_bustle, moving)
        return fit[::EVERY] / 2

    def _fit(self, sent: Array, shown: Array, gain: Array) -> Array:
        """Correlate the cells locally, with their gains, for each moment and delay."""
        size = np.abs(gain)
        count = len(shown)
        rows = self.back + np.arange(count)[:, None] - np.arange(self.back + 1)
        products = np.take_along_axis((shown * gain) @ sent.T, rows, axis=1)
        sent_power = (sent**2 @ size)[rows]
        shown_power = (shown**2 @ size)[:, None]
        power = _smooth(sent_power, LOCAL) * _smooth(shown_power, LOCAL)
        fit: Array = _smooth(products, LOCAL) / np.sqrt(power + 1e-2 * size.sum() ** 2 + 1e-9)
        return fit


def _joined(cells: Array, cuts: Indices) -> Array:
    """Take the jumps at the rows `cuts` out; a row on the grid may lie in the middle of one."""
    for cut in cuts:
        before, after = max(0, cut - 2), min(len(cells) - 1, cut + 1)
        jump = cells[after] - cells[before]
        cells = cells.copy()
        cells[after:] -= jump
        cells[before + 1 : after] = cells[before]
    return cells


def _sway(cells: Array) -> Array:
    return _smooth(cells, 1) - _smooth(cells, SLOW)


def _bustle(cells: Array) -> Array:
    changes = np.zeros_like(cells)
    changes[1:-1] = np.abs(cells[2:] - cells[:-2])
    changes = _smooth(changes, 1)
    changes = _scaled(changes - changes.mean(axis=0), floor=1e-3)
    # Half of what all cells share is taken off: flicker and keyframes of the coding.
    return changes - changes.mean(axis=1, keepdims=True) / 2


def _scaled(values: Array, floor: float = NOISE) -> Array:
    """Scale to each cell's own spread, without outliers."""
    return np.clip(values / (values.std(axis=0) + floor), -3.0, 3.0)


def _smooth(values: Array, reach: int) -> Array:
    """Take the mean over `reach` rows to each side; fewer at the ends."""
    total = values.copy()
    for by in range(1, reach + 1):
        total[by:] += values[:-by]
        total[:-by] += values[by:]
    rows = np.arange(len(values))
    first, last = np.maximum(rows - reach, 0), np.minimum(rows + reach + 1, len(values))
    return total / (last - first).astype(np.float32)[:, None]


def _running_sum(values: Array, length: int) -> Array:
    total = np.zeros((len(values) + 1, values.shape[1]), np.float64)
    np.cumsum(values, axis=0, out=total[1:])
    return (total[length:] - total[:-length]).astype(np.float32)


def _correlation(first: Array, second: Array) -> Array:
    """Correlate each column; the result is shrunk where there is little in it."""
    power = (first**2).sum(axis=0) * (second**2).sum(axis=0) + 1e-3 * len(first) ** 2
    correlation: Array = (first * second).sum(axis=0) / np.sqrt(power)
    return correlation


def _beyond(values: Array, threshold: float) -> Array:
    """Keep what exceeds the threshold, which chance reaches as well."""
    beyond: Array = np.maximum(values - threshold, 0.0).astype(np.float32)
    return beyond


def _best_path(scores: Array) -> Indices:
    """Find the column at each row that makes the best sum, less what turns and jumps cost."""
    moments, delays = scores.shape
    here = np.arange(delays)
    # What comes in at the ends can never be best.
    turns = np.array([0, *range(-MOST_TURN, 0), *range(1, MOST_TURN + 1)])
    cost = (TURN_COST * np.abs(turns))[:, None]
    columns = here - turns[:, None] + MOST_TURN
    came_from = np.empty((moments, delays), np.intp)
    padded = np.full(delays + 2 * MOST_TURN, -np.inf)
    best = padded[MOST_TURN:-MOST_TURN]
    best[:] = scores[0] * EVERY
    for moment in range(1, moments):
        offers = padded[columns] - cost
        source = offers.argmax(axis=0)
        value = offers[source, here]
        leap = int(best.argmax())
        leapt = best[leap] - JUMP_COST
        came_from[moment] = np.where(leapt > value, leap, here - turns[source])
        best[:] = np.maximum(leapt, value) + scores[moment] * EVERY
    path = np.empty(moments, np.intp)
    path[-1] = int(best.argmax())
    for moment in range(moments - 1, 0, -1):
        path[moment - 1] = came_from[moment, path[moment]]
    return path


def _change(path: Indices) -> int | None:
    """Find the row from which on the delay is another; None if there is none in the last seconds.

    A delay that goes to and fro, as within the chunks of a slow model, or that changes again and
    again, has no such row.
    """
    rows = range(max(_rows(CHANGED_S), len(path) - _rows(LATELY_S)), len(path) - 1)
    if not rows:
        return None
    row = min(rows, key=lambda row: _distance(path[:row]) + _distance(path[row:]))
    before, after = path[:row], path[row:]
    change = abs(float(np.median(after) - np.median(before)))
    swing = max(_swing(before), _swing(after))
    return row if change >= CHANGE and swing <= min(change / 2, STANDS) else None


def _swing(path: Indices) -> float:
    """Tell how far the path goes to and fro."""
    return float(np.ptp(np.percentile(path, SPREAD)))


def _distance(path: Indices) -> float:
    """Sum up how far the path is from its own median."""
    return float(np.abs(path - np.median(path)).sum())


def _rate(scores: Array, path: Indices) -> tuple[float, float]:
    """Tell how well the courses agree along the path, and how good the best path elsewhere is."""
    likeness = _along(scores, path)
    elsewhere = scores.copy()
    elsewhere[np.abs(np.arange(scores.shape[1]) - path[:, None]) <= APART] = -1.0
    return likeness, max(0.0, _along(elsewhere, _best_path(elsewhere))) / max(likeness, 1e-6)


def _between(scores: Array, path: Indices) -> float:
    """Tell by how much of a grid step the delay is beside the path, -0.5..0.5.

    The top of the parabola through the scores on the path and to both sides of it.
    """
    inside = (path > 0) & (path < scores.shape[1] - 1)
    rows, path = np.flatnonzero(inside), path[inside]
    sides = [scores[rows, path + side] for side in (-1, 0, 1)]
    allowed = np.min(sides, axis=0) > -1.0
    if not allowed.any():
        return 0.0
    before, on, after = (float(side[allowed].mean()) for side in sides)
    bend = before - 2 * on + after
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0


def _along(scores: Array, path: Indices) -> float:
    return float(scores[np.arange(len(path)), path].mean())


def _lead(profile: Array, peak: int, *others: int) -> float:
    """Measure how far the peak stands above the rest, against the rest's highest; at most 10.

    The delays `others` are not the rest's.
    """
    places = np.arange(len(profile))
    near = [np.abs(places - place) <= APART for place in (peak, *others)]
    rest = profile[~np.any(near, axis=0)]
    if not len(rest):
        return 1.0
    usual = float(np.median(rest))
    return min(10.0, (float(profile[peak]) - usual) / max(float(rest.max()) - usual, 1e-6))


def _confidence(likeness: float, rivalry: float, lead: float, motion: float) -> float:
    """Make one number of four that each have to be good."""
    return (
        _rise(likeness, 0.25, 0.45)
        * _rise(-rivalry, -0.8, -0.5)
        * _rise(lead, 1.1, 1.8)
        * _rise(motion, *MOTION)
    )


def _rise(value: float, low: float, high: float) -> float:
    """Rise from 0 up to `low` to 1 from `high` on."""
    return min(1.0, max(0.0, (value - low) / (high - low)))
