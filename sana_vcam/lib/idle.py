"""Waits that leave the processor asleep while nobody films.

A wake-up costs a processor that sleeps about a millisecond (measured). Whoever looks at something
regularly does so together with the others, and only now and then while no session streams.
"""

from __future__ import annotations

import asyncio

IDLE_S = 10.0
"""How often somebody looks while no session streams."""


def until_tick(seconds: float) -> float:
    """Measure the seconds to the next multiple of `seconds` of the loop's, the monotonic, clock."""
    return seconds - asyncio.get_running_loop().time() % seconds


async def aligned_sleep(streams: asyncio.Event, seconds: float) -> None:
    """Sleep to the next multiple of `seconds` while `streams` is set, else until it is set.

    At most `IDLE_S`.
    """
    if streams.is_set():
        await asyncio.sleep(until_tick(seconds))
    else:
        await until_any(streams, seconds=until_tick(IDLE_S))


async def until_any(*events: asyncio.Event, seconds: float | None = None) -> None:
    """Wait until one of the events is set, or at most so long; None is for ever."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
