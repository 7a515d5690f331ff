"""The table of states is complete: nothing is a dead end, and everything can be reached."""

from __future__ import annotations

from itertools import product

import pytest

from sana_vcam.engine.states import (
    OPEN,
    TRANSITIONS,
    EngineStatus,
    IllegalTransition,
    check,
    check_takeover,
)
from sana_vcam.engine.states import SessionState as S


def reachable(start: S) -> set[S]:
    seen, new = {start}, {start}
    while new:
        new = {after for state in new for after in TRANSITIONS[state]} - seen
        seen |= new
    return seen


def test_every_state_has_a_row():
    assert set(TRANSITIONS) == set(S)
    assert all(state not in after for state, after in TRANSITIONS.items())


@pytest.mark.parametrize("state", S)
def test_every_state_is_reached_from_idle_and_leads_back(state):
    assert state in reachable(S.IDLE)
    assert S.IDLE in reachable(state)


@pytest.mark.parametrize("state", S)
def test_an_open_session_ends_by_closing_and_the_others_at_once(state):
    out = TRANSITIONS[state] & {S.CLOSING, S.IDLE}
    assert out == ({S.CLOSING} if state in OPEN else set() if state is S.IDLE else {S.IDLE})


@pytest.mark.parametrize(("old", "new"), list(product(S, S)))
def test_only_what_the_table_has_is_allowed(old, new):
    if new in TRANSITIONS[old]:
        check(old, new)
    else:
        with pytest.raises(IllegalTransition, match=f"{old} -> {new}"):
            check(old, new)


@pytest.mark.parametrize(("old", "new"), list(product(S, S)))
def test_a_session_takes_over_from_one_that_is_open_only(old, new):
    if old in OPEN and new in OPEN:
        check_takeover(old, new)
    else:
        with pytest.raises(IllegalTransition, match=f"{old} -> {new}"):
            check_takeover(old, new)


def test_what_is_open_has_to_be_closed():
    assert {state for state in S if S.CLOSING in TRANSITIONS[state]} == OPEN


def test_it_begins_idle_and_unwanted():
    assert EngineStatus() == EngineStatus(S.IDLE, 0.0, wanted=False, ready_at=None, error=None)
