"""The PipeWire node: what its readers see when one of them, the server or the daemon goes."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import replace

from tests.rigs.faults.clip import Seen
from tests.rigs.faults.row import Program, Row
from tests.rigs.faults.stage import Plan, Stage

PLAN = Plan(pipewire=True, settings={"CAPTURE__WHEN": "always"})


async def _reader_leaves(stage: Stage) -> None:
    stage.cause()
    await stage.desktop.leave()
    await asyncio.sleep(2)
    stage.gone()
    await stage.desktop.read()
    await stage.live_again()


async def _reader_stalls(stage: Stage) -> None:
    stage.cause()
    stalled = time.monotonic()
    stage.desktop.signal_reader(signal.SIGSTOP)
    await asyncio.sleep(4)
    stage.desktop.signal_reader(signal.SIGCONT)
    stage.gone()
    await stage.live_again()
    assert stage.times.live is not None
    stage.watch.excuse(stalled, stage.times.live)


async def _server_dies(stage: Stage) -> None:
    control = await stage.daemon.control()
    stage.cause()
    await stage.desktop.kill_server()
    await control.until(lambda state: "PipeWire" in str(state["error"]), "a word about PipeWire")
    await stage.desktop.leave()
    await stage.desktop.start_server()
    await control.until(lambda state: not state["error"], "the node again")
    stage.gone()
    await stage.desktop.read()
    await stage.live_again()


async def _daemon_dies(stage: Stage) -> None:
    stage.cause()
    await stage.kill()
    await stage.desktop.until(0)
    await stage.daemon.start()
    await stage.desktop.until(1)
    assert stage.desktop.reads, "its reader waits, and has to open the camera again"
    await stage.desktop.leave()
    stage.gone()
    await stage.desktop.read()
    await stage.live_again()
    assert await stage.desktop.cameras() == 1, "the name is there once"


async def _readers_come_and_go(stage: Stage) -> None:
    """Nobody reads: no camera, no session. Somebody does: a card, and soon the edit."""
    await stage.model.start()
    await stage.daemon.start()
    control = await stage.daemon.control()
    await control.until(lambda state: state["viewers"] == 0, "nobody")
    assert control.state["session"] == "idle"
    for _ in range(2):
        stage.cause()
        stage.gone()
        came = time.monotonic()
        await stage.desktop.read()
        await stage.live_again()
        assert any(one.seen is Seen.CARD for one in stage.watch.since(came))
        await stage.desktop.leave()
        await stage.session("idle")
        await control.until(lambda state: state["camera"] == "off", "the camera off")


def _held(switch: str, seen: Seen) -> Row:
    async def play(stage: Stage) -> None:
        control = await stage.daemon.control()
        await control.ok(switch, on=True)
        await control.until(lambda state: state["output"] == switch)
        await stage.sees(seen)
        await asyncio.sleep(0.3)
        stage.times.began = time.monotonic()
        stage.cause()
        await stage.desktop.leave()
        came = time.monotonic()
        await stage.desktop.read()
        await stage.until(lambda: len(stage.watch.since(came)) > 24, "a second of it")
        assert not any(one.fresh for one in stage.watch.since(stage.times.began))

    program = Program.BLACK if switch == "blank" else Program.STILL
    return Row(
        f"node: {switch}, and another reader",
        f"{switch} on; the reader goes, another comes",
        program,
        play,
        PLAN,
        recovery_s=None,
    )


ROWS = (
    Row(
        "node: the reader goes and another comes",
        "SIGKILL to it, and another one 2 s later",
        Program.LIVE,
        _reader_leaves,
        PLAN,
    ),
    Row("node: the reader stalls", "SIGSTOP for 4 s", Program.LIVE, _reader_stalls, PLAN),
    Row(
        "node: the server dies",
        "SIGKILL to PipeWire, which is started again",
        Program.EITHER,
        _server_dies,
        PLAN,
    ),
    Row(
        "node: the daemon dies while somebody reads",
        "SIGKILL; it is started again, and the reader opens the camera again",
        Program.EITHER,
        _daemon_dies,
        replace(PLAN, cloud=True),
        exits=frozenset({0, -9}),
    ),
    Row(
        "node: readers come and go",
        "twice, on demand",
        Program.EITHER,
        _readers_come_and_go,
        Plan(pipewire=True, live=False, settings={"CAPTURE__LINGER_S": "0.5"}),
    ),
    _held("blank", Seen.BLACK),
    _held("freeze", Seen.LIVE),
)
