"""A press of a button in Companion: from `executeAction` on the module's IPC to the daemon's hands.

The packed module on Node, a stand-in of Companion and the real control server.
`python -m tests.rigs.bench.deck_companion` runs it alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from sana_vcam.clients.deck.companion import package
from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server import limits
from sana_vcam.control.server.server import ControlServer
from tests.fakes.controls import FakeControls
from tests.rigs.bench.figures import percentile, summary_ms
from tests.system.node.companion.host import running_module, unpack


class Timed(FakeControls):
    """Notes when each command arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[float] = []

    def switch(self, name: str, on: bool | None) -> bool:
        self.arrived.append(time.monotonic())
        return super().switch(name, on)


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Press again and again, and wait for each answer."""
    node = shutil.which("node")
    if node is None:
        return {"skipped": "no node here"}
    packed = package.pack()
    environ = os.environ | {"XDG_RUNTIME_DIR": str(home)}
    controls = Timed()
    pressed, answered = [], []
    async with ControlServer(
        ControlConfig(port=0), controls, state_dir=home / "state", runtime_dir=home / "sana-vcam"
    ):
        began = time.monotonic()
        async with running_module(unpack(packed, home / "module"), node, environ=environ) as host:
            await host.until_ok()
            ready = time.monotonic() - began
            for _ in range(1000 if long else 200):
                # Below the daemon's limit of messages a second.
                await asyncio.sleep(1.2 / limits.MESSAGES_HZ)
                pressed.append(time.monotonic())
                await host.run("blank", on="toggle")
                answered.append(time.monotonic())
    took = [there - here for here, there in zip(pressed, controls.arrived, strict=True)]
    return {
        "press -> command at the daemon, ms": summary_ms(took),
        "of these, p90, ms": round(percentile(took, 90) * 1e3, 2),
        "press -> Companion has the answer, ms": summary_ms(
            [there - here for here, there in zip(pressed, answered, strict=True)]
        ),
        "start of the module -> connected, s": round(ready, 2),
        "package, bytes": len(packed),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(asyncio.run(measure(Path(home), "--long" in sys.argv)), indent=2))


if __name__ == "__main__":
    main()
