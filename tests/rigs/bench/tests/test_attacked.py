"""The figures of `blank` under attack."""

from __future__ import annotations

from tests.rigs.bench.attacked import BLACK, KEY, REPLY, Taken, compared


def test_a_ratio_is_to_what_it_took_without_the_attack() -> None:
    quiet = Taken([0.002] * 9, [0.04] * 9, [0.003] * 9)
    attacked = Taken([0.004] * 9, [0.06] * 9, [], refused=9)

    figures = compared(quiet, attacked)

    assert figures[f"{REPLY}, p99, times"] == 2.0
    assert figures[f"{BLACK}, p50, times"] == 1.5
    assert figures[f"{KEY}, attacked, ms"] == {"count": 0}
    assert f"{KEY}, p99, times" not in figures
    assert figures["keys without a way in"] == 9
