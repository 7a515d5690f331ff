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


def bars(width: int, height: int) -> Pixels:
    """Draw eight bars as I420."""
    bgr = np.empty((height, width, 3), np.uint8)
    bgr[:] = np.repeat(np.array(COLOURS, np.uint8), width // 8, axis=0)
    return to_i420(bgr)


def main(width: int, height: int, patience_s: float) -> None:
    camera.ANSWER_S = camera.ASK_EVERY_S = patience_s
    ending = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ending.set()), daemon=True).start()
    picture = Picture.from_model(ModelFrame(bars(width, height), 0, 0.0))
    sink = Sink.open(SinkConfig(kind="pipewire", width=width, height=height, fps=FPS))
    (node,) = sink._cameras
    assert isinstance(node, CameraNode)
    said: dict[str, Any] = {}
    at = time.monotonic()
    while not ending.is_set():
        sink.send(picture)
        said = say(sink, node, said)
        at += 1 / FPS
        time.sleep(max(0.0, at - time.monotonic()))
    sink.close()
    say(sink, node, said)


def say(sink: Sink, node: CameraNode, before: dict[str, Any]) -> dict[str, Any]:
    status = sink.status.cameras[0]
    now = {
        "open": status.open,
        "error": status.error,
        "readers": list(node.readers),
        "read": status.frames > 0,
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": len(list(Path("/proc/self/task").iterdir())),
    }
    if now != before:
        print(json.dumps({**now, "frames": status.frames}), flush=True)
    return now


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
