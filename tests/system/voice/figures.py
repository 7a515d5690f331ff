"""What the voice costs, and how long a killed child is heard and missed.

python -m tests.system.voice.figures [--newer] [--seconds 30]
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np

from sana_vcam.voice.line import LineState
from tests.rigs.pipewire import VERSIONS, Session
from tests.rigs.pipewire.sounds import RATE, tone
from tests.system.voice.rig import Carried, both, play, reader
from tests.system.voice.test_faults import WORDS, children

DELAY_MS = 1500
TICKS = os.sysconf("SC_CLK_TCK")


def used_s(stat: Path) -> float:
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def event_loop() -> Path:
    """What is known of the thread of the line's event loop."""
    (thread,) = (one for one in threading.enumerate() if one.name == "line")
    return Path(f"/proc/self/task/{thread.native_id}/stat")


def costs(line: Carried, seconds: float) -> None:
    programs = {program: children(program) for program in WORDS}
    watched = {"event loop": event_loop()}
    watched |= {name: Path(f"/proc/{ids[0]}/stat") for name, ids in programs.items() if ids}
    before = {name: used_s(stat) for name, stat in watched.items()}
    began = time.monotonic()
    while time.monotonic() < began + seconds:
        time.sleep(0.1)
        line.line.take_levels()
    took = time.monotonic() - began
    total = 0.0
    for name, stat in watched.items():
        share = 100 * (used_s(stat) - before[name]) / took
        total += share
        memory = ""
        if name in programs:
            rollup = Path(f"/proc/{programs[name][0]}/smaps_rollup").read_text()
            memory = f"{int(rollup.partition('Pss:')[2].split()[0]) / 1024:.1f} MB"
        print(f"  {name}: {share:.2f} % of a core {memory}")
    print(f"  together: {total:.2f} % of a core")


def longest_silence_s(samples: np.ndarray) -> float:
    loud = np.flatnonzero(np.abs(samples) > 0.05)
    return float(np.diff(loud).max() / RATE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--newer", action="store_true", help="PipeWire 1.4 instead of Debian 12's")
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    with Session(VERSIONS["newer" if asked.newer else "debian"]) as session:
        os.environ |= session.environment
        with Carried(session) as line:
            line.start(DELAY_MS)
            print("asleep:")
            costs(line, asked.seconds)
            play(session, tone(asked.seconds + 120))
            with reader(session):
                line.is_in(LineState.HEARD)
                print("heard:")
                costs(line, asked.seconds)
            with both(session) as recorder:
                line.is_in(LineState.HEARD)
                time.sleep(0.6)
                (child,) = children("pipewire")
                os.kill(child, signal.SIGKILL)
                killed = time.monotonic()
                line.is_in(LineState.SILENT, LineState.FAILED, LineState.OPENING)
                line.is_in(LineState.HEARD)
                print(f"the child killed: heard again after {time.monotonic() - killed:.2f} s,")
                time.sleep(1.0)
            _, far = recorder.samples()
            print(f"  of which {longest_silence_s(far):.2f} s silence; the delay is {DELAY_MS} ms")
            with both(session) as recorder:
                line.is_in(LineState.HEARD)
                time.sleep(0.6)
                line.mute()
                session.stop("player", signal.SIGKILL)
                time.sleep(1.0)
            ends = [np.flatnonzero(np.abs(side) > 0.05)[-1] / RATE for side in recorder.samples()]
            print(f"muted: the sound ends {1000 * (ends[1] - ends[0]):.0f} ms after that of a")
            print("  microphone whose player is killed in the same moment")


if __name__ == "__main__":
    main()
