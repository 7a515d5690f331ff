"""Lips and voice together, through the follower and a real PipeWire."""

from __future__ import annotations

import pytest

from tests.rigs.pipewire import Session
from tests.system.voice.lipsync import EARLY_MS, LATE_MS, Picture, measure


def test_the_voice_follows_the_picture(pipewire: Session, monkeypatch: pytest.MonkeyPatch):
    """Medians, since a busy machine drops cycles of sound; the command measures the shares."""
    for name, value in pipewire.environment.items():
        monkeypatch.setenv(name, value)
    picture = Picture(first_ms=800, second_ms=1300, step_at_s=5.0)
    result = measure(pipewire, 17.0, picture)
    assert EARLY_MS < result.median_ms(0.0, 5.0) < LATE_MS
    assert EARLY_MS < result.median_ms(13.5, 17.0) < LATE_MS
