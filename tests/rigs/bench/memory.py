"""Resident memory of the running daemon over time, with a prompt change now and then."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.rigs.bench.figures import rss_mb
from tests.system.daemon import running_daemon, running_standin

EVERY_S = 15.0


async def measure(home: Path, long: bool) -> dict[str, object]:
    """From minute 1 on: to minute 5 in the long form, to minute 2 in the short one."""
    minutes = 5 if long else 2
    async with (
        running_standin("--chunk-time", "1.0") as standin,
        running_daemon(home, standin.url, SINK__KIND="preview") as bridge,
    ):
        await bridge.control.live()
        await asyncio.sleep(60)
        samples = [rss_mb(bridge.process.pid)]
        for turn in range(int((minutes - 1) * 60 / EVERY_S)):
            await bridge.control.ok("set_prompt", prompt=f"look {turn}")
            await asyncio.sleep(EVERY_S)
            samples.append(rss_mb(bridge.process.pid))
    return {
        "resident MB, every 15 s from minute 1": [round(value, 1) for value in samples],
        "last - first, MB": round(samples[-1] - samples[0], 1),
    }
