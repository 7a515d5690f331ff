"""`python -m tests.rigs.hotpath.counts`: count what one frame costs on its way, and keep that.

A frame goes once through everything that it meets: fitted to the track, pushed to a session,
received, scheduled, shown, converted and sent. Counted are the interpreter's instructions in our
own code, the bytes of pixels that conversions write, and the memory that a frame takes: at most at
once, and for good. The kept counts are what `tests/rigs/hotpath/test_counts.py` compares with; how
often a daemon at rest wakes up (`resting`) is kept beside them.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

import sana_vcam
from sana_vcam.config.schema import CameraConfig, Config, SinkConfig
from sana_vcam.media import pixels
from sana_vcam.media.camera.capture import camera_frame
from sana_vcam.media.frames import ModelFrame, Picture
from sana_vcam.media.pipeline import Feed, Pipeline
from sana_vcam.media.pixels import bgra_bytes_to_i420
from sana_vcam.media.playout.program import Program
from sana_vcam.media.publisher import CameraTarget
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.slate import Slate
from tests.rigs.hotpath import resting

KEPT = Path(__file__).with_name("kept.json")
OURS = str(Path(sana_vcam.__file__).parent)
TRACK = (1280, 704)
FPS = 24
WARM_UP = 120
FRAMES = 48
RESTING = 2.0
"""What is kept of the wake-ups a second: one tick, and what is looked at every few seconds."""
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


class Way:
    """The parts that a frame meets, without a camera, a session or a clock."""

    def __init__(self) -> None:
        config = Config(sink=SinkConfig(kind="preview"))
        self._camera_config = CameraConfig()
        self._raw = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8)
        self._edited = self._raw[:704].repeat(2, axis=2)[:, :, :4].tobytes()
        self.media = Pipeline(config, lambda: None)
        self.feed: Feed = self.media.open_feed(TRACK)
        self.feed.go_on_air()
        self.sink = Sink.open(config.sink)
        self.program = Program(
            self.media.buffer, self.sink.size, slate=lambda: Slate("Starting"), bypass=None
        )
        self.program.patience_s = 1e9
        self.pushed = 0
        self._sequence = 0

    def frame(self, now: float) -> None:
        """One frame, all the way, at `now`."""
        self._sequence += 1
        frame = camera_frame(self._raw, TRACK, self._camera_config, self._sequence, now)
        self._publish(frame)
        edited = bgra_bytes_to_i420(self._edited, *TRACK)
        self.feed.model_frame(ModelFrame(edited, self._sequence, now))
        self.program.due(now)
        self._show(now)

    def _publish(self, frame: Any) -> None:
        """One turn of the publisher's thread."""
        stop = threading.Event()

        def push(bgra: bytes) -> bool:
            self.pushed += len(bgra)
            stop.set()
            return True

        self.media.publisher.targets = (CameraTarget(push, TRACK),)
        self.media.camera_frames.put(frame)
        self.media.publisher.run(stop)

    def _show(self, now: float) -> None:
        """What a tick of the playout does at its moment."""
        picture: Picture = self.program.next(now)
        self.sink.send(picture)


def count() -> dict[str, float]:
    """Count per frame: the interpreter's instructions, and bytes of pixels written."""
    way = Way()
    try:
        for number in range(WARM_UP):
            way.frame(number / FPS)
        way.pushed = 0
        with _instructions() as ran, _conversions() as written:
            for number in range(WARM_UP, WARM_UP + FRAMES):
                way.frame(number / FPS)
        pushed = way.pushed
        memory = _memory(way)
    finally:
        way.sink.close()
    return {
        "instructions": round(ran() / FRAMES, 1),
        "bytes of pixels": round((written() + pushed) / FRAMES, 1),
        **memory,
    }


def _memory(way: Way) -> dict[str, float]:
    """Count what frames take of Python's memory: bytes while one is on its way, blocks for good.

    Buffers of NumPy and OpenCV are among the bytes. What is kept for a while comes and goes, so the
    median is taken, and the blocks are counted over all frames.
    """
    at = [number / FPS for number in range(WARM_UP + FRAMES, WARM_UP + 3 * FRAMES)]
    for now in at[:FRAMES]:
        way.frame(now)
    gc.collect()
    before = sys.getallocatedblocks()
    for now in at[FRAMES:]:
        way.frame(now)
    gc.collect()
    blocks = sys.getallocatedblocks() - before
    peaks = []
    tracemalloc.start()
    try:
        for number in range(FRAMES):
            had, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            way.frame(at[-1] + (number + 1) / FPS)
            peaks.append(tracemalloc.get_traced_memory()[1] - had)
    finally:
        tracemalloc.stop()
    return {
        "bytes of memory at once": float(statistics.median(peaks)),
        "blocks of memory for good": round(blocks / FRAMES, 2),
    }


@contextmanager
def _instructions() -> Iterator[Callable[[], int]]:
    """Count the interpreter's instructions in our own package, in all threads."""
    monitoring = sys.monitoring
    tool, event = monitoring.PROFILER_ID, monitoring.events.INSTRUCTION
    ran = 0

    def step(code: CodeType, _offset: int) -> Any:
        nonlocal ran
        if not code.co_filename.startswith(OURS):
            return monitoring.DISABLE
        ran += 1
        return None

    monitoring.use_tool_id(tool, "hot path")
    monitoring.register_callback(tool, event, step)
    monitoring.set_events(tool, event)
    try:
        yield lambda: ran
    finally:
        monitoring.set_events(tool, 0)
        monitoring.register_callback(tool, event, None)
        monitoring.free_tool_id(tool)


@contextmanager
def _conversions() -> Iterator[Callable[[], int]]:
    """Count the bytes of the arrays that OpenCV's functions return to `pixels`."""
    original = pixels.cv2
    written = 0

    class Counting:
        def __getattr__(self, name: str) -> Any:
            found = getattr(original, name)
            if not callable(found):
                return found

            def call(*args: Any, **kwargs: Any) -> Any:
                nonlocal written
                result = found(*args, **kwargs)
                written += result.nbytes if isinstance(result, np.ndarray) else 0
                return result

            return call

    pixels.cv2 = Counting()  # type: ignore[assignment]
    try:
        yield lambda: written
    finally:
        pixels.cv2 = original


def kept() -> dict[str, Any]:
    """The counts to compare with; instructions by the interpreter's version."""
    found: dict[str, Any] = json.loads(KEPT.read_text())
    return found


def main() -> int:
    counted = count()
    print(json.dumps(counted, indent=2))
    known = kept() if KEPT.exists() else {"instructions": {}}
    instructions = known["instructions"] | {VERSION: counted.pop("instructions")}
    with tempfile.TemporaryDirectory() as place:
        woken = resting.wakeups_a_second(Path(place), RESTING)
    print(json.dumps(woken, indent=2))
    known = {"instructions": instructions, **counted, resting.KEY: RESTING}
    KEPT.write_text(json.dumps(known, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
