"""What a feature costs one daemon at 1280x720, in turns: off, on, off, on.

A recording beside clips that are held anyway; before and after beside a preview that somebody has
anyway; a fade beside a cut, where the look changes every two seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from statistics import median

from tests.rigs.bench.figures import cpu_seconds
from tests.rigs.bench.preview import looking
from tests.system.daemon import Bridge, running_daemon, running_standin

SETTLE_S = 3.0
CHANGE_S = 2.0
LOOKS = ("noir", "van-gogh")

type Switch = Callable[[Bridge, bool], AbstractAsyncContextManager[None]]


async def measure(home: Path, long: bool) -> dict[str, object]:
    """CPU of a daemon that streams, with each feature off and on."""
    turns, seconds = (6, 15.0) if long else (3, 8.0)
    keep = {"KEEP__CLIPS": "true", "KEEP__RESERVE_MB": "0", "KEEP__FOLDER": str(home / "kept")}
    figures: dict[str, object] = {}
    async with (
        running_standin("--edit", "copy", "--chunk-frames", "1") as standin,
        running_daemon(home, standin.url, SINK__KIND="preview", **keep) as bridge,
    ):
        await bridge.control.live()
        await bridge.control.until(lambda state: state["clips"], "held for clips")
        for name, switch in FEATURES.items():
            cores: dict[bool, list[float]] = {False: [], True: []}
            for turn in range(2 * turns):
                on = bool(turn % 2)
                async with switch(bridge, on):
                    await asyncio.sleep(SETTLE_S)
                    before = cpu_seconds(bridge.process.pid)
                    await asyncio.sleep(seconds)
                    used = (cpu_seconds(bridge.process.pid) - before) / seconds
                cores[on].append(round(used, 3))
            more = [b - a for a, b in zip(cores[False], cores[True], strict=True)]
            figures |= {
                f"{name}: cores off and on": [cores[False], cores[True]],
                f"{name}: more, least, median and most of the pairs": [
                    round(value, 3) for value in (min(more), median(more), max(more))
                ],
            }
    return figures


@contextlib.asynccontextmanager
async def _recording(bridge: Bridge, on: bool) -> AsyncIterator[None]:
    await bridge.control.ok("record", on=on)
    yield
    await bridge.control.ok("record", on=False)


@contextlib.asynccontextmanager
async def _comparing(bridge: Bridge, on: bool) -> AsyncIterator[None]:
    async with looking(bridge, []):
        if on:
            await bridge.control.ok("compare", on=True)
        yield
        if on:
            await bridge.control.ok("compare", on=False)


@contextlib.asynccontextmanager
async def _fading(bridge: Bridge, on: bool) -> AsyncIterator[None]:
    await bridge.control.ok("set_transition", kind="fade" if on else "cut", seconds=1.0)

    async def change() -> None:
        turn = 0
        while True:
            await bridge.control.ok("apply_preset", id=LOOKS[turn % 2])
            turn += 1
            await asyncio.sleep(CHANGE_S)

    async with AsyncExitStack() as stack:
        changing = asyncio.create_task(change())
        stack.push_async_callback(asyncio.wait, {changing})
        stack.callback(changing.cancel)
        yield


FEATURES: dict[str, Switch] = {
    "recording": _recording,
    "before and after": _comparing,
    "fade": _fading,
}
