"""What a terminal, a tidy program, a damaged disk and another user of the machine can do."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from tests.rigs.faults.attacks import Terminal, no_descriptors, strangers
from tests.rigs.faults.row import Program, Row
from tests.rigs.faults.rows.camera import TRIED
from tests.rigs.faults.stage import WITH_US, Plan, Stage, connected

CLOUD = Plan(cloud=True)
KILLED = frozenset({0, -9})
ASKED = 200


async def _blocked_terminal(stage: Stage) -> None:
    """The model dies meanwhile, of which there is much to say."""
    terminal = Terminal(stage)
    await stage.begin()
    terminal.fill()
    stage.cause()
    await stage.model.end(signal.SIGKILL)
    await stage.session("backoff")
    control = await stage.daemon.control()
    await control.ok("get_state")
    await stage.model.start()
    stage.gone()
    await stage.live_again()
    # Nobody has read by the end: SIGTERM has to do without.
    await stage.end()
    terminal.close()


async def _folder_cleaned_away(stage: Stage) -> None:
    folder = stage.home / "xdg_runtime_dir" / "sana-vcam"
    await stage.daemon.control()
    stage.cause()
    for _ in range(2):
        shutil.rmtree(folder)
        second = await asyncio.create_subprocess_exec(
            *(*WITH_US, sys.executable, "-m", "sana_vcam", "run"),
            env=stage.daemon.variables,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await second.communicate()
        assert second.returncode == 1, said.decode()
        assert b"already running" in said, said.decode()
        await stage.until((folder / "control.json").exists, "the control file")
        await stage.until((folder / "daemon.lock").exists, "the lock")
        async with connected(stage.daemon) as client:
            await client.ok("get_state")
    await stage.live()


async def _state_cleaned_away(stage: Stage) -> None:
    """Then the daemon is killed: what it has noted again is what the next start ends."""
    folder = stage.home / "xdg_state_home" / "sana-vcam"
    stage.cause()
    (old,) = stage.cloud.still_open
    shutil.rmtree(folder)
    await stage.until(lambda: old in _text(folder / "sessions.json"), "the ledger")
    await stage.kill()
    await stage.daemon.start()
    stage.gone()
    await stage.live_again()
    assert old not in stage.cloud.still_open, "the orphan is still open"


async def _ledger_damaged(stage: Stage) -> None:
    ledger = stage.home / "xdg_state_home" / "sana-vcam" / "sessions.json"
    stage.cause()
    (old,) = stage.cloud.still_open
    await stage.kill()
    content = json.loads(ledger.read_text())
    content["sessions"] = [None, {"session_id": 7}, *content["sessions"], {"half": "an ent"}]
    ledger.write_text(json.dumps(content)[:-12])
    usage = ledger.with_name("usage.json")
    usage.unlink(missing_ok=True)
    os.mkfifo(usage)
    await stage.daemon.start()
    stage.gone()
    await stage.live_again()
    assert old not in stage.cloud.still_open, "the orphan is still open"
    assert any("is unreadable" in line for line in stage.daemon.log)
    assert list(ledger.parent.glob("sessions.broken-*.json")), "the damaged one is kept"


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


async def _strangers(stage: Stage) -> None:
    async with strangers(stage) as rows:
        control = await stage.daemon.control()
        stage.cause()
        took = []
        for _ in range(ASKED):
            begun = time.monotonic()
            await control.ok("get_state")
            took.append(time.monotonic() - begun)
            await asyncio.sleep(0.02)
        took.sort()
        stage.notes.append(
            f"{rows} rows: replies after {1000 * took[ASKED // 2]:.0f} ms, "
            f"99 % within {1000 * took[ASKED * 99 // 100]:.0f} ms"
        )
    await stage.live()


async def _no_descriptors(stage: Stage) -> None:
    control = await stage.daemon.control()
    stage.cause()
    async with no_descriptors(stage):
        for _ in range(ASKED):
            await control.ok("get_state")
            await asyncio.sleep(0.05)
    stage.gone()
    await stage.live_again()
    # Who comes now is let in again.
    async with connected(stage.daemon) as client:
        await client.ok("get_state")


ROWS = (
    Row(
        "hostile: nobody reads standard error",
        "its pipe is full, and the model is killed; then SIGTERM",
        Program.CARD,
        _blocked_terminal,
        Plan(live=False),
        10.0,
        "the wait before the next attempt comes first",
    ),
    Row(
        "hostile: the run-time folder is cleaned away",
        "twice, and another daemon is started each time",
        Program.LIVE,
        _folder_cleaned_away,
        recovery_s=None,
    ),
    Row(
        "hostile: the state folder is cleaned away",
        "then SIGKILL to the daemon; it is started again",
        Program.CARD,
        _state_cleaned_away,
        CLOUD,
        exits=KILLED,
    ),
    Row(
        "hostile: the ledger is damaged, and a FIFO is in the account's place",
        "SIGKILL to the daemon, odd entries, the end cut off; it is started again",
        Program.CARD,
        _ledger_damaged,
        CLOUD,
        8.0,
        "the orphan is ended first",
        exits=KILLED,
    ),
    Row(
        "hostile: a table of 15,000 sockets, and handshakes that vanish",
        "300 at a time, of another user",
        Program.LIVE,
        _strangers,
        recovery_s=None,
    ),
    Row(
        "hostile: no descriptors left, and strangers who connect",
        "for ten seconds, in which a camera of a file cannot begin anew",
        Program.EITHER,
        _no_descriptors,
        recovery_s=10.0,
        why=TRIED,
    ),
)
