"""A press of a key on a deck: from the report on the wire to the command in the daemon's hands.

The library's real code on a stand-in transport, the real client and the real control server, all
in one process. `python -m tests.rigs.bench.deck_linux` runs it alone.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sana_vcam.clients.connection import find_daemon
from sana_vcam.clients.daemonstate import DaemonState
from sana_vcam.clients.deck.linux.deck import Light
from sana_vcam.clients.deck.linux.keys import board
from sana_vcam.clients.deck.linux.layout import lay_out
from sana_vcam.clients.deck.linux.paint import paint
from sana_vcam.clients.deck.linux.run import DeckService, Environment
from sana_vcam.clients.deck.linux.surface import POLL_HZ, shape_of
from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server.server import ControlServer
from tests.rigs.bench.figures import percentile, summary_ms
from tests.unit.clients.deck.linux.hid import PRODUCTS, Bus
from tests.unit.clients.deck.linux.rig import Controls, is_ready, model_of, plugged

KEY = 10  # privacy on the models with 15 keys


class Timed(Controls):
    """Notes when each command arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: asyncio.Queue[float] = asyncio.Queue()

    def switch(self, name: str, on: bool | None) -> bool:
        self.arrived.put_nowait(time.monotonic())
        return super().switch(name, on)


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Press at random moments, so that the library's polling is met at every phase."""
    runtime_dir = home / "sana-vcam"
    controls = Timed()
    bus = Bus()
    device = bus.plug(PRODUCTS["MK2"])
    model = model_of(bus)
    world = Environment(
        lambda: find_daemon(None, None, runtime_dir), bus.find, lambda: plugged(bus)
    )
    took = []
    async with ControlServer(
        ControlConfig(port=0), controls, state_dir=home / "state", runtime_dir=runtime_dir
    ):
        station = DeckService(world, Light())
        serving = asyncio.create_task(station.serve())
        while not is_ready(station, device.path()):
            await asyncio.sleep(0.05)
        await asyncio.sleep(2)
        idle = await _idle_share(10 if long else 4)
        for _ in range(1000 if long else 200):
            await asyncio.sleep(random.uniform(0.02, 0.04))
            pressed = time.monotonic()
            model.tap_key(device, KEY)
            took.append(await controls.arrived.get() - pressed)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    return {
        "report -> command at the daemon, ms": summary_ms(took),
        "of these, p90, ms": round(percentile(took, 90) * 1e3, 2),
        "the library polls at, Hz": POLL_HZ,
        "idle with one deck and the server, share of a core": round(idle, 4),
        "painting all keys of a page anew, ms": {name: _paint_ms(name) for name in ("MK2", "XL")},
    }


async def _idle_share(seconds: float) -> float:
    began, cpu = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    return (time.process_time() - cpu) / (time.monotonic() - began)


def _paint_ms(name: str) -> float:
    bus = Bus()
    bus.plug(PRODUCTS[name])
    deck = bus.find()[0]
    shape = shape_of(deck)
    presets = [look.model_dump(mode="json") for look in Controls().presets]
    scene = DaemonState(online=True).with_presets(presets)
    faces = board(scene, lay_out(shape, len(presets), 0), 80, grid=shape.keys, dial_count=0).keys
    paint.cache_clear()
    with _clock() as took:
        for face in faces:
            paint(face, deck.key_image_format()["size"])
    return round(took[0] * 1000, 1)


@contextmanager
def _clock() -> Iterator[list[float]]:
    took: list[float] = []
    began = time.monotonic()
    yield took
    took.append(time.monotonic() - began)


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(asyncio.run(measure(Path(home), "--long" in sys.argv)), indent=2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:.0f} MB", file=sys.stderr)


if __name__ == "__main__":
    main()
