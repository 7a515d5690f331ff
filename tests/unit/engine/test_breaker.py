"""What stops new attempts at a session: decided on values alone."""

from __future__ import annotations

import random

import pytest

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.breaker import MAX_EMPTY_SESSIONS, STABLE_S, Breaker, BreakerOpen
from sana_vcam.engine.quota import SESSIONS_AN_HOUR, TOKENS_AN_HOUR
from sana_vcam.engine.usage import UsageAccount
from sana_vcam.reactor import Refused, SessionLost, Unavailable
from tests.fakes.sessions import FakeSession

NOT_NOW = Unavailable("not now")


@pytest.fixture
def usage(tmp_path) -> UsageAccount:
    return UsageAccount(tmp_path / "usage.json", CostConfig(), clock=lambda: 0.0)


def breaker_of(usage: UsageAccount, *, local: bool = False) -> Breaker:
    return Breaker(usage, random.Random(1), local=local)


def test_it_is_closed_at_first(usage):
    breaker = breaker_of(usage)
    breaker.check()
    assert not breaker.is_open
    assert breaker.wait_s(0.0) == 0.0


def test_empty_sessions_in_a_row_open_it_and_connect_closes_it(usage):
    breaker = breaker_of(usage)
    for _ in range(MAX_EMPTY_SESSIONS):
        breaker.check()
        breaker.count_failure(FakeSession(), NOT_NOW)
    assert breaker.is_open
    with pytest.raises(BreakerOpen, match=r"3 sessions in a row gave no picture \(not now\)") as it:
        breaker.check(NOT_NOW)
    assert "sana-vcam ctl connect" in str(it.value)
    assert it.value.words == "The service gives no picture"
    assert it.value.__cause__ is NOT_NOW
    breaker.check_budget()
    breaker.reset()
    breaker.check()


@pytest.mark.parametrize(
    ("session", "error"),
    [
        (FakeSession(ready_at=None), NOT_NOW),
        (FakeSession(last_frame_at=5.0), SessionLost("dropped")),
        (FakeSession(), Refused("that prompt")),
    ],
    ids=["never billed", "gave a picture", "final by itself"],
)
def test_what_costs_nothing_or_shows_something_does_not_count(usage, session, error):
    breaker = breaker_of(usage)
    for _ in range(9):
        breaker.count_failure(session, error)
    assert not breaker.is_open


def test_a_request_that_is_wrong_by_itself_counts_although_it_costs_nothing(usage):
    breaker = breaker_of(usage)
    for _ in range(MAX_EMPTY_SESSIONS):
        breaker.count_failure(FakeSession(ready_at=None), Unavailable("no", recoverable=False))
    assert breaker.is_open


def test_a_picture_begins_the_count_anew_once_for_each_session(usage):
    breaker, on_air = breaker_of(usage), FakeSession(last_frame_at=1.0)
    breaker.count_failure(FakeSession(), NOT_NOW)
    breaker.count_picture(on_air)
    for _ in range(MAX_EMPTY_SESSIONS):
        assert not breaker.is_open
        breaker.count_failure(FakeSession(), NOT_NOW)
        breaker.count_picture(on_air)
    assert breaker.is_open, "what is on air says nothing of those that were to follow it"
    breaker.count_picture(FakeSession(last_frame_at=2.0))
    assert not breaker.is_open


def test_a_reached_cap_opens_it_until_there_is_more_budget(tmp_path):
    now = [0.0]
    cost = CostConfig(day_cap_min=1.0)
    usage = UsageAccount(tmp_path / "usage.json", cost, clock=lambda: now[0])
    breaker = breaker_of(usage)
    usage.ready("session-1", 0.0)
    now[0] = 61.0
    usage.count()
    assert breaker.is_open
    for check in (breaker.check, breaker.check_budget):
        with pytest.raises(BreakerOpen, match="the cap for today is reached") as refusal:
            check()
        assert refusal.value.words == "The time limit for today is reached"
    breaker.reset()
    assert breaker.is_open, "the user's wish alone does not raise a cap"
    usage.follow(CostConfig(day_cap_min=2.0))
    breaker.check()


def test_tokens_are_counted_when_they_are_taken(usage):
    breaker = breaker_of(usage)
    for _ in range(TOKENS_AN_HOUR // 2):
        breaker.take_token(0.0)
    assert breaker.wait_s(0.0) == 60.0
    for refused in (breaker.take_token, breaker.check_quota):
        with pytest.raises(Unavailable, match="too many sessions") as failure:
            refused(10.0)
        assert failure.value.retry_after_s == 50.0
    breaker.take_token(60.0)


def test_sessions_are_counted_when_they_are_opened(usage):
    breaker = breaker_of(usage)
    for _ in range(SESSIONS_AN_HOUR // 2):
        breaker.take_token(0.0)
        breaker.count_opened(0.0)
    assert breaker.wait_s(0.0) == 120.0


def test_a_runtime_on_this_machine_has_no_quota(usage):
    breaker = breaker_of(usage, local=True)
    for _ in range(2 * TOKENS_AN_HOUR):
        breaker.take_token(0.0)
        breaker.count_opened(0.0)
    assert breaker.wait_s(0.0) == 0.0


def test_pauses_grow_until_a_session_streamed_for_long(usage):
    breaker = breaker_of(usage)
    grown = [breaker.pause_s(NOT_NOW) for _ in range(20)]
    assert grown[0] <= 0.75 < max(grown) <= 30.25
    breaker.count_ended(FakeSession(ready_at=None))
    breaker.count_ended(FakeSession(last_frame_at=STABLE_S))
    assert max(breaker.pause_s(NOT_NOW) for _ in range(20)) > 0.75
    breaker.count_ended(FakeSession(last_frame_at=STABLE_S + 1))
    assert breaker.pause_s(NOT_NOW) <= 0.75


def test_the_platform_s_hint_is_heeded_and_a_session_in_the_way_looked_for_soon(usage):
    breaker = breaker_of(usage)
    assert breaker.pause_s(Unavailable("later", retry_after_s=45.0)) == 45.0
    in_the_way = Unavailable("an earlier one", in_the_way=True)
    assert max(breaker.pause_s(in_the_way) for _ in range(20)) == 2.0
