"""Lips and voice together at somebody who sees and hears a whole daemon, and in what is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.rigs.pipewire import Session
from tests.system.voice.latestandin import Course
from tests.system.voice.lipsync import EARLY_MS, LATE_MS, talking
from tests.system.voice.rig import play, reader
from tests.system.voice.together import daemon, kept_ms, listen, settle

GUESS_MS = 4500.0
"""Far from any delay that there is here, so that the voice has to follow the measured one."""
ROUNDS = 8
KEPT_MS = 1000 / 24 + 20
"""A picture, and what a recording's times are unsure."""
LEAST = 4
"""With fewer clicks nothing is said: a busy machine loses sound and pictures."""


@pytest.mark.parametrize("pipewire", ["newer"], indirect=True)
def test_a_click_is_heard_when_its_picture_is_seen(
    pipewire: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Listened to again while a busy machine makes the picture stutter, which is followed later."""
    for name, value in pipewire.environment.items():
        monkeypatch.setenv(name, value)
    play(pipewire, talking(600.0))
    medians = []
    course = Course(0.2, 0.0, 0.0, 0.0)
    with daemon(pipewire, tmp_path, course, GUESS_MS) as scene, reader(pipewire):
        for _ in range(ROUNDS):
            settle(pipewire, scene)
            clicks = listen(pipewire, scene, 4.0)
            if len(clicks) < LEAST:
                continue
            medians.append(float(np.median([one.late_ms for one in clicks])))
            if EARLY_MS < medians[-1] < LATE_MS:
                kept = kept_ms(scene.clip(8.0), scene, clicks)
                assert len(kept) >= LEAST
                assert abs(np.median(kept)) < KEPT_MS, kept
                return
    raise AssertionError(f"sound minus picture: {medians} ms")
