"""A delay line without a sound server, on a clock that is given: what a listener would hear."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sana_vcam.errors import VoiceError
from sana_vcam.voice.line import LineState, LineStatus, VoiceLevel


class FakeLine:
    """Carries numbers for sound: each moment that is spoken, later, unless muted in between.

    `speak` puts in what is said now, `hear` gives when it was said what is heard now.
    """

    def __init__(self, clock: Callable[[], float], *microphones: str) -> None:
        self.clock = clock
        self.microphones = set(microphones)
        self.listeners = True
        self.calls: list[str] = []
        self.fades: list[tuple[float, float]] = []
        self.levels: deque[VoiceLevel] = deque()
        self.ready_s = 0.0
        self.is_measured = True
        self.looks = 0
        """How often somebody has taken the levels, as each look of the voice does."""
        self.before_unmute: Callable[[], None] = lambda: None
        self._microphone = ""
        self._delay_ms = 0.0
        self._spoken_from: float | None = None
        """What was said before is never heard; None while muted."""

    async def open(self, microphone: str) -> None:
        self.calls.append("open")
        if microphone not in self.microphones:
            raise VoiceError(f'no microphone "{microphone}"')
        self._microphone = microphone

    def mute(self) -> None:
        self.calls.append("mute")
        self._spoken_from = None

    async def unmute(self, after_s: float) -> None:
        self.before_unmute()
        self.calls.append("unmute")
        self._spoken_from = self.clock() + after_s

    async def prepare(self, delay_ms: float) -> float:
        self.calls.append(f"prepare {delay_ms:.0f}")
        return self.ready_s

    async def shift(self, delay_ms: float, fade_s: float) -> None:
        self.calls.append(f"shift {delay_ms:.0f}")
        self.fades.append((delay_ms, fade_s))
        self._delay_ms = delay_ms

    def status(self) -> LineStatus:
        if not self._microphone:
            state = LineState.OFF
        elif not self.listeners:
            state = LineState.ASLEEP
        else:
            state = LineState.SILENT if self.hear() is None else LineState.HEARD
        return LineStatus(state, self.listeners, self._delay_ms, self._microphone)

    def measure(self, on: bool) -> None:
        self.is_measured = on

    def take_levels(self) -> list[VoiceLevel]:
        self.looks += 1
        levels = list(self.levels)
        self.levels.clear()
        return levels

    async def close(self) -> None:
        self.calls.append("close")
        self._microphone = ""
        self._spoken_from = None

    def hear(self) -> float | None:
        """When what is heard now was said; None is silence."""
        said_at = self.clock() - self._delay_ms / 1000
        if not self._microphone or self._spoken_from is None or said_at < self._spoken_from:
            return None
        return said_at
