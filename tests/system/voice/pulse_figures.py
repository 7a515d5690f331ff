"""What the voice costs on PulseAudio, asleep and heard, and how soon a killed daemon is silence.

python -m tests.system.voice.pulse_figures [--seconds 30]
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.rigs.pipewire.sounds import tone
from tests.rigs.pulse import Listener, PulseSession, Talker
from tests.system.voice.figures import used_s
from tests.system.voice.test_pulse import DAEMON

IDLE = """
import asyncio
from sana_vcam.voice.engines import make_line
from sana_vcam.voice.pulse.line import PulseLine
asyncio.run(asyncio.sleep(1000))
"""


def memory_mb(pid: int) -> float:
    """What belongs to a process and to no other one."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(rollup.partition("Pss:")[2].split()[0]) / 1024


def cost(pid: int, seconds: float) -> str:
    stat = Path(f"/proc/{pid}/stat")
    before, began = used_s(stat), time.monotonic()
    time.sleep(seconds)
    share = 100 * (used_s(stat) - before) / (time.monotonic() - began)
    return f"{share:.2f} % of a core, {memory_mb(pid):.1f} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    seconds = parser.parse_args().seconds
    root = {"PYTHONPATH": str(Path(__file__).parents[3])}
    with PulseSession() as session, Talker(session) as talker:

        def start(name: str, program: str) -> subprocess.Popen[bytes]:
            return session.spawn(name, sys.executable, "-c", program, environment=root)

        def says(name: str, word: str) -> None:
            session.until(f"{name} to be {word}", lambda: session.log(name).endswith(f"{word}\n"))

        idle = start("idle", IDLE)
        time.sleep(3.0)
        print(f"a process that has only loaded it: {cost(idle.pid, seconds)}")
        talker.say(tone(1.0))
        daemon = start("daemon", DAEMON)
        says("daemon", "asleep")
        print(f"asleep: {cost(daemon.pid, seconds)}")
        with Listener(session) as listener:
            says("daemon", "heard")
            print(f"heard: {cost(daemon.pid, seconds)}")
            server = session._processes["pulseaudio"].pid
            print(f"  and the server: {cost(server, seconds)}")
            session.stop("daemon", signal.SIGKILL)
            killed = time.monotonic()
            time.sleep(1.0)
            last = max(came for came, _ in listener._pieces)
            print(f"killed: the last sound came {max(0.0, last - killed):.3f} s later")
            start("again", DAEMON)
            says("again", "heard")
            back = time.monotonic()
            print(f"  started again at once, heard {back - killed - 1.0:.2f} s after (300 ms late)")


if __name__ == "__main__":
    main()
