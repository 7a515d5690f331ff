"""The delayed voice in clips: only while it is on, and what fails costs the sound alone."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from typing import ClassVar

import pytest

from sana_vcam.app import keptsound as module
from sana_vcam.app.keptsound import KeptSound
from sana_vcam.errors import KeepingFailed
from sana_vcam.media.keeping import listening
from sana_vcam.media.keeping.sound import SoundPiece

PATIENCE_S = 60.0


class Ear:
    """A listener that hears nothing, and fails when it is told to."""

    made: ClassVar[list[Ear]] = []
    fails = ""

    def __init__(self, source: str) -> None:
        self.source = source
        self.on_piece: Callable[[SoundPiece], None] | None = None
        self.made.append(self)

    def held(self) -> tuple[SoundPiece, ...]:
        return ()

    def run(self, stop: threading.Event) -> None:
        if self.fails:
            raise KeepingFailed(self.fails)
        stop.wait()


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> type[Ear]:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(listening, "SourceRecorder", Ear)
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    monkeypatch.setattr(Ear, "made", [])
    return Ear


async def until(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not so():
            await asyncio.sleep(0.002)


async def test_it_listens_while_the_voice_is_on(ear: type[Ear]):
    sound, on = KeptSound(look_s=0.005), [False]
    sound.voice_on = lambda: on[0]
    running = asyncio.create_task(sound.run())
    try:
        await asyncio.sleep(0.02)
        assert (sound.is_on, sound.note, ear.made) == (False, "", [])
        got: list[SoundPiece] = []
        sound.pass_on(got.append)
        on[0] = True
        await until(lambda: sound.is_on)
        assert [one.source for one in ear.made] == ["sana_mic"]
        assert ear.made[0].on_piece == got.append
        on[0] = False
        await until(lambda: not sound.is_on)
        assert await sound.held() == ()
    finally:
        running.cancel()
        await asyncio.wait({running})


async def test_what_fails_is_a_sentence_and_is_tried_again(
    ear: type[Ear], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ear, "fails", "PulseAudio does not run")
    sound = KeptSound(look_s=0.005)
    sound.voice_on = lambda: True
    running = asyncio.create_task(sound.run())
    try:
        await until(lambda: sound.error is not None)
        assert sound.note == "; without sound: PulseAudio does not run"
        monkeypatch.setattr(ear, "fails", "")
        await until(lambda: sound.is_on and sound.error is None)
        assert sound.note == ""
    finally:
        running.cancel()
        await asyncio.wait({running})
    assert not sound.is_on
