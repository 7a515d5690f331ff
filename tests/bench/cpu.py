"""CPU of the daemon against the floor, in turns, at 1280x704 and 24 frames a second."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median

from tests.bench.figures import cpu_seconds, rss_mb
from tests.bridge.rig import running_daemon, running_standin

SETTLE_S = 6.0
SIZE = (1280, 704)


async def measure(home: Path, long: bool) -> dict[str, object]:
    """A B A B ...: one at a time against the same stand-in, which hands every frame back."""
    turns, seconds = (5, 20.0) if long else (3, 8.0)
    bare, bridge, rss = [], [], []
    size = ("--width", str(SIZE[0]), "--height", str(SIZE[1]))
    async with running_standin(*size, "--edit", "copy", "--chunk-frames", "1") as standin:
        for turn in range(turns):
            async with _bare(standin.url) as pid:
                bare.append(await _cpu(pid, seconds))
            await standin.until_session("ready")
            async with _daemon(home / str(turn), standin.url) as pid:
                bridge.append(await _cpu(pid, seconds))
                rss.append(rss_mb(pid))
            await standin.until_session("ready")
    ratios = [b / a for a, b in zip(bare, bridge, strict=True)]
    return {
        "bare SDK client, cores": [round(value, 3) for value in bare],
        "bridge, cores": [round(value, 3) for value in bridge],
        "bridge / bare, pair by pair": [round(ratio, 3) for ratio in ratios],
        "bridge / bare, median": round(median(ratios), 3),
        "bridge, resident MB": round(max(rss), 1),
    }


async def _cpu(pid: int, seconds: float) -> float:
    await asyncio.sleep(SETTLE_S)
    before = cpu_seconds(pid)
    await asyncio.sleep(seconds)
    return (cpu_seconds(pid) - before) / seconds


@contextlib.asynccontextmanager
async def _bare(url: str) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.bare", url, str(SIZE[0]), str(SIZE[1])),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"live\n"
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


@contextlib.asynccontextmanager
async def _daemon(home: Path, url: str) -> AsyncIterator[int]:
    size = {"REACTOR__TRACK_WIDTH": str(SIZE[0]), "REACTOR__TRACK_HEIGHT": str(SIZE[1])}
    async with running_daemon(home, url, SINK__KIND="preview", **size) as bridge:
        await bridge.control.live()
        yield bridge.process.pid
