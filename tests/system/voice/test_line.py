"""The delay line on a real PipeWire: late by what was asked, and silent whenever it must be."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.errors import VoiceError
from sana_vcam.voice.line import LineState
from sana_vcam.voice.pipewire.server import microphones
from tests.rigs.pipewire import Session
from tests.rigs.pipewire.sounds import RATE, clicks, delays, onsets, tone
from tests.system.voice.rig import Carried, above, both, dbfs, lag, play, reader

EARLY_S, LATE_S = 0.040, 0.060
"""Cycles of the graph: 0.3.65 adds one, whose length depends on who reads."""
UNHEARD_DBFS = -60.0
TRIES = 8
SENTENCE = "Whoever speaks of the devil should not be surprised when he comes in at the door. " * 3


def test_a_reader_hears_the_microphone_as_late_as_asked(pipewire: Session, line: Carried):
    line.start(400)
    assert line.status().state is LineState.ASLEEP
    play(pipewire, clicks(60))
    with both(pipewire) as recorder:
        line.is_in(LineState.HEARD)
        time.sleep(2.5)
        line.do(line.line.shift(700, 0.3))
        time.sleep(2.5)
        levels = line.line.take_levels()
    near, far = recorder.samples()
    for asked_s in (0.4, 0.7):
        found = delays(near, far, asked_s)
        right = found[(found > asked_s - EARLY_S) & (found < asked_s + LATE_S)]
        assert len(right) >= 2, found
    assert max(level.dbfs for level in levels) > -30
    assert min(level.dbfs for level in levels) < -90
    assert line.is_in(LineState.ASLEEP).listeners is False
    assert line.line.take_levels() == []
    pipewire.stop("player")


@pytest.mark.parametrize("pipewire", ["debian"], indirect=True)
def test_without_readers_everything_sleeps_again(pipewire: Session, line: Carried):
    line.start(300)
    with reader(pipewire):
        line.is_in(LineState.HEARD)
        assert pipewire.nodes()["test_mic"]["state"] == "running"
    for name in ("test_mic", "sana_mic", "sana_listen", "sana_voice"):
        pipewire.until(
            f"the sleep of {name}",
            lambda name=name: pipewire.nodes().get(name, {}).get("state") == "suspended",
        )
    assert "sana_levels" not in pipewire.nodes()


def test_a_change_of_the_delay_makes_no_click(pipewire: Session, line: Carried):
    """It is tried again where the machine was too busy for the sound itself, which has gaps."""
    line.start(300)
    play(pipewire, tone(120))
    worst_dbfs, was_busy = [], False
    for attempt in range(TRIES):
        # Half a period off is the worst case: the taps cancel each other out.
        delay_ms = 300 + 1000 * (9.5 if attempt % 2 == 0 else 0) / 440
        with both(pipewire) as recorder:
            line.is_in(LineState.HEARD)
            line.do(line.line.shift(delay_ms, 1.0))
        near, far = recorder.samples()
        heard = np.flatnonzero(np.abs(far) > 0.2)
        if not heard.size:
            # The child did not get to give anything yet.
            line.is_in(LineState.ASLEEP)
            continue
        # From the end of the fade in on, and not what the end of the recording itself cuts off.
        part = slice(heard[0], heard[-1] - RATE // 100)
        inner = slice(RATE // 100, -RATE // 100)
        assert dbfs(far[part]) > -13
        worst_dbfs.append(dbfs(above(far[part], 4000)[inner]))
        if worst_dbfs[-1] < UNHEARD_DBFS:
            return
        was_busy |= dbfs(above(near[part], 4000)[inner]) > UNHEARD_DBFS
        # Or the next one takes for heard what this one was.
        line.is_in(LineState.ASLEEP)
    if was_busy:
        pytest.skip("the machine is too busy for sound without gaps")
    raise AssertionError(f"clicks of {worst_dbfs} dBFS")


def test_what_is_in_the_line_when_it_is_muted_is_never_heard(pipewire: Session, line: Carried):
    line.start(1000)
    play(pipewire, clicks(60))
    with both(pipewire) as recorder:
        line.is_in(LineState.HEARD)
        time.sleep(1.5)
        line.mute()
        assert line.status().state is LineState.SILENT
        pipewire.until("the child's end", lambda: "sana_voice" not in pipewire.nodes())
        time.sleep(2.0)
        line.do(line.line.unmute(0.0))
        line.is_in(LineState.HEARD)
        time.sleep(1.0)
    near, far = recorder.samples()
    heard = onsets(far)
    pauses = np.diff(heard)
    # Two seconds muted, and one more of the new delay.
    assert pauses.max() > 2.8, heard
    begin = heard[pauses.argmax()]
    said = onsets(near)
    assert len(said[(said > begin + 0.1) & (said < begin + 2.0)]) >= 3
    assert len(heard[heard > begin + 2.8]) >= 1


@pytest.mark.parametrize("pipewire", ["newer"], indirect=True)
def test_the_next_reader_hears_nothing_from_before_it_came(pipewire: Session, line: Carried):
    line.start(1500)
    play(pipewire, clicks(3.0))
    with reader(pipewire):
        line.is_in(LineState.HEARD)
    line.is_in(LineState.ASLEEP)
    pipewire.until("the end of the sound", lambda: "pw-play" not in pipewire.nodes())
    with reader(pipewire) as second:
        line.is_in(LineState.HEARD)
        time.sleep(1.0)
    (samples,) = second.samples()
    assert dbfs(samples) < UNHEARD_DBFS


@pytest.mark.parametrize("pipewire", ["debian"], indirect=True)
def test_who_looks_at_the_list_opens_no_microphone(pipewire: Session, line: Carried):
    line.start(300)
    for _ in range(300):
        assert "SANA VCam Microphone" in pipewire.run("pactl", "list", "sources")
    assert line.status().state is LineState.ASLEEP
    assert pipewire.nodes()["test_mic"]["state"] == "suspended"
    assert "sana" not in pipewire.run("pactl", "list", "short", "sinks")


@pytest.mark.parametrize("name", ["sana_mic", "not_there"])
def test_a_microphone_that_cannot_be_is_refused(pipewire: Session, line: Carried, name: str):
    with pytest.raises(VoiceError, match=name) as refused:
        line.do(line.line.open(name))
    assert "test_mic" in str(refused.value) or name == "sana_mic"
    assert line.status().state is LineState.OFF


@pytest.mark.parametrize("pipewire", ["newer"], indirect=True)
def test_speech_comes_out_as_it_went_in(pipewire: Session, line: Carried, require_tools: bool):
    if shutil.which("espeak-ng") is None and not require_tools:
        pytest.skip("apt install --no-install-recommends espeak-ng")
    speech = pipewire.folder / "speech.wav"
    pipewire.run("espeak-ng", "-w", str(speech), SENTENCE)
    line.start(700)
    pipewire.spawn("player", "pw-play", "--target", "test_mic_in", str(speech))
    with both(pipewire) as recorder:
        line.is_in(LineState.HEARD)
        time.sleep(3.0)
    near, far = recorder.samples()
    late = lag(near, far)
    assert abs(late / RATE - 0.7) < LATE_S
    heard = np.flatnonzero(np.abs(far) > 0.02)
    begin, tenth = heard[0] + RATE, RATE // 10
    parts = [slice(at, at + tenth) for at in range(begin, heard[-1] - tenth, tenth)]
    differences = [dbfs(far[part] - near[part.start - late : part.stop - late]) for part in parts]
    assert len(differences) > 15
    # A busy machine may drop a cycle, after which the rest of a recording is shifted.
    assert np.median(differences) < UNHEARD_DBFS, differences


def test_without_a_sound_server_it_is_said_what_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("XDG_RUNTIME_DIR", "PIPEWIRE_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    with pytest.raises(VoiceError, match="systemctl --user status pipewire"):
        asyncio.run(microphones())
