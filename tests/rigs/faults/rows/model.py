"""What the model's process and the model in it can do wrong."""

from __future__ import annotations

import asyncio
import signal
import time

from sana_vcam.media.playout.buffer import UNKNOWN_S
from tests.rigs.faults import ORPHAN_TIMEOUT
from tests.rigs.faults.clip import Seen
from tests.rigs.faults.row import LATE_S, Program, Row
from tests.rigs.faults.stage import Plan, Stage

RETRIED = "a failed session is opened again after a growing pause"


def _killed(down_s: float) -> Row:
    async def play(stage: Stage) -> None:
        stage.cause()
        await stage.model.end(signal.SIGKILL)
        await stage.sees(Seen.CARD)
        await asyncio.sleep(max(0.0, down_s - 3))
        await stage.model.start()
        stage.gone()
        await stage.live_again()

    name = f"model: killed, started again after {down_s:g} s"
    # The SDK notices after 8 s that its peer has died without a word.
    bound = max(5.0, 13.0 - down_s)
    why = "the SDK notices a dead peer only after 8 s" if bound > 5 else ""
    return Row(name, "SIGKILL to the model's process", Program.CARD, play, Plan(), bound, why)


def _frozen(seconds: float) -> Row:
    async def play(stage: Stage) -> None:
        assert stage.model.process is not None
        stage.cause()
        stage.model.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        stage.model.process.send_signal(signal.SIGCONT)
        stage.gone()
        await stage.live_again()

    return Row(
        f"model: frozen for {seconds:g} s", "SIGSTOP, then SIGCONT", Program.CARD, play
    )  # fmt: skip


async def _frozen_at_once(stage: Stage) -> None:
    """Before its pace is known: it may be one of those that take 5 s for a burst."""
    await stage.model.start()
    await stage.daemon.start()
    await stage.live()
    assert stage.model.process is not None
    stage.times.began = time.monotonic()
    stage.cause()
    stage.model.process.send_signal(signal.SIGSTOP)
    await stage.sees(Seen.CARD)
    stage.model.process.send_signal(signal.SIGCONT)
    stage.gone()
    await stage.live_again()


async def _refusing(stage: Stage) -> None:
    stage.cause()
    await stage.daemon.start()
    await stage.session("backoff")
    await asyncio.sleep(3)
    await stage.model.start()
    stage.gone()
    await stage.live_again()


async def _exception(stage: Stage) -> None:
    stage.cause()
    stage.model.temper(crash=True)
    await stage.sees(Seen.CARD)
    stage.model.temper()
    await stage.model.end()
    await stage.model.start()
    stage.gone()
    await stage.live_again()


def _bad(name: str, cause: str, seconds: float, program: Program, **temper: object) -> Row:
    async def play(stage: Stage) -> None:
        stage.cause()
        stage.model.temper(**temper)
        await asyncio.sleep(seconds)
        if program is Program.CARD:
            await stage.sees(Seen.CARD)
        stage.model.temper()
        stage.gone()
        await stage.live_again()

    return Row(f"model: {name}", cause, program, play)


async def _stalled_for_good(stage: Stage) -> None:
    stage.cause()
    stage.model.temper(stall=True)
    await stage.sees(Seen.CARD)
    await stage.session("closing", "idle", "backoff", "connecting", "starting", "reconnecting")
    stage.model.temper()
    stage.gone()
    await stage.live_again()


async def _other_size_from_the_start(stage: Stage) -> None:
    stage.cause()
    stage.model.temper(size=[320, 176])
    await stage.model.start()
    await stage.daemon.start()
    await stage.session("starting")
    await asyncio.sleep(3)
    stage.model.temper()
    stage.gone()
    await stage.live_again()


def _refused_at_start(command: str, shape: str, program: Program) -> Row:
    """A command that every start sends is refused; the user asks again where that is needed."""
    final = command == "set_prompt"

    async def play(stage: Stage) -> None:
        stage.model.temper(reject={command: shape})
        stage.cause()
        await stage.model.start()
        await stage.daemon.start()
        if program is Program.LIVE:
            await stage.live()
            await asyncio.sleep(1)
            return
        await stage.session("refused" if final else "backoff")
        await asyncio.sleep(1)
        stage.model.temper()
        stage.gone()
        if final:
            await (await stage.daemon.control()).ok("connect")
        await stage.live_again()

    return Row(
        f"model: refuses {command} at the start ({shape})",
        f"{command} is refused" + ("; the user tries again" if final else ""),
        Program.EITHER if program is Program.LIVE else program,
        play,
        Plan(live=False),
        None if program is Program.LIVE else 5.0,
    )


def _refused_in_a_run(command: str, shape: str, program: Program = Program.LIVE) -> Row:
    data: dict[str, dict[str, object]] = {
        "set_prompt": {"prompt": "a neon hologram"},
        "set_seed": {"seed": 7},
        "set_anchor_interval": {"chunks": 5},
    }

    async def play(stage: Stage) -> None:
        control = await stage.daemon.control()
        if command == "resume":
            await control.ok("pause")
            await stage.sees(Seen.CARD)
        stage.cause()
        stage.model.temper(reject={command: shape})
        await control.send(command, **data.get(command, {}))
        await asyncio.sleep(2)
        stage.model.temper()
        stage.gone()
        if command == "resume":
            await control.ok("resume")
        await stage.live_again()

    return Row(
        f"model: refuses {command} in a run ({shape})", f"{command} is refused", program, play
    )


async def _orphan_without_a_ledger(stage: Stage) -> None:
    stage.cause()
    await stage.kill()
    for file in (stage.home / "xdg_state_home").rglob("sessions*"):
        file.unlink()
    await stage.daemon.start()
    await stage.model.until_session("ready")
    stage.gone()
    await stage.live_again()


ROWS = (
    _killed(3),
    _killed(10),
    _frozen(5),
    _frozen(20),
    _frozen(40),
    Row(
        "model: frozen in a session's first second",
        "SIGSTOP at the first picture, SIGCONT at the card",
        Program.CARD,
        _frozen_at_once,
        Plan(live=False),
        10.0,
        "the card comes after 6 s, as the pace is not known yet; the SDK gives up after 8 s",
        still_s=UNKNOWN_S + LATE_S,
    ),
    Row(
        "model: refuses connections at the start",
        "nobody listens; then somebody does",
        Program.CARD,
        _refusing,
        Plan(live=False),
        10.0,
        RETRIED,
    ),
    Row(
        "model: an exception in mid-run",
        "run() raises: the process ends with status 1; started again",
        Program.CARD,
        _exception,
        recovery_s=13.0,
        why="the SDK notices a dead peer only after 8 s",
    ),
    _bad("no frames for 8 s", "no output while the connection stands", 8, Program.CARD, stall=True),
    Row(
        "model: no frames until the session is given up",
        "no output while the connection stands",
        Program.CARD,
        _stalled_for_good,
    ),
    _bad("frames of another size", "320x176 in mid-run", 6, Program.LIVE, size=[320, 176]),
    Row(
        "model: frames of another size from the start",
        "320x176 before the first right one",
        Program.CARD,
        _other_size_from_the_start,
        Plan(live=False),
    ),
    _bad("garbage messages", "unknown, malformed and lying ones", 4, Program.LIVE, garbage=True),
    _bad("no messages", "frames, but no chunk_complete and no state", 4, Program.LIVE, mute=True),
    _refused_at_start("set_mode", "message", Program.CARD),
    _refused_at_start("set_mode", "error", Program.CARD),
    _refused_at_start("set_prompt", "message", Program.CARD),
    _refused_at_start("set_prompt", "error", Program.CARD),
    _refused_at_start("start", "message", Program.CARD),
    _refused_at_start("start", "error", Program.CARD),
    _refused_at_start("set_seed", "message", Program.LIVE),
    _refused_at_start("set_anchor_interval", "error", Program.LIVE),
    _refused_in_a_run("set_prompt", "message"),
    _refused_in_a_run("set_seed", "error"),
    _refused_in_a_run("set_anchor_interval", "message"),
    _refused_in_a_run("pause", "message"),
    _refused_in_a_run("resume", "message", Program.CARD),
    _refused_in_a_run("reset", "message", Program.EITHER),
    Row(
        "model: busy with an orphan that nobody knows of",
        "SIGKILL to the daemon, its ledger lost; the runtime gives up the orphan",
        Program.CARD,
        _orphan_without_a_ledger,
        Plan(environment={ORPHAN_TIMEOUT: "5"}),
        exits=frozenset({0, -9}),
    ),
)
