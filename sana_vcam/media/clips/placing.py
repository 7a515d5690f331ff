"""Which picture of the clip each frame is that came back: nothing on the wire numbers them.

Frames come in order, and the model says of each chunk how many frames it has made. If as many came,
each has its place. If some are missing, three things tell where:

- a lost frame leaves a hole that the frames after it do not catch up with, as they do with a delay;
- the model's own rests are holes as well, but only between chunks;
- what moves in a frame moved in its picture of the clip.

    chunks    |<----- 9 ----->|<------------ 24 ------------>|
    frames    x x x x x x x x x        x x x x   x x x …
                                 rest          lost

The likeliest way to lose so many frames is found by dynamic programming over frames and losses.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sana_vcam.media.pixels import Luma, Pixels, coarse_luma, coarse_luma_of_i420

AREAS = (16, 9)
"""Columns and rows whose brightness tells one picture from the next."""
WINDOW = 8
"""A frame that is late is caught up with within so many frames."""
USUAL_FPS = 24.0
MOST_AT_ONCE = 120
"""Frames in one hole at most: 5 s, after which the connection counts as dropped."""
MOST_DOUBT = 4.0
"""Frames by which a hole can be wrong that count; a longer one says no more."""
A_LOSS = 0.05
"""The cost of a lost frame, in frames of doubt, where it is known how many were lost."""
A_GUESS = 0.6
"""The same where that is not known: a hole has to be more than half a frame."""
NO_HOLE = 1.0
"""The cost of a frame that is lost before the first or after the last, where there is no hole."""
MOTION = 1.5
"""What the likeness of two motions counts, in frames of doubt."""
STILL = 0.05
"""Motion of less than this, in mean brightness, tells nothing."""

type _Floats = npt.NDArray[np.float64]
type _Integers = npt.NDArray[np.int_]


@dataclass(frozen=True, slots=True)
class ReturnedFrame:
    """A frame that came: when (monotonic seconds), and how it looks from afar.

    `change` is the mean difference of the brightness from the frame before, 0..255; infinite for
    the first one.
    """

    at: float
    change: float
    look: Luma


def look_of(bgr: Pixels) -> Luma:
    """See a picture of the clip from afar."""
    return coarse_luma(bgr, *AREAS)


def look_of_i420(i420: Pixels) -> Luma:
    """See a frame that came from afar."""
    return coarse_luma_of_i420(i420, *AREAS)


def place(
    arrivals: Sequence[ReturnedFrame],
    chunks: Sequence[int],
    *,
    whole: bool,
    clip: Sequence[Luma] = (),
) -> list[int | None]:
    """Number the frames among those that the model has made; None is one too many.

    `chunks` are the frames of each chunk as the model has said. `whole` says that all chunks were
    said and no more frames come. `clip` is how the pictures of the clip look, in their order.
    """
    missing = sum(chunks) - len(arrivals)
    if not any(chunks) or not arrivals or missing == 0 or (missing < 0 and not whole):
        return list(range(len(arrivals)))
    if missing < 0:
        return _without_repeats(arrivals, -missing)
    return list(_likeliest(arrivals, chunks, missing, _motions(clip), whole=whole))


def _without_repeats(arrivals: Sequence[ReturnedFrame], surplus: int) -> list[int | None]:
    """Leave out those that differ least from the one before: the sender repeats what it shows."""
    by_change = sorted(range(len(arrivals)), key=lambda index: arrivals[index].change)
    left_out = set(by_change[:surplus])
    numbers = iter(range(len(arrivals)))
    return [None if index in left_out else next(numbers) for index in range(len(arrivals))]


def _likeliest(
    arrivals: Sequence[ReturnedFrame],
    chunks: Sequence[int],
    missing: int,
    motions: _Floats,
    *,
    whole: bool,
) -> list[int]:
    """Find the least doubtful places; `costs[n]` is for `n` frames lost so far."""
    holes = _holes([each.at for each in arrivals])
    chunk_of = np.repeat(np.arange(len(chunks)), chunks)
    moved = _motions([each.look for each in arrivals])
    lost = np.arange(missing + 1)
    most = min(missing, MOST_AT_ONCE)
    a_loss = A_LOSS if whole else A_GUESS
    costs = NO_HOLE * lost.astype(float)
    steps = np.zeros((len(arrivals), missing + 1), np.uint32)
    steps[0] = lost
    for index in range(1, len(arrivals)):
        reached = np.full(missing + 1, np.inf)
        for step in range(most + 1):
            numbers = index + lost[step:]
            rests = chunk_of[numbers] != chunk_of[numbers - 1 - step]
            over = holes[index] - (step + 1)
            doubt = np.where(rests, max(0.0, -over), abs(over)).clip(max=MOST_DOUBT)
            through = costs[: missing + 1 - step] + doubt + a_loss * step
            better = through < reached[step:]
            reached[step:][better] = through[better]
            steps[index, step:][better] = step
        costs = reached - MOTION * _likeness(moved[index], motions, index, missing)
    return _back(steps, costs + (NO_HOLE if whole else 0.0) * (missing - lost))


def _back(steps: npt.NDArray[np.uint32], costs: _Floats) -> list[int]:
    """Walk back from the least cost; gives the number of each frame."""
    lost = int(np.argmin(costs))
    numbers: list[int] = []
    for index in range(len(steps) - 1, -1, -1):
        numbers.append(index + lost)
        lost -= int(steps[index, lost])
    return numbers[::-1]


def _holes(times: Sequence[float]) -> list[float]:
    """Measure from each frame to the next, in frames of the model's rate, delays evened out."""
    between = [after - before for before, after in pairwise(times)]
    frame_s = statistics.median(between) if len(between) >= WINDOW else 0.0
    frame_s = frame_s if 0.25 < frame_s * USUAL_FPS < 4 else 1 / USUAL_FPS
    due = [
        min(at - step * frame_s for step, at in enumerate(times[index : index + WINDOW]))
        for index in range(len(times))
    ]
    return [1.0, *((after - before) / frame_s for before, after in pairwise(due))]


def _motions(looks: Sequence[Luma]) -> _Floats:
    """Make the motion before each picture a vector of length 1, or 0 where too little moved."""
    if not looks:
        return np.zeros((0, AREAS[0] * AREAS[1]))
    flat = np.asarray(looks, np.float64).reshape(len(looks), -1)
    change = np.diff(flat, axis=0, prepend=flat[:1])
    length = np.linalg.norm(change, axis=1, keepdims=True)
    return np.divide(
        change, length, out=np.zeros_like(change), where=length > STILL * np.sqrt(flat.shape[1])
    )


def _likeness(moved: _Floats, motions: _Floats, first: int, missing: int) -> _Floats:
    """Compare a frame's motion with the pictures' from `first` to `first + missing`: -1 to 1."""
    likeness = np.zeros(missing + 1)
    there = motions[first : first + missing + 1]
    likeness[: len(there)] = there @ moved
    return likeness


LEAD = 48
"""Copies of the first picture that the run may begin with, though none is meant to."""
LATE = 120
"""Pictures in all that the way up may leave out."""
A_SLIP = 12.0
"""The cost of a place where pictures are missing that nothing else tells of, in frames of doubt.
Motions that are alike by chance do not reach it, and the right ones do within a second or two."""
A_SLIPPED = 0.05
"""The cost of each picture that was left out there."""
NO_SLIP = 3.0
"""The cost of following one frame with the next where a hole was found."""


def follow_motion(
    frames: Sequence[ReturnedFrame], numbers: Sequence[int | None], clip: Sequence[Luma]
) -> list[int | None]:
    """Tell which pictures of the clip the numbered frames are that a camera's way up has brought.

    What is left out on the way up, the model has never seen, and does not count: only what moves
    shows it. Where nothing moves, the numbers are right. One that is outside of the clip in the end
    is a copy of its first picture, or of its last.
    """
    there = [(index, number) for index, number in enumerate(numbers) if number is not None]
    if not there or not clip:
        return list(numbers)
    after = max(0, there[-1][1] + 1 - len(clip)) + LATE
    around = [*[clip[0]] * LEAD, *clip, *[clip[-1]] * after]
    motions = _motions(around)
    moved = _motions([frames[index].look for index, _ in there])
    slips = np.arange(len(around) - len(there) + 1)
    begin = LEAD + there[0][1]
    costs = np.where(slips == begin, 0.0, A_SLIP + A_SLIPPED * abs(slips - begin))
    before = np.zeros((len(there), len(slips)), np.uint32)
    for place in range(1, len(there)):
        hole = there[place][1] - there[place - 1][1] - 1
        costs, before[place] = _with_slips(costs, slips, hole)
        costs = costs - MOTION * _likeness(moved[place], motions, place, len(slips) - 1)
    placed = list[int | None]([None] * len(frames))
    slip = int(np.argmin(costs))
    for place in range(len(there) - 1, -1, -1):
        number = place + slip - LEAD
        placed[there[place][0]] = number if 0 <= number < len(clip) else None
        slip = int(before[place, slip])
    return placed


def _with_slips(costs: _Floats, slips: _Integers, hole: int) -> tuple[_Floats, _Integers]:
    """Let each number of slips be reached from a smaller one: through the hole, or at a cost."""
    level = costs - A_SLIPPED * slips
    least = np.minimum.accumulate(level)
    from_there = np.maximum.accumulate(np.where(level == least, slips, 0))
    reached = least + A_SLIPPED * slips + A_SLIP
    stay = costs + (NO_SLIP if hole else 0.0)
    from_there = np.where(stay <= reached, slips, from_there)
    reached = np.minimum(stay, reached)
    if 0 < hole < len(slips):
        through = costs[:-hole]
        better = through <= reached[hole:]
        from_there[hole:][better] = slips[:-hole][better]
        reached[hole:][better] = through[better]
    return reached, from_there
