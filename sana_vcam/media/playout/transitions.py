"""Transitions: from one picture of the program to another, by a fade or through black.

They stand on top of the program, and only where one is configured: a cut costs nothing. What is
faded is the change from one session to another, between slate and live picture, from the old look
to the new one, and from the still of a rehearsal to what is taken. Blank, freeze and bypass are
never part of one: they come and go at once.

No message of a model says which frame is the first of a new look: they take another way than the
frames, and the chunk after a prompt was confirmed may still be the one before. So the frames are
looked at, for a while after a look was asked for: one that differs from the frame before it by far
more than its forerunners did is the first of another look.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sana_vcam.config.kinds import Fit, Size, TransitionKind
from sana_vcam.media.frames import ModelFrame, Picture
from sana_vcam.media.pixels import coarse_difference
from sana_vcam.media.playout.program import Program
from sana_vcam.media.states import ProgramSource

LANDS_WITHIN_S = 12.0
"""A look that was asked for is seen after so long at most: it takes a chunk or two, the delay of
the playout, and with SANA-Streaming an anchor, which is seen too."""
LEAST_JUMP = 4.0
"""Levels by which the first frame of another look differs at least, over the whole picture."""
JUMP_TIMES = 3.0
"""So many times more than the frames before it did, so that a wave of the hand is none."""
RECENT = 6
"""As many differences count as recent."""
MOST_LATE_S = 0.1
"""A transition is this far on at most when it is first shown."""

FADED = frozenset({ProgramSource.LIVE, ProgramSource.SLATE})


@dataclass(frozen=True)
class Transition:
    """What kind of transition, and for how many seconds."""

    kind: TransitionKind = "cut"
    seconds: float = 0.0

    @property
    def is_cut(self) -> bool:
        """Whether nothing is to be done."""
        return self.kind == "cut" or self.seconds <= 0


class Transitions:
    """The program's pictures with transitions between them. `next` is of the playout thread."""

    def __init__(
        self, program: Program, on_air: Callable[[], object], size: Size, fit: Fit
    ) -> None:
        """Stand on top of `program`, whose sink has this (width, height) and `fit`.

        `on_air` tells which session the pictures are from.
        """
        self.wanted = Transition()
        """What is wanted. Written by the event loop."""
        self.look_until = float("-inf")
        """Until when another look may come up, in the time of `next`. Written by the event loop."""
        self._look: object = None
        self._program = program
        self._on_air_now = on_air
        self._size = size
        self._fit: Fit = fit
        self._black = Picture.black(*size)
        self._looks = JumpDetector()
        self._wanted = self.wanted
        self._output = ProgramSource.BLANK
        self._faded = False
        """Whether what was shown last may be part of a transition."""
        self._on_air: object = None
        self._shown: Picture = self._black
        self._at = 0.0
        self._from: Picture | None = None
        """What the transition that is on comes from, in the sink's size."""
        self._began_at = 0.0

    @property
    def pictures(self) -> Callable[[float], Picture]:
        """What gives each tick's picture: where all is cut, the program without a detour."""
        return self._program.next if self.wanted.is_cut else self.next

    def follow_look(self, look: object, now: float) -> None:
        """Take note of the look that is wanted: of another, the first frame is looked for."""
        if look != self._look:
            self._look, self.look_until = look, now + LANDS_WITHIN_S

    def next(self, now: float) -> Picture:
        """Give the picture for the tick `now`: the program's, or one on the way to it."""
        picture, output = self._program.next(now), self._program.output
        wanted, on_air = self.wanted, self._on_air_now()
        if wanted is not self._wanted:
            # Something else may have been shown since the last tick that was seen here.
            self._wanted, self._faded = wanted, False
        is_still = output is ProgramSource.FREEZE and self._program.keeps_still
        fades = output in FADED or is_still
        if not (fades and self._faded):
            self._from = None
            self._looks.forget()
        elif self._is_another(output, on_air, now):
            self._from = Picture.fitted(self._shown, self._size, self._fit)
            self._began_at = max(self._at, now - MOST_LATE_S)
        shown = picture if self._from is None else self._mixed(self._from, picture, now)
        self._output, self._on_air, self._shown, self._at = output, on_air, shown, now
        self._faded = fades
        return shown

    def _is_another(self, output: ProgramSource, on_air: object, now: float) -> bool:
        """Whether a transition begins with this picture."""
        if output is not self._output:
            # A still is the picture that was shown before it.
            return output is not ProgramSource.FREEZE
        if output is not ProgramSource.LIVE:
            return False
        if on_air is not self._on_air:
            return True
        if now >= self.look_until:
            self._looks.forget()
            return False
        # Within a fade it goes on learning, and what jumps is faded already.
        return self._looks.jumps(self._program.on_show) and self._from is None

    def _mixed(self, before: Picture, after: Picture, now: float) -> Picture:
        share = (now - self._began_at) / self._wanted.seconds
        if share >= 1:
            self._from = None
            return after
        after = Picture.fitted(after, self._size, self._fit)
        if self._wanted.kind == "fade":
            return Picture.blend(before, after, share)
        if share < 0.5:
            return Picture.blend(before, self._black, 2 * share)
        return Picture.blend(self._black, after, 2 * share - 1)


class JumpDetector:
    """Tells the first frame of another look by how far it is from the one before."""

    def __init__(self) -> None:
        self._frame: ModelFrame | None = None
        self._recent: deque[float] = deque(maxlen=RECENT)

    def forget(self) -> None:
        """Begin anew with the next frame."""
        if self._frame is not None:
            self._frame = None
            self._recent.clear()

    def jumps(self, frame: ModelFrame | None) -> bool:
        """Whether this frame is another look than the one before it; told of each, also twice."""
        if frame is None or frame is self._frame:
            return False
        before, self._frame = self._frame, frame
        if before is None:
            return False
        difference = coarse_difference(before.i420, frame.i420)
        usual = sum(self._recent) / len(self._recent) if self._recent else 0.0
        self._recent.append(difference)
        return difference >= max(LEAST_JUMP, JUMP_TIMES * usual)
