"""A session of plain PulseAudio, a microphone in it, and a delay line for that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sana_vcam.voice.pulse.line import PulseLine
from tests.rigs.pipewire.sounds import clicks
from tests.rigs.pulse import PulseMissing, PulseSession, Talker
from tests.system.voice.rig import Carried


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, require_tools: bool) -> Iterator[PulseSession]:
    try:
        made = PulseSession()
    except PulseMissing as error:
        if require_tools:
            raise
        pytest.skip(str(error))
    with made as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def talker(session: PulseSession) -> Iterator[Talker]:
    with Talker(session) as microphone:
        microphone.say(clicks(60))
        yield microphone


@pytest.fixture
def line(session: PulseSession, talker: Talker) -> Iterator[Carried]:
    with Carried(session, PulseLine()) as carried:
        yield carried
