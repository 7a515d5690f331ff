"""What can go wrong while one session takes over from another."""

from __future__ import annotations

import asyncio
import signal

from tests.fakes.coordinator import Answer
from tests.rigs.faults.row import Program, Row
from tests.rigs.faults.stage import Model, Plan, Stage

TWO = Plan(cloud=True, models=2)


async def _renew(stage: Stage) -> None:
    """Ask for another session, and wait until viewers see it and the old one is over."""
    (old,) = stage.cloud.still_open
    await (await stage.daemon.control()).ok("renew")
    await _until_renewed(stage, old)


async def _until_renewed(stage: Stage, old: str) -> None:
    await stage.until(
        lambda: old not in stage.cloud.still_open and len(stage.cloud.still_open) == 1,
        "one session, and not the old one",
    )


async def _asked_for(stage: Stage) -> None:
    stage.cause()
    await _renew(stage)
    await _renew(stage)
    stage.gone()
    await stage.live_again()
    assert stage.cloud.most_open == 2


async def _next_fails(stage: Stage) -> None:
    (old,) = stage.cloud.still_open
    stage.cloud.next("create", Answer(500, {"detail": "staged"}))
    stage.cause()
    control = await stage.daemon.control()
    await control.ok("renew")
    await stage.until(lambda: any(r.status == 500 for r in stage.cloud.requests), "the refusal")
    # What the user asked for is tried again by the daemon itself.
    await _until_renewed(stage, old)
    stage.gone()
    await stage.live_again()
    assert stage.cloud.most_open == 2


async def _no_room(stage: Stage) -> None:
    (old,) = stage.cloud.still_open
    stage.cause()
    control = await stage.daemon.control()
    await control.ok("renew")
    await stage.until(lambda: any(r.status == 409 for r in stage.cloud.requests), "the refusal")
    await asyncio.sleep(1)
    await control.ok("renew")
    await stage.until(lambda: old not in stage.cloud.still_open, "the end of the old session")
    stage.gone()
    await stage.live_again()


async def _until_known(stage: Stage) -> None:
    """Renew, until the daemon knows the next session, which waits for its GPU."""
    stage.cloud.pending = 3
    await (await stage.daemon.control()).ok("renew")
    await stage.until(lambda: len(stage.cloud.still_open) == 2, "two sessions")
    ledger = stage.home / "xdg_state_home" / "sana-vcam" / "sessions.json"
    coming = stage.cloud.opened[-1]
    await stage.until(lambda: coming in ledger.read_text("utf-8"), "the next session known")


async def _old_one_dies(stage: Stage) -> None:
    """The model of the old session is killed while the next one waits for its GPU."""
    await _until_known(stage)
    stage.cause()
    stage.cloud.pending = 0
    await stage.model.end(signal.SIGKILL)
    stage.gone()
    await stage.live_again()
    await stage.model.start()


async def _new_one_is_silent(stage: Stage) -> None:
    """The next session connects and never shows a picture."""
    (old,) = stage.cloud.still_open
    fresh: Model = stage.models[1]
    fresh.temper(stall=True)
    stage.cause()
    await (await stage.daemon.control()).ok("renew")
    await stage.until(lambda: len(stage.cloud.still_open) == 2, "two sessions")
    await stage.until(lambda: stage.cloud.still_open == [old], "the new one given up")
    stage.gone()
    await stage.live_again()


async def _killed(stage: Stage) -> None:
    await _until_known(stage)
    both = stage.cloud.still_open
    stage.cause()
    await stage.kill()
    stage.cloud.pending = 0
    await stage.daemon.start()
    stage.gone()
    await stage.live_again()
    assert not set(both) & set(stage.cloud.still_open), "an old session is still open"


async def _stopped(stage: Stage) -> None:
    await _until_known(stage)
    stage.cause()


ROWS = (
    Row("rollover: asked for twice", "renew", Program.LIVE, _asked_for, TWO),
    Row("rollover: the next session is refused", "500 once", Program.LIVE, _next_fails, TWO),
    Row(
        "rollover: the account has room for one session",
        "409 for the second one",
        Program.EITHER,
        _no_room,
        Plan(cloud=True, models=1, room=1),
    ),
    Row(
        "rollover: the old session dies meanwhile",
        "SIGKILL to its model while the next one waits for a GPU",
        Program.EITHER,
        _old_one_dies,
        TWO,
        12.0,
        "the next one is on its way to a GPU",
    ),
    Row(
        "rollover: the next session gives no picture",
        "it connects, and is silent",
        Program.LIVE,
        _new_one_is_silent,
        TWO,
    ),
    Row(
        "rollover: the daemon is killed meanwhile",
        "SIGKILL with two sessions open; started again",
        Program.EITHER,
        _killed,
        TWO,
        exits=frozenset({0, -9}),
    ),
    Row(
        "rollover: the daemon is stopped meanwhile",
        "SIGTERM with two sessions open",
        Program.LIVE,
        _stopped,
        TWO,
        None,
    ),
)
