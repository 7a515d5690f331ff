"""What has to be seen when the raw camera really is shown; and what the switches hold."""

from __future__ import annotations

import asyncio
import signal

from tests.rigs.faults.clip import Seen
from tests.rigs.faults.row import Program, Row
from tests.rigs.faults.stage import Plan, Stage


async def _bypass(stage: Stage) -> None:
    control = await stage.daemon.control()
    stage.cause()
    await control.ok("bypass", on=True)
    await stage.sees(Seen.RAW)
    await asyncio.sleep(1.0)
    await control.ok("bypass", on=False)
    stage.gone()
    await stage.live_again()


def _held(switch: str, seen: Seen) -> Row:
    async def play(stage: Stage) -> None:
        control = await stage.daemon.control()
        await control.ok(switch, on=True)
        await control.until(lambda state: state["output"] == switch)
        await stage.sees(seen)
        await asyncio.sleep(0.2)
        loop = asyncio.get_running_loop()
        stage.times.began = loop.time()
        stage.cause()
        await stage.model.end(signal.SIGKILL)
        await stage.session("backoff")
        await asyncio.sleep(1.0)

    program = Program.BLACK if switch == "blank" else Program.STILL
    return Row(
        f"control: {switch} while the model dies",
        f"{switch} on, then SIGKILL to the model's process",
        program,
        play,
        recovery_s=None,
    )


ROWS = (
    Row(
        "control: bypass is recognised",
        "bypass on, as the configuration allows here",
        Program.RAW,
        _bypass,
        Plan(settings={"PRIVACY__ALLOW_BYPASS": "true"}),
    ),
    _held("blank", Seen.BLACK),
    _held("freeze", Seen.LIVE),
)
