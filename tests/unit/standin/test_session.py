"""The session as pure state."""

from __future__ import annotations

import pytest

from sana_vcam.standin.clip import Clip
from sana_vcam.standin.session import MAX_PROMPT_CHARACTERS, CommandRefused, ModelSession
from sana_vcam.standin.settings import Settings

CLIP = Clip(b"", 160, 120, 60)


def live() -> ModelSession:
    session = ModelSession(mode="live")
    session.start()
    return session


def test_a_prompt_is_kept_as_sent_and_may_be_as_long_as_the_limit() -> None:
    session = ModelSession()
    session.set_prompt("  neon ")
    assert session.prompt == "  neon "
    session.set_prompt("  ")
    assert session.prompt == ""
    session.set_prompt("x" * MAX_PROMPT_CHARACTERS)
    with pytest.raises(CommandRefused):
        session.set_prompt("x" * (MAX_PROMPT_CHARACTERS + 1))


def test_running_is_started_and_not_paused() -> None:
    session = live()
    assert session.running
    session.pause()
    assert not session.running
    session.resume()
    assert session.running


def test_a_second_start_changes_nothing() -> None:
    session = live()
    session.complete_chunk()
    session.pause()
    session.start()
    assert session.paused
    assert session.completed == 1


def test_chunks_are_counted_from_the_start_of_a_run() -> None:
    session = ModelSession(clip=CLIP)
    session.start()
    assert session.last_chunk == 0
    assert [session.complete_chunk(), session.complete_chunk()] == [0, 1]
    assert session.last_chunk == 1
    session.finish()
    session.start()
    assert (session.completed, session.completed_before) == (0, 2)


def test_the_end_of_a_clip_keeps_what_is_staged() -> None:
    session = ModelSession(clip=CLIP, prompt="neon", seed=3)
    session.start()
    session.finish()
    assert not session.started
    assert session.begun
    assert (session.clip, session.prompt, session.seed) == (CLIP, "neon", 3)


def test_reset_returns_to_idle_from_a_pause() -> None:
    session = ModelSession(mode="live", prompt="neon", clip=CLIP, seed=3, anchor_interval=2)
    session.start()
    session.complete_chunk()
    session.pause()
    session.reset()
    assert session == ModelSession(mode="live", seed=3, anchor_interval=2)


def test_only_the_first_chunk_is_short() -> None:
    settings = Settings(chunk_frames=24, first_chunk=9)
    assert [settings.chunk_length(index) for index in range(3)] == [9, 24, 24]
    assert Settings(chunk_frames=1).chunk_length(0) == 1


def test_frames_that_are_chunks_play_faster_than_they_come() -> None:
    assert Settings(fps=24).playout_fps == 24
    assert Settings(fps=24, chunk_frames=1).playout_fps == 48


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::1", "http://[::1]:8080"),
        ("::", "http://[::1]:8080"),
    ],
)
def test_the_url_is_one_that_this_machine_can_connect_to(host: str, url: str) -> None:
    assert Settings(host=host).url == url
