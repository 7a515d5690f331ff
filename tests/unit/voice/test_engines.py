"""Which sound server carries the voice, and what is said without one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from sana_vcam.errors import VoiceError
from sana_vcam.lib.pulse import look as pulse_look
from sana_vcam.lib.pulse.connection import PulseSource
from sana_vcam.lib.pulse.library import PulseError
from sana_vcam.lib.pulse.look import PulseServer
from sana_vcam.voice import engines
from sana_vcam.voice.engines import FoundLine, SoundSystem, find_sound_system
from sana_vcam.voice.line import LineState
from sana_vcam.voice.pulse import server as pulse_server

MICROPHONE = PulseSource(1, "alsa_input.desk", "Desk", 2, False, False, "hw:0")
MONITOR = PulseSource(2, "alsa_output.desk.monitor", "Monitor of Desk", 2, True, False, "")
OURS = PulseSource(3, "sana_mic", "SANA VCam Microphone", 3, False, True, "/run/voice.fifo")

type Answers = Callable[[PulseServer | None], None]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Has a server answer PulseAudio's protocol, or nobody."""

    def answer(server: PulseServer | None) -> None:
        def look() -> PulseServer:
            if server is None:
                raise PulseError("PulseAudio does not run")
            return server

        for module in (pulse_look, pulse_server):
            monkeypatch.setattr(module, "look_at_pulse", look)

    return answer


def pulse(name: str, *sources: PulseSource) -> PulseServer:
    return PulseServer(name, "PipeWire" in name, sources)


def test_who_answers_is_asked_for_its_name(answers: Answers):
    answers(pulse("pulseaudio"))
    assert asyncio.run(find_sound_system()) is SoundSystem.PULSE
    answers(pulse("PulseAudio (on PipeWire 1.4.2)"))
    assert asyncio.run(find_sound_system()) is SoundSystem.PIPEWIRE


def test_a_pipewire_that_does_not_answer_for_pulseaudio_is_used(
    answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    answers(None)
    monkeypatch.setenv("PIPEWIRE_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("pipewire-0")
        assert asyncio.run(find_sound_system()) is SoundSystem.PIPEWIRE


def test_without_any_it_is_said_what_starts_one(answers: Answers):
    answers(None)
    with pytest.raises(
        VoiceError, match=r"systemctl --user start pipewire.*PulseAudio does not run"
    ):
        asyncio.run(find_sound_system())


def test_microphones_of_pulseaudio_are_neither_monitors_nor_ours(answers: Answers):
    answers(pulse("pulseaudio", MONITOR, MICROPHONE, OURS))
    (found,) = asyncio.run(engines.list_microphones())
    assert (found.name, found.description) == ("alsa_input.desk", "Desk")


def test_a_line_is_found_anew_whenever_it_is_opened(answers: Answers):
    async def use() -> None:
        line = FoundLine()
        assert line.status().state is LineState.OFF
        line.mute()
        assert line.take_levels() == []
        answers(None)
        with pytest.raises(VoiceError, match="sound server"):
            await line.open("alsa_input.desk")
        answers(pulse("pulseaudio", MONITOR))
        with pytest.raises(VoiceError, match="no other one"):
            await line.open("alsa_input.desk")
        assert line.status().state is LineState.OFF
        answers(pulse("pulseaudio", MICROPHONE))
        await line.open("alsa_input.desk")
        try:
            await line.shift(1500, 0.0)
            await line.unmute(0.0)
            assert await line.prepare(1000) == 0.0
            status = line.status()
            assert (status.delay_ms, status.microphone) == (1500, "alsa_input.desk")
            assert line.take_levels() == []
        finally:
            await line.close()
        assert line.status().state is LineState.OFF

    asyncio.run(use())
