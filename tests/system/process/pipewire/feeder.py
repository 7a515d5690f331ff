"""A process that feeds the camera with colour bars, and says a line for every change.

A process of its own, since the version of PipeWire's library is settled when a process starts.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from sana_vcam.config.schema import SinkConfig
from sana_vcam.lib.pipewire.source import PARAM_FORMAT, VideoSource
from sana_vcam.media.frames import ModelFrame, Picture
from sana_vcam.media.pixels import Pixels, to_i420
from sana_vcam.media.sinks import node as camera
from sana_vcam.media.sinks.node import CameraNode
from sana_vcam.media.sinks.sink import Sink

FPS = 24
COLOURS = (
    (255, 255, 255),
    (0, 255, 255),
    (255, 255, 0),
    (0, 255, 0),
    (255, 0, 255),
    (0, 0, 255),
    (255, 0, 0),
    (0, 0, 0),
)


def foreign_threads() -> set[int]:
    """The threads of this process that Python knows nothing of."""
    every = {int(thread.name) for thread in Path("/proc/self/task").iterdir()}
    return every - {thread.native_id for thread in threading.enumerate() if thread.native_id}


def bars(width: int, height: int) -> Pixels:
    """Draw eight bars as I420."""
    bgr = np.empty((height, width, 3), np.uint8)
    bgr[:] = np.repeat(np.array(COLOURS, np.uint8), width // 8, axis=0)
    return to_i420(bgr)


class FaultySource(VideoSource):
    """One whose callback for a reader's format has a defect."""

    def _on_param(self, _data: int | None, parameter: int, pod: int | None) -> None:
        if parameter == PARAM_FORMAT and pod:
            raise ZeroDivisionError("in a callback")


def main(width: int, height: int, patience_s: float, faulty: bool) -> None:
    if faulty:
        camera.VideoSource = FaultySource  # type: ignore[misc]
    camera.ANSWER_S = camera.ASK_EVERY_S = patience_s
    ending = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ending.set()), daemon=True).start()
    picture = Picture.from_model(ModelFrame(bars(width, height), 0, 0.0))
    others = foreign_threads()
    sink = Sink.open(SinkConfig(kind="pipewire", width=width, height=height, fps=FPS))
    (node,) = sink._cameras
    assert isinstance(node, CameraNode)
    said: dict[str, Any] = {}
    at = time.monotonic()
    while not ending.is_set():
        sink.send(picture)
        said = say(sink, node, others, said)
        at += 1 / FPS
        time.sleep(max(0.0, at - time.monotonic()))
    sink.close()
    say(sink, node, others, said)


def say(sink: Sink, node: CameraNode, others: set[int], before: dict[str, Any]) -> dict[str, Any]:
    """Print what is new; `others` are threads of other libraries."""
    status = sink.status.cameras[0]
    now = {
        "open": status.open,
        "error": status.error,
        "readers": list(node.readers),
        "read": status.frames > 0,
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "library_threads": len(foreign_threads() - others),
        "threads": len(list(Path("/proc/self/task").iterdir())),
    }
    if now != before:
        print(json.dumps({**now, "frames": status.frames}), flush=True)
    return now


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), "faulty" in sys.argv[4:])
