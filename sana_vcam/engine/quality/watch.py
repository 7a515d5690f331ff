"""Watches the connection of the session on air: once a second, on the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from sana_vcam.engine.quality.judge import (
    AT_HOME,
    UPLINK,
    WORDS,
    Judge,
    Level,
    QualityWord,
    Sample,
)
from sana_vcam.engine.quality.sending import Sending
from sana_vcam.lib.idle import aligned_sleep
from sana_vcam.reactor import ConnectionStats, ReactorClient, SessionError

EVERY_S = 1.0
STATS_TIMEOUT_S = 5.0
POOR_FOR_LONG_S = 45.0
"""So long poor, and another session is worth its break: shorter bouts pass by themselves."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known of the connection now; None is unknown. Read by any thread."""

    word: QualityWord | None = None
    cause: str | None = None
    poor_since: float | None = None
    """Since when it has been poor (monotonic seconds); None while it is not."""
    rtt_ms: float | None = None
    loss_percent: float | None = None
    """Lost packets of the worse way."""
    bitrate_kbps: float | None = None
    """What is sent to the model."""
    relay: bool | None = None


UNKNOWN = Quality()


@dataclass(frozen=True, slots=True)
class Rates:
    """Frames per second where they are counted anyway, and what is wanted of the camera."""

    wanted: float
    camera: float
    """Pictures of the camera that were sent."""
    model: float
    track_pixels: int
    """Width times height of what is sent."""
    sent: float | None = None
    """All that was sent: a slow camera's pictures are sent again. None: nothing was."""
    is_late: bool = False
    """Whether this computer is so busy that less should be sent."""


class QualityWatch:
    """The word on the connection, kept up to date in `now`."""

    def __init__(
        self,
        session: Callable[[], ReactorClient | None],
        rates: Callable[[float], Rates],
        on_poor: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        sending: Sending | None = None,
    ) -> None:
        """Watch `session()`, which is None unless it streams.

        `on_poor` is called with the cause, again and again, while it has been poor for long and
        another session may be better. `sending` hears every second, before that.
        """
        self.now = UNKNOWN
        self._session = session
        self._rates = rates
        self._on_poor = on_poor
        self._clock = clock
        self._sending = sending
        self._watched: ReactorClient | None = None
        self._since = 0.0
        self._judge = Judge()
        self._before: tuple[float, ConnectionStats] | None = None

    async def run(self, streams: asyncio.Event) -> None:
        """Look once a second while `streams` is set, until cancelled."""
        try:
            while True:
                await self.look()
                await aligned_sleep(streams, EVERY_S)
        finally:
            # Nobody looks any more.
            self._begin(None)

    async def look(self) -> None:
        """Take one sample of the session that streams, if one does."""
        session = self._session()
        if session is not self._watched:
            self._begin(session)
        if session is None:
            return
        try:
            stats = await asyncio.wait_for(session.stats(), STATS_TIMEOUT_S)
        except (SessionError, TimeoutError):
            # The engine deals with a lost session; there is nothing to measure until then.
            self._begin(None)
            return
        before, self._before = self._before, (self._clock(), stats)
        if before is not None and session is self._session():
            self._take(self._sample(before, self._before))

    def _begin(self, session: ReactorClient | None) -> None:
        """Forget the former session."""
        self.now = UNKNOWN
        self._watched = session
        self._since = self._clock()
        self._judge = Judge()
        self._before = None

    def _sample(
        self, before: tuple[float, ConnectionStats], after: tuple[float, ConnectionStats]
    ) -> Sample:
        (then, old), (now, new) = before, after
        took_s = max(now - then, 1e-3)
        # A reconnect begins its counters anew.
        goes_on = new.bytes_up >= old.bytes_up and new.packets_down >= old.packets_down
        came, lost = new.packets_down - old.packets_down, max(0, new.lost_down - old.lost_down)
        rates = self._rates(now)
        return Sample(
            age_s=now - self._since,
            fps_wanted=rates.wanted,
            fps_camera=rates.camera,
            fps_sent=rates.sent,
            fps_encoded=(new.frames_up - old.frames_up) / took_s if goes_on else None,
            fps_model=rates.model,
            track_pixels=rates.track_pixels,
            rtt_ms=new.rtt_ms,
            relay=new.relay,
            loss_up=new.loss_up,
            loss_down=lost / (came + lost) if goes_on and came + lost > 0 else None,
            kbps_up=(new.bytes_up - old.bytes_up) * 8 / 1000 / took_s if goes_on else None,
            is_late=rates.is_late,
            target_kbps=None if new.target_bps is None else new.target_bps / 1000,
        )

    def _take(self, sample: Sample) -> None:
        self._judge.take(sample)
        if self._sending is not None:
            self._sending.take(sample)
        poor = self._judge.level is Level.POOR
        since = (self.now.poor_since or self._clock()) if poor else None
        self.now = Quality(
            word=WORDS[self._judge.level],
            cause=self._judge.cause,
            poor_since=since,
            rtt_ms=_rounded(sample.rtt_ms),
            loss_percent=None if sample.loss is None else _rounded(sample.loss * 100),
            bitrate_kbps=_rounded(sample.kbps_up, 0),
            relay=sample.relay is not None,
        )
        cause = self._judge.cause
        lasts = since is not None and self._clock() - since > POOR_FOR_LONG_S
        if lasts and cause is not None and (cause not in AT_HOME or self._is_mended(sample, cause)):
            self._on_poor(cause)

    def _is_mended(self, sample: Sample, cause: str) -> bool:
        """Whether another session would send less, and that would mend the cause."""
        sending = self._sending
        return (
            sending is not None
            and cause.startswith(UPLINK)
            and sending.would_change(sample.track_pixels)
        )


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)
