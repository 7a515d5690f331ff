"""Has the delay measured once a second, beside the event loop, while a session streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sana_vcam.lib.idle import pause
from sana_vcam.lib.threads import run_blocking
from sana_vcam.media.latency.meter import DelayMeter

EVERY_S = 1.0


async def watch_delay(
    meter: DelayMeter, session: Callable[[], object | None], streams: asyncio.Event
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
                await run_blocking(meter.measure, name="delay")
            watched = current
            await pause(streams, EVERY_S)
    finally:
        # Nobody keeps the figure up to date.
        meter.clear()
