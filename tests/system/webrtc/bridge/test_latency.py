"""The measured delay against the true one, on a real daemon and stand-in over WebRTC."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from tests.system.daemon import PATIENCE_S
from tests.unit.media.latency.material import FPS, noisy, talking
from tests.unit.media.latency.truth import known_latency

REEL = 30 * FPS


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S * 6):
        while not condition():
            await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("edit", "prompt", "send"),
    [
        ("copy", "", "model"),
        ("look", "golden hour, warm light", "model"),
        ("copy", "", "320x176"),
    ],
    ids=["copy", "sunset", "sent at half the size"],
)
async def test_the_delay_of_a_talking_person_is_right(
    edit: str, prompt: str, send: str, tmp_path: Path
):
    """The counter in the picture survives both edits; the meter does not get to see it."""
    pictures = list(noisy(talking(REEL, size=1.5)))
    async with known_latency(tmp_path, pictures, "--edit", edit, prompt=prompt, send=send) as known:
        await until(lambda: len(known.pairs) >= 6)
        assert known.read > 4 * known.unread
        # The median, since a stall of a busy machine is in the truth before it is in the figure.
        # Two frames, since such a machine changes the delay by one while it is measured: one frame
        # is held in tests/rigs/latency, on virtual time.
        assert abs(median(known.errors)) <= 2.0, known.errors


async def test_the_delay_of_a_still_picture_is_unknown(tmp_path: Path):
    pictures = list(noisy(talking(4 * FPS, size=0.0)))
    async with known_latency(tmp_path, pictures, "--edit", "copy") as known:
        await until(lambda: known.read >= 12 * FPS)
        assert known.unknown > 5
        assert known.pairs == []
