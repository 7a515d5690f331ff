"""A press on a Stream Deck: host -> packed plugin -> daemon, and back to the picture on the key.

`python -m tests.rigs.bench.deck` runs it alone. Host and daemon are in this process, with one
clock; the plugin runs in the Node on the path.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sana_vcam.clients.deck.streamdeck import package
from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server.server import ControlServer
from tests.fakes.controls import FakeControls
from tests.rigs.bench.figures import percentile, summary_ms
from tests.system.node.streamdeck.host import Host, Key, unpack

# People press a few times a second, and keys are drawn at most ten times.
PAUSE_S = 0.15


class TimedControls(FakeControls):
    """Notes when a command came."""

    def __init__(self) -> None:
        super().__init__()
        self.came: asyncio.Queue[float] = asyncio.Queue()
        self.notify: Callable[[], None] = lambda: None

    def switch(self, name: str, on: bool | None) -> bool:
        self.came.put_nowait(time.perf_counter())
        value = super().switch(name, on)
        self.notify()
        return value

    async def apply_preset(self, preset_id: str):
        self.came.put_nowait(time.perf_counter())
        preset = await super().apply_preset(preset_id)
        self.notify()
        return preset


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Press two kinds of keys in turn; seconds from the press to the daemon, and to the key."""
    node = shutil.which("node")
    if node is None:
        return {"skipped": "no node on the path"}
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700)
    plugin = unpack(package.write(home), home / "plugins")
    controls = TimedControls()
    config = ControlConfig.model_validate({"port": 0, "token": "t" * 43})
    async with ControlServer(
        config, controls, state_dir=home / "state", runtime_dir=runtime / "sana-vcam"
    ) as server:
        controls.notify = server.notify_state
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
        async with Host("elgato", plugin).running(node, environment) as host:
            keys = [await host.place("privacy"), await host.place("preset", preset="noir", off="-")]
            await host.until_online(*keys)
            took = await _press_all(host, controls, keys, 600 if long else 120)
    return {name: _summary(seconds) for name, seconds in took.items()}


async def _press_all(
    host: Host, controls: TimedControls, keys: list[Key], times: int
) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {}
    privacy = keys[0]
    for _ in range(times):
        for key in keys:
            drawn = privacy.images
            began = time.perf_counter()
            await host.press(key)
            name = f"{key.action.rpartition('.')[2]}: press -> daemon, ms"
            took.setdefault(name, []).append(await controls.came.get() - began)
            if key is privacy:
                await host.until(lambda drawn=drawn: privacy.images > drawn, "drawn")
                seconds = time.perf_counter() - began
                took.setdefault("privacy: press -> key drawn, ms", []).append(seconds)
            await asyncio.sleep(PAUSE_S)
    return took


def _summary(seconds: list[float]) -> dict[str, float]:
    return summary_ms(seconds) | {"p90": round(percentile(seconds, 90) * 1e3, 2)}


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(asyncio.run(measure(Path(home), "--long" in sys.argv)), indent=2))


if __name__ == "__main__":
    main()
