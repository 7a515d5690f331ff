"""Feeds pictures with a counter at the sink's rate, and says what that took.

`python -m tests.rigs.bench.contenders.nodefeed none|copy|write|node`: into nothing, into memory,
into kernel memory by one write() as a producer of v4l2loopback does, or into the PipeWire node. A
line of standard input is answered by a line of JSON; at its end the stamps of all pictures follow.
An empty line asks for the figures so far. A number of seconds asks for those of so long a turn, and
from then on it feeds in turns only, so that others can be measured between them.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable

import numpy as np

from sana_vcam.media.camera.timecode import encode_counter
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.sinks.node import CameraNode
from tests.rigs.bench.contenders.watcher import FRAME_BYTES, HEIGHT, WIDTH

FPS = 24.0
WARM_S = 0.2
"""What of a turn is not counted."""


def main(kind: str) -> None:
    """Feed until standard input ends."""
    node = CameraNode("SANA VCam", (WIDTH, HEIGHT), FPS)
    ways: dict[str, Callable[[Pixels], object]] = {
        "none": lambda _: None,
        "copy": _copy(),
        "write": _write(),
        "node": node.send,
    }
    if kind == "node":
        node.open()
    feed = Feed(ways[kind], node)
    threading.Thread(target=feed.answer, daemon=True).start()
    feed.run()
    node.close()
    print(json.dumps({"stamps": feed.stamps}), flush=True)


class Feed:
    """A picture each tick, as the playout does it."""

    def __init__(self, send: Callable[[Pixels], object], node: CameraNode) -> None:
        self.stamps: list[tuple[int, float]] = []
        self._send = send
        self._node = node
        self._ended = threading.Event()
        self._going = threading.Event()
        self._going.set()

    def run(self) -> None:
        """Feed until the end of standard input."""
        noise = np.random.default_rng(0).integers(16, 236, FRAME_BYTES, np.uint8)
        picture = noise.reshape(HEIGHT * 3 // 2, WIDTH)
        due, number = time.monotonic(), 0
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            if not self._going.is_set():
                self._going.wait()
                due = time.monotonic()
            due += 1 / FPS
            number += 1
            frame = picture.copy()
            encode_counter(frame[:HEIGHT, :, None], number)
            self.stamps.append((number, time.monotonic()))
            self._send(frame)

    def answer(self) -> None:
        """Tell the figures at each line."""
        for line in sys.stdin:
            print(
                json.dumps(self._turn(float(line)) if line.strip() else self._so_far()), flush=True
            )
        self._ended.set()
        self._going.set()

    def _turn(self, seconds: float) -> dict[str, float]:
        """Feed for so long, once caches are warm again, and rest."""
        self._going.set()
        time.sleep(WARM_S)
        before = self._so_far()
        time.sleep(seconds)
        after = self._so_far()
        self._going.clear()
        return {name: value - before[name] for name, value in after.items()}

    def _so_far(self) -> dict[str, float]:
        return {
            "cpu_s": time.process_time(),
            "frames": len(self.stamps),
            "read": self._node.status.frames,
            "dropped": self._node.dropped,
        }


def _copy() -> Callable[[Pixels], object]:
    into = np.zeros((HEIGHT * 3 // 2, WIDTH), np.uint8)

    def send(frame: Pixels) -> None:
        into[:] = frame

    return send


def _write() -> Callable[[Pixels], object]:
    """Write over the same memory of the kernel, which is there already, as v4l2loopback's is."""
    file = os.memfd_create("frame")
    os.pwrite(file, bytes(FRAME_BYTES), 0)
    return lambda frame: os.pwrite(file, memoryview(frame.reshape(-1)), 0)


if __name__ == "__main__":
    main(sys.argv[1])
