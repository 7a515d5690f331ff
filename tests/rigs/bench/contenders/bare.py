"""The floor: an SDK client that publishes the clip and drops what comes back."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from pathlib import Path

from reactor_sdk import Reactor

from sana_vcam.media.pixels import bgr_to_bgra_bytes
from tests.rigs.bench.contenders.clip import StampedFile
from tests.rigs.bench.contenders.telling import tell_at_signal


async def main(url: str, clip: str, stamps: str) -> None:
    tell_at_signal(Path(stamps))
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
        threading.current_thread().name = "camera"
        source = StampedFile(Path(clip))
        source.open()
        while not stop.is_set():
            picture = source.read()
            height, width = picture.shape[:2]
            camera.push_frame(bgr_to_bgra_bytes(picture), width=width, height=height)
        source.close()
        source.dump(Path(stamps))

    await asyncio.to_thread(push)
    await reactor.disconnect()
    reactor.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
