"""The floor: an SDK client that publishes the test scene and drops what comes back.

A process of its own: `python -m tests.bench.bare URL WIDTH HEIGHT`. Prints "live" at the first
frame, ends at SIGTERM.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading

from reactor_sdk import Reactor

from sana_vcam.camera.testscene import TestScene
from sana_vcam.pixels import bgr_to_bgra_bytes, fit

FPS = 24


async def main(url: str, width: int, height: int) -> None:
    reactor = Reactor("sana-streaming", local=True, api_url=url)
    first = threading.Event()

    def drop(_bgra: bytes, *_: object) -> None:
        if not first.is_set():
            first.set()
            print("live", flush=True)

    reactor.track("main_video").on_raw_frame(drop)
    await reactor.connect()
    camera = await reactor.track("camera").publish()
    await reactor.send_command("set_mode", {"mode": "live"})
    await reactor.send_command("start", {})
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def push() -> None:
        scene = TestScene(fps=FPS)
        scene.open()
        while not stop.is_set():
            picture = fit(scene.read(), width, height, "crop")
            camera.push_frame(bgr_to_bgra_bytes(picture), width=width, height=height)
        scene.close()

    await asyncio.to_thread(push)
    await reactor.disconnect()
    reactor.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
