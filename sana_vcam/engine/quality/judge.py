"""One word for a second of the connection, and a word that does not flap for all of them.

Each limit below has two values, for fair and for poor. The worst word of any limit counts, and of
equals the one nearest to the camera is the cause: what comes after often only follows from it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class QualityWord(StrEnum):
    """How good the connection to the model is."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class Level(IntEnum):
    """How bad."""

    GOOD = 0
    FAIR = 1
    POOR = 2


WORDS = {
    Level.GOOD: QualityWord.GOOD,
    Level.FAIR: QualityWord.FAIR,
    Level.POOR: QualityWord.POOR,
}

CAMERA_SHARE = (0.85, 0.6)
"""Of the wanted frames, the share that the camera gives. Webcams halve their rate in the dark: 15
of 24 is fair, and below that motion stutters visibly."""
ENCODED_SHARE = (0.85, 0.6)
"""Of the camera's frames, the share that the encoder sends. A starved VP8 encoder drops frames (1
to 15 a second were measured), where VP9 and AV1 lose detail."""
LOSS = (0.02, 0.08)
"""Share of lost packets. Up to 2 % is mended by sending again; at 10 % the measured rate allowed
to the encoder fell to a third, and what does not come in time freezes the picture."""
BITS_PER_PIXEL = (0.05, 0.02)
"""What the encoder may use, per pixel that is sent and frame. The usual 2500 kbit/s for 1280x704
at 24 fps is 0.12. At 0.04 (800 kbit/s) the measured delay was 2 s; 0.014 (300 kbit/s) smears."""
RTT_MS = (150.0, 400.0)
"""A lost packet that is sent again is a round trip late: up to 150 ms the receiver's buffer hides
it. With 400 ms, it does not, and a prompt takes noticeably longer."""
MODEL_SHARE = (0.9, 0.6)
"""Of the camera's frames, the share that comes back. Below 0.9 the model is slower than real time:
its chunks are late, and the delay sways. Below 0.6 the picture stutters whatever the smoothing."""
RAMP_S = 20.0
"""So long after a session's first picture its rates still rise: one run in four was measured to
begin at a third of the final bitrate, and to need 12 to 18 s."""

LITTLE_LIGHT = "the camera gives fewer frames than it should"
SLOW_HERE = "the upload, or this computer, is too slow for all of the camera's frames"
LATE_HERE = "this computer is too busy to show every picture in time"
LOST_UP = "packets are lost on the way to the model"
NARROW_UP = "the upload is too slow for the picture"
AT_HOME = frozenset({LITTLE_LIGHT, SLOW_HERE, LATE_HERE})
"""Causes that another session of the same size would have as well."""
UPLINK = (LOST_UP, NARROW_UP, SLOW_HERE, LATE_HERE)
"""How the causes begin that fewer pixels to encode and to send are a help against."""

WORSE = (3, 5)
"""A worse word takes so many of the last so many seconds."""
BETTER = (1, 10)
"""A better one takes that at most so many of the last so many seconds were as bad."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One second of the connection. None is not measured; rates are per second."""

    age_s: float
    """Since the session's first picture."""
    fps_wanted: float
    fps_camera: float
    fps_encoded: float | None
    fps_model: float
    track_pixels: int
    """Width times height of what is sent."""
    rtt_ms: float | None
    relay: str | None
    loss_up: float | None
    loss_down: float | None
    kbps_up: float | None
    target_kbps: float | None
    fps_sent: float | None = None
    """With the pictures of a slow camera that were sent again; None: there were none."""
    is_late: bool = False
    """Whether ticks are late although all that can be is left out (`media.shedding`)."""

    @property
    def sent(self) -> float:
        """What the encoder and the model were given."""
        return self.fps_camera if self.fps_sent is None else self.fps_sent

    @property
    def loss(self) -> float | None:
        """The loss of the worse way."""
        return max((x for x in (self.loss_up, self.loss_down) if x is not None), default=None)


type Symptom = tuple[Level, str]


def symptoms(sample: Sample) -> Iterator[Symptom]:
    """Yield each limit that is reached, from the camera to viewers."""
    yield from _low(sample.fps_camera, sample.fps_wanted, CAMERA_SHARE, LITTLE_LIGHT)
    if sample.is_late:
        yield Level.POOR, LATE_HERE
    way = " (through a relay)" if sample.relay else ""
    yield from _high(sample.loss_up, LOSS, f"{LOST_UP}{way}")
    if sample.age_s > RAMP_S:
        kbps = sample.track_pixels * sample.fps_wanted / 1000
        yield from _low(sample.target_kbps, kbps, BITS_PER_PIXEL, f"{NARROW_UP}{way}")
        yield from _low(sample.fps_encoded, sample.sent, ENCODED_SHARE, SLOW_HERE)
    yield from _high(sample.rtt_ms, RTT_MS, f"the way to the model is long or congested{way}")
    yield from _high(sample.loss_down, LOSS, f"packets are lost on the way back{way}")
    if sample.age_s > RAMP_S / 4:
        model = "the model, or the way back, gives fewer frames than the camera"
        yield from _low(sample.fps_model, sample.sent, MODEL_SHARE, model)
    if sample.relay in {"tcp", "tls"}:
        yield Level.FAIR, f"the network lets the picture through by {sample.relay.upper()} only"


def _low(
    value: float | None, whole: float, shares: tuple[float, float], cause: str
) -> Iterator[Symptom]:
    if value is not None and whole > 0:
        fair, poor = shares
        yield from _found(value < poor * whole, value < fair * whole, cause)


def _high(value: float | None, limits: tuple[float, float], cause: str) -> Iterator[Symptom]:
    if value is not None:
        fair, poor = limits
        yield from _found(value > poor, value > fair, cause)


def _found(poor: bool, fair: bool, cause: str) -> Iterator[Symptom]:
    if poor or fair:
        yield Level.POOR if poor else Level.FAIR, cause


def worst(sample: Sample) -> tuple[Level, str | None]:
    """Find the worst of the symptoms, and of equals the first."""
    found = list(symptoms(sample))
    if not found:
        return Level.GOOD, None
    return max(found, key=lambda finding: finding[0])


def uplink_level(sample: Sample) -> Level:
    """Tell how bad what is sent makes the connection: what a smaller picture would mend."""
    found = (level for level, cause in symptoms(sample) if cause.startswith(UPLINK))
    return max(found, default=Level.GOOD)


class Judge:
    """Takes a sample a second and keeps the word that holds. Used by one thread."""

    def __init__(self) -> None:
        self.level = Level.GOOD
        self.cause: str | None = None
        self._last: deque[tuple[Level, str | None]] = deque(maxlen=BETTER[1])

    def take(self, sample: Sample) -> None:
        """Judge one more second."""
        self._last.append(worst(sample))
        seen = [level for level in Level if self._count(level, WORSE[1]) >= WORSE[0]]
        risen = max(seen, default=Level.GOOD)
        if risen > self.level:
            self.level = risen
        elif len(self._last) == BETTER[1]:
            while self.level and self._count(self.level, BETTER[1]) <= BETTER[0]:
                self.level = Level(self.level - 1)
        self.cause = self._cause()

    def _count(self, level: Level, seconds: int) -> int:
        """Count how many of the last seconds were as bad as `level`."""
        recent = list(self._last)[-seconds:]
        return sum(found >= level for found, _ in recent)

    def _cause(self) -> str | None:
        """Find what was named most often for this word; among equals, the present cause."""
        if self.level is Level.GOOD:
            return None
        named = [cause for level, cause in self._last if level >= self.level]
        if not named:
            return self.cause
        return max(named, key=lambda cause: (named.count(cause), cause == self.cause))
