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
    NO_STAGES_S,
    SETTLED_S,
    SPAN_MS,
    STAGES_S,
    Chain,
    configuration,
    new_mark,
)
from sana_vcam.voice.pipewire.registry import CYCLE_S

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


@pytest.mark.parametrize("stages_s", [NO_STAGES_S, STAGES_S])
@pytest.mark.parametrize("delay_ms", [300.0, 1500.0, MAX_DELAY_MS])
def test_every_way_through_the_child_is_as_long_as_the_delay(
    stages_s: tuple[float, ...], delay_ms: float
):
    """Follow the links of the configuration from the begin to the end."""
    text = configuration(delay_ms, "7-1", stages_s=stages_s)
    lengths = delays(text)
    closed = re.findall(r'"Gain (\d)" = 0.0', text.partition("name = ap")[2].partition("}")[0])
    links = [
        (output, into)
        for output, into, port in re.findall(
            r'output = "(\w+):Out" input = "(\w+):In ?(\d?)"', text
        )
        if not (into in {"ap", "bp"} and port in closed)
    ]
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

    found = ways("s0")
    assert len(found) == 2 * BRANCHES
    assert found == pytest.approx([delay_ms / 1000] * len(found), abs=1e-4)


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
    controls = one.aside(2200.0, 5.0)
    assert controls["b0:Delay (s)"] == pytest.approx((2200 - SPAN_MS) / 1000)
    assert controls["bp:Gain 1"] == 1.0
    assert one.ready_from == 5.0 + SETTLED_S
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


def test_where_a_filter_has_a_new_delay_only_after_it_most_of_it_is_a_stage():
    one = Chain(PROCESS, "7-1", 2000.0, STAGES_S)
    controls = one.aside(2200.0, 5.0)
    own_s = controls.pop("b0:Delay (s)")
    (picked,) = (name for name, gain in controls.items() if gain == 1.0)
    assert sum(controls.values()) == 1.0
    assert own_s < 0.25
    stage = int(picked.removeprefix("bp:Gain ")) - 1
    assert STAGES_S[stage] + own_s == pytest.approx((2200 - SPAN_MS) / 1000)
    assert one.ready_from == pytest.approx(5.0 + own_s + SETTLED_S)


def test_one_that_nobody_hears_needs_as_long_for_another_delay():
    one = Chain(PROCESS, "7-1", 2000.0, STAGES_S)
    controls = one.retuned(2200.0, 5.0)
    assert one.delay_ms == 2200.0
    assert one.ready_from == pytest.approx(5.0 + controls["a0:Delay (s)"] + SETTLED_S)
    assert chain().retuned(2200.0, 5.0)["a0:Delay (s)"] > 2.0


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


def test_where_a_cycle_is_counted_a_reader_may_not_lengthen_it():
    assert "node.latency = 2048/48000" in configuration(5.0, "7-1")
    assert "node.latency = 1024/48000" in configuration(5.0, "7-1", CYCLE_S)
