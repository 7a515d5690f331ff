"""The account of billed seconds: what is counted, which day it belongs to, what survives."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.usage import DROPPED_S, WRITE_EVERY_S, UsageAccount, spread, stored_seconds

NOON = datetime(2026, 3, 10, 12).timestamp()
MINUTE = 60.0


class Clock:
    """Monotonic and wall time, which a test moves together or apart."""

    def __init__(self, wall: float = NOON) -> None:
        self.now = 500.0
        self.wall = wall

    def goes(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "usage.json"


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A time zone with summer time."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def account(path: Path, clock: Clock, **cost: float) -> UsageAccount:
    return UsageAccount(path, CostConfig(**cost), clock=lambda: clock.now, wall=lambda: clock.wall)


# -- counting --------------------------------------------------------------------------------------


def test_a_session_counts_from_ready_to_its_confirmed_end(path, clock):
    usage = account(path, clock)
    clock.goes(5)
    usage.ready("a", clock.now - 2)
    clock.goes(60)
    usage.count()
    clock.goes(30)
    usage.ended("a")
    clock.goes(100)
    usage.count()
    assert usage.seconds.session == usage.seconds.day == usage.seconds.total == 92


def test_two_at_once_both_count(path, clock):
    usage = account(path, clock)
    usage.ready("a", clock.now)
    clock.goes(10)
    usage.ready("b", clock.now)
    clock.goes(5)
    usage.ended("a")
    clock.goes(10)
    usage.ended("b")
    assert usage.seconds.day == 15 + 15


def test_ready_said_again_or_after_the_end_means_nothing(path, clock):
    usage = account(path, clock)
    usage.ready("a", clock.now)
    clock.goes(10)
    usage.ready("a", clock.now)
    usage.ended("a")
    usage.ready("a", clock.now)
    clock.goes(10)
    usage.count()
    usage.ended("a")
    usage.ended("unknown")
    assert usage.seconds.day == 10


def test_one_that_nobody_holds_counts_until_it_surely_is_over(path, clock):
    usage = account(path, clock)
    usage.ready("a", clock.now)
    clock.goes(10)
    usage.dropped("a")
    clock.goes(15)
    usage.ended("a")
    assert usage.seconds.day == 25


def test_one_that_nobody_holds_counts_no_longer_than_the_platform_keeps_it(path, clock):
    usage = account(path, clock)
    usage.ready("a", clock.now)
    clock.goes(10)
    usage.dropped("a")
    for _ in range(10):
        clock.goes(30)
        usage.count()
    usage.ended("a")
    assert usage.seconds.day == 10 + DROPPED_S


def test_the_user_s_session_goes_on_over_those_of_the_platform(path, clock):
    usage = account(path, clock)
    for session_id in ("a", "b"):
        usage.ready(session_id, clock.now)
        clock.goes(10)
        usage.ended(session_id)
    assert usage.seconds.session == 20
    usage.new_session()
    assert usage.seconds.session == 0
    assert usage.seconds.day == 20


# -- the calendar ----------------------------------------------------------------------------------


def test_midnight_in_mid_session(path):
    clock = Clock(datetime(2026, 3, 10, 23, 59, 30).timestamp())
    usage = account(path, clock)
    usage.ready("a", clock.now)
    for _ in range(80):
        clock.goes(1)
        usage.count()
    assert usage.seconds.day == pytest.approx(50)
    assert usage.seconds.month == usage.seconds.session == pytest.approx(80)


def test_the_month_turns_in_mid_session(path):
    clock = Clock(datetime(2026, 2, 28, 23, 50).timestamp())
    usage = account(path, clock)
    usage.ready("a", clock.now)
    clock.goes(20 * MINUTE)
    usage.ended("a")
    assert usage.seconds.month == usage.seconds.day == pytest.approx(10 * MINUTE)
    assert usage.seconds.total == pytest.approx(20 * MINUTE)
    days = json.loads(path.read_text())["days"]
    assert days == {
        "2026-02-28": pytest.approx(10 * MINUTE),
        "2026-03-01": pytest.approx(10 * MINUTE),
    }


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 5, 4), 24)]
)
@pytest.mark.usefixtures("berlin")
def test_days_are_as_long_as_they_are(day, hours):
    midnight = datetime(day.year, day.month, day.day + 1).timestamp()
    shares = dict(spread(midnight + 3600, 3600 * (hours + 2)))
    assert shares[day] == hours * 3600
    assert len(shares) == 3
    assert sum(shares.values()) == 3600 * (hours + 2)


@pytest.mark.parametrize("step_s", [-86400.0, -3600.0, 3600.0, 86400.0 * 40])
def test_a_step_of_the_wall_clock_adds_and_takes_nothing(path, clock, step_s):
    usage = account(path, clock)
    usage.ready("a", clock.now)
    clock.goes(10)
    usage.count()
    clock.wall += step_s
    clock.goes(10)
    usage.ended("a")
    assert usage.seconds.session == usage.seconds.total == 20


@given(
    st.floats(NOON - 4e8, NOON + 4e8, allow_nan=False),
    st.floats(0, 4e5, allow_nan=False),
)
def test_no_second_is_lost_between_days(wall, seconds):
    shares = list(spread(wall, seconds))
    assert sum(part for _, part in shares) == pytest.approx(seconds, abs=0.01)
    assert all(part > 0 for _, part in shares)
    days = [day for day, _ in shares]
    assert days == sorted(set(days), reverse=True)


# -- the file --------------------------------------------------------------------------------------


def test_it_is_kept_over_a_restart(path, clock):
    usage = account(path, clock)
    usage.ready("a", clock.now)
    clock.goes(100)
    usage.ended("a")
    again = account(path, clock)
    assert again.seconds.day == again.seconds.month == again.seconds.total == 100
    assert again.seconds.session == 0
    assert stored_seconds(path, clock.wall).day == 100
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_is_written_often_while_something_is_billed(path, clock):
    usage = account(path, clock)
    usage.ready("a", clock.now)
    for second in range(1, 61):
        clock.goes(1)
        usage.count()
        assert second - stored_seconds(path, clock.wall).day <= WRITE_EVERY_S
    assert {entry["session_id"] for entry in json.loads(path.read_text())["open"]} == {"a"}


@pytest.mark.parametrize(
    ("away_s", "charged_s"),
    [(0.0, 3.0), (5.0, 8.0), (30.0, 33.0), (38.0, 40.0), (86400.0, 40.0), (-3600.0, 40.0)],
)
def test_one_that_a_kill_left_is_charged_until_its_end_or_the_platform_s_patience(
    path, clock, away_s, charged_s
):
    usage = account(path, clock)
    usage.ready("a", clock.now)
    clock.goes(14)
    usage.count()
    noted_s = stored_seconds(path, clock.wall).total
    # Since the last write.
    away_s -= clock.wall - json.loads(path.read_text())["open"][0]["counted_at"]
    clock.goes(away_s)
    again = account(path, clock)
    clock.goes(3)
    again.ended("a")
    clock.goes(100)
    again.count()
    assert again.seconds.total - noted_s == pytest.approx(charged_s)
    assert again.seconds.session == 0, "it is of another session of the user's"
    again.ready("b", clock.now)
    assert [one["session_id"] for one in json.loads(path.read_text())["open"]] == ["b"]


def test_nothing_is_charged_twice_for_one_that_is_found_at_two_starts(path, clock):
    usage = account(path, clock)
    usage.ready("a", clock.now)
    for _ in range(5):
        clock.goes(20)
        usage = account(path, clock)
        usage.count()
    assert usage.seconds.total <= DROPPED_S


BROKEN = [b"", b"{", b"[]", b"null", b'{"days": 3}', b'{"days": {"yesterday": 1}}', b"\xff\xfe"]


@pytest.mark.parametrize("content", [*BROKEN, b'{"total_s": -5}', b'{"total_s": "NaN"}'])
def test_a_broken_file_is_kept_aside_and_the_count_starts_anew(path, clock, caplog, content):
    path.parent.mkdir()
    path.write_bytes(content)
    usage = account(path, clock)
    assert usage.seconds.total == 0
    assert "cannot be read" in caplog.text
    (aside,) = path.parent.glob("usage.broken-*.json")
    assert str(aside) in caplog.text
    assert aside.read_bytes() == content
    usage.ready("a", clock.now)
    clock.goes(10)
    usage.ended("a")
    assert account(path, clock).seconds.total == 10


GOOD_DAY = "2026-03-09"
ODD = [
    '"x": 1',
    f'"{GOOD_DAY}0": 1',
    '"0001-01-01": 1',
    '"2026-03-08": NaN',
    '"2026-03-08": Infinity',
    '"2026-03-08": 1e999',
    '"2026-03-08": -1',
    '"2026-03-08": 1e12',
    '"2026-03-08": "7"',
    '"2026-03-08": null',
    '"2026-03-08": [[]]',
]


@pytest.mark.parametrize("odd", ODD)
def test_one_day_that_is_odd_hides_no_good_one(path, clock, caplog, odd):
    path.parent.mkdir()
    content = f'{{"total_s": 9, "days": {{"{GOOD_DAY}": 5, {odd}}}, "open": []}}'
    path.write_text(content)
    for _ in range(2):
        assert account(path, clock).seconds.total == 9
        days = json.loads(path.read_text())["days"]
        assert days == {GOOD_DAY: 5}
    (aside,) = path.parent.glob("usage.broken-*.json")
    assert aside.read_text() == content
    assert caplog.text.count("1 of its entries") == 1


@pytest.mark.parametrize(
    "odd",
    [
        "null",
        '{"session_id": "b"}',
        '{"session_id": "b", "counted_at": NaN}',
        '{"session_id": "b", "counted_at": 1, "left_s": 1e300}',
        '{"session_id": 7, "counted_at": 1}',
    ],
)
def test_one_session_that_is_odd_hides_no_good_one(path, clock, odd):
    path.parent.mkdir()
    good = f'{{"session_id": "a", "counted_at": {clock.wall}, "left_s": 30}}'
    path.write_text(f'{{"open": [{odd}, {good}]}}')
    usage = account(path, clock)
    clock.goes(100)
    usage.count()
    assert usage.seconds.total == 30


@pytest.mark.parametrize("total", ["NaN", "-1", "1e300", '"many"'])
def test_a_total_that_is_odd_is_the_sum_of_the_days(path, clock, total):
    path.parent.mkdir()
    path.write_text(f'{{"total_s": {total}, "days": {{"{GOOD_DAY}": 5, "2026-03-08": 6}}}}')
    assert account(path, clock).seconds.total == 11


def test_a_newer_program_s_file_is_counted_from_and_left_as_it_is(path, clock, caplog):
    path.parent.mkdir()
    content = f'{{"version": 2, "total_s": 9, "days": {{"{GOOD_DAY}": 9}}, "more": 1}}'
    path.write_text(content)
    usage = account(path, clock)
    usage.ready("a", clock.now)
    clock.goes(10)
    usage.ended("a")
    assert "of a newer sana-vcam" in caplog.text
    assert account(path, clock).seconds.total == 19
    assert stored_seconds(path, clock.wall).total == 19
    assert path.read_text() == content


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_file_that_would_never_end_is_not_waited_for(path, clock, caplog, make):
    path.parent.mkdir()
    make(path)
    assert account(path, clock).seconds.total == 0
    assert "cannot be read (it is a" in caplog.text


def test_a_file_that_may_not_be_read_stops_nothing(path, clock, caplog):
    path.mkdir(parents=True)
    usage = account(path, clock)
    assert "cannot be read" in caplog.text
    usage.ready("a", clock.now)
    clock.goes(10)
    usage.ended("a")
    assert usage.seconds.total == 10


def test_reading_alone_changes_nothing(path, clock):
    path.parent.mkdir()
    path.write_bytes(b"{")
    assert stored_seconds(path, clock.wall).total == 0
    assert path.read_bytes() == b"{"
    assert stored_seconds(path.with_name("none"), clock.wall).day == 0


def test_a_full_disk_is_said_once_and_stops_nothing(path, clock, caplog, monkeypatch):
    usage = account(path, clock)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        usage.ready("a", clock.now)
        for _ in range(60):
            clock.goes(1)
            usage.count()
    warnings = [r for r in caplog.records if r.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "No space left" in caplog.text
    usage.ended("a")
    assert account(path, clock).seconds.total == 60


def test_old_days_are_let_go(path, clock):
    usage = account(path, clock)
    for _ in range(450):
        usage.ready(str(clock.now), clock.now)
        clock.goes(10)
        usage.ended(str(clock.now - 10))
        clock.goes(86390)
    assert len(json.loads(path.read_text())["days"]) == 400
    assert usage.seconds.total == 4500


def test_a_kill_at_any_moment_leaves_a_whole_file(path):
    code = (
        "import sys, time; from pathlib import Path;"
        "from sana_vcam.config.schema import CostConfig;"
        "from sana_vcam.engine.usage import UsageAccount;"
        "usage = UsageAccount(Path(sys.argv[1]), CostConfig());"
        "print('go', flush=True)\n"
        "for number in range(10**9):\n"
        "    usage.ready(str(number), time.monotonic())\n"
        "    usage.ended(str(number))\n"
    )
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        with process:
            process.stdout.readline()
            seen: set[int] = set()
            while len(seen) < 10:
                if path.exists():
                    seen.add(path.stat().st_mtime_ns)
            process.send_signal(signal.SIGKILL)
        json.loads(path.read_text())
        UsageAccount(path, CostConfig())
        left = [entry.name for entry in path.parent.iterdir()]
        assert left == ["usage.json"], "no drafts are left lying about"


# -- caps ------------------------------------------------------------------------------------------


def test_at_four_fifths_the_user_is_told_once(path, clock, caplog):
    usage = account(path, clock, day_cap_min=10, month_cap_min=100)
    usage.ready("a", clock.now)
    for _ in range(9 * 60):
        clock.goes(1)
        usage.count()
        if usage.seconds.day < 8 * 60:
            assert usage.budget.sentence is None
    assert [record.getMessage() for record in caplog.records] == [
        "8 min are used of the cap for today ([cost] day_cap_min = 10)"
    ]
    assert usage.budget.sentence == "9 min are used of the cap for today ([cost] day_cap_min = 10)"
    clock.goes(86400 * 2 - 9 * 60)
    usage.ended("a")


def test_another_day_is_told_of_again(path, clock, caplog):
    usage = account(path, clock, day_cap_min=1)
    for session_id in ("a", "b"):
        usage.ready(session_id, clock.now)
        clock.goes(50)
        usage.ended(session_id)
        clock.goes(86400)
    assert len(caplog.records) == 2


def test_another_cap_is_told_of_again(path, clock, caplog):
    usage = account(path, clock, day_cap_min=1)
    usage.ready("a", clock.now)
    clock.goes(70)
    usage.count()
    assert usage.budget.used_up is not None
    usage.follow(CostConfig(day_cap_min=1.25))
    assert usage.budget.used_up is None
    clock.goes(1)
    usage.count()
    assert len(caplog.records) == 2
    assert usage.budget.sentence is not None
