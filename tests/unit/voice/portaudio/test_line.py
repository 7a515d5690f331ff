"""The delay line into a virtual cable, on a sound system that only tests have."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from sana_vcam.errors import VoiceError
from sana_vcam.voice import engines
from sana_vcam.voice.line import DelayLine, LineState
from sana_vcam.voice.portaudio import library
from sana_vcam.voice.portaudio import line as module
from sana_vcam.voice.portaudio.library import PortAudio
from sana_vcam.voice.portaudio.line import PortAudioLine
from tests.fakes.portaudio import (
    CABLE_INPUT,
    CABLE_OUTPUT,
    HEADSET,
    SPEAKERS,
    WASAPI,
    FakePortAudio,
)


class Desk:
    """A line, and the sound system that it is on."""

    def __init__(self) -> None:
        self.portaudio = FakePortAudio()
        self.line = PortAudioLine(PortAudio(self.portaudio.load))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not condition():
                await asyncio.sleep(0.001)

    async def open(self) -> None:
        await self.line.open(HEADSET)
        await self.line.shift(1000, 0)

    async def unmute(self) -> None:
        """Until both streams run and the ring's delay leaves room for what the devices add."""
        await self.line.unmute(0)
        await self.until(lambda: sum(one.active for one in self.portaudio.open_streams) == 2)
        await self.until(lambda: self.line._ring.delay_frames == 48 * (1000 - 20))

    async def speak(self) -> None:
        await self.open()
        await self.unmute()
        assert not self.portaudio.run(40).any(), "for a delay after it was unmuted"
        assert self.portaudio.run(60)[-1].tolist() == [0.5, 0.5]

    def heard_after(self) -> float:
        """After how many milliseconds the begin of a block is heard.

        It is recorded 20 ms before the block comes, and heard 20 ms after it was played.
        """
        heard = self.portaudio.run(60, lambda number: float(number == 0))
        return int(np.argmax(heard[:, 0] > 0.9)) / 48 + 20 + 20

    @property
    def is_recorded(self) -> bool:
        return any(stream.is_input for stream in self.portaudio.open_streams)


@pytest.fixture(autouse=True)
def _without_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.001)
    monkeypatch.setattr(module, "LONGEST_PAUSE_S", 0.001)
    monkeypatch.setattr(library, "LOST_S", 1e9)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    await desk.line.close()
    assert not desk.portaudio.open_streams


async def test_the_microphone_comes_out_of_the_cable_late(desk: Desk):
    line: DelayLine = desk.line
    assert line.status().state is LineState.OFF
    await desk.speak()
    status = line.status()
    assert (status.state, status.listeners, status.microphone) == (LineState.HEARD, True, HEADSET)
    assert (status.delay_ms, status.source) == (1000, "CABLE Output")
    assert desk.heard_after() == 1000


async def test_the_streams_are_of_the_devices_that_were_named(desk: Desk):
    await desk.speak()
    recorded, played = desk.portaudio.streams
    assert (recorded.name, recorded.is_input) == (HEADSET, True)
    assert (played.name, played.is_input) == (CABLE_INPUT, False)
    assert recorded.given["extra_settings"] == ("WASAPI", True)
    assert (recorded.given["samplerate"], recorded.given["dtype"]) == (48_000, "float32")
    assert (recorded.given["channels"], played.given["channels"]) == (1, 2)


async def test_an_open_line_records_nothing_while_it_is_muted(desk: Desk):
    await desk.open()
    await asyncio.sleep(0.02)
    assert desk.portaudio.streams == []
    assert desk.line.status().state is LineState.SILENT


async def test_a_mute_is_silence_at_once_and_closes_the_microphone(desk: Desk):
    await desk.speak()
    desk.line.mute()
    assert not desk.portaudio.run(3).any()
    await desk.until(lambda: not desk.portaudio.open_streams)
    assert desk.line.take_levels() == []
    await desk.unmute()
    assert not desk.portaudio.run(45, lambda _: 0.25).any()
    assert desk.portaudio.run(90, lambda _: 0.25).max() == 0.25, "and none of the 0.5 before it"


async def test_a_mute_and_an_unmute_in_one_step_forget_what_was_said(desk: Desk):
    await desk.speak()
    desk.line.mute()
    await desk.line.unmute(0)
    await desk.until(lambda: desk.line.status().listeners)
    assert desk.portaudio.run(150, lambda _: 0.25).max() == 0.25


async def test_a_microphone_that_is_unplugged_is_silence_and_comes_back(desk: Desk):
    await desk.speak()
    desk.portaudio.unplug(HEADSET)
    await desk.until(lambda: desk.line.status().state is LineState.FAILED)
    assert not desk.portaudio.open_streams
    assert not desk.portaudio.run(20).any()
    error = f'there is no microphone "{HEADSET}": plug it in, or there is none'
    await desk.until(lambda: desk.line.status().error == error)
    desk.portaudio.plugged.append((HEADSET, 1, 0, WASAPI))
    await desk.until(lambda: desk.line.status().error is None)
    assert not desk.portaudio.run(40, lambda _: 0.25).any()
    assert desk.portaudio.run(90, lambda _: 0.25).max() == 0.25
    assert desk.line.status().state is LineState.HEARD


async def test_streams_that_stand_still_are_opened_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    await desk.speak()
    monkeypatch.setattr(library, "LOST_S", -1.0)
    await desk.until(lambda: len(desk.portaudio.streams) > 2)
    monkeypatch.setattr(library, "LOST_S", 1e9)
    await desk.until(lambda: desk.line.status().error is None)
    assert desk.portaudio.run(150)[-1].tolist() == [0.5, 0.5]


async def test_a_device_that_is_in_use_is_told_and_nothing_is_left_open(desk: Desk):
    desk.portaudio.refused.add(CABLE_INPUT)
    await desk.open()
    await desk.line.unmute(0)
    await desk.until(lambda: desk.line.status().error is not None)
    assert "Device unavailable" in str(desk.line.status().error)
    assert not desk.is_recorded
    desk.portaudio.refused.clear()
    await desk.until(lambda: desk.line.status().error is None)


async def test_another_delay_is_faded_to(desk: Desk):
    await desk.speak()
    shift = asyncio.create_task(desk.line.shift(500, 0.1))
    await asyncio.sleep(0)
    assert desk.line._ring.is_fading
    desk.portaudio.run(10)
    await shift
    assert desk.heard_after() == 500
    assert await desk.line.prepare(700) == 0


async def test_clocks_that_differ_are_made_up_for(desk: Desk):
    await desk.speak()
    recorded = next(stream for stream in desk.portaudio.open_streams if stream.is_input)
    for _ in range(3):
        recorded.carry(0.5)
    async with asyncio.timeout(60):
        while desk.heard_after() != 1000:
            desk.portaudio.run(60)
            await asyncio.sleep(0.005)


async def test_levels_are_of_the_microphone_now(desk: Desk):
    await desk.speak()
    desk.line.take_levels()
    desk.portaudio.run(1)
    assert [round(level.dbfs, 1) for level in desk.line.take_levels()] == [-6.0, -6.0]


async def test_neither_a_cable_nor_a_name_that_is_not_there_is_a_microphone(desk: Desk):
    for name in (CABLE_OUTPUT, SPEAKERS, "default"):
        with pytest.raises(VoiceError, match=r"put one of these .*Headset \(USB\)"):
            await desk.line.open(name)


async def test_without_a_cable_it_says_what_to_install(desk: Desk):
    desk.portaudio.unplug(CABLE_INPUT)
    with pytest.raises(VoiceError, match="install VB-Cable"):
        await desk.line.open(HEADSET)


async def test_a_cable_that_the_computer_plays_into_is_refused(desk: Desk):
    desk.portaudio.default_output = CABLE_INPUT
    with pytest.raises(VoiceError, match="choose another output"):
        await desk.line.open(HEADSET)


async def test_a_mac_has_one_name_for_both_ends(desk: Desk):
    desk.portaudio.plugged = [(HEADSET, 1, 0, WASAPI), ("BlackHole 2ch", 2, 2, WASAPI)]
    await desk.speak()
    assert desk.line.status().source == "BlackHole 2ch"


async def test_a_defect_is_silence_and_told(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    await desk.speak()

    def broken() -> None:
        raise KeyError("a defect")

    monkeypatch.setattr(desk.line, "_keep_delay", broken)
    await desk.until(lambda: desk.line.status().state is LineState.FAILED)
    assert not desk.portaudio.open_streams
    with pytest.raises(KeyError):
        await desk.line.close()


async def test_a_list_opens_no_microphone_and_sees_what_was_plugged_in(
    monkeypatch: pytest.MonkeyPatch,
):
    desk = Desk()
    monkeypatch.setattr(module, "system", lambda: desk.line._system)
    monkeypatch.setattr(sys, "platform", "win32")
    for _ in range(100):
        assert [one.name for one in await engines.list_microphones()] == [HEADSET]
    desk.portaudio.plugged.append(("Desk", 1, 0, WASAPI))
    assert [one.name for one in await engines.list_microphones()] == [HEADSET, "Desk"]
    assert desk.portaudio.streams == []
    assert desk.portaudio.loads == 1


async def test_a_list_during_a_call_leaves_the_streams_alone(desk: Desk):
    await desk.speak()
    desk.portaudio.plugged.append(("Desk", 1, 0, WASAPI))
    assert [one.name for one in desk.line._system.look().microphones] == [HEADSET]
    assert desk.portaudio.run(1)[-1].tolist() == [0.5, 0.5]


def test_without_its_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(VoiceError, match=r"pip install 'sounddevice"):
        PortAudio().look()


@pytest.mark.parametrize("platform", ["win32", "darwin", "linux"])
def test_each_system_has_its_line(platform: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", platform)
    made = engines.make_line()
    assert isinstance(made, PortAudioLine) == (platform != "linux")
    assert "sounddevice" not in sys.modules
