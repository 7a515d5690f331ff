"""The stand-in with pictures that come later, by a course that changes as a model's delay does.

    python -m tests.system.voice.latestandin LATE_S STEP_AT_S STEP_S DRIFT_S_PER_MIN [OPTION ...]

Nothing else differs: the camera's pictures are held back before the model takes its 24 of them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from dataclasses import dataclass

from reactor_runtime.interface import BufferClosed, InputBuffer, ReadMode

from sana_vcam.standin import __main__ as standin
from sana_vcam.standin import source
from sana_vcam.standin.clip import Frame

LOOK_S = 0.01


@dataclass(frozen=True)
class Course:
    """How late a picture is, in seconds, by seconds since the first one of the run."""

    late_s: float
    step_at_s: float
    step_s: float
    drift_s_per_min: float

    def at(self, seconds: float) -> float:
        drift = self.drift_s_per_min * max(0.0, seconds - self.step_at_s) / 60
        return self.late_s + drift + (self.step_s if seconds >= self.step_at_s else 0.0)

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments that stand for it."""
        every = (self.late_s, self.step_at_s, self.step_s, self.drift_s_per_min)
        return tuple(str(value) for value in every)


class LateSource(source.LiveSource):
    """The camera track, later. It drops nothing, and ends where the next run's begins."""

    course = Course(0.0, 0.0, 0.0, 0.0)
    newest: LateSource | None = None

    def __init__(self, camera: InputBuffer) -> None:
        super().__init__(camera)
        self._held: deque[tuple[float, Frame]] = deque()
        self._began: float | None = None
        LateSource.newest = self
        self._taking = asyncio.get_running_loop().create_task(self._take())

    async def _take(self) -> None:
        """Note when each picture came, whatever the model does meanwhile."""
        while LateSource.newest is self:
            if count := self._camera.available:
                try:
                    frames = await self._camera.read(count, timeout=1.0, mode=ReadMode.FIFO)
                except BufferClosed:
                    return
                now = time.monotonic()
                self._began = self._began or now
                self._held.extend((now, self._checked(frame.data)) for frame in frames)
            await asyncio.sleep(LOOK_S)

    async def next_frames(self, count: int) -> list[Frame] | None:
        """Give the next `count` frames once the last of them is late enough."""
        deadline = time.monotonic() + source.POLL_S
        while not self._is_due(count):
            if self._taking.done() and (error := self._taking.exception()):
                raise error
            if time.monotonic() > deadline:
                return None
            await asyncio.sleep(LOOK_S)
        return [self._held.popleft()[1] for _ in range(count)]

    def _is_due(self, count: int) -> bool:
        if len(self._held) < count or self._began is None:
            return False
        came = self._held[count - 1][0]
        return time.monotonic() >= came + self.course.at(came - self._began)


def main() -> None:
    LateSource.course = Course(*(float(word) for word in sys.argv[1:5]))
    # Before a model is loaded, which takes it from there.
    vars(source)["LiveSource"] = LateSource
    sys.exit(standin.main(sys.argv[5:]))


if __name__ == "__main__":
    main()
