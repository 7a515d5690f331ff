"""What the voice takes while an application hears it: CPU in many short turns, and memory.

On PipeWire and on plain PulseAudio, in private sessions; the daemon's part and each child's. In
turns with and without somebody who looks at how loud one speaks, since the level is measured for
him. The picture is always as late, so no pauses of speech are looked for otherwise.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from tests.rigs.bench.paired import median_interval
from tests.rigs.pipewire import VERSIONS, PipeWireMissing, Session
from tests.rigs.pipewire.sounds import tone
from tests.rigs.pulse import Listener, PulseMissing, PulseSession, Talker
from tests.system.voice.rig import play, reader

ROOT = Path(__file__).parents[3]
TURN_S = 2.5
SETTLE_S = 2.0
"""A recording begins, or ends, within this time."""
NEEDED_S = 11.0
"""So long after it is heard the levels are measured in any case."""
WORDS = {"unshown": "nobody looks", "shown": "its level is shown"}
TOGETHER = "together"


async def measure(_home: Path, long: bool) -> dict[str, object]:
    """Both sound servers; `long`: the newer PipeWire as well."""
    rounds = 20 if long else 8
    found: dict[str, object] = {}
    for name in ("debian", "newer") if long else ("debian",):
        try:
            found[f"PipeWire, {name}"] = await asyncio.to_thread(_pipewire, name, rounds)
        except PipeWireMissing as error:
            found[f"PipeWire, {name}"] = {"left out": str(error)}
    try:
        found["PulseAudio"] = await asyncio.to_thread(_pulse, rounds)
    except PulseMissing as error:
        found["PulseAudio"] = {"left out": str(error)}
    return found


def _pipewire(version: str, rounds: int) -> dict[str, object]:
    with Session(VERSIONS[version]) as session, ExitStack() as stack:
        play(session, tone(rounds * 12 + 120))
        feeder = stack.enter_context(Feeder(session))
        session.until("the source", lambda: "sana_mic" in session.nodes())
        stack.enter_context(reader(session))
        return _in_turns(session, feeder, rounds)


def _pulse(rounds: int) -> dict[str, object]:
    with PulseSession() as session, ExitStack() as stack:
        talker = stack.enter_context(Talker(session))
        talker.say(tone(1.0))
        feeder = stack.enter_context(Feeder(session))
        session.until("the source", lambda: "sana_mic" in session.sources())
        stack.enter_context(Listener(session))
        return _in_turns(session, feeder, rounds)


def _in_turns(session: Session, feeder: Feeder, rounds: int) -> dict[str, object]:
    session.until("the voice", lambda: feeder.ask()["state"] == "heard")
    time.sleep(NEEDED_S)
    shares: dict[str, dict[str, list[float]]] = {word: defaultdict(list) for word in WORDS}
    memory: dict[str, list[float]] = {word: [] for word in WORDS}
    for turn in range(rounds):
        print(f"  turn {turn + 1} of {rounds}", file=sys.stderr)
        for word in WORDS:
            feeder.ask(word)
            time.sleep(SETTLE_S)
            before = feeder.ask()
            time.sleep(TURN_S)
            after = feeder.ask()
            took_s = after["at"] - before["at"]
            each = {
                name: 100 * (used - before["cpu_s"].get(name, used)) / took_s
                for name, used in after["cpu_s"].items()
            }
            for name, share in (each | {TOGETHER: sum(each.values())}).items():
                shares[word][name].append(share)
            memory[word].append(after["children_mb"])
    return {
        WORDS[word]: {
            "% of a core": {name: _interval(values) for name, values in shares[word].items()},
            "MB of its children": round(median(memory[word]), 1),
        }
        for word in WORDS
    }


def _interval(values: list[float]) -> dict[str, object]:
    low, high = median_interval(values)
    return {
        "median": round(median(values), 2),
        "95 % interval": [round(low, 2), round(high, 2)],
        "turns": len(values),
    }


class Feeder:
    """The process that carries the voice, while the block lasts."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> Feeder:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rigs.bench.contenders.voicefeed"],
            env={**self._session.environment, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, word: str = "") -> dict[str, Any]:
        """Say a word, and give what it tells."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found
