"""From the start of the process to the first card at the sink."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from tests.rigs.bench.figures import summary_ms
from tests.rigs.bench.paired import middle
from tests.rigs.bench.targets import FIRST_SLATE
from tests.system.daemon import FRAME_BYTES, environment, free_port


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Whole processes: the daemon with the raw sink, and a bare interpreter for comparison."""
    first_slate, bare = [], []
    for _ in range(20 if long else 9):
        bare.append(await _bare())
        first_slate.append(await _first_slate(home))
    return {
        FIRST_SLATE: middle([took * 1e3 for took in first_slate], 1),
        "python -c pass, ms": summary_ms(bare),
    }


async def _first_slate(home: Path) -> float:
    url = f"http://127.0.0.1:{free_port()}"
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sana_vcam", "run"),
        env=environment(home, url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=4 * FRAME_BYTES,
    )
    assert process.stdout is not None
    await process.stdout.readexactly(FRAME_BYTES)
    took = time.monotonic() - began
    process.terminate()
    while await process.stdout.read(1 << 20):
        pass
    await process.wait()
    return took


async def _bare() -> float:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "pass")
    await process.wait()
    return time.monotonic() - began
