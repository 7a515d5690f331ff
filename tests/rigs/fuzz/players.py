"""The processes that play the cases: one that dies, or is not done, is a fault like any other."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import BinaryIO, Protocol

from tests.rigs.fuzz.cases import Outcome

STUCK_S = 60.0
"""A case that takes longer is stuck: the slowest take well below a second."""
MOST_FAULTS = 20
"""After so many no more cases are played."""

type Case = tuple[str, int]

_new = multiprocessing.get_context("spawn")


class Playable(Protocol):
    """What plays the cases."""

    def play_file(self, number: int, folder: Path) -> Outcome: ...

    def decode_picture(self, number: int) -> Outcome: ...


@dataclass(slots=True)
class Player:
    """A process that plays one case after the other."""

    process: SpawnProcess
    pipe: Connection
    case: Case | None = None
    since: float = 0.0

    @classmethod
    def begin(cls, cases: Playable) -> Player:
        """Start one."""
        ours, its = _new.Pipe()
        process = _new.Process(target=_play, args=(cases, its), daemon=True)
        process.start()
        its.close()
        # What it imports takes its time, which is no case's.
        ours.recv()
        return cls(process, ours)

    def give(self, case: Case | None) -> None:
        """Have it play a case; None: it is to end."""
        self.case, self.since = case, time.monotonic()
        self.pipe.send(case)

    def end(self) -> None:
        """Have it gone, whatever it does."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _play(cases: Playable, pipe: Connection) -> None:
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "said").open("w+b") as said:
        # Decoders write of damage here. A traceback among it is one that a user would see.
        os.dup2(said.fileno(), 2)
        pipe.send("ready")
        while (case := pipe.recv()) is not None:
            kind, number = case
            try:
                if kind == "file":
                    outcome = cases.play_file(number, Path(folder))
                else:
                    outcome = cases.decode_picture(number)
                _require_no_traceback(said)
                pipe.send((True, outcome.value))
            except BaseException:
                pipe.send((False, traceback.format_exc()))


def _require_no_traceback(said: BinaryIO) -> None:
    said.seek(0)
    words = said.read()
    said.seek(0)
    said.truncate()
    if b"Traceback" in words:
        raise AssertionError(f"on standard error: {words.decode(errors='replace')}")


def fuzz(
    cases: Playable, todo: Iterator[Case], processes: int, *, stuck_s: float = STUCK_S
) -> tuple[Counter[str], list[str]]:
    """Play all cases; returns how many came to what, and the faults.

    A case that takes longer than `stuck_s` is one.
    """
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    players = [Player.begin(cases) for _ in range(processes)]
    busy: list[Player] = []
    try:
        while True:
            while players and len(faults) < MOST_FAULTS and (case := next(todo, None)):
                players[-1].give(case)
                busy.append(players.pop())
            if not busy:
                return outcomes, faults
            ready = wait([player.pipe for player in busy], stuck_s / 4)
            for player in list(busy):
                kind, number = player.case or ("", 0)
                if player.pipe in ready:
                    fault = _hear(player, outcomes)
                elif time.monotonic() - player.since > stuck_s:
                    fault = f"not done after {stuck_s:g} s"
                else:
                    continue
                busy.remove(player)
                if fault is None:
                    players.append(player)
                    continue
                faults.append(f"{kind} {number}: {fault}")
                player.end()
                players.append(Player.begin(cases))
    finally:
        for player in players + busy:
            player.end()


def _hear(player: Player, outcomes: Counter[str]) -> str | None:
    """Take what a player says of its case; a fault in words, or None."""
    try:
        right, words = player.pipe.recv()
    except EOFError:
        player.process.join()
        return f"the process died with {player.process.exitcode}"
    if not right:
        return str(words)
    kind = player.case[0] if player.case else ""
    outcomes[f"{kind}s {words}"] += 1
    return None
