"""The voice on a line without a sound server: what is heard, and above all what never is."""

from __future__ import annotations

import asyncio

import pytest

from sana_vcam.errors import VoiceError
from sana_vcam.voice import voice as module
from sana_vcam.voice.following import (
    LATE_MS,
    NEEDED_S,
    SENSOR_MS,
    Follower,
    OnProgram,
    PictureDelay,
)
from sana_vcam.voice.line import DelayLine, LineState, VoiceLevel
from sana_vcam.voice.voice import Voice
from tests.fakes.voice import FakeLine

LATE_S = (1500.0 + SENSOR_MS + LATE_MS) / 1000
HEADSET = "alsa_input.headset"


class Call:
    """A voice in a call, on a clock of its own."""

    def __init__(self, follower: Follower | None = None) -> None:
        self.now = 1000.0
        self.program = OnProgram.LIVE
        self.picture: PictureDelay | None = PictureDelay(1500.0, 1450.0, 1550.0, 0.9)
        self.line = FakeLine(lambda: self.now, HEADSET)
        line: DelayLine = self.line
        self.changes = 0
        self.voice = Voice(
            line,
            follower or Follower(),
            HEADSET,
            program=lambda: self.program,
            picture=lambda: self.picture,
            on_change=self._changed,
            clock=lambda: self.now,
        )

    def _changed(self) -> None:
        self.changes += 1

    def switch(self, program: OnProgram) -> None:
        """As the daemon does it: in one step."""
        self.program = program
        self.voice.program_switched()

    async def run(self, seconds: float) -> list[float]:
        """Let time pass; when each thing was said that was heard in it."""
        heard = []
        for _ in range(round(seconds * 10)):
            self.line.levels.extend(VoiceLevel(self.now + k / 100, -62.0) for k in range(10))
            self.now += 0.1
            await self.voice.step()
            if (said_at := self.line.hear()) is not None:
                heard.append(said_at)
        return heard


async def opened(follower: Follower | None = None) -> Call:
    call = Call(follower)
    await call.voice.open()
    return call


async def test_the_voice_is_heard_as_late_as_the_picture_is_seen():
    call = await opened()
    heard = await call.run(5)
    assert heard[0] == pytest.approx(1000.1, abs=0.11)
    assert call.now - heard[-1] == pytest.approx(LATE_S)
    status = call.voice.status
    assert status.line.state is LineState.HEARD
    assert status.target_ms == pytest.approx(LATE_S * 1000)
    assert status.level_dbfs == -62.0


async def test_it_follows_another_delay():
    call = await opened()
    await call.run(5)
    call.picture = PictureDelay(2200.0, 2150.0, 2250.0, 0.9)
    heard = await call.run(5)
    assert call.now - heard[-1] == pytest.approx(LATE_S + 0.7)
    assert call.line.fades[-1][1] > 0
    assert [word for word in call.line.calls if word.startswith("prepare")] == ["prepare 2270"]


async def test_a_delay_is_shifted_to_only_when_the_line_is_ready_for_it():
    call = await opened()
    await call.run(5)
    call.line.ready_s = 2.0
    call.picture = PictureDelay(2200.0, 2150.0, 2250.0, 0.9)
    await call.run(1.8)
    assert "shift 2270" not in call.line.calls
    await call.run(1)
    assert call.line.calls.count("shift 2270") == 1


async def test_black_is_silence_at_once_and_what_was_said_before_is_never_heard():
    call = await opened()
    await call.run(5)
    black_at = call.now
    call.switch(OnProgram.BLANK)
    assert call.line.hear() is None, "in the very step, before the voice looks again"
    assert await call.run(3) == []
    live_at = call.now
    call.switch(OnProgram.LIVE)
    heard = await call.run(5)
    assert min(heard) >= live_at > black_at
    assert call.now - heard[-1] == pytest.approx(LATE_S)


async def test_black_that_comes_and_goes_between_two_looks_is_silence_as_well():
    call = await opened()
    await call.run(5)
    call.switch(OnProgram.BLANK)
    call.switch(OnProgram.LIVE)
    said_before = call.now
    heard = await call.run(5)
    assert min(heard) >= said_before


async def test_black_that_comes_while_it_is_unmuted_stays_silent():
    call = await opened()
    call.switch(OnProgram.BLANK)
    await call.run(1)
    call.switch(OnProgram.LIVE)
    call.line.before_unmute = lambda: call.switch(OnProgram.BLANK)
    assert await call.run(5) == []
    assert call.line.calls[-1] == "mute"


async def test_black_that_comes_while_the_delay_is_shifted_leaves_it_silent():
    call = await opened()
    shift = call.line.shift

    async def slow(delay_ms: float, fade_s: float) -> None:
        call.switch(OnProgram.BLANK)
        await shift(delay_ms, fade_s)

    call.line.shift = slow
    assert await call.run(5) == []
    assert "unmute" not in call.line.calls


async def test_how_loud_one_speaks_is_shown_while_a_fade_takes_its_time():
    call = await opened()
    await call.run(5)
    shown: list[float | None] = []

    async def slow(_delay_ms: float, fade_s: float) -> None:
        call.now += fade_s + 1.0
        call.line.levels.extend(VoiceLevel(call.now - k / 100, -30.0) for k in range(50, 0, -1))
        shown.append(call.voice.status.level_dbfs)

    call.line.shift = slow
    call.picture = PictureDelay(2200.0, 2150.0, 2250.0, 0.9)
    await call.run(5)
    assert shown[0] == -30.0


async def test_a_microphone_that_passes_black_is_not_muted():
    call = await opened(Follower(on_blank_mute=False))
    await call.run(5)
    call.switch(OnProgram.BLANK)
    heard = await call.run(3)
    assert len(heard) == 30
    assert "mute" not in call.line.calls


async def test_an_end_is_silence_and_takes_the_line_away():
    call = Call()
    running = asyncio.create_task(call.voice.run())
    while "unmute" not in call.line.calls:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert call.line.calls[-2:] == ["mute", "close"]


async def test_a_microphone_that_is_not_there_is_told_and_taken_when_it_is(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(module, "AGAIN_S", 0.001)
    call = Call()
    call.line.microphones.clear()
    with pytest.raises(VoiceError, match=HEADSET):
        await call.voice.open()
    running = asyncio.create_task(call.voice.run())
    while call.voice.status.line.state is not LineState.FAILED:
        await asyncio.sleep(0)
    assert call.voice.status.line.error == f'no microphone "{HEADSET}"'
    call.line.microphones.add(HEADSET)
    while "unmute" not in call.line.calls:
        await asyncio.sleep(0.001)
    assert call.voice.status.line.error is None
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_what_changed_is_told_once():
    call = await opened()
    await call.run(5)
    before = call.changes
    await call.run(5)
    assert call.changes == before
    call.line.listeners = False
    await call.run(1)
    assert call.changes == before + 1
    assert call.voice.status.line.state is LineState.ASLEEP


# How loud one speaks


async def test_levels_are_measured_only_while_somebody_looks_or_the_delay_is_off():
    watched = False
    call = Call()
    call.voice._is_watched = lambda: watched
    await call.voice.open()
    await call.run(NEEDED_S + 5)
    assert not call.line.is_measured, "as late as the picture, and nobody looks"
    assert call.voice.status.level_dbfs is not None

    watched = True
    await call.run(0.1)
    assert call.line.is_measured
    watched = False
    await call.run(0.1)
    assert not call.line.is_measured

    call.picture = PictureDelay(1800.0, 1750.0, 1850.0, 0.9)
    await call.run(0.1)
    assert call.line.is_measured, "a pause is looked for"
    await call.run(NEEDED_S + 10)
    assert call.line.status().delay_ms == pytest.approx(1800.0 + 1000 * LATE_S - 1500.0)
    assert not call.line.is_measured


async def test_a_small_difference_that_waits_for_a_pause_is_not_forgotten():
    call = Call()
    call.voice._is_watched = lambda: False
    await call.voice.open()
    await call.run(NEEDED_S + 5)
    call.picture = PictureDelay(1530.0, 1500.0, 1560.0, 0.9)
    # It has to wait: what is made up for by little is so only once it is prepared.
    call.line.ready_s = 15.0
    await call.run(1)
    call.picture = PictureDelay(1512.0, 1480.0, 1540.0, 0.9)
    await call.run(12)
    assert call.line.is_measured
