"""The delay line on a real PulseAudio: late by what was asked, and silent whenever it must be."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.errors import VoiceError
from sana_vcam.voice.line import LineState
from sana_vcam.voice.pulse.line import PulseLine
from tests.rigs.pipewire.sounds import RATE, clicks, tone
from tests.rigs.pulse import Listener, PulseSession, Talker
from tests.system.voice.pulsefixtures import line, session, talker
from tests.system.voice.rig import Carried, above, dbfs

__all__ = ["line", "session", "talker"]

EARLY_S, LATE_S = 0.030, 0.100
"""The pieces in which sound is handed on, 10 to 30 ms, at both ends, on a busy machine."""
UNHEARD_DBFS = -60.0
DAEMON = """
import asyncio
from sana_vcam.voice.pulse.line import PulseLine
async def main():
    line = PulseLine()
    await line.open("test_mic")
    await line.shift(300, 0)
    await line.unmute(0)
    while True:
        print(line.status().state, flush=True)
        await asyncio.sleep(0.1)
asyncio.run(main())
"""


def wait_for_clicks(listener: Listener, count: int) -> None:
    """Wait until so many more clicks were heard."""
    before = len(listener.heard)
    listener._session.until(f"{count} clicks", lambda: len(listener.heard) >= before + count)


def right(talker: Talker, listener: Listener, asked_s: float) -> int:
    """How many clicks were heard as late as asked."""
    return sum(
        any(-EARLY_S < heard - said - asked_s < LATE_S for said in talker.said)
        for heard in listener.heard
    )


def ours(session: PulseSession) -> list[str]:
    return [name for name in session.sources() if name.startswith("sana_")]


def test_a_reader_hears_the_microphone_as_late_as_asked(talker: Talker, line: Carried):
    line.start(400)
    assert line.status().state is LineState.ASLEEP
    assert not talker.is_open()
    with Listener(line.session) as listener:
        line.is_in(LineState.HEARD)
        assert talker.is_open()
        wait_for_clicks(listener, 4)
        assert right(talker, listener, 0.4) >= 3
        line.do(line.line.shift(900, 0.3))
        wait_for_clicks(listener, 5)
        levels = line.line.take_levels()
    assert right(talker, listener, 0.9) >= 3
    assert max(level.dbfs for level in levels) > -30
    assert min(level.dbfs for level in levels) < -90
    assert line.is_in(LineState.ASLEEP).listeners is False
    assert line.line.take_levels() == []
    line.session.until("the microphone to be closed", lambda: not talker.is_open())


def test_who_looks_at_the_list_opens_no_microphone_and_there_is_no_loudspeaker(
    session: PulseSession, talker: Talker, line: Carried
):
    line.start(300)
    sinks = session.run("pactl", "list", "short", "sinks")
    for _ in range(100):
        assert "SANA VCam Microphone" in session.run("pactl", "list", "sources")
    assert line.status().state is LineState.ASLEEP
    assert not talker.is_open()
    assert "sana" not in sinks
    assert "sana" not in session.run("pactl", "list", "sinks")
    with Listener(session):
        line.is_in(LineState.HEARD)
        assert "sana" not in session.run("pactl", "list", "sinks")
    session.until(
        "the sleep of all",
        lambda: (
            {session.sources()[one]["state"] for one in ("test_mic", "sana_mic")} == {"SUSPENDED"}
        ),
    )


def test_what_is_in_the_line_when_it_is_muted_is_never_heard(
    session: PulseSession, talker: Talker, line: Carried
):
    line.start(1000)
    with Listener(session) as listener:
        line.is_in(LineState.HEARD)
        wait_for_clicks(listener, 2)
        line.mute()
        muted = time.monotonic()
        assert line.status().state is LineState.SILENT
        session.until("the microphone to be closed", lambda: not talker.is_open())
        time.sleep(1.5)
        unmuted = time.monotonic()
        line.do(line.line.unmute(0.0))
        line.is_in(LineState.HEARD)
        wait_for_clicks(listener, 2)
    assert [when for when in talker.said if muted - 1.0 < when < muted]
    # A piece that was on its way, and what the application itself keeps.
    between = [when for when in listener.heard if muted + 0.1 < when < unmuted + 1.0 - EARLY_S]
    assert between == []


def test_a_mute_of_a_moment_forgets_as_well(session: PulseSession, talker: Talker, line: Carried):
    line.start(1500)
    with Listener(session) as listener:
        line.is_in(LineState.HEARD)
        wait_for_clicks(listener, 1)

        async def blink() -> None:
            line.line.mute()
            await line.line.unmute(0.0)

        line.do(blink())
        blinked = time.monotonic()
        line.is_in(LineState.SILENT)
        line.is_in(LineState.HEARD)
        wait_for_clicks(listener, 1)
    assert not [one for one in listener.heard if blinked + 0.1 < one < blinked + 1.5 - EARLY_S]


def test_a_change_of_the_delay_makes_no_click(session: PulseSession, talker: Talker, line: Carried):
    """It is tried again where the machine was too busy for the sound itself, which has gaps."""
    talker.say(tone(1.0))
    line.start(300)
    worst_dbfs = []
    with Listener(session) as listener:
        line.is_in(LineState.HEARD)
        session.until("the end of the fade in", lambda: dbfs(listener.samples[-RATE // 10 :]) > -13)
        for attempt in range(5):
            before = len(listener.samples)
            # Half a period off is the worst case: both places cancel each other out.
            delay_ms = 300 if attempt % 2 else 300 + 1000 * 9.5 / 440
            line.do(line.line.shift(delay_ms, 1.0))
            heard = listener.samples[before:]
            assert len(heard) > RATE / 2
            worst_dbfs.append(dbfs(above(heard, 4000)[256:-256]))
            if worst_dbfs[-1] < UNHEARD_DBFS:
                return
    raise AssertionError(f"clicks of {worst_dbfs} dBFS")


def test_the_next_reader_hears_nothing_from_before_it_came(
    session: PulseSession, talker: Talker, line: Carried
):
    line.start(1500)
    with Listener(session) as listener:
        line.is_in(LineState.HEARD)
        wait_for_clicks(listener, 1)
    line.is_in(LineState.ASLEEP)
    talker.say(np.zeros(480))
    with Listener(session) as second:
        line.is_in(LineState.HEARD)
        time.sleep(1.0)
    assert len(second.samples)
    assert dbfs(second.samples) < UNHEARD_DBFS


def test_a_killed_daemon_is_silence_and_comes_back_under_the_same_name(
    session: PulseSession, talker: Talker
):
    root = {"PYTHONPATH": str(Path(__file__).parents[3])}

    def daemon(name: str) -> subprocess.Popen[bytes]:
        return session.spawn(name, sys.executable, "-c", DAEMON, environment=root)

    def says(name: str, word: str) -> None:
        session.until(f"{name}: {word}", lambda: session.log(name).split("\n")[-2:-1] == [word])

    daemon("first")
    says("first", "asleep")
    number = session.sources()["sana_mic"]["index"]
    with Listener(session) as listener:
        says("first", "heard")
        wait_for_clicks(listener, 2)
        session.stop("first", signal.SIGKILL)
        killed = time.monotonic()
        session.until("the microphone to be closed", lambda: not talker.is_open())
        time.sleep(1.0)
        assert listener.is_attached()
        assert not [when for when in listener.heard if when > killed + 0.1]
        daemon("second")
        says("second", "heard")
        wait_for_clicks(listener, 2)
        assert listener.is_attached()
        assert session.sources()["sana_mic"]["index"] == number
        assert ours(session) == ["sana_mic"]
    session.stop("second")


def test_an_unplugged_microphone_is_silence_and_comes_back_by_itself(
    session: PulseSession, talker: Talker, line: Carried
):
    with Talker(session, "usb_mic") as plugged:
        plugged.say(clicks(60))
        line.start(300, "usb_mic")
        listener = Listener(session)
        listener.__enter__()
        line.is_in(LineState.HEARD)
        wait_for_clicks(listener, 2)
    try:
        # The other microphone goes on hearing something, and is never taken in its place.
        line.is_in(LineState.FAILED)
        unplugged = time.monotonic()
        # That its recording has ended is told before anybody has looked what is left.
        line.session.until(
            "told which there are", lambda: "test_mic" in str(line.status().error) or None
        )
        assert "usb_mic" in str(line.status().error)
        before = len(listener.samples)
        time.sleep(1.0)
        assert not talker.is_open()
        assert not [when for when in listener.heard if when > unplugged + 0.5]
        # It is silence, and no standstill.
        assert len(listener.samples) > before
        with Talker(session, "usb_mic") as again:
            again.say(clicks(60))
            line.is_in(LineState.HEARD)
            wait_for_clicks(listener, 2)
            assert listener.is_attached()
    finally:
        listener.__exit__(None, None, None)


def test_a_restarted_server_gets_its_source_and_the_voice_again(session: PulseSession):
    with Carried(session, PulseLine()) as line:
        with Talker(session):
            line.start(300)
            session.stop_server(signal.SIGKILL)
            assert "systemctl" in str(line.is_in(LineState.FAILED).error)
            session.start_server()
        with Talker(session) as talker:
            line.is_in(LineState.ASLEEP)
            assert ours(session) == ["sana_mic"]
            talker.say(clicks(60))
            with Listener(session) as listener:
                line.is_in(LineState.HEARD)
                wait_for_clicks(listener, 2)


def test_a_source_that_is_there_twice_or_without_its_pipe_is_put_right(
    session: PulseSession, line: Carried
):
    for name in ("one", "two"):
        session.run(
            *("pactl", "load-module", "module-pipe-source", "source_name=sana_mic"),
            f"file={session.folder / name}",
        )
    (session.folder / "one").unlink()
    assert len(ours(session)) == 2
    line.start(300)
    assert ours(session) == ["sana_mic"]
    with Listener(session) as listener:
        line.is_in(LineState.HEARD)
        wait_for_clicks(listener, 1)


@pytest.mark.parametrize("name", ["sana_mic", "auto_null.monitor", "not_there"])
def test_a_microphone_that_cannot_be_is_refused(line: Carried, name: str):
    with pytest.raises(VoiceError, match=name) as refused:
        line.do(line.line.open(name))
    assert "test_mic" in str(refused.value) or name == "sana_mic"
    assert line.status().state is LineState.OFF
