"""The slates: a word for everything that can be, fit for a meeting."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from sana_vcam.engine.slates import PictureWait, slate_for
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
CALM = {S.PAUSED, S.REFUSED}


def say(state: S, camera: C = C.CAPTURING, *, again: bool = True, **status: object) -> tuple:
    slate = slate_for(replace(WANTED, state=state, **status), camera, None, had_picture=again)
    return slate.headline, slate.tone


def test_every_session_state_has_its_words():
    assert {state: say(state) for state in S} == {
        S.IDLE: ("Reconnecting", "busy"),
        S.CONNECTING: ("Reconnecting", "busy"),
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
    slate = slate_for(WANTED, C.LOST, None, camera_words="the webcam was unplugged")
    assert slate.detail == "the webcam was unplugged"
    assert slate_for(WANTED, C.LOST, None).detail == ""


@pytest.mark.parametrize("state", [S.REFUSED, S.BACKOFF])
def test_an_error_is_told_in_words_for_viewers_only(state):
    told = replace(WANTED, state=state, error="GET https://...", words="the service is full")
    slate = slate_for(told, C.CAPTURING, None)
    assert slate.detail == "the service is full"
    assert "https" not in slate.headline + slate.detail
    assert slate_for(replace(WANTED, state=state), C.CAPTURING, None).detail == ""


@pytest.mark.parametrize("state", set(S) - {S.REFUSED, S.BACKOFF})
def test_an_error_is_told_by_no_other_card(state):
    slate = slate_for(
        replace(WANTED, state=state, error="GET https://...", words="no"), C.CAPTURING, None
    )
    assert "https" not in slate.headline + slate.detail


@pytest.mark.parametrize(("passed", "shown"), [(0, None), (2.9, None), (3.0, 3), (75.5, 75)])
def test_the_time_is_shown_once_it_is_worth_it(passed, shown):
    for state in set(S) - CALM:
        for renewing in (False, True):
            told = replace(WANTED, state=state, renewing=renewing)
            assert slate_for(told, C.CAPTURING, passed).elapsed_s == shown, state


def test_calm_cards_do_not_count():
    for state in CALM:
        assert slate_for(replace(WANTED, state=state), C.CAPTURING, 500.0).elapsed_s is None
    assert slate_for(EngineStatus(), C.OFF, 500.0).elapsed_s is None
    assert slate_for(WANTED, C.LOST, 500.0).elapsed_s is None


@pytest.mark.parametrize(
    ("state", "camera", "wanted", "paused"),
    list(product(S, C, [False, True], [False, True])),
)
def test_every_combination_is_a_card_that_can_be_drawn(state, camera, wanted, paused):
    status = EngineStatus(state, 100.0, wanted=wanted, paused=paused, error="why")
    slate = slate_for(status, camera, 4.2, camera_words="lost")
    assert slate.headline in HEADLINES
    assert slate == slate_for(status, camera, 4.2, camera_words="lost"), "pure"
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
    assert draw(slate_for(status, C.CAPTURING, None), 320, 180).bgr.shape == (180, 320, 3)


def test_before_the_first_picture_nothing_is_connected_again():
    first = {state: say(state, again=False)[0] for state in S}
    assert "Reconnecting" not in first.values()
    tries = {S.IDLE, S.CONNECTING, S.CLOSING, S.BACKOFF, S.RECONNECTING}
    assert {first[state] for state in tries} == {"Connecting"}, "one word from try to try"
    assert {say(state)[0] for state in tries} == {"Reconnecting"}
    starting = replace(WANTED, state=S.STARTING)
    assert "first" in slate_for(starting, C.CAPTURING, None, had_picture=False).detail
    assert "first" not in slate_for(starting, C.CAPTURING, None, had_picture=True).detail


# What the clock counts

NEVER = float("-inf")
STREAMS = replace(WANTED, state=S.STREAMING)


def wait_of(*turns: tuple[float, EngineStatus, C]) -> PictureWait:
    wait = PictureWait()
    for now, status, camera in turns:
        wait.follow(status, camera, now)
    return wait


def test_a_break_is_counted_from_the_last_picture_however_long_it_had_streamed():
    wait = wait_of((0.0, WANTED, C.CAPTURING), (20.0, STREAMS, C.CAPTURING))
    assert wait.seconds(1152.0, 1155.0) == 3.0
    for state in (S.RECONNECTING, S.CLOSING, S.BACKOFF, S.CONNECTING, S.WAITING, S.STARTING):
        wait.follow(replace(WANTED, state=state), C.CAPTURING, 1160.0)
        assert wait.seconds(1152.0, 1170.0) == 18.0, "one clock for the whole break"


def test_before_the_first_picture_the_wait_begins_with_the_wish():
    wait = wait_of((5.0, EngineStatus(), C.CAPTURING), (10.0, WANTED, C.CAPTURING))
    assert wait.seconds(NEVER, 52.0) == 42.0
    assert not wait.had_picture(NEVER)
    assert wait.had_picture(11.0)
    assert not wait.had_picture(9.0), "that was another call"


@pytest.mark.parametrize(
    "away",
    [
        (EngineStatus(), C.CAPTURING),
        (replace(WANTED, paused=True, state=S.PAUSED), C.CAPTURING),
        (replace(WANTED, state=S.REFUSED), C.CAPTURING),
        (WANTED, C.LOST),
        (WANTED, C.OPENING),
    ],
    ids=["unwanted", "paused", "refused", "no camera", "opening the camera"],
)
def test_nothing_is_counted_while_no_picture_can_come(away):
    wait = wait_of((0.0, STREAMS, C.CAPTURING), (100.0, *away))
    assert wait.seconds(99.0, 3700.0) is None
    wait.follow(WANTED, C.CAPTURING, 3700.0)
    assert wait.seconds(99.0, 3705.0) == 5.0
