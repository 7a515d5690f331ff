"""The task that has the latency measured once a second while a session streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sana_vcam.lib.idle import aligned_sleep
from sana_vcam.lib.threads import run_blocking
from sana_vcam.media.latency.meter import LatencyMeter

EVERY_S = 1.0


async def watch_latency(
    meter: LatencyMeter, session: Callable[[], object | None], streams: asyncio.Event
) -> None:
    """Keep `meter.reading` up to date until cancelled.

    `session()` is the session on air, or None while none streams, which `streams` tells as well.
    """
    watched: object | None = None
    try:
        while True:
            current = session()
            if current is None:
                meter.clear()
            elif current is not watched:
                meter.cut()
            else:
                await run_blocking(meter.measure, name="latency")
            watched = current
            await aligned_sleep(streams, EVERY_S)
    finally:
        # Nobody keeps the figure up to date.
        meter.clear()
