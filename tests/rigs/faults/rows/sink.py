"""What happens to those who take the picture."""

from __future__ import annotations

import asyncio
import time

from tests.rigs.faults.isolated import tiny_disk
from tests.rigs.faults.row import Program, Row
from tests.rigs.faults.stage import Plan, Stage


async def _reader_leaves(stage: Stage) -> None:
    stage.cause()
    stage.watch.leave()
    await asyncio.sleep(3)
    stage.watch.come_back()
    stage.gone()
    await stage.live_again()


async def _reader_stalls(stage: Stage) -> None:
    stage.cause()
    stage.watch.pause()
    await asyncio.sleep(4)
    stage.watch.go_on()
    stage.gone()
    await stage.live_again()


def _one_of_two(fault: str) -> Row:
    async def play(stage: Stage) -> None:
        control = await stage.daemon.control()
        stage.cause()
        stage.daemon.tell(f"sink {fault}")
        await control.until(lambda state: bool(state["error"]), "a word about the camera")
        await asyncio.sleep(2)
        stage.daemon.tell("sink back")
        stage.gone()
        await control.until(lambda state: not state["error"], "back without an error")
        await stage.live_again()

    return Row(
        f"sink: one of two virtual cameras {fault}",
        "the other one goes on",
        Program.LIVE,
        play,
        Plan(seams=True, loopback=2, settings={"CAPTURE__WHEN": "always"}),
    )


def _only_one(fault: str) -> Row:
    async def play(stage: Stage) -> None:
        stage.cause()
        stage.daemon.tell(f"sink {fault}")
        await asyncio.sleep(3)
        stage.daemon.tell("sink back")
        stage.gone()
        await stage.live_again()
        assert stage.times.live is not None
        assert stage.times.cause is not None
        stage.watch.excuse(stage.times.cause, stage.times.live)

    return Row(
        f"sink: the virtual camera {fault}",
        "for 3 s",
        Program.LIVE,
        play,
        Plan(seams=True, loopback=1, settings={"CAPTURE__WHEN": "always"}),
    )


async def _viewers_come_and_go(stage: Stage) -> None:
    """Nobody watches: no camera, no session. Somebody does: both, at once."""
    await stage.model.start()
    await stage.daemon.start()
    control = await stage.daemon.control()
    await control.until(lambda state: state["viewers"] == 0, "nobody")
    assert control.state["session"] == "idle"
    left = 0.0
    for _ in range(3):
        stage.cause()
        stage.daemon.tell("viewers 1")
        stage.gone()
        await stage.live_again()
        # While nobody looks there is a card now and then.
        stage.watch.excuse(left, time.monotonic() - 1.0)
        left = time.monotonic()
        stage.daemon.tell("viewers 0")
        await stage.session("idle")
        await control.until(lambda state: state["camera"] == "off", "the camera off")
    stage.watch.excuse(left, float("inf"))


async def _disk_full(stage: Stage) -> None:
    folder = stage.home / "video"
    folder.mkdir()
    tiny_disk(folder, 4096)
    (folder / "filling").unlink()
    stage.cause()
    await stage.model.start()
    await stage.daemon.start()
    stage.exits.append(await stage.daemon.exit_status())
    assert any("No space left" in line for line in stage.daemon.log), list(stage.daemon.log)


ROWS = (
    Row(
        "sink: the reader goes and another comes",
        "a FIFO without a reader for 3 s",
        Program.LIVE,
        _reader_leaves,
    ),
    Row("sink: the reader stalls", "nothing is read for 4 s", Program.LIVE, _reader_stalls),
    _one_of_two("gone"),
    _one_of_two("refuses"),
    _only_one("gone"),
    _only_one("refuses"),
    Row(
        "sink: viewers come and go",
        "three times, on demand",
        Program.EITHER,
        _viewers_come_and_go,
        Plan(seams=True, loopback=1, live=False, settings={"CAPTURE__LINGER_S": "0.5"}),
    ),
    Row(
        "sink: the disk is full",
        "raw video into a file on a disk of 4 MB",
        Program.EITHER,
        _disk_full,
        Plan(live=False, settings={"SINK__PATH": "{home}/video/picture.i420"}),
        None,
        exits=frozenset({1}),
    ),
)
