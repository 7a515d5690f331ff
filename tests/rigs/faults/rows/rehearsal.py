"""What can go wrong while a look is rehearsed in a second session; viewers stay on the first."""

from __future__ import annotations

import signal

from tests.fakes.coordinator import Answer
from tests.rigs.faults.row import Program, Row
from tests.rigs.faults.stage import Plan, Stage

TRIAL = "golden hour"
"""It has colours, which the look on air has not, and costs the model little."""
TWO = Plan(
    cloud=True,
    models=2,
    model=("--chunk-time", "0.5", "--chunk-frames", "12"),
    settings={"REHEARSE__SECOND_SESSION": "true"},
)


async def _rehearse(stage: Stage) -> list[str]:
    """Rehearse until the preview shows it; the ids of both sessions, which the ledger has."""
    control = await stage.daemon.control()
    await control.ok("rehearse", prompt=TRIAL)
    await control.until(lambda s: s["rehearsal"] == "ready", "in the preview")
    both = stage.cloud.still_open
    assert len(both) == 2
    ledger = stage.home / "xdg_state_home" / "sana-vcam" / "sessions.json"
    await stage.until(lambda: all(one in ledger.read_text("utf-8") for one in both), "both noted")
    return both


async def _until_one(stage: Stage) -> None:
    await stage.until(lambda: len(stage.cloud.still_open) == 1, "the end of the second session")


async def _killed(stage: Stage) -> None:
    both = await _rehearse(stage)
    stage.cause()
    await stage.kill()
    await stage.daemon.start()
    stage.gone()
    await stage.live_again()
    assert not set(both) & set(stage.cloud.still_open), "an old session is still open"


async def _refused(stage: Stage) -> None:
    control = await stage.daemon.control()
    stage.cause()
    for status in (429, 409):
        stage.cloud.next("create", Answer(status, {"detail": "staged"}))
        reply = await control.send("rehearse", prompt=TRIAL)
        if reply["type"] == "ok":
            await control.until(lambda s: s["rehearsal_error"] is not None, "the refusal")
        await control.until(lambda s: s["rehearsal"] is None, "nothing rehearsed")
    stage.gone()
    assert len(stage.cloud.still_open) == 1
    await stage.live_again()


async def _lost(stage: Stage) -> None:
    """The second session's model is killed, and the platform knows the session no more."""
    both = await _rehearse(stage)
    url = stage.cloud.runtimes.url_of(both[-1])
    (second,) = [model for model in stage.models if model.url == url]
    stage.cause()
    for route in ("get", "transport"):
        stage.cloud.next(route, *[Answer(404, {"detail": "staged"})] * 4)
    await second.end(signal.SIGKILL)
    control = await stage.daemon.control()
    await control.until(lambda s: s["rehearsal_error"] is not None, "the end of the rehearsal")
    await _until_one(stage)
    stage.gone()
    await stage.live_again()
    await second.start()


ROWS = (
    Row(
        "rehearsal: the daemon is killed meanwhile",
        "SIGKILL with a second session open; started again",
        Program.EITHER,
        _killed,
        TWO,
        15.0,
        "both sessions are ended before another is opened",
        exits=frozenset({0, -9}),
    ),
    Row(
        "rehearsal: the second session is refused",
        "429, then 409",
        Program.LIVE,
        _refused,
        TWO,
    ),
    Row(
        "rehearsal: the second session is lost",
        "SIGKILL to its model, and 404 for the session",
        # Two models that edit, and only so many processors.
        Program.EITHER,
        _lost,
        TWO,
    ),
)
