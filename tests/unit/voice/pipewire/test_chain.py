"""The delay child's configuration and its fades: what each branch does to the sound."""

from __future__ import annotations

import itertools
import os
import re
from typing import Any

import numpy as np
import pytest

from sana_vcam.voice.line import MAX_DELAY_MS
from sana_vcam.voice.pipewire.chain import (
    BRANCH_S,
    BRANCHES,
    LEAST_GAIN,
    SPAN_MS,
    Chain,
    configuration,
    new_mark,
)

PROCESS: Any = object()
"""Stands for the child, which these tests never reach."""


def chain(delay_ms: float = 2000.0) -> Chain:
    return Chain(PROCESS, "7-1", delay_ms)


def delays(text: str) -> dict[str, float]:
    """The delay of each filter that has one."""
    found = re.findall(
        r'label = delay name = (\w+) .*\n\s+control = \{ "Delay \(s\)" = ([\d.]+)', text
    )
    return {name: float(value) for name, value in found}


def test_every_way_through_the_child_is_as_long_as_the_delay():
    """Follow the links of the configuration from the begin to the end."""
    text = configuration(1500.0, "7-1")
    lengths = delays(text)
    links = [(a, b) for a, b in re.findall(r'output = "(\w+):Out" input = "(\w+):In', text)]
    (last,) = re.findall(r'outputs = \[ "(\w+):Out" \]', text)

    def ways(name: str) -> list[float]:
        if name == last:
            return [0.0]
        return [
            lengths.get(into, 0.0) + rest
            for output, into in links
            if output == name
            for rest in ways(into)
        ]

    found = ways("in")
    assert len(found) == 2 * BRANCHES
    assert found == pytest.approx([1.5] * len(found), abs=1e-4)


def test_it_starts_silent_and_connects_itself_to_nothing():
    text = configuration(1500.0, "7-1")
    assert text.count('"Gain 1" = 0.0 "Gain 2" = 0.0') == BRANCHES
    assert text.count("node.autoconnect = false") == 2
    assert text.count("node.passive = true") == 2
    assert text.count('sana_vcam.chain = "7-1"') == 2
    assert text.count(f'"max-delay" = {MAX_DELAY_MS / 1000}') == 2


def test_marks_are_of_this_process_and_never_equal():
    first, second = new_mark(), new_mark()
    assert first != second
    assert first.startswith(f"{os.getpid()}-")


def summed(controls: dict[str, float], gain: int) -> float:
    return sum(value for name, value in controls.items() if name.endswith(f"Gain {gain}"))


def test_a_fade_in_ends_at_full_level_of_one_tap():
    steps = list(chain().fade_in(0.5))
    levels = [summed(controls, 1) for controls in steps]
    assert levels == sorted(levels)
    assert levels[-1] == pytest.approx(1.0)
    assert all(summed(controls, 2) == pytest.approx(0.0, abs=1e-6) for controls in steps)


def test_a_cross_fade_goes_to_the_other_tap_and_the_next_one_back():
    one = chain()
    assert one.aside(2200.0, 5.0) == {"b0:Delay (s)": pytest.approx((2200 - SPAN_MS) / 1000)}
    assert one.is_ready_for(2200.0)
    assert not one.is_ready_for(2300.0)
    steps = list(one.cross_fade(2200.0, 0.5))
    assert all(summed(c, 1) + summed(c, 2) == pytest.approx(1.0, abs=1e-4) for c in steps)
    assert summed(steps[-1], 2) == pytest.approx(1.0)
    assert one.delay_ms == 2200.0
    # The tap that was left still has its old delay, and can be faded back to at once.
    assert one.is_ready_for(2000.0)
    assert "a0:Delay (s)" in one.aside(1800.0, 0.0)
    assert summed(list(one.cross_fade(1800.0, 0.5))[-1], 1) == pytest.approx(1.0)


def test_no_gain_is_ever_nothing_since_an_old_mixer_forgets_the_other_one_then():
    one = chain()
    every = [*one.fade_in(0.5), *one.cross_fade(1900.0, 0.5)]
    assert min(min(controls.values()) for controls in every) == LEAST_GAIN


def test_the_branches_make_small_steps_of_one_big_step():
    """As the graph does it: all gains change at one moment, and come out of each branch later."""
    rate = 48_000
    apart = round(BRANCH_S * rate)
    gain = np.zeros(3 * rate)
    gain[rate:] = 1.0
    out = sum(np.roll(gain, branch * apart) for branch in range(BRANCHES)) / BRANCHES
    steps = [abs(b - a) for a, b in itertools.pairwise(out[rate - 1 : 2 * rate])]
    assert max(steps) == pytest.approx(1 / BRANCHES)


def test_a_delay_shorter_than_the_branches_is_as_short_as_they_are():
    assert delays(configuration(5.0, "7-1"))["a0"] == 0.0
