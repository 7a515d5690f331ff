"""The voice's switch: off is nothing at all, on says what to mind, black is silence in one step."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from sana_vcam.app.voicing import Voicing, advice
from sana_vcam.config.schema import VoiceConfig
from sana_vcam.errors import CommandFailed, VoiceError
from sana_vcam.media.latency.meter import LatencyMeter
from sana_vcam.media.latency.steady import Reading
from sana_vcam.media.playout.mixer import Mixer
from sana_vcam.media.playout.program import Program, Switches
from sana_vcam.media.slate import Slate
from sana_vcam.media.states import ProgramSource
from sana_vcam.voice.following import BYPASS_MS, LATE_MS, SENSOR_MS
from sana_vcam.voice.line import SOURCE_DESCRIPTION, LineState, Microphone
from tests.fakes.voice import FakeLine

HEADSET = Microphone("alsa_input.headset", "Headset")
LATE = 1500 + SENSOR_MS + LATE_MS


class Studio:
    """A switch beside a real program and a real meter, with lines that need no server."""

    def __init__(self, config: VoiceConfig | None = None) -> None:
        self.lines: list[FakeLine] = []
        self.latency = LatencyMeter()
        self.latency.reading = Reading(1.5, 1.45, 1.55, 0.9)
        self.program = Program(
            Mixer(fps=24, max_delay_s=1.5),
            (64, 36),
            slate=lambda: Slate("Wait", "a little"),
            bypass=None,
        )
        self.program.output = ProgramSource.LIVE
        self.changes = 0
        self.microphones = [HEADSET]
        self.voicing = Voicing(
            config or VoiceConfig(microphone=HEADSET.name),
            self.program,
            self.latency,
            self._changed,
            make_line=self._make_line,
            list_microphones=self._list_microphones,
        )

    def _changed(self) -> None:
        self.changes += 1

    def _make_line(self) -> FakeLine:
        line = FakeLine(time.monotonic, *(one.name for one in self.microphones))
        self.lines.append(line)
        return line

    async def _list_microphones(self) -> list[Microphone]:
        return self.microphones

    async def until(self, word: str) -> None:
        async with asyncio.timeout(30):
            while word not in self.lines[-1].calls:
                await asyncio.sleep(0.001)


def test_while_it_is_off_nothing_of_it_is_loaded():
    """In a process of its own, since other tests load it."""
    program = (
        "import sys, sana_vcam.app.daemon\n"
        "loaded = [name for name in sys.modules if name.startswith('sana_vcam.voice.')]\n"
        "assert loaded == ['sana_vcam.voice.line'], loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


async def test_while_it_is_off_there_is_no_task_and_no_line():
    studio = Studio()
    before = asyncio.all_tasks()
    async with studio.voicing:
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before
        assert studio.lines == []
        assert studio.voicing.state is None


async def test_it_is_switched_on_and_off_and_says_once_what_to_mind():
    studio = Studio()
    async with studio.voicing as voicing:
        reply = await voicing.switch(True, None)
        assert (reply.on, reply.microphone, reply.advice) == (
            True,
            HEADSET.name,
            advice(SOURCE_DESCRIPTION),
        )
        assert (await voicing.switch(True, None)).advice == ()
        assert len(studio.lines) == 1
        await studio.until("unmute")
        state = voicing.state
        assert state is not None
        assert state.on
        assert (state.delay_ms, state.target_ms) == (LATE, LATE)
        reply = await voicing.switch(None, None)
        assert (reply.on, reply.advice) == (False, ())
        assert studio.lines[0].calls[-1] == "close"
        off = voicing.state
        assert off is not None
        assert (off.on, off.state, off.microphone) == (False, LineState.OFF, HEADSET.name)
    assert studio.changes >= 3


async def test_black_is_silence_in_the_step_in_which_it_is_decided():
    studio = Studio()
    async with studio.voicing as voicing:
        await voicing.switch(True, None)
        await studio.until("unmute")
        line = studio.lines[0]
        studio.program.switches = Switches(blank=True)
        assert line.calls[-1] == "mute"
        line.calls.clear()
        studio.program.switches = replace(studio.program.switches, blank=False)
        await studio.until("unmute")


@pytest.mark.parametrize("output", [ProgramSource.FREEZE, ProgramSource.SLATE])
async def test_a_still_or_a_card_holds_the_delay_and_the_raw_camera_has_its_own(
    output: ProgramSource,
):
    studio = Studio()
    async with studio.voicing as voicing:
        await voicing.switch(True, None)
        await studio.until("unmute")
        line = studio.lines[0]
        # Nobody hears a fade, so none is waited for.
        line.listeners = False
        studio.program.output = output
        studio.latency.reading = Reading(2.5, 2.45, 2.55, 0.9)
        looked = line.looks
        async with asyncio.timeout(30):
            while line.looks < looked + 3:
                await asyncio.sleep(0.001)
        assert f"shift {LATE:.0f}" in line.calls[-2:]
        studio.program.output = ProgramSource.BYPASS
        await studio.until(f"shift {BYPASS_MS + LATE_MS:.0f}")
        studio.program.output = ProgramSource.LIVE
        await studio.until(f"shift {LATE + 1000:.0f}")


async def test_switched_on_during_black_it_is_silent():
    studio = Studio()
    async with studio.voicing as voicing:
        studio.program.switches = Switches(blank=True)
        await voicing.switch(True, None)
        for _ in range(50):
            await asyncio.sleep(0.005)
        assert "unmute" not in studio.lines[0].calls


async def test_without_a_microphone_the_refusal_lists_them():
    studio = Studio(VoiceConfig())
    async with studio.voicing as voicing:
        with pytest.raises(CommandFailed, match="ctl voice on --microphone NAME") as refused:
            await voicing.switch(True, None)
        assert refused.value.code == "rejected"
        assert '"alsa_input.headset" (Headset)' in str(refused.value)
        assert voicing.state is None
        studio.microphones = []
        with pytest.raises(CommandFailed, match="plug one in"):
            await voicing.switch(True, None)
        studio.microphones = [HEADSET]
        assert (await voicing.switch(True, HEADSET.name)).microphone == HEADSET.name


async def test_another_microphone_takes_the_place_of_the_first_and_a_wrong_one_does_not():
    studio = Studio()
    desk = Microphone("alsa_input.desk", "Desk")
    async with studio.voicing as voicing:
        studio.microphones = [HEADSET, desk]
        await voicing.switch(True, None)
        await studio.until("unmute")
        with pytest.raises(CommandFailed, match="nowhere"):
            await voicing.switch(True, "nowhere")
        assert "close" not in studio.lines[0].calls
        reply = await voicing.switch(True, desk.name)
        assert reply.microphone == desk.name
        assert studio.lines[0].calls[-1] == "close"
        await studio.until("unmute")


async def test_switched_on_by_the_configuration_it_waits_for_its_microphone():
    studio = Studio(VoiceConfig(on=True, microphone=HEADSET.name))
    studio.microphones = []
    async with studio.voicing as voicing:
        await studio.until("open")
        await asyncio.sleep(0)
        state = voicing.state
        assert state is not None
        assert state.on
        assert state.state is LineState.FAILED
        assert HEADSET.name in (state.error or "")


async def test_a_changed_configuration_is_followed():
    studio = Studio()
    async with studio.voicing as voicing:
        await voicing.switch(True, None)
        await studio.until("unmute")
        studio.lines[0].listeners = False
        voicing.follow(VoiceConfig(microphone=HEADSET.name, trim_ms=100.0, on_blank="pass"))
        await studio.until(f"shift {LATE + 100:.0f}")
        calls = len(studio.lines[0].calls)
        studio.program.switches = Switches(blank=True)
        assert "mute" not in studio.lines[0].calls[calls:]
        voicing.follow(VoiceConfig(microphone=HEADSET.name, trim_ms=100.0))
        assert studio.lines[0].calls[-1] == "mute", "what passed black does so no more"


async def test_a_line_that_is_never_begun_is_closed():
    studio = Studio()
    async with studio.voicing as voicing:
        await voicing.switch(True, None)
    assert studio.lines[0].calls[-1] == "close"


@pytest.mark.parametrize("name", ["default", "@DEFAULT_SOURCE@", "sana_mic"])
def test_the_default_and_our_own_source_are_no_microphones(name: str):
    with pytest.raises(ValueError, match=r"changes|our own|name that"):
        VoiceConfig(microphone=name)


async def test_microphones_are_listed_without_a_line():
    studio = Studio()
    listed = await studio.voicing.list_microphones()
    assert [(one.name, one.description) for one in listed.microphones] == [
        ("alsa_input.headset", "Headset")
    ]
    assert listed.chosen == "alsa_input.headset"
    assert studio.lines == []


async def test_a_list_without_a_sound_server_is_refused_with_the_reason(monkeypatch):
    studio = Studio()

    async def nothing() -> list[Microphone]:
        raise VoiceError("there is no sound server")

    monkeypatch.setattr(studio.voicing, "_list_microphones", nothing)
    with pytest.raises(CommandFailed, match="there is no sound server"):
        await studio.voicing.list_microphones()
