"""The script that a user would write from the SDK's documentation: RGB in, RGB out."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyvirtualcam
from reactor_sdk import Reactor

from sana_vcam.media.sinks.raw import RawBackend
from tests.rigs.bench.contenders.clip import StampedFile
from tests.rigs.bench.contenders.telling import RECEIVED, SENT, tell_at_signal

WIDTH, HEIGHT, FPS = 1280, 720, 24


class FifoCamera(pyvirtualcam.Backend):
    """A virtual camera that takes RGB and stores I420, as pyvirtualcam's own do."""

    def __init__(self, *, device: str, **_: Any) -> None:
        self._raw = RawBackend(device)

    def send(self, frame: np.ndarray[Any, Any]) -> None:
        rgb = frame.reshape(HEIGHT, WIDTH, 3)
        self._raw.send(cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420))

    def close(self) -> None:
        self._raw.close()

    def device(self) -> str:
        return self._raw.device

    def native_fourcc(self) -> int | None:
        return None


async def main(url: str, clip: str, stamps: str, sink: str) -> None:
    sent = received = 0
    tell_at_signal(Path(stamps), lambda: {SENT: sent, RECEIVED: received})
    pyvirtualcam.register_backend("fifo", FifoCamera)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    reactor = Reactor("sana-streaming", local=True, api_url=url)
    with pyvirtualcam.Camera(WIDTH, HEIGHT, FPS, device=sink, backend="fifo") as camera:

        def show(frame: np.ndarray[Any, Any]) -> None:
            nonlocal received
            received += 1
            camera.send(cv2.resize(np.ascontiguousarray(frame), (WIDTH, HEIGHT)))

        reactor.track("main_video").on_frame(show)
        await reactor.connect()
        track = await reactor.track("camera").publish()
        await reactor.send_command("set_mode", {"mode": "live"})
        await reactor.send_command("start", {})

        def capture() -> None:
            nonlocal sent
            threading.current_thread().name = "camera"
            source = StampedFile(Path(clip))
            source.open()
            while not stop.is_set():
                track.push_frame(cv2.cvtColor(source.read(), cv2.COLOR_BGR2RGB))
                sent += 1
            source.close()
            source.dump(Path(stamps))

        await asyncio.to_thread(capture)
        await reactor.disconnect()
        reactor.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
