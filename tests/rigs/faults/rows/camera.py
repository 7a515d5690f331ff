"""What a camera can do: go, hang, be taken."""

from __future__ import annotations

import asyncio

from tests.rigs.faults.clip import Seen
from tests.rigs.faults.row import Program, Row
from tests.rigs.faults.stage import Plan, Stage

SEAMS = Plan(seams=True)
TRIED = "a camera that failed is tried again every 5 s at most, then a session is opened"


def _fault(fault: str, cause: str, seconds: float, *, bound_s: float = 5.0, why: str = "") -> Row:
    async def play(stage: Stage) -> None:
        stage.cause()
        stage.daemon.tell(f"camera {fault}")
        await stage.sees(Seen.CARD)
        stage_end = seconds
        await asyncio.sleep(stage_end)
        stage.daemon.tell("camera back")
        stage.gone()
        await stage.live_again()

    name = f"camera: {fault} for {seconds:g} s"
    return Row(name, cause, Program.CARD, play, SEAMS, bound_s, why)


async def _busy_at_the_start(stage: Stage) -> None:
    stage.cause()
    await stage.model.start()
    await stage.daemon.start()
    stage.daemon.tell("camera busy")
    control = await stage.daemon.control()
    await control.until(lambda state: state["camera"] == "lost")
    assert "cheese" in (control.state["error"] or "")
    await asyncio.sleep(4)
    stage.daemon.tell("camera back")
    stage.gone()
    await stage.live_again()


async def _flapping(stage: Stage) -> None:
    stage.cause()
    for _ in range(4):
        stage.daemon.tell("camera unplugged")
        await asyncio.sleep(0.7)
        stage.daemon.tell("camera back")
        await asyncio.sleep(0.7)
    stage.gone()
    await stage.live_again()


ROWS = (
    _fault("unplugged", "reads fail at once", 1),
    _fault(
        "unplugged",
        "long enough for the session to be closed",
        24,
        bound_s=10.0,
        why=TRIED,
    ),
    _fault("stalled", "no read returns for 2.5 s", 4, bound_s=10.0, why=TRIED),
    Row(
        "camera: busy at the start",
        "in use by another program, which then ends",
        Program.CARD,
        _busy_at_the_start,
        Plan(seams=True, live=False),
        10.0,
        TRIED,
    ),
    Row(
        "camera: a loose plug",
        "unplugged four times for 0.7 s",
        Program.EITHER,
        _flapping,
        SEAMS,
    ),
)
