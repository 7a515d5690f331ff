"""What the figures say of the targets."""

import pytest

from tests.rigs.bench import sizes
from tests.rigs.bench.comparing import ADDED, LOST, MEMORY, PER_PICTURE, RATE
from tests.rigs.bench.paired import Estimate
from tests.rigs.bench.targets import (
    APP,
    BESIDE,
    COLD,
    FIRST_SLATE,
    IDLE,
    LARGE,
    WAKE_UPS,
    WANTED,
    Verdict,
    judge,
    targets,
)

TURNS = 8


def runs(cpu_s, pictures=144, resident=150.0, **more):
    """As many turns as are enough, each a little different."""
    return [
        {
            "turn": number,
            "seconds": 6.0,
            "CPU, s": cpu_s * (1 + number / 1000),
            "pictures": pictures,
            "delays, ms": [100.0, 110.0],
            "resident MB": resident,
            "stalls": 0,
            **more,
        }
        for number in range(TURNS)
    ]


def contest(setting, busy="", **contenders):
    return {setting: {"runs": contenders}, "machine": {"too busy to judge": busy}}


def named(figures, *words):
    found = [
        one
        for one in targets(figures)
        if all(word in one.name for word in words)
        and ("beside" in one.name) == ("beside" in words[-1])
    ]
    assert len(found) == 1, [one.name for one in found]
    return found[0]


def test_without_figures_nothing_is_claimed():
    found = targets({})

    assert len(found) == len(WANTED) + 4
    assert len({one.name for one in found}) == len(found)
    assert all(one.verdict is Verdict.UNMEASURED and not one.seen for one in found)


@pytest.mark.parametrize(
    ("low", "high", "at_most", "verdict"),
    [
        (0.90, 0.99, True, Verdict.MET),
        (0.90, 1.00, True, Verdict.MET),
        (0.99, 1.01, True, Verdict.UNDECIDED),
        (1.01, 1.05, True, Verdict.MISSED),
        (1.01, 1.05, False, Verdict.MET),
        (0.99, 1.01, False, Verdict.UNDECIDED),
        (0.90, 0.99, False, Verdict.MISSED),
    ],
)
def test_the_whole_interval_decides(low, high, at_most, verdict):
    assert judge(Estimate(1.0, low, high, TURNS), 1.0, at_most=at_most) is verdict


def test_few_turns_decide_nothing():
    assert judge(Estimate(0.5, 0.5, 0.5, 5), 1.0) is Verdict.UNDECIDED
    few = {name: runs(1.0)[:3] for name in ("daemon", "script")}
    found = named({"pipeline": contest(LARGE, **few)}, PER_PICTURE, "÷ the script")

    assert found.verdict is Verdict.UNDECIDED
    assert "3 turns, and 6 are needed" in found.why


def test_a_ratio_is_judged_by_its_interval():
    figures = {"pipeline": contest(LARGE, bare=runs(2.0), daemon=runs(2.1), script=runs(2.2))}

    assert named(figures, PER_PICTURE, "÷ the bare").verdict is Verdict.MET
    assert named(figures, PER_PICTURE, "above the bare").verdict is Verdict.MET
    missed = named(figures, PER_PICTURE, "÷ the script")
    assert missed.verdict is Verdict.MISSED
    assert (missed.wanted, missed.seen) == ("≤ 0.75", "0.955 (0.955 to 0.955)")


def test_on_a_busy_machine_nothing_is_decided_and_the_figure_is_shown():
    both = {"bare": runs(2.0), "daemon": runs(2.0)}
    found = named({"pipeline": contest(LARGE, "others took 1 core", **both)}, MEMORY)

    assert (found.verdict, found.seen) == (Verdict.UNDECIDED, "0 (0 to 0)")
    assert found.why == "too busy to judge: others took 1 core"


def test_a_starved_contender_is_named():
    some = {"browser": runs(1.0, pictures=72), "daemon": runs(2.0)}
    found = named({"pipeline": contest(APP, **some)}, PER_PICTURE, "browser")

    assert found.verdict is Verdict.MET, "which says little, as the words beside it say"
    assert found.why == "the browser delivered 12.0 of 24 pictures a second"


def test_beside_other_work_the_same_rate_is_met():
    both = {"script": runs(1.0), "daemon": runs(1.0)}
    found = named({"beside 2": contest(APP, **both)}, RATE, "script", APP, "beside 2")

    assert (found.verdict, found.wanted) == (Verdict.MET, "≥ 0.99")


def test_a_card_where_the_script_goes_on_is_missed():
    both = {"script": runs(1.0), "daemon": runs(1.0, slates=1)}

    assert (
        named({"beside 1": contest(APP, **both)}, LOST, APP, "beside 1").verdict is Verdict.MISSED
    )
    both["script"] = runs(1.0, stalls=1)
    assert named({"beside 1": contest(APP, **both)}, LOST, APP, "beside 1").verdict is Verdict.MET


@pytest.mark.parametrize(("waited", "verdict"), [(40.0, Verdict.MET), (50.0, Verdict.MISSED)])
def test_the_delay_that_the_daemon_adds_is_that_of_its_own_clocks(waited, verdict):
    late = runs(1.0, **{"waited in the daemon, ms": [10.0] * 9 + [waited] * 9})

    found = [one for one in targets({"pipeline": contest(APP, daemon=late)}) if ADDED in one.name]
    assert [one.verdict for one in found] == [verdict, Verdict.UNMEASURED], "beside a loop: nothing"


def measured(median, low, high):
    return {"median": median, "95 % interval": [low, high], "turns": TURNS}


def test_too_much_while_idle_says_how_cold_it_was():
    found = {IDLE: measured(2.5, 2.4, 2.6), WAKE_UPS: measured(2.5, 2.0, 3.5), COLD: 8.0}
    missed = named({"idle": found}, "Idle")
    assert (missed.seen, missed.verdict) == ("2.5 (2.4 to 2.6)", Verdict.MISSED)
    assert missed.why == "work after a second's rest, times its usual: 8"
    assert named({"idle": found}, "Wake-ups").verdict is Verdict.UNDECIDED
    found[IDLE] = measured(0.4, 0.3, 0.5)
    assert named({"idle": found}, "Idle").verdict is Verdict.MET


def test_the_start_is_judged_by_its_interval_on_a_quiet_machine():
    found = {FIRST_SLATE: measured(410.0, 390.0, 450.0)}
    assert named({"startup": found}, "first card").verdict is Verdict.UNDECIDED
    found = {FIRST_SLATE: measured(7000.0, 6000.0, 9000.0)}
    assert named({"startup": found}, "first card").verdict is Verdict.MISSED
    busy = {"machine": {"too busy to judge": "others took 1 core"}}
    seen = named({"startup": found | busy}, "first card")
    assert (seen.verdict, seen.why) == (
        Verdict.UNDECIDED,
        "too busy to judge: others took 1 core",
    )


@pytest.mark.parametrize(
    ("heavy", "verdict"), [([], Verdict.MET), (["numpy"], Verdict.MET), (["cv2"], Verdict.MISSED)]
)
def test_importing_must_not_load_opencv(heavy, verdict):
    imports = {"sana_vcam": {"median, ms": 0.1, "modules": 60, "of the heavy ones": heavy}}

    assert named({"idle": {"imports": imports}}, "import").verdict is verdict


def test_every_contest_has_its_targets():
    judged = {wanted.contest for wanted in WANTED}
    assert judged == {"pipeline", "bursts", *BESIDE.values()}


def test_a_row_of_sizes_has_medians_and_a_multiple_of_the_usual():
    def sized(cpu, p99):
        delay = {"count": 9, "p50": 1.0, "p99": p99}
        return {
            "CPU, cores": cpu,
            "resident MB": 150.0,
            sizes.INWARD: delay,
            sizes.OUTWARD: delay,
        }

    usual, four = sizes.table(
        {
            "usual": [sized(0.2, 10.0), sized(0.3, 20.0), sized(0.9, 30.0)],
            "4 virtual cameras": [sized(0.45, 40.0)],
        }
    )

    assert (usual["CPU, cores"], usual["CPU, times the usual"]) == (0.3, 1.0)
    assert (usual["inward, p99, ms"], usual["outward, p50, ms"]) == (20.0, 1.0)
    assert four["CPU, times the usual"] == 1.5
