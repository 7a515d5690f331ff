"""When another session takes over: decided on values alone."""

from __future__ import annotations

import random

import pytest

from sana_vcam.config.schema import ReactorConfig
from sana_vcam.engine.states import SessionState as S
from sana_vcam.engine.takeover import LAST_MOMENT_S, POOR_PAUSE_S, WARM_UP_S, Takeover, hint_s
from sana_vcam.reactor import Refused, SessionLost, Unavailable
from tests.fakes.sessions import FakeSession

LONGEST_S, MARGIN_S = 1200, 150
NO_ROOM = Unavailable("busy", no_room=True)
NOT_NOW = Unavailable("not now")


def policy(*, one_at_a_time: bool = False, longest_s: int = LONGEST_S) -> Takeover:
    config = ReactorConfig(max_session_s=longest_s, renew_margin_s=MARGIN_S)
    takeover = Takeover(config, random.Random(1))
    takeover.one_at_a_time = one_at_a_time
    return takeover


def test_a_session_is_renewed_a_margin_before_its_end():
    takeover, on_air = policy(), FakeSession()
    assert takeover.renewal_age_s == LONGEST_S - MARGIN_S
    assert takeover.why_renew(on_air, LONGEST_S - MARGIN_S) is None
    assert takeover.why_renew(on_air, LONGEST_S - MARGIN_S + 1) == "the platform ends it soon"
    assert takeover.why_open_next(on_air, LONGEST_S - MARGIN_S + 1) is not None


def test_the_margin_of_a_short_session_is_a_quarter_of_it():
    assert policy(longest_s=120).renewal_age_s == 90


def test_without_a_second_session_the_old_one_is_used_to_its_last_moment():
    takeover, on_air = policy(one_at_a_time=True), FakeSession()
    assert takeover.renewal_age_s == LONGEST_S - LAST_MOMENT_S
    assert not takeover.may_break(on_air, LONGEST_S - LAST_MOMENT_S)
    assert takeover.may_break(on_air, LONGEST_S - LAST_MOMENT_S + 1)
    assert takeover.why_open_next(on_air, LONGEST_S) is None


def test_a_runtime_on_this_machine_serves_one_session():
    assert Takeover(ReactorConfig(local=True), random.Random(1)).one_at_a_time


@pytest.mark.parametrize(("waited_s", "counted_s"), [(0.0, 0.0), (100.0, 100.0), (900.0, 300.0)])
def test_a_wait_for_a_gpu_counts_up_to_a_quarter(waited_s, counted_s):
    session = FakeSession(opened_at=50.0, ready_at=50.0 + waited_s)
    assert policy().age_s(session, 60.0 + waited_s) == 10.0 + counted_s


def test_a_session_that_is_not_ready_has_no_age_and_no_successor():
    takeover, on_air = policy(), FakeSession(ready_at=None)
    takeover.ask()
    assert takeover.age_s(on_air, 5000.0) == 0.0
    assert takeover.renewal_in_s(on_air, 5000.0) is None
    assert takeover.why_renew(on_air, 5000.0) is None


def test_how_long_it_is_until_the_renewal():
    takeover, on_air = policy(), FakeSession()
    assert takeover.renewal_in_s(on_air, 50.0) == LONGEST_S - MARGIN_S - 50
    assert takeover.renewal_in_s(on_air, 5000.0) == 0.0


@pytest.mark.parametrize("refusal", [NO_ROOM, Refused("one for each account")], ids=repr)
def test_a_refusal_answers_what_was_asked_before_the_try_and_nothing_else(refusal):
    takeover, on_air = policy(), FakeSession()
    takeover.ask()
    takeover.begin_try(on_air)
    assert takeover.fail(refusal, 10.0, was_billed=False) is None
    assert takeover.one_at_a_time
    assert not takeover.may_break(on_air, 10.0), "the refusal leaves the old one alone"

    takeover = policy()
    takeover.ask()
    takeover.begin_try(on_air)
    takeover.ask()
    takeover.fail(refusal, 10.0, was_billed=False)
    assert takeover.may_break(on_air, 10.0)
    takeover.end_first(on_air, 10.0)
    assert not takeover.may_break(on_air, 11.0), "and once"


@pytest.mark.parametrize("error", [NOT_NOW, SessionLost("dropped")], ids=repr)
@pytest.mark.parametrize("was_billed", [True, False])
def test_what_may_pass_is_tried_again_after_a_wait(error, was_billed):
    takeover, on_air = policy(), FakeSession()
    takeover.ask()
    takeover.begin_try(on_air)
    wait_s = takeover.fail(error, 10.0, was_billed=was_billed)
    assert takeover.why_open_next(on_air, 10.0 + wait_s - 0.01) is None
    assert takeover.why_open_next(on_air, 10.0 + wait_s) == "asked for"
    takeover.ask()
    assert takeover.why_open_next(on_air, 10.0) == "asked for", "at once"
    takeover.succeed(20.0)
    assert takeover.why_renew(on_air, 500.0) is None


def test_the_platform_s_hint_is_heeded():
    takeover = policy()
    takeover.begin_try(FakeSession())
    later = Unavailable("later", retry_after_s=45.0)
    assert takeover.fail(later, 10.0, was_billed=False) == hint_s(later) == 45.0
    assert hint_s(SessionLost("dropped")) == hint_s(NOT_NOW) == 0.0


def test_a_refusal_of_a_billed_session_says_nothing_of_the_account():
    takeover, on_air = policy(), FakeSession()
    takeover.ask()
    takeover.begin_try(on_air)
    assert takeover.fail(Refused("that prompt"), 10.0, was_billed=True) is not None
    assert not takeover.one_at_a_time
    assert takeover.why_renew(on_air, 100.0) is None, "it would be refused again"


def test_nothing_is_opened_beside_a_session_that_has_failed():
    takeover = policy()
    takeover.ask()
    assert takeover.why_open_next(FakeSession(failed=True), 10.0) is None


def test_what_is_forgotten_is_not_done():
    takeover, on_air = policy(), FakeSession()
    takeover.ask()
    takeover.report_poor_quality("lost frames", 1.0)
    takeover.begin_try(on_air)
    takeover.ask()
    takeover.forget()
    takeover.fail(NOT_NOW, 10.0, was_billed=False)
    assert takeover.why_renew(on_air, 100.0) is None


def test_a_poor_picture_is_left_but_not_all_the_time():
    takeover, on_air = policy(), FakeSession()
    takeover.report_poor_quality("lost frames", 10.0)
    assert takeover.why_renew(on_air, 10.0) == "lost frames"
    takeover.begin_try(on_air)
    takeover.succeed(20.0)
    takeover.report_poor_quality("lost frames", 20.0 + POOR_PAUSE_S)
    assert takeover.why_renew(on_air, 20.0 + POOR_PAUSE_S) is None
    takeover.report_poor_quality("lost frames", 21.0 + POOR_PAUSE_S)
    assert takeover.why_renew(on_air, 21.0 + POOR_PAUSE_S) == "lost frames"


@pytest.mark.parametrize("was_billed", [True, False])
def test_only_a_paid_try_holds_off_the_next_for_want_of_quality(was_billed):
    takeover, on_air = policy(), FakeSession(degraded="the model pauses by itself")
    assert takeover.why_renew(on_air, 10.0) == "the model pauses by itself"
    takeover.begin_try(on_air)
    takeover.fail(NOT_NOW, 20.0, was_billed=was_billed)
    assert (takeover.why_renew(on_air, 100.0) is None) is was_billed


def test_a_change_for_another_reason_holds_off_nothing():
    takeover, on_air = policy(), FakeSession()
    takeover.ask()
    takeover.begin_try(on_air)
    takeover.succeed(20.0)
    takeover.report_poor_quality("lost frames", 30.0)
    assert takeover.why_renew(on_air, 30.0) == "lost frames"


def test_a_poor_picture_is_better_than_a_break_and_none_is_not():
    takeover = policy(one_at_a_time=True)
    takeover.report_poor_quality("lost frames", 10.0)
    assert not takeover.may_break(FakeSession(), 10.0)
    assert takeover.may_break(FakeSession(degraded="no picture for 20 s"), 10.0)


def test_another_session_takes_over_when_it_plays_on():
    takeover, on_air = policy(), FakeSession()
    assert not takeover.may_take_over(on_air, FakeSession(), 1.0)
    assert takeover.may_take_over(on_air, FakeSession(steady=True), 1.0)


@pytest.mark.parametrize("state", [S.CONNECTING, S.WAITING, S.STARTING, S.RECONNECTING, S.PAUSED])
def test_one_without_a_picture_waits_until_the_old_one_is_over(state):
    takeover, coming = policy(), FakeSession(state=state, steady=True)
    old = FakeSession(state=S.RECONNECTING, degraded="no picture")
    assert not takeover.may_take_over(old, coming, LONGEST_S)
    assert takeover.may_take_over(old, coming, LONGEST_S + 1)


def test_a_paused_one_takes_over_where_a_pause_is_wanted():
    takeover, coming = policy(), FakeSession(state=S.PAUSED)
    assert takeover.may_take_over(FakeSession(state=S.PAUSED), coming, 1.0, paused=True)


@pytest.mark.parametrize(
    "on_air",
    [FakeSession(state=S.RECONNECTING), FakeSession(degraded="no picture for 20 s")],
    ids=["lost", "silent"],
)
def test_nothing_is_waited_for_where_there_is_nothing_to_lose(on_air):
    assert policy().may_take_over(on_air, FakeSession(), 1.0)


def test_two_sessions_are_not_paid_for_to_wait_for_a_rhythm():
    takeover, on_air = policy(), FakeSession()
    assert not takeover.may_take_over(on_air, FakeSession(since=50.0), 50.0 + WARM_UP_S)
    assert takeover.may_take_over(on_air, FakeSession(since=50.0), 51.0 + WARM_UP_S)
    end = LONGEST_S - LAST_MOMENT_S + 1
    assert takeover.may_take_over(on_air, FakeSession(since=end), end)
