"""A daemon that is attacked, and somebody who presses `blank`: see `blank`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.rigs.bench.figures import summary_ms
from tests.rigs.faults import attacks, clip
from tests.rigs.faults.clip import Seen
from tests.rigs.faults.stage import Plan, Stage, staged

BETWEEN_S = 0.02
LOOK_S = 0.002
SEEN_S = 30.0
KEY_S = 0.5
"""A key that is not answered for so long has found no way in."""
SETTLE_S = 1.0
REPLY = "reply over an open connection"
BLACK = "black at the sink"
KEY = "reply to a key's own connection"

type Attack = Callable[[], AbstractAsyncContextManager[object]]
"""What is done for a while, any number of times."""
type Preparation = Callable[[Stage, contextlib.ExitStack], Attack]
"""Makes an attack before the daemon is started; what is left over, the stack clears away."""


def _plain(how: Callable[[Stage], AbstractAsyncContextManager[object]]) -> Preparation:
    return lambda stage, _: partial(how, stage)


def _unread(stage: Stage, stack: contextlib.ExitStack) -> Attack:
    terminal = stack.enter_context(contextlib.closing(attacks.Terminal(stage)))
    terminal.read()
    return terminal.unread


ATTACKS: dict[str, Preparation] = {
    "nothing, to compare with": _plain(contextlib.nullcontext),
    "15,000 sockets in the table, 300 handshakes at a time": _plain(attacks.strangers),
    "nobody reads standard error": _unread,
    "full disks": _plain(attacks.full_disks),
    "vanishing folders": _plain(attacks.vanishing_folders),
    "a state of 1,000,000 characters with every chunk": _plain(attacks.endless_words),
    "no descriptors left, and strangers": _plain(attacks.no_descriptors),
}


@dataclass
class Taken:
    """Seconds that each press took, and how many keys found no way in."""

    reply: list[float] = field(default_factory=list)
    black: list[float] = field(default_factory=list)
    key: list[float] = field(default_factory=list)
    refused: int = 0


async def play(name: str, presses: int, turns: int) -> dict[str, object]:
    """One attack, on a daemon of its own."""
    print(f"  {name}", file=sys.stderr)
    quiet, attacked, load = Taken(), Taken(), os.getloadavg()[0]
    plan = Plan(settings={"LOG__LEVEL": "debug"})
    with tempfile.TemporaryDirectory(prefix="blank-") as folder, contextlib.ExitStack() as stack:
        clip.make(Path(folder) / "clip.avi")
        async with staged(Path(folder), plan) as stage:
            attack = ATTACKS[name](stage, stack)
            await stage.begin()
            try:
                for _ in range(turns):
                    await press(stage, presses, quiet)
                    async with attack():
                        await asyncio.sleep(SETTLE_S)
                        await press(stage, presses, attacked)
            except Exception:
                print(*stage.daemon.log, sep="\n", file=sys.stderr)
                raise
            await stage.end()
            return compared(quiet, attacked) | {
                "raw frames": sum(one.seen is Seen.RAW for one in stage.glimpses()),
                "sessions left open": await stage.left_open(),
                "exit status": stage.exits[-1],
                "load at its start": round(load, 1),
                "something waited for a processor, %": round(100 * stage.watch.crowded),
            }


def compared(quiet: Taken, attacked: Taken) -> dict[str, object]:
    """What each took without the attack and under it, and how many times as long under it."""
    figures: dict[str, object] = {}
    for name, one, two in (
        (REPLY, quiet.reply, attacked.reply),
        (BLACK, quiet.black, attacked.black),
        (KEY, quiet.key, attacked.key),
    ):
        without, under = summary_ms(one), summary_ms(two)
        figures |= {f"{name}, quiet, ms": without, f"{name}, attacked, ms": under}
        for rank in ("p50", "p99"):
            if without.get(rank) and rank in under:
                figures[f"{name}, {rank}, times"] = round(under[rank] / without[rank], 2)
    return figures | {"keys without a way in": attacked.refused}


async def press(stage: Stage, presses: int, taken: Taken) -> None:
    """Press `blank` on and off over a connection that stays, and a key that makes its own."""
    control = await stage.daemon.control()
    for _ in range(presses):
        began = time.monotonic()
        await control.ok("blank", on=True)
        taken.reply.append(time.monotonic() - began)
        taken.black.append(await _seen(stage, began, lambda seen: seen is Seen.BLACK) - began)
        await control.ok("blank", on=False)
        await _seen(stage, time.monotonic(), lambda seen: seen is not Seen.BLACK)
        began = time.monotonic()
        try:
            await _key(stage)
        except (OSError, EOFError):
            taken.refused += 1
        else:
            taken.key.append(time.monotonic() - began)
        await asyncio.sleep(BETWEEN_S)


async def _seen(stage: Stage, after: float, wanted: Callable[[Seen], bool]) -> float:
    """Wait until viewers have seen it after a moment: when that was."""
    async with asyncio.timeout(SEEN_S):
        while True:
            for one in stage.watch.since(after):
                if wanted(one.seen):
                    return one.at
            await asyncio.sleep(LOOK_S)


async def _key(stage: Stage) -> None:
    """Ask for what is so already, as `sana-vcam ctl` does: over the Unix socket."""
    socket = stage.home / "xdg_runtime_dir" / "sana-vcam" / "control.sock"
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        writer.write(b"GET /v1/blank?on=false HTTP/1.1\r\nHost: localhost\r\n\r\n")
        if b'"on":false' not in await asyncio.wait_for(reader.read(), KEY_S):
            raise EOFError
    finally:
        writer.close()
