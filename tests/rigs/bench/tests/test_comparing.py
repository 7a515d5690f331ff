"""What the runs of several turns say together."""

import math

import pytest

from tests.rigs.bench.comparing import (
    ADDED,
    JUDDER,
    LOST,
    MEMORY,
    P50,
    P99,
    PER_PICTURE,
    RATE,
    beyond,
    estimate,
    figure,
    ratios,
)


def run(turn, cpu_s=1.0, pictures=100, delays=(50.0, 60.0), **more):
    return {
        "turn": turn,
        "seconds": 5.0,
        "CPU, s": cpu_s,
        "pictures": pictures,
        "delays, ms": list(delays),
        "intervals, ms": [40.0, 40.0, 60.0],
        "resident MB": 200.0,
        "stalls": 0,
        **more,
    }


def test_figures_are_of_all_turns_together():
    runs = [run(0, 1.0, 100, [50.0] * 3), run(1, 2.0, 20, [90.0])]

    assert figure(runs, PER_PICTURE) == pytest.approx(25.0), "and not the mean of 10 and 100"
    assert figure(runs, RATE) == pytest.approx(12.0)
    assert (figure(runs, P50), figure(runs, P99)) == (50.0, pytest.approx(88.8))


def test_the_judder_is_that_of_the_intervals_and_not_of_the_break_between_turns():
    assert figure([run(0), run(1)], JUDDER) == pytest.approx(figure([run(0)], JUDDER))


def test_what_no_run_has_is_no_figure():
    assert figure([run(0)], ADDED) is None
    assert figure([run(0) | {"resident MB": None}], MEMORY) is None
    assert figure([], P50) is None


def test_pictures_that_never_came_cost_and_take_beyond_measure():
    nothing = [run(0, pictures=0, delays=())]

    assert figure(nothing, P50) == math.inf
    assert figure(nothing, PER_PICTURE) == math.inf


def test_a_card_of_the_daemon_counts_as_a_still_of_the_script():
    assert figure([run(0, slates=2), run(1, stalls=1)], LOST) == 3.0


def test_a_ratio_is_of_the_turns_that_both_have():
    runs = {
        # In turn 1 the machine was slow for both; the script failed in turn 2.
        "daemon": [run(0, 1.2), run(1, 12.0), run(2, 99.0)],
        "script": [run(0, 1.0), run(1, 10.0)],
    }
    found = estimate(runs, PER_PICTURE, "script")

    assert found.turns == 2
    assert (found.value, found.low, found.high) == pytest.approx((1.2, 1.2, 1.2))
    assert estimate(runs, PER_PICTURE, "script", beyond).value == pytest.approx(11.0)


def test_against_nobody_there_is_no_ratio():
    assert estimate({"daemon": [run(0)]}, PER_PICTURE, "script") is None
    assert estimate({"script": [run(0)]}, PER_PICTURE, "script") is None
    assert estimate({"daemon": [run(0)], "script": [run(1)]}, PER_PICTURE, "script") is None


def test_an_interval_of_one_contender_is_wide_where_its_turns_differ():
    found = estimate({"daemon": [run(n, delays=[10.0 * n] * 9) for n in range(8)]}, P50)

    assert found.low < 20.0 < found.value < 50.0 < found.high


def test_what_is_written_has_every_ratio_by_its_name():
    turns = [run(number) for number in range(6)]
    found = ratios({"daemon": turns, "bare": turns})

    assert found[f"{MEMORY}, daemon / bare"] == {"value": 1.0, "low": 1.0, "high": 1.0, "turns": 6}
    assert not any("script" in name for name in found)
