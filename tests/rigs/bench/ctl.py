"""A press of a hotkey: `sana-vcam ctl blank on` as a whole process, against a bare interpreter.

`python -m tests.rigs.bench.ctl` runs it alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server.server import ControlServer
from tests.fakes.controls import FakeControls
from tests.rigs.bench.figures import summary_ms

WAYS = {
    "python -c pass": ("-c", "pass"),
    "press": (
        "-c",
        "import sys; from sana_vcam.clients.ctl.ctl import main; sys.exit(main({words}))",
    ),
    "press through the command line": ("-m", "sana_vcam", "ctl"),
    "press with --url, over a WebSocket": ("-m", "sana_vcam", "ctl", "--url"),
}


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Alternate the ways in, A B C D A B C D; each press is answered by a control server here."""
    runtime_dir = home / "sana-vcam"
    took: dict[str, list[float]] = {name: [] for name in WAYS}
    controls = FakeControls()
    config = ControlConfig(port=0)
    async with ControlServer(
        config, controls, state_dir=home / "state", runtime_dir=runtime_dir
    ) as server:
        for _ in range(100 if long else 25):
            for name, seconds in took.items():
                seconds.append(await _run(home, name, server.url))
    presses = len(took) - 1
    assert len(controls.done) == presses * len(took["press"])
    return {f"{name}, ms": summary_ms(seconds) for name, seconds in took.items()}


async def _run(home: Path, name: str, url: str) -> float:
    words = ["blank", "on"]
    arguments = [argument.format(words=words) for argument in WAYS[name]]
    if arguments[0] == "-m":
        arguments += [url, *words] if arguments[-1] == "--url" else words
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=os.environ | {"XDG_RUNTIME_DIR": str(home)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    status = await process.wait()
    took = time.monotonic() - began
    assert status == 0, name
    return took


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(asyncio.run(measure(Path(home), "--long" in sys.argv)), indent=2))


if __name__ == "__main__":
    main()
