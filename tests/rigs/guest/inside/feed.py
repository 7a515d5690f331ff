"""A producer: the project's own sink, fed with numbered colour bars."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sana_vcam.config.schema import SinkConfig
from sana_vcam.media.sinks.sink import Sink
from tests.rigs.guest.inside.kernel import until
from tests.rigs.guest.inside.picture import bars

FPS = 24.0


@contextmanager
def feeding(config: SinkConfig | None = None) -> Iterator[Sink]:
    """Feed the virtual cameras from a thread of its own; the block begins with a frame in them."""
    sink = Sink.open(config or SinkConfig(kind="v4l2loopback"))
    stop = threading.Event()
    thread = threading.Thread(target=_feed, args=(sink, stop), name="feed")
    thread.start()
    try:
        until(lambda: sink.frames_sent, "a frame in the virtual camera")
        yield sink
    finally:
        stop.set()
        thread.join()
        sink.close()


def _feed(sink: Sink, stop: threading.Event) -> None:
    due, number = time.monotonic(), 0
    while not stop.wait(max(0.0, due - time.monotonic())):
        sink.send(bars(number))
        number += 1
        due = max(due + 1 / FPS, time.monotonic() - 1 / FPS)
