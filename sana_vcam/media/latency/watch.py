"""The task that has the latency measured while a session streams: once a second, or sooner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sana_vcam.lib.idle import aligned_sleep
from sana_vcam.lib.threads import run_blocking
from sana_vcam.media.latency.meter import LatencyMeter
from sana_vcam.media.shedding import Shed, Shedding

EVERY_S = 1.0
SOON_S = 0.25
"""The same while the delay may just have changed."""
SHED_S = 5.0
"""The same while this computer is too busy."""


async def watch_latency(
    meter: LatencyMeter,
    session: Callable[[], object | None],
    streams: asyncio.Event,
    shedding: Shedding | None = None,
) -> None:
    """Keep `meter.reading` up to date until cancelled, less often while `shedding` says so.

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
            often_s = SOON_S if meter.doubts else EVERY_S
            is_busy = shedding is not None and shedding.leaves_out(Shed.METER)
            await aligned_sleep(streams, SHED_S if is_busy else often_s)
    finally:
        # Nobody keeps the figure up to date.
        meter.clear()
