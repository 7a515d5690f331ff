"""What the platform in front of the model can answer."""

from __future__ import annotations

import asyncio
import signal

from tests.fakes.coordinator import Answer, Route, never
from tests.rigs.faults.clip import Seen
from tests.rigs.faults.row import Program, Row
from tests.rigs.faults.stage import Plan, Stage

CLOUD = Plan(cloud=True)
NOT_YET = Plan(cloud=True, live=False)
FINAL = frozenset({401, 402, 403, 404, 426})
WHERE: dict[Route, str] = {
    "tokens": "POST /tokens",
    "create": "POST /sessions",
    "get": "GET /sessions/{id}",
    "transport": "the transport",
}
QUIET_S = 4.0


def _answered(route: Route, status: int, *, times: int = 2, retry_after_s: int = 0) -> Row:
    """At the start, the platform answers `status`; what is final waits for the user."""
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else {}
    answer = Answer(status, {"detail": "staged"}, headers)

    async def final(stage: Stage) -> None:
        stage.cloud.next(route, *[answer] * 50)
        stage.cause()
        await _start(stage)
        await stage.session("refused")
        before = len(stage.cloud.requests)
        await asyncio.sleep(QUIET_S)
        asked = len(stage.cloud.requests) - before
        assert asked == 0, f"{asked} requests in {QUIET_S} s after a final answer"
        stage.cloud.answer_as_usual(route)
        stage.gone()
        await (await stage.daemon.control()).ok("connect")
        await stage.live_again()

    async def passing(stage: Stage) -> None:
        stage.cloud.next(route, *[answer] * times)
        stage.cause()
        await _start(stage)
        await stage.until(lambda: _answers(stage, status) >= times, f"{times} times {status}")
        stage.gone()
        await stage.live_again()

    is_final = status in FINAL and route in ("tokens", "create")
    hint = f", Retry-After {retry_after_s}" if retry_after_s else ""
    return Row(
        f"service: {WHERE[route]} answers {status}{hint}",
        "at the start; " + ("then the user tries again" if is_final else f"{times} times"),
        Program.CARD,
        final if is_final else passing,
        NOT_YET,
        5.0 + retry_after_s,
        "Retry-After is obeyed" if retry_after_s else "",
    )


def _answers(stage: Stage, status: int) -> int:
    return sum(request.status == status for request in stage.cloud.requests)


async def _start(stage: Stage) -> None:
    await stage.model.start()
    await stage.daemon.start()


async def _silent(stage: Stage) -> None:
    stage.cloud.next("create", never())
    stage.cause()
    await _start(stage)
    await stage.session("backoff", "closing")
    stage.gone()
    await stage.live_again()


async def _late(stage: Stage) -> None:
    """The request is answered while another session is on air, on the other runtime."""
    answer = Answer(after=asyncio.Event())
    assert answer.after is not None
    stage.cloud.next("create", answer)
    stage.cause()
    await stage.model.start()
    await stage.models[1].start()
    await stage.daemon.start()
    await stage.session("backoff", "closing")
    stage.gone()
    await stage.live_again()
    assert len(stage.cloud.opened) == 1, "only the other one is open"
    answer.after.set()
    await stage.until(lambda: len(stage.cloud.opened) == 2, "the late session")
    await stage.until(lambda: len(stage.cloud.still_open) == 1, "the end of the late session")
    await stage.live()


async def _waiting(stage: Stage) -> None:
    stage.cloud.pending = 6
    stage.cause()
    await _start(stage)
    await stage.session("waiting")
    await stage.until(lambda: _answers(stage, 200) >= 7, "the GPU")
    stage.gone()
    await stage.live_again()


def _drop(name: str, cause: str, *answers: Answer, revoke: bool = False) -> Row:
    """The connection drops in mid-run, and what joins it again is answered like this."""

    async def play(stage: Stage) -> None:
        assert stage.model.process is not None
        stage.cause()
        if revoke:
            stage.cloud.revoke()
        stage.cloud.next("transport", *answers)
        stage.model.process.send_signal(signal.SIGSTOP)
        await stage.sees(Seen.CARD)
        await stage.session("reconnecting", "closing", "backoff", "connecting")
        stage.model.process.send_signal(signal.SIGCONT)
        stage.gone()
        await stage.live_again()

    return Row(
        f"service: {name}",
        cause,
        Program.CARD,
        play,
        CLOUD,
        10.0,
        "the attempts to join again come first, then a new session",
    )


async def _token_expires(stage: Stage) -> None:
    stage.cause()
    stage.cloud.revoke()
    await asyncio.sleep(4)
    stage.gone()
    await stage.live_again()


async def _limit(stage: Stage) -> None:
    while await stage.model.session() == "streaming":
        await asyncio.sleep(0.1)
    stage.cause()
    stage.gone()
    await stage.sees(Seen.CARD)
    await stage.live_again()


async def _orphan(stage: Stage) -> None:
    stage.cause()
    (old,) = stage.cloud.still_open
    await stage.kill()
    await stage.daemon.start()
    stage.gone()
    await stage.live_again()
    assert old not in stage.cloud.still_open, "the orphan is still open"


async def _local_orphan(stage: Stage) -> None:
    stage.cause()
    await stage.kill()
    assert await stage.model.session() != "ready"
    await stage.daemon.start()
    stage.gone()
    await stage.live_again()
    assert any("left open" in line for line in stage.daemon.log)


KILLED = frozenset({0, -9})

ROWS = (
    *(_answered("tokens", status) for status in (401, 403, 500)),
    _answered("tokens", 429, retry_after_s=2),
    *(_answered("create", status) for status in (401, 402, 403, 404, 409, 426, 500, 502)),
    _answered("create", 429, times=1, retry_after_s=3),
    _answered("create", 503, times=1, retry_after_s=2),
    _answered("get", 500, times=1),
    _answered("transport", 409, times=1),
    _answered("transport", 503, times=1),
    Row(
        "service: POST /sessions is never answered",
        "no answer for the 3 s that the configuration waits here",
        Program.CARD,
        _silent,
        Plan(cloud=True, live=False, settings={"REACTOR__CONNECT_TIMEOUT_S": "3"}),
        20.0,
        "only the answer has the id by which the session could be ended, so 12 s are waited for it",
    ),
    Row(
        "service: POST /sessions is answered late",
        "given up after 3 s and again after 8 s; answered when another session is on air",
        Program.CARD,
        _late,
        Plan(cloud=True, models=2, live=False, settings={"REACTOR__CONNECT_TIMEOUT_S": "3"}),
        20.0,
        "only the answer has the id by which the session could be ended, so 8 s are waited for it",
    ),
    Row(
        "service: no GPU for 13 s",
        "GET /sessions/{id} says PENDING six times",
        Program.CARD,
        _waiting,
        NOT_YET,
        15.0,
        "the SDK asks again only every 6 to 10 s",
    ),
    Row(
        "service: every token expires in mid-run",
        "401 from now on for the tokens that there are",
        Program.LIVE,
        _token_expires,
        CLOUD,
    ),
    _drop("the token is refused when joining again", "frozen, tokens expired", revoke=True),
    _drop("the session is gone when joining again", "frozen, then 404", Answer(404, {})),
    _drop("409 when joining again", "frozen, then 409", Answer(409, {})),
    _drop("503 when joining again", "frozen, then 503", *[Answer(503, {})] * 2),
    Row(
        "service: ends the session at its limit",
        "9 s after the session began",
        Program.CARD,
        _limit,
        Plan(model=("--session-limit", "9")),
        13.0,
        "the SDK does not say so; it notices after 8 s",
    ),
    Row(
        "service: the orphan of a killed daemon",
        "SIGKILL to the daemon; it is started again",
        Program.CARD,
        _orphan,
        CLOUD,
        exits=KILLED,
    ),
    Row(
        "service: the orphan of a killed daemon on a local runtime",
        "SIGKILL to the daemon; it is started again",
        Program.CARD,
        _local_orphan,
        exits=KILLED,
    ),
)
