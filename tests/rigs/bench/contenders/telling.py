"""What only a contender itself can tell: its Python threads' names, and the pictures that it holds.

At SIGUSR1 it writes a JSON file, `told.json` beside the stamps.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import json
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sana_vcam.media.frames import ModelFrame

PATIENCE_S = 30.0
AT, SENT, RECEIVED = "at, monotonic s", "pictures sent", "pictures received"
"""When this was told, and how many pictures had gone to the SDK and come from it by then."""
PUSHED_S = "camera read to push returned, s"
WAITED_S, SHOWN_AT = "waited in the daemon, s", "at the sink, monotonic s"


def tell_at_signal(stamps: Path, more: Callable[[], Mapping[str, object]] = dict) -> None:
    """From now on, write at each SIGUSR1; on the main thread, whose loop goes on afterwards.

    `more` is what this contender has to tell beside what all have.
    """
    path = place(stamps)
    ended = note_ends()
    signal.signal(signal.SIGUSR1, lambda *_: _write(path, {**told(ended), **more()}))


async def ask(pid: int, stamps: Path) -> dict[str, Any]:
    """Have a contender of these stamps write, and return it; raises `TimeoutError`."""
    path = place(stamps)
    path.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR1)
    async with asyncio.timeout(PATIENCE_S):
        while not path.exists():
            await asyncio.sleep(0.05)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def place(stamps: Path) -> Path:
    """Where it is written."""
    return stamps.with_name("told.json")


def note_ends() -> dict[str, float]:
    """The CPU seconds of every thread that ends from now on, by its name."""
    ended: dict[str, float] = defaultdict(float)
    run = threading.Thread.run

    def noted(self: threading.Thread) -> None:
        try:
            run(self)
        finally:
            ended[self.name] += time.thread_time()

    threading.Thread.run = noted  # type: ignore[method-assign]
    return ended


def told(ended: Mapping[str, float]) -> dict[str, object]:
    """Python's name of each thread by native id, what ended ones took, the model's pictures."""
    # Native threads that have called Python are dummies, and better known to the kernel.
    names = {
        str(thread.native_id): thread.name
        for thread in threading.enumerate()
        if not isinstance(thread, threading._DummyThread)
    }
    sizes = [_bytes(one) for one in gc.get_objects() if type(one) is ModelFrame]
    pictures = {"count": len(sizes), "MB": sum(sizes) / 2**20}
    return {AT: time.monotonic(), "threads": names, "ended": dict(ended), "pictures": pictures}


def _bytes(frame: ModelFrame) -> int:
    values = (getattr(frame, field.name) for field in dataclasses.fields(frame))
    return sum(value.nbytes for value in values if isinstance(value, np.ndarray))


def _write(path: Path, found: Mapping[str, object]) -> None:
    """Whole or not at all: the reader waits for the file."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(found))
    draft.replace(path)
