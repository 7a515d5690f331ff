"""The floor: an SDK client that publishes the clip, and counts and drops what comes back."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from pathlib import Path

from reactor_sdk import Reactor

from sana_vcam.media.pixels import bgr_to_bgra_bytes
from tests.rigs.bench.contenders.clip import StampedFile
from tests.rigs.bench.contenders.telling import RECEIVED, SENT, tell_at_signal


async def main(url: str, clip: str, stamps: str) -> None:
    sent = received = 0
    tell_at_signal(Path(stamps), lambda: {SENT: sent, RECEIVED: received})
    reactor = Reactor("sana-streaming", local=True, api_url=url)
    first = threading.Event()

    def drop(_bgra: bytes, *_: object) -> None:
        nonlocal received
        received += 1
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
        nonlocal sent
        threading.current_thread().name = "camera"
        source = StampedFile(Path(clip))
        source.open()
        while not stop.is_set():
            picture = source.read()
            height, width = picture.shape[:2]
            camera.push_frame(bgr_to_bgra_bytes(picture), width=width, height=height)
            sent += 1
        source.close()
        source.dump(Path(stamps))

    await asyncio.to_thread(push)
    await reactor.disconnect()
    reactor.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
