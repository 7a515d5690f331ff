"""The slates: a word for everything that can be, fit for a meeting."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from sana_vcam.engine.slates import slate_for
from sana_vcam.engine.states import EngineStatus
from sana_vcam.engine.states import SessionState as S
from sana_vcam.media.slate import draw
from sana_vcam.media.states import CameraState as C

HEADLINES = {
    "Camera off",
    "Connecting",
    "Needs attention",
    "No camera",
    "One moment",
    "Paused",
    "Reconnecting",
    "Starting",
    "Waiting for a GPU",
}
WANTED = EngineStatus(wanted=True, since=100.0)


def say(state: S, camera: C = C.CAPTURING, now: float = 100.0, **status: object) -> tuple:
    slate = slate_for(replace(WANTED, state=state, **status), camera, now)
    return slate.headline, slate.tone


def test_every_session_state_has_its_words():
    assert {state: say(state) for state in S} == {
        S.IDLE: ("Connecting", "busy"),
        S.CONNECTING: ("Connecting", "busy"),
        S.WAITING: ("Waiting for a GPU", "busy"),
        S.STARTING: ("Starting", "busy"),
        S.STREAMING: ("Reconnecting", "warning"),
        S.PAUSED: ("Paused", "neutral"),
        S.RECONNECTING: ("Reconnecting", "warning"),
        S.BACKOFF: ("Reconnecting", "warning"),
        S.REFUSED: ("Needs attention", "error"),
        S.CLOSING: ("Reconnecting", "warning"),
    }


def test_what_nobody_wants_is_off_whatever_else_is():
    for state, camera in product(set(S) - {S.REFUSED}, C):
        assert say(state, camera, wanted=False) == ("Camera off", "neutral")


def test_a_pause_before_the_first_session_is_a_pause():
    assert say(S.IDLE, paused=True) == ("Paused", "neutral")


def test_without_a_camera_that_is_what_is_said():
    for state in set(S) - {S.REFUSED}:
        assert say(state, C.LOST) == ("No camera", "warning")
        assert say(state, C.OPENING) == say(state, C.OFF) == ("Starting", "busy")


def test_a_lost_camera_says_why():
    slate = slate_for(WANTED, C.LOST, 100.0, camera_words="the webcam was unplugged")
    assert slate.detail == "the webcam was unplugged"
    assert slate_for(WANTED, C.LOST, 100.0).detail == ""


@pytest.mark.parametrize("state", [S.REFUSED, S.BACKOFF])
def test_an_error_is_told_in_words_for_viewers_only(state):
    told = replace(WANTED, state=state, error="GET https://...", words="the service is full")
    slate = slate_for(told, C.CAPTURING, 100.0)
    assert slate.detail == "the service is full"
    assert "https" not in slate.headline + slate.detail
    assert slate_for(replace(WANTED, state=state), C.CAPTURING, 100.0).detail == ""


@pytest.mark.parametrize("state", set(S) - {S.REFUSED, S.BACKOFF})
def test_an_error_is_told_by_no_other_card(state):
    slate = slate_for(
        replace(WANTED, state=state, error="GET https://...", words="no"), C.CAPTURING, 100.0
    )
    assert "https" not in slate.headline + slate.detail


@pytest.mark.parametrize(("passed", "shown"), [(0, None), (2.9, None), (3.0, 3), (75.5, 75)])
def test_the_time_is_shown_once_it_is_worth_it(passed, shown):
    for state in (S.CONNECTING, S.WAITING, S.STARTING, S.BACKOFF, S.RECONNECTING):
        slate = slate_for(replace(WANTED, state=state), C.CAPTURING, 100.0 + passed)
        assert slate.elapsed_s == shown


def test_calm_cards_do_not_count():
    for state in (S.PAUSED, S.REFUSED):
        assert slate_for(replace(WANTED, state=state), C.CAPTURING, 500.0).elapsed_s is None
    assert slate_for(EngineStatus(), C.OFF, 500.0).elapsed_s is None


@pytest.mark.parametrize(
    ("state", "camera", "wanted", "paused"),
    list(product(S, C, [False, True], [False, True])),
)
def test_every_combination_is_a_card_that_can_be_drawn(state, camera, wanted, paused):
    status = EngineStatus(state, 100.0, wanted=wanted, paused=paused, error="why")
    slate = slate_for(status, camera, 104.2, camera_words="lost")
    assert slate.headline in HEADLINES
    assert slate == slate_for(status, camera, 104.2, camera_words="lost"), "pure"
    assert slate.elapsed_s in {None, 4}
    assert len(slate.headline) <= 20


def test_the_break_between_two_sessions_has_words_of_its_own():
    told = {state: say(state, renewing=True)[0] for state in S}
    assert {state for state, headline in told.items() if headline == "One moment"} == {
        S.CLOSING,
        S.IDLE,
        S.CONNECTING,
        S.STARTING,
    }
    assert told[S.WAITING] == "Waiting for a GPU"
    assert say(S.CLOSING, wanted=False, renewing=True) == ("Camera off", "neutral")


def test_the_longest_error_fits_on_the_card():
    status = replace(WANTED, state=S.REFUSED, words="a very long story " * 100)
    assert draw(slate_for(status, C.CAPTURING, 0.0), 320, 180).bgr.shape == (180, 320, 3)
