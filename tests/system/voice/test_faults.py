"""What happens to readers when something of the voice dies, hangs or is unplugged: silence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sana_vcam.voice.line import LineState
from tests.rigs.pipewire import Session
from tests.rigs.pipewire.sounds import RATE, clicks, onsets
from tests.system.voice.rig import FAR, Carried, both, dbfs, play, reader

PLUGGED = "usb_mic"
"""A microphone that can be unplugged: a process of its own."""
DAEMON = """
import asyncio, os
from sana_vcam.voice.pipewire.line import PipeWireLine
async def main():
    line = PipeWireLine()
    await line.open("test_mic")
    await line.shift(300, 0)
    await line.unmute(0)
    while True:
        print(line.status().state, flush=True)
        await asyncio.sleep(0.1)
asyncio.run(main())
"""


WORDS = {
    "pipewire": "voice.conf",
    "pw-cli": "pw-cli",
    "pw-dump": "--monitor",
    "pw-record": "sana_levels",
}
"""What tells the line's children from those of the rig."""


def children(program: str) -> list[int]:
    """The ids of the line's child processes that run a program."""
    listed = Path("/proc/self/task").glob("*/children")
    return [
        one
        for path in listed
        for one in map(int, _read(path).split())
        if _read(Path(f"/proc/{one}/comm")).strip() == program
        and WORDS[program] in _read(Path(f"/proc/{one}/cmdline"))
    ]


def _read(path: Path) -> str:
    """What the system says of a process or thread; nothing of one that has ended meanwhile."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_attached(session: Session, name: str) -> bool:
    """Whether a reader is still linked to our source."""
    return f"{name}:input_MONO" in session.run("pw-link", "-l", FAR)


def test_a_killed_child_is_silence_until_the_next_one(pipewire: Session, line: Carried):
    line.start(300)
    play(pipewire, clicks(120))
    with reader(pipewire) as listening:
        line.is_in(LineState.HEARD)
        (child,) = children("pipewire")
        os.kill(child, signal.SIGKILL)
        pipewire.until("a new child", lambda: children("pipewire") not in ([], [child]))
        line.is_in(LineState.HEARD)
        assert is_attached(pipewire, "rig_reader")
        time.sleep(2.0)
    (samples,) = listening.samples()
    assert len(onsets(samples)) >= 3
    assert len(line.sources()) == 1


def test_a_killed_daemon_is_silence_and_comes_back_under_the_same_name(pipewire: Session):
    def daemon(name: str) -> subprocess.Popen[bytes]:
        root = {"PYTHONPATH": str(Path(__file__).parents[3])}
        return pipewire.spawn(name, sys.executable, "-c", DAEMON, environment=root)

    def says(name: str, state: str) -> None:
        pipewire.until(state, lambda: state in pipewire.log(name).split()[-2:])

    play(pipewire, clicks(120))
    first = daemon("first")
    says("first", "asleep")
    with reader(pipewire) as listening:
        says("first", "heard")
        source = pipewire.nodes()["sana_mic"]["props"]["object.serial"]
        first.kill()
        first.wait()
        pipewire.until("the child's end", lambda: "sana_voice" not in pipewire.nodes())
        assert is_attached(pipewire, "rig_reader")
        with reader(pipewire, "rig_second") as silence:
            time.sleep(1.0)
        daemon("second")
        says("second", "heard")
        time.sleep(1.0)
        assert is_attached(pipewire, "rig_reader")
        assert pipewire.nodes()["sana_mic"]["props"]["object.serial"] == source
    assert dbfs(silence.samples()[0]) < -60
    (samples,) = listening.samples()
    assert len(onsets(samples)) >= 2
    pipewire.stop("second")


@pytest.mark.parametrize("pipewire", ["debian"], indirect=True)
def test_an_unplugged_microphone_is_silence_and_comes_back_by_itself(
    pipewire: Session, line: Carried
):
    def plug() -> None:
        pipewire.spawn(
            *("usb", "pw-loopback", "-m", "[ MONO ]"),
            *("-i", "media.class=Audio/Sink node.name=usb_mic_in"),
            *("-o", f"media.class=Audio/Source node.name={PLUGGED}"),
        )
        pipewire.until("the microphone", lambda: PLUGGED in pipewire.nodes())

    plug()
    line.start(300, PLUGGED)
    # Another microphone goes on hearing something, and is never taken in its place.
    play(pipewire, clicks(120))
    with both(pipewire) as recorder:
        line.is_in(LineState.HEARD)
        pipewire.stop("usb", signal.SIGKILL)
        status = line.is_in(LineState.FAILED)
        assert PLUGGED in str(status.error)
        assert "test_mic" in str(status.error)
        time.sleep(1.0)
        plug()
        line.is_in(LineState.HEARD)
        linked = pipewire.run("pw-link", "-l", f"{PLUGGED}:capture_MONO")
        assert "sana_listen" in linked
    near, far = recorder.samples()
    assert len(onsets(near)) >= 2
    assert dbfs(far) < -60


@pytest.mark.parametrize("pipewire", ["newer"], indirect=True)
def test_a_restarted_server_gets_its_source_and_the_voice_again(pipewire: Session, line: Carried):
    line.start(300)
    pipewire.stop_server()
    assert "systemctl" in str(line.is_in(LineState.FAILED).error)
    pipewire.start_server()
    line.is_in(LineState.ASLEEP)
    assert len(line.sources()) == 1
    play(pipewire, clicks(60))
    with reader(pipewire) as listening:
        line.is_in(LineState.HEARD)
        time.sleep(1.5)
    assert len(onsets(listening.samples()[0])) >= 1


@pytest.mark.parametrize("pipewire", ["debian"], indirect=True)
def test_what_speaks_with_the_server_may_hang_and_a_mute_still_mutes(
    pipewire: Session, line: Carried
):
    line.start(500)
    play(pipewire, clicks(120))
    with both(pipewire) as recorder:
        line.is_in(LineState.HEARD)
        for program in ("pw-cli", "pw-dump"):
            (hanging,) = children(program)
            os.kill(hanging, signal.SIGSTOP)
        line.mute()
        pipewire.until("the child's end", lambda: "sana_voice" not in pipewire.nodes())
        time.sleep(1.5)
    near, far = recorder.samples()
    assert len(onsets(near)) >= 2
    assert len(far) / RATE - onsets(far).max(initial=0.0) > 1.2
    line.do(line.line.unmute(0.0))
    with reader(pipewire):
        line.is_in(LineState.HEARD)


@pytest.mark.parametrize(
    ("pipewire", "program"),
    [("debian", "pw-cli"), ("newer", "pw-dump"), ("debian", "pw-record")],
    indirect=["pipewire"],
)
def test_a_killed_helper_is_replaced(pipewire: Session, line: Carried, program: str):
    line.start(300)
    with reader(pipewire):
        line.is_in(LineState.HEARD)
        (old,) = pipewire.until(program, lambda: children(program))
        os.kill(old, signal.SIGKILL)
        pipewire.until(program, lambda: children(program) not in ([], [old]))
        line.is_in(LineState.HEARD)
        assert is_attached(pipewire, "rig_reader")
