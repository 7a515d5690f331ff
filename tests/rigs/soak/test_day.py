"""Some virtual hours of engine and playout; the whole day is played by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.virtualtime import run
from tests.rigs.soak.day import engine_hours, playout_hours


def test_some_hours_leave_nothing_behind_and_are_counted_right(tmp_path: Path) -> None:
    figures = run(engine_hours(tmp_path, 3.0, seed=6))
    assert figures.sessions > 3
    assert figures.clock_sets > 0
    assert figures.caps > 0
    assert figures.counted_s == pytest.approx(figures.billed_s, abs=1.0)
    assert figures.objects[1] < 2 * figures.objects[0], "sessions that are over are let go"


def test_a_model_whose_clock_is_slow_loses_no_picture_and_gains_no_delay() -> None:
    figures = playout_hours(0.05)
    assert figures.pictures > 3000
    assert figures.lost == 0
    assert figures.delay_ms[1] < 1100
