"""When to look again: together with the others, and only now and then while nothing streams."""

from __future__ import annotations

import asyncio
import time

import pytest

from sana_vcam.lib import idle


class Clock:
    """The monotonic clock and the loop's sleep, made of one number."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(100.25)
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    return clock


@pytest.mark.parametrize(("seconds", "left"), [(1.0, 0.75), (0.5, 0.25), (10.0, 9.75)])
async def test_all_who_look_as_often_look_at_once(
    clock: Clock, seconds: float, left: float
) -> None:
    assert idle.until_tick(seconds) == pytest.approx(left)


async def test_the_next_look_is_never_at_once(clock: Clock) -> None:
    clock.now = 101.0
    assert idle.until_tick(1.0) == 1.0


async def test_while_a_session_streams_it_looks_as_often_as_asked(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio, "sleep", clock.sleep)
    streams = asyncio.Event()
    streams.set()
    await idle.aligned_sleep(streams, 1.0)
    await idle.aligned_sleep(streams, 1.0)
    assert clock.slept == pytest.approx([0.75, 1.0])


async def test_it_looks_as_soon_as_a_session_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "IDLE_S", 3600.0)
    streams = asyncio.Event()
    waiting = asyncio.ensure_future(idle.aligned_sleep(streams, 0.001))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    streams.set()
    async with asyncio.timeout(30):
        await waiting


async def test_it_looks_now_and_then_though_nothing_streams(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(idle, "IDLE_S", 0.01)
    async with asyncio.timeout(30):
        await idle.aligned_sleep(asyncio.Event(), 3600.0)
