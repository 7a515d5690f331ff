"""What the network between daemon and model can do."""

from __future__ import annotations

import asyncio

from tests.rigs.faults.clip import Seen
from tests.rigs.faults.row import Program, Row
from tests.rigs.faults.stage import Plan, Stage

LINK = Plan(link=True)

SENT_AGAIN = "the system sends a request that was under way again only after a growing pause"
KEY_FRAME = "the receiver asks for a key frame every 3 s, so it takes 3 s, or 6 if one is lost"


def _black_hole(seconds: float, program: Program = Program.CARD) -> Row:
    async def play(stage: Stage) -> None:
        stage.cause()
        stage.network.loss = 1.0
        await asyncio.sleep(seconds)
        stage.network.loss = 0.0
        stage.gone()
        await stage.live_again()

    name, is_long = f"network: black hole for {seconds:g} s", seconds > 8
    bound_s, why = (15.0, SENT_AGAIN) if is_long else (8.0, KEY_FRAME)
    return Row(name, "no packet arrives", program, play, LINK, bound_s, why)


def _loss(percent: int, program: Program) -> Row:
    async def play(stage: Stage) -> None:
        stage.cause()
        stage.network.loss = percent / 100
        await asyncio.sleep(10)
        assert stage.network.lost > 20, "hardly a packet was lost"
        stage.network.loss = 0.0
        stage.gone()
        await stage.live_again()

    cause = f"{percent} % of the packets, each way, for 10 s"
    return Row(f"network: {percent} % loss", cause, program, play, LINK)


async def _lossy_start(stage: Stage) -> None:
    stage.network.loss = 0.1
    stage.cause()
    await stage.model.start()
    await stage.daemon.start()
    stage.gone()
    await stage.live_again()


async def _no_udp(stage: Stage) -> None:
    stage.network.udp_blocked = True
    stage.cause()
    await stage.model.start()
    await stage.daemon.start()
    stage.gone()
    await stage.live_again()
    assert stage.network.lost > 0, "nothing was blocked"


async def _media_lost(stage: Stage) -> None:
    stage.cause()
    stage.network.udp_blocked = True
    await stage.sees(Seen.CARD)
    stage.gone()
    await stage.live_again()


ROWS = (
    _loss(5, Program.LIVE),
    _loss(10, Program.LIVE),
    _loss(20, Program.EITHER),
    Row(
        "network: 10 % loss at the start",
        "10 % of the packets, each way, also while connecting",
        Program.EITHER,
        _lossy_start,
        Plan(link=True, live=False),
        15.0,
        "lost packets of the connection's set-up are sent again after a second",
    ),
    _black_hole(3, Program.EITHER),
    _black_hole(8),
    _black_hole(20),
    _black_hole(40),
    Row(
        "network: UDP is blocked at the start",
        "as in some offices, and it stays so",
        Program.EITHER,
        _no_udp,
        Plan(link=True, live=False),
        15.0,
        "the connection is set up over TCP once UDP has not worked",
    ),
    Row(
        "network: UDP is blocked in mid-run",
        "and stays so",
        Program.CARD,
        _media_lost,
        LINK,
        15.0,
        "the SDK notices a loss after 8 s; then the connection is set up over TCP",
    ),
)
