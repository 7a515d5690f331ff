"""What the voice is to do so that it is as late as the picture: decided on given times alone.

The delay of the voice follows the picture's slowly. A change is made where nobody speaks, which is
known ahead: what is heard now was said seconds ago. Sound that is late is forgiven, sound that is
early is not (ITU-R BT.1359-1: detectable from 45 ms early and 125 ms late; EBU R37 allows 40 early
and 60 late), so the aim is a little late.

| viewers see | voice |
| --- | --- |
| the live picture | as late as it is |
| the raw camera | as late as that is |
| a still, or a card | as late as before |
| black | silence at once, and what was said before it is never heard; or as before |
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from sana_vcam.voice.levels import VoiceLevels
from sana_vcam.voice.line import MAX_DELAY_MS

SENSOR_MS = 45.0
"""How old a picture is when the camera's read ends: exposure and USB, 30 to 60 ms."""
LATE_MS = 25.0
"""The voice is meant to come so much later than the picture."""
BYPASS_MS = 100.0
"""How late the raw camera is, from sensor to viewers."""
DEAD_BAND_MS = 15.0
"""A difference up to this is left alone. With `LATE_MS` and what the picture's delay swings by, it
stays clear of both ends of what nobody minds, 20 ms early to 60 ms late."""
NEARLY_MS = 10.0
"""From such a difference on the levels are needed, since it may soon have to be made up for."""
NEEDED_S = 10.0
"""So long they are needed still."""
MADE_UP_MS = 7.0
"""One that is being made up for is forgotten only below this: the picture's delay swings."""
LARGE_MS = 150.0
"""A difference above this is seen by everybody."""
PATIENCE_S = 20.0
"""So long a small difference waits for a pause of speech."""
LARGE_PATIENCE_S = 0.6
"""So long a large one does: lips that are far off are worse than a word in a fade."""
BLIND_PATIENCE_S = 0.5
"""So long any does while nothing is known of what is heard now: levels are not measured while
nothing is to be done, and those of now are of use only once the voice's delay has passed."""
PAUSE_FADE_S = 0.25
"""How long the fade takes in a pause."""
SPEECH_FADE_S = 1.0
"""How long it takes while somebody speaks: with a loud tone at most -62 dBFS beside it, on both
generations of PipeWire. With half a second it is -59 (measured)."""
CAPTURE_S = 0.3
"""How late the levels of the microphone are known at most."""
WIDE_MS = 500.0
"""A picture's delay whose range is wider is changing, or not found yet."""
WIDE_PATIENCE_S = 8.0
"""It is followed once the voice was out of that range for so long."""
NEAR_MS = 15.0
"""A delay that was prepared is near enough to one that is wanted."""
NEAR_PARTS = 15.0
"""It is as well if what is left is this part of the difference: after a step a picture's delay goes
to and fro, and to prepare anew each time takes longer than to make up for the rest later."""
LEAST_SURE = 0.3
"""A picture's delay that is less sure is taken for unknown."""


class OnProgram(StrEnum):
    """What viewers see, as the voice needs to know it."""

    LIVE = "live"
    BYPASS = "bypass"
    STILL = "still"
    """A frozen picture, or a card."""
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class PictureDelay:
    """How late viewers see what the camera read, its range, and how sure it is, 0..1."""

    delay_ms: float
    low_ms: float
    high_ms: float
    sure: float


@dataclass(frozen=True, slots=True)
class Prepare:
    """Make ready to fade to another delay, and tell `Follower.prepared` from when on."""

    delay_ms: float


@dataclass(frozen=True, slots=True)
class Shift:
    """Fade to another delay."""

    delay_ms: float
    fade_s: float


@dataclass(frozen=True, slots=True)
class Mute:
    """Be silent at once, and never let out what was said until now."""


@dataclass(frozen=True, slots=True)
class Unmute:
    """Be heard again, `after_s` later, with what is said from then on."""

    after_s: float = 0.0


type VoiceOrder = Prepare | Shift | Mute | Unmute


@dataclass(frozen=True, slots=True)
class Heard:
    """The delay line as it is: its delay, and whether anybody listens."""

    delay_ms: float
    listeners: bool


class Follower:
    """Decides what the delay line is to do. Used by one thread; it knows no clock.

    `on_blank_mute` is whether black is silence too; `trim_ms` the user's own correction, positive
    for a later voice.
    """

    def __init__(
        self,
        *,
        first_guess_ms: float = 2000.0,
        trim_ms: float = 0.0,
        max_ms: float = MAX_DELAY_MS,
        on_blank_mute: bool = True,
    ) -> None:
        self.trim_ms = trim_ms
        self.max_ms = min(max_ms, MAX_DELAY_MS)
        self.on_blank_mute = on_blank_mute
        self._wide_since: float | None = None
        self._picture_ms = first_guess_ms
        """What the picture's delay was when it was known last, until then a guess."""
        self._program = OnProgram.STILL
        self._wanted_ms: float | None = None
        self._off_since: float | None = None
        self._large_since: float | None = None
        self._prepared: tuple[float, float] | None = None
        """A delay, and from when on one can fade to it."""
        self._muted = True
        self._needed_until = -math.inf

    @property
    def target_ms(self) -> float | None:
        """How late the voice is meant to be; None until it was decided once."""
        return self._wanted_ms

    @property
    def muted(self) -> bool:
        """Whether silence was ordered last; a line is opened silent."""
        return self._muted

    def needs_levels(self, now: float) -> bool:
        """Whether pauses of speech matter, or may soon: those that are heard later, too."""
        return self._off_since is not None or now < self._needed_until

    def silence(self) -> Mute:
        """Note that the line is silent from now on, and give the order for it."""
        self._muted = True
        return Mute()

    def prepared(self, delay_ms: float, ready_at: float) -> None:
        """Note from when on a fade to `delay_ms` can begin, after the order for it."""
        if self._prepared is not None and self._prepared[0] == delay_ms:
            self._prepared = delay_ms, ready_at

    def take(
        self,
        now: float,
        program: OnProgram,
        picture: PictureDelay | None,
        line: Heard,
        levels: VoiceLevels,
    ) -> list[VoiceOrder]:
        """Decide what is to be done at `now`, in this order; nothing most of the time."""
        if program is OnProgram.BLANK and self.on_blank_mute:
            self._forget_difference()
            return [] if self._muted else [self.silence()]
        self._program = program
        self._follow(now, picture)
        orders: list[VoiceOrder] = []
        wanted_ms = self._wanted()
        self._wanted_ms = wanted_ms
        if self._muted or abs(wanted_ms - line.delay_ms) > NEARLY_MS:
            self._needed_until = now + NEEDED_S
        # Nobody hears a change while it is muted or asleep: the delay is right from the first word.
        if self._muted or not line.listeners:
            if abs(wanted_ms - line.delay_ms) >= 1.0:
                orders.append(Shift(wanted_ms, 0.0))
            self._forget_difference()
        else:
            orders += self._shift(now, wanted_ms, line.delay_ms, levels)
        if self._muted:
            self._muted = False
            orders.append(Unmute())
        return orders

    def _follow(self, now: float, picture: PictureDelay | None) -> None:
        """Take the picture's delay if it is known, and one that the line can follow.

        Otherwise the last one stays: while you sit still, during a stall, a freeze or a card.
        """
        if picture is None or picture.sure < LEAST_SURE or self._program is not OnProgram.LIVE:
            return
        if self._lateness_ms(picture.delay_ms) > self.max_ms:
            return
        if self._is_worth_following(now, picture):
            self._picture_ms = picture.delay_ms

    def _is_worth_following(self, now: float, picture: PictureDelay) -> bool:
        """Whether the picture's delay is known well enough, or has been elsewhere for long."""
        wide = picture.high_ms - picture.low_ms > WIDE_MS
        if not wide or picture.low_ms <= self._picture_ms <= picture.high_ms:
            self._wide_since = None
            return not wide
        if self._wide_since is None:
            self._wide_since = now
        return now - self._wide_since >= WIDE_PATIENCE_S

    def _lateness_ms(self, picture_ms: float) -> float:
        return picture_ms + SENSOR_MS + LATE_MS + self.trim_ms

    def _wanted(self) -> float:
        if self._program is OnProgram.BYPASS:
            wanted_ms = BYPASS_MS + LATE_MS + self.trim_ms
        else:
            wanted_ms = self._lateness_ms(self._picture_ms)
        return min(max(0.0, wanted_ms), self.max_ms)

    def _shift(
        self, now: float, wanted_ms: float, delay_ms: float, levels: VoiceLevels
    ) -> list[VoiceOrder]:
        """Order a fade in a pause, or when the difference has waited for one long enough."""
        off_ms = abs(wanted_ms - delay_ms)
        if off_ms <= (DEAD_BAND_MS if self._off_since is None else MADE_UP_MS):
            self._forget_difference()
            return []
        if self._off_since is None:
            self._off_since = now
        if off_ms <= LARGE_MS:
            self._large_since = None
        elif self._large_since is None:
            self._large_since = now
        near_ms = max(NEAR_MS, off_ms / NEAR_PARTS)
        if self._prepared is None or abs(self._prepared[0] - wanted_ms) > near_ms:
            self._prepared = wanted_ms, math.inf
            return [Prepare(wanted_ms)]
        ready_ms, ready_at = self._prepared
        if now < ready_at:
            return []
        waited = (now - self._off_since) / PATIENCE_S
        if self._large_since is not None:
            waited = max(waited, (now - self._large_since) / LARGE_PATIENCE_S)
        if not levels.knows(now - max(ready_ms, delay_ms) / 1000):
            waited = max(waited, (now - self._off_since) / BLIND_PATIENCE_S)
        if _is_pause(now, ready_ms / 1000, delay_ms / 1000, levels, whole=waited < 0.5):
            fade_s = PAUSE_FADE_S
        elif waited >= 1.0:
            fade_s = SPEECH_FADE_S
        else:
            return []
        self._forget_difference()
        return [Shift(ready_ms, fade_s)]

    def _forget_difference(self) -> None:
        self._off_since = self._large_since = self._prepared = None


def _is_pause(
    now: float, wanted_s: float, delay_s: float, levels: VoiceLevels, *, whole: bool
) -> bool:
    """Whether a fade from now on is heard by nobody.

    Both what is faded out and what is faded in has to be quiet; with `whole` what lies between as
    well, which is lost or heard twice.
    """
    newest = levels.newest_at
    if newest is None:
        return False
    # What is said in this moment is not known yet; levels that are late leave out more than that.
    known = newest if now - newest <= CAPTURE_S else math.inf

    def heard(late_s: float) -> tuple[float, float]:
        begin = now - late_s
        return begin, min(begin + PAUSE_FADE_S, max(begin, known))

    later, sooner = heard(max(wanted_s, delay_s)), heard(min(wanted_s, delay_s))
    if whole:
        return levels.quiet(later[0], sooner[1])
    return levels.quiet(*later) and levels.quiet(*sooner)
