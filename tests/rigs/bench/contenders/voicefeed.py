"""The voice as the daemon carries it, late by a picture that is always as late; says what it takes.

`python -m tests.rigs.bench.contenders.voicefeed`: in the session of a sound server. A line of
standard input is answered by a line of JSON. "shown" and "unshown" begin and end that somebody
looks at how loud one speaks.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from sana_vcam.voice.engines import make_line
from sana_vcam.voice.following import Follower, OnProgram, PictureDelay
from sana_vcam.voice.voice import Voice

MICROPHONE = "test_mic"
PICTURE_MS = 1500.0
OWN = "the daemon's part"


class Carried:
    """A voice in a call, and whether somebody looks at it."""

    def __init__(self) -> None:
        self.is_shown = False
        self.voice = Voice(
            make_line(),
            Follower(first_guess_ms=PICTURE_MS),
            MICROPHONE,
            program=lambda: OnProgram.LIVE,
            picture=lambda: PictureDelay(PICTURE_MS, PICTURE_MS - 50, PICTURE_MS + 50, 0.9),
            is_watched=lambda: self.is_shown,
        )

    def answer(self, word: str) -> dict[str, object]:
        """Do what a line asks for, and tell how it is."""
        if word:
            self.is_shown = word == "shown"
        return {
            "at": time.monotonic(),
            "state": self.voice.status.line.state,
            "cpu_s": {OWN: time.process_time()} | {name: _used_s(pid) for name, pid in children()},
            "children_mb": sum(_own_mb(pid) for _, pid in children()),
        }


def children() -> list[tuple[str, int]]:
    """The children of this process that run, with their names."""
    threads = Path("/proc/self/task").iterdir()
    pids = [int(pid) for one in threads for pid in (one / "children").read_text().split()]
    return sorted((Path(f"/proc/{pid}/comm").read_text().strip(), pid) for pid in pids)


def _used_s(pid: int) -> float:
    """CPU time of all threads, which the kernel counts in nanoseconds."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e9


def _own_mb(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rollup.partition("Pss:")[2].split()[0]) / 1024


async def main() -> None:
    """Carry it until standard input ends."""
    carried = Carried()
    running = asyncio.create_task(carried.voice.run())
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(sys.stdin.fileno(), "rb", 0)
    )
    while line := await reader.readline():
        print(json.dumps(carried.answer(line.decode().strip())), flush=True)
    running.cancel()
    await asyncio.wait({running})


if __name__ == "__main__":
    asyncio.run(main())
