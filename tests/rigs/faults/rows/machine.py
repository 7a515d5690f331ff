"""What the machine around the daemon can do: full disks, clocks, stalls, sleep."""

from __future__ import annotations

import asyncio
import os
import signal

import av

from tests.rigs.faults.isolated import make_room, tiny_disk
from tests.rigs.faults.row import Program, Row
from tests.rigs.faults.stage import Plan, Stage
from tests.rigs.faults.wallclock import WallClock

FULL = "/dev/full"
"""Every write to it fails as on a full disk."""


async def _state_full(stage: Stage) -> None:
    folder = stage.home / "xdg_state_home"
    folder.mkdir(mode=0o700)
    tiny_disk(folder)
    stage.cause()
    await stage.model.start()
    await stage.daemon.start()
    await stage.live()
    await asyncio.sleep(1)
    make_room(folder)
    stage.gone()
    await stage.live_again()


async def _full_in_mid_run(stage: Stage) -> None:
    """The model dies meanwhile, so that the next session cannot be noted."""
    stage.cause()
    tiny_disk(stage.home / "xdg_state_home")
    await stage.model.end(signal.SIGKILL)
    await stage.session("backoff")
    await stage.model.start()
    stage.gone()
    await stage.live_again()


async def _config_full(stage: Stage) -> None:
    control = await stage.daemon.control()
    tiny_disk(stage.home / "xdg_config_home")
    stage.cause()
    reply = await control.send("save_preset", id="mine", name="Mine", prompt="as an oil painting")
    assert reply["type"] == "error", reply
    assert reply["data"]["code"] == "rejected", reply
    stage.gone()
    await stage.live_again()


async def _recording_killed(stage: Stage) -> None:
    control = await stage.daemon.control()
    await control.until(lambda s: s["clips"], "kept")
    began = await control.ok("record", on=True)
    await control.until(lambda s: (s["recording"] or {}).get("seconds", 0) > 3, "recorded")
    told_s = control.state["recording"]["seconds"]
    stage.cause()
    await stage.kill()
    with av.open(began["path"]) as left:
        shown = [float(frame.time) for frame in left.decode(video=0)]
    # The last second, and what was on its way to the disk.
    assert max(shown) - min(shown) > told_s - 1.5, "up to the last second"
    await stage.daemon.start()
    await stage.live()


async def _recording_full(stage: Stage) -> None:
    """The reserve is none, so that the disk does fill up."""
    folder = stage.home / "kept"
    folder.mkdir(mode=0o700)
    tiny_disk(folder, 1024)
    make_room(folder)
    control = await stage.daemon.control()
    await control.until(lambda state: bool(state["clips"]), "kept")
    stage.cause()
    await control.ok("record", on=True)
    await control.until(lambda state: state["keep_error"] is not None, "full")
    assert "No space left on device" in control.state["keep_error"], control.state
    assert control.state["recording"] is None
    reply = await control.send("clip")
    assert reply["type"] == "error", reply
    stage.gone()
    await stage.live_again()


async def _log_full(stage: Stage) -> None:
    stage.daemon.stderr = os.open(FULL, os.O_WRONLY)
    await stage.begin()
    os.close(stage.daemon.stderr)
    stage.cause()
    await asyncio.sleep(2)
    await stage.live()


def _stall(seconds: float) -> Row:
    async def play(stage: Stage) -> None:
        await stage.daemon.control()
        stage.cause()
        stage.daemon.tell(f"stall {seconds}")
        await asyncio.sleep(seconds)
        stage.gone()
        await stage.live_again()

    return Row(
        f"machine: the event loop stalls for {seconds:g} s",
        "a callback that does not return",
        Program.LIVE,
        play,
        Plan(seams=True),
    )


async def _clock_steps(stage: Stage) -> None:
    """The library is given to the process at its start, so this row starts it itself."""
    clock = WallClock(stage.home)
    stage.daemon.more_environment(clock.environment)
    await stage.begin()
    stage.cause()
    for seconds in (3600.0, -3600.0, 3e8, -5.0, 0.0):
        clock.step(seconds)
        await asyncio.sleep(1.5)
    stage.gone()
    await stage.live_again()


async def _clock_steps_while_waiting(stage: Stage) -> None:
    clock = WallClock(stage.home)
    stage.daemon.more_environment(clock.environment)
    stage.cause()
    await stage.daemon.start()
    await stage.session("backoff")
    clock.step(-86400.0)
    await stage.model.start()
    stage.gone()
    await stage.live_again()


def _asleep(seconds: float) -> Row:
    async def play(stage: Stage) -> None:
        stage.cause()
        stage.daemon.signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        stage.daemon.signal(signal.SIGCONT)
        stage.gone()
        await stage.live_again()
        assert stage.times.cause is not None
        assert stage.times.gone is not None
        stage.watch.excuse(stage.times.cause, stage.times.gone + 0.1)

    return Row(
        f"machine: the daemon sleeps for {seconds:g} s",
        "SIGSTOP to the daemon, then SIGCONT",
        Program.EITHER,
        play,
        recovery_s=5.0 if seconds < 8 else 15.0,
        why="" if seconds < 8 else "the SDK notices 5 s after waking up that it was dropped",
    )


ROWS = (
    Row(
        "machine: the disk for the state is full at the start",
        "no session can be noted",
        Program.EITHER,
        _state_full,
        Plan(live=False),
    ),
    Row(
        "machine: the disk for the state fills up in mid-run",
        "and the model is killed, so that a new session cannot be noted",
        Program.CARD,
        _full_in_mid_run,
    ),
    Row(
        "machine: the disk for the configuration is full",
        "a preset cannot be saved",
        Program.LIVE,
        _config_full,
    ),
    Row(
        "machine: the daemon is killed while it records",
        "SIGKILL; the recording plays up to the last second; started again",
        Program.EITHER,
        _recording_killed,
        Plan(
            settings={
                "KEEP__CLIPS": "true",
                "KEEP__FOLDER": "{home}/kept",
                "KEEP__RESERVE_MB": "0",
            }
        ),
        None,
        exits=frozenset({0, -9}),
    ),
    Row(
        "machine: the disk for the videos fills up while it records",
        "the recording ends, and a clip is refused",
        Program.LIVE,
        _recording_full,
        Plan(
            settings={
                "KEEP__CLIPS": "true",
                "KEEP__FOLDER": "{home}/kept",
                "KEEP__RESERVE_MB": "0",
            }
        ),
    ),
    Row(
        "machine: the disk for the log is full",
        "every line to standard error fails",
        Program.LIVE,
        _log_full,
        Plan(live=False),
        None,
    ),
    _stall(3),
    _stall(12),
    Row(
        "machine: the wall clock steps in mid-run",
        "by an hour, back, by ten years, by seconds",
        Program.LIVE,
        _clock_steps,
        Plan(live=False),
    ),
    Row(
        "machine: the wall clock steps back while a session is waited for",
        "by a day, between two attempts",
        Program.CARD,
        _clock_steps_while_waiting,
        Plan(live=False),
    ),
    _asleep(4),
    _asleep(25),
)
