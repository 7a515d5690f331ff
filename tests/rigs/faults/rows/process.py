"""Signals to the daemon, at every stage of a start and after it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.fakes.coordinator import Answer, Route
from tests.rigs.faults.row import Program, Row
from tests.rigs.faults.stage import Plan, Stage

HELD_S = 0.5
"""How long the platform goes on being silent after the signal."""

type Reach = Callable[[Stage, asyncio.Event], Awaitable[None]]


@dataclass(frozen=True)
class Moment:
    """A stage of the daemon's life: how it is reached; `held` until the event is set."""

    name: str
    reach: Reach
    handled: bool = True
    """Whether the daemon has taken the signals over by then."""


async def _just_started(stage: Stage, _: asyncio.Event) -> None:
    await asyncio.sleep(0.05)


async def _first_card(stage: Stage, _: asyncio.Event) -> None:
    await stage.until(lambda: stage.watch.newest is not None, "a frame")


def _held(route: Route, *, status: int | None = None) -> Reach:
    """A request of this route is in, and is not answered before the event."""

    async def reach(stage: Stage, release: asyncio.Event) -> None:
        stage.cloud.next(route, Answer(status, after=release))
        await stage.until(lambda: stage.cloud.waiting(route), f"a request for {route}")

    return reach


async def _waiting(stage: Stage, _: asyncio.Event) -> None:
    stage.cloud.pending = 3
    await stage.until(lambda: stage.daemon.running, "the process")
    await stage.session("waiting")


async def _live(stage: Stage, _: asyncio.Event) -> None:
    await stage.live()


async def _closing(stage: Stage, release: asyncio.Event) -> None:
    await stage.live()
    stage.cloud.next("delete", Answer(after=release))
    await (await stage.daemon.control()).ok("disconnect")
    await stage.until(lambda: stage.cloud.waiting("delete"), "the request to end the session")


MOMENTS = (
    Moment("just started", _just_started, handled=False),
    Moment("first card", _first_card, handled=False),
    Moment("asking for a token", _held("tokens")),
    Moment("opening a session", _held("create")),
    Moment("waiting for a GPU", _waiting),
    Moment("joining the session", _held("transport")),
    Moment("live", _live),
    Moment("closing the session", _closing),
)
CREATING_KILLED = Moment("opening a session", _held("create", status=500))


async def _reach(stage: Stage, moment: Moment) -> asyncio.Event:
    release = asyncio.Event()
    await stage.model.start()
    if moment.name not in ("live", "closing the session"):
        started = asyncio.ensure_future(moment.reach(stage, release))
        await asyncio.sleep(0)
        await stage.daemon.start()
        await started
    else:
        await stage.daemon.start()
        await moment.reach(stage, release)
    return release


def _stopped(number: signal.Signals, moment: Moment) -> Row:
    async def play(stage: Stage) -> None:
        release = await _reach(stage, moment)
        stage.cause()
        stage.times.stopped = stage.times.cause
        stage.daemon.signal(number)
        await asyncio.sleep(HELD_S)
        release.set()
        stage.exits.append(await stage.daemon.exit_status())

    # A signal that comes while Python itself starts is answered by Python.
    early = frozenset({0, 1, -number}) if not moment.handled else frozenset({0})
    return Row(
        f"process: {number.name}, {moment.name}",
        "the daemon ends, and its session with it",
        Program.EITHER,
        play,
        Plan(cloud=True, live=False),
        None,
        exits=early,
    )


def _hung_up(moment: Moment) -> Row:
    async def play(stage: Stage) -> None:
        release = await _reach(stage, moment)
        stage.cause()
        stage.daemon.signal(signal.SIGHUP)
        await asyncio.sleep(HELD_S)
        release.set()
        stage.gone()
        await stage.live_again()

    waits = moment.name == "waiting for a GPU"
    return Row(
        f"process: SIGHUP, {moment.name}",
        "the daemon reads its configuration again and goes on",
        Program.EITHER,
        play,
        Plan(cloud=True, live=False),
        15.0 if waits else 5.0,
        "the SDK asks again only every 6 to 10 s" if waits else "",
    )


def _is_noted(stage: Stage) -> bool:
    """Whether every open session of the account stands in the daemon's ledger."""
    if not stage.cloud.still_open:
        return True
    ledgers = stage.daemon.home.rglob("sessions.json")
    noted = "".join(path.read_text() for path in ledgers)
    return all(session_id in noted for session_id in stage.cloud.still_open)


def _killed(moment: Moment) -> Row:
    async def play(stage: Stage) -> None:
        release = await _reach(stage, moment)
        # What is opened is in the ledger within moments, and a kill before that ends nothing.
        await stage.until(lambda: _is_noted(stage), "the session in the ledger")
        stage.cause()
        await stage.kill()
        release.set()
        stage.cloud.pending = 0
        await asyncio.sleep(HELD_S)
        await stage.daemon.start()
        stage.gone()
        await stage.live_again()

    return Row(
        f"process: SIGKILL, {moment.name}",
        "the daemon is started again, ends what was left, and opens a session",
        Program.EITHER,
        play,
        Plan(cloud=True, live=False),
        exits=frozenset({0, -9}),
    )


ROWS = (
    *(_stopped(signal.SIGTERM, moment) for moment in MOMENTS),
    # From the first moment on both signals are one to us.
    *(_stopped(signal.SIGINT, moment) for moment in (MOMENTS[0], MOMENTS[4], MOMENTS[6])),
    *(_hung_up(moment) for moment in MOMENTS[2:7]),
    *(
        _killed(CREATING_KILLED if moment.name == CREATING_KILLED.name else moment)
        for moment in MOMENTS
    ),
)
