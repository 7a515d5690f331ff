"""How sure a median is."""

import random

import pytest

from tests.rigs.bench.paired import bootstrap, difference, median_interval, student


def test_few_values_are_told_whole():
    assert median_interval([3.0, 1.0, 2.0]) == (1.0, 3.0)
    assert median_interval([5.0]) == (5.0, 5.0)


@pytest.mark.parametrize(("count", "ranks"), [(6, (1, 6)), (10, (2, 9)), (20, (6, 15))])
def test_the_ranks_are_those_of_the_sign_test(count, ranks):
    # Tables of the sign test, two-sided 5 %: for 10 values the 2nd to the 9th.
    values = [float(number) for number in range(1, count + 1)]
    assert median_interval(values) == ranks


def test_the_true_median_is_inside_95_times_of_100():
    chance = random.Random(4)
    inside = 0
    for _ in range(400):
        low, high = median_interval([chance.expovariate(1.0) for _ in range(21)])
        inside += low <= 0.693 <= high
    assert 0.92 <= inside / 400 <= 0.995


def test_differences_are_those_of_the_same_turn():
    # The machine is slow in every second turn, and the one always takes 0.2 more.
    less = [1.0, 3.0] * 10
    found = difference([one + 0.2 for one in less], less)
    assert found == {"median": 0.2, "95 % interval": [0.2, 0.2], "turns": 20}


def test_turns_that_all_say_the_same_leave_no_doubt():
    found = bootstrap(lambda turns: 2.0, 8)
    assert (found.value, found.low, found.high, found.turns) == (2.0, 2.0, 2.0, 8)


def test_a_figure_is_drawn_anew_with_whole_turns():
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    found = bootstrap(lambda turns: sum(values[n] for n in turns) / len(turns), 6)
    assert found.value == 3.5
    assert 1.0 <= found.low < 2.5 < 4.5 < found.high <= 6.0
    assert found == bootstrap(lambda turns: sum(values[n] for n in turns) / len(turns), 6)


@pytest.mark.parametrize("turns", [6, 12])
def test_the_true_mean_is_inside_about_95_times_of_100(turns):
    chance = random.Random(7)
    inside = 0
    for _ in range(60):
        values = [chance.gauss(10.0, 1.0) for _ in range(turns)]
        found = bootstrap(lambda drawn, v=values: sum(v[n] for n in drawn) / len(drawn), turns)
        inside += found.low <= 10.0 <= found.high
    # 95 of 100 would be 57; by chance alone it is below 51 once in 300 times.
    assert inside >= 51


def test_student_is_wider_for_few_turns_and_normal_for_many():
    # As printed in any table.
    assert student(1) == 12.706
    assert student(15) == pytest.approx(2.131, abs=1e-3)
    assert student(10_000) == pytest.approx(1.960, abs=1e-3)


def test_of_one_turn_no_interval_is_made():
    found = bootstrap(lambda turns: float(len(turns)), 1)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)
