"""The delay line as the tests use it, and the sound that goes into it and comes out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

import numpy as np

from sana_vcam.voice.line import DelayLine, LineState, LineStatus
from sana_vcam.voice.pipewire.line import PipeWireLine
from tests.rigs.pipewire import Session
from tests.rigs.pipewire.sounds import RATE, Recorder, Samples, write

MICROPHONE = "test_mic"
NEAR = "test_mic:capture_MONO"
FAR = "sana_mic:capture_MONO"
ENOUGH_S = 60.0


class Carried:
    """A `DelayLine` on an event loop in a thread, so that a test may wait as it likes."""

    def __init__(self, session: Session, line: DelayLine | None = None) -> None:
        self.session = session
        self.line = line or PipeWireLine()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.do(self.line.close())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def do[T](self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ENOUGH_S)

    def mute(self) -> None:
        async def mute() -> None:
            self.line.mute()

        self.do(mute())

    def status(self) -> LineStatus:
        async def status() -> LineStatus:
            return self.line.status()

        return self.do(status())

    def is_in(self, *states: LineState) -> LineStatus:
        """Wait for one of the states."""
        return self.session.until(
            f"one of {states}, not {self.status()}",
            lambda: status if (status := self.status()).state in states else None,
        )

    def start(self, delay_ms: float, microphone: str = MICROPHONE) -> None:
        """Open the line and let it be heard, and wait until it is ready for readers."""
        self.do(self.line.open(microphone))
        self.do(self.line.shift(delay_ms, 0.0))
        self.do(self.line.unmute(0.0))
        self.is_in(LineState.ASLEEP, LineState.SILENT, LineState.HEARD)

    def sources(self) -> list[str]:
        """The ids of the nodes of our source."""
        return [
            data["id"]
            for data in self.session.objects().values()
            if (data.get("info") or {}).get("props", {}).get("node.name") == "sana_mic"
        ]


def play(session: Session, samples: Samples, into: str = "test_mic_in") -> None:
    """Have a microphone hear something, from now on."""
    path = write(session.folder / "sound.wav", samples)
    session.spawn("player", "pw-play", "--target", into, str(path))


def both(session: Session) -> Recorder:
    """A recording of the microphone and of our source, aligned by the sample."""
    return Recorder(session, NEAR, FAR)


def reader(session: Session, name: str = "rig_reader") -> Recorder:
    """An application that has our source open."""
    return Recorder(session, FAR, name=name)


def dbfs(samples: Samples) -> float:
    return float(20 * np.log10(max(np.abs(samples).max(initial=0.0), 1e-9)))


def above(samples: Samples, hertz: float) -> Samples:
    """What is left of a sound above a frequency: a click, where a tone is played.

    By a high-pass of 511 taps, so that a gap is seen where it is and nowhere else.
    """
    taps = np.arange(-255, 256)
    low = np.sinc(2 * hertz / RATE * taps) * np.blackman(511)
    kernel = -low / low.sum()
    kernel[255] += 1.0
    return np.convolve(samples, kernel, "same")


def lag(near: Samples, far: Samples) -> int:
    """By how many samples one recording is most like the other, later."""
    size = 2 * len(near)
    alike = np.fft.irfft(np.fft.rfft(far, size) * np.conj(np.fft.rfft(near, size)), size)
    return int(alike[: len(near)].argmax())
