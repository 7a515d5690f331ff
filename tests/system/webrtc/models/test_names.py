"""Which name of a model is in force, and what the platform says while a session is open."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from sana_vcam.errors import CommandFailed
from tests.fakes.coordinator import Answer
from tests.system.webrtc.models.rig import NEON, NOIR, ModelStage, is_grey, staged

OWNED = "reactor/sana-streaming"
SIZE = ("--width", "320", "--height", "176")


@pytest.mark.parametrize(
    ("short", "full", "flags"),
    [
        ("sana-streaming", OWNED, SIZE),
        # Another owner than the usual one, and an alias that is no part of the name.
        ("x2", "xmax/x2", ("--model", "x2")),
    ],
)
async def test_a_short_name_that_the_platform_refuses_is_tried_with_its_owner(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    short: str,
    full: str,
    flags: tuple[str, ...],
):
    caplog.set_level(logging.INFO, "sana_vcam.reactor")
    async with staged(tmp_path, full, *flags, REACTOR__MODEL=short, START__PROMPT=NOIR) as stage:
        await stage.live()
        await stage.viewer.until(is_grey, "the noir edit")
        assert stage.state.model == full
        assert f"the platform has the model as {full}" in caplog.text
        assert len(stage.cloud.opened) == 1
        asked = [request.status for request in stage.cloud.requests if request.path == "/tokens"]
        assert asked == [404, 200], "the short name, then the one with its owner"
    assert stage.eye.seen == []


def _platform_says(stage: ModelStage, kind: str, **data: Any) -> None:
    """Have the SDK deliver a message of the platform, as it does those from the wire."""
    client = stage.engine.client
    assert client is not None
    reactor = client._require()
    reactor._fire_on_loop("runtime_message", {"type": kind, "scope": "runtime", "data": data})


async def test_the_next_session_asks_by_the_name_that_is_in_force(tmp_path: Path):
    async with staged(
        tmp_path, OWNED, *SIZE, REACTOR__MODEL="sana-streaming", START__PROMPT=NOIR
    ) as stage:
        await stage.live()
        before = len(stage.cloud.requests)
        _platform_says(stage, "sessionEnded", reason="moved")
        await stage.cloud.until(lambda: len(stage.cloud.opened) == 2)
        await stage.live()
        asked = {r.status for r in stage.cloud.requests[before:] if r.path == "/tokens"}
        assert asked == {200}
        assert stage.state.model == OWNED


async def test_a_session_that_the_platform_ends_is_given_up_at_once_with_its_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    """The SDK itself would notice after 8 s, and try to join a session that is over."""
    async with staged(tmp_path, OWNED, *SIZE, START__PROMPT=NOIR) as stage:
        await stage.live()
        (first,) = stage.cloud.opened
        told = len(stage.states)
        stage.cloud.next("create", Answer(402))
        _platform_says(stage, "sessionEnded", reason="the credits have run out")
        await stage.until(lambda s: s.session in {"backoff", "refused"}, "given up")
        assert first not in stage.cloud.still_open
        assert "the platform has ended the session: the credits have run out" in caplog.text
        since = stage.states[told:]
        assert any("the credits have run out" in (state.error or "") for state in since)
        assert "reconnecting" not in {state.session for state in since}
        stage.engine.connect()
        await stage.until(lambda s: s.session == "refused", "no credits")
        stage.engine.connect()
        await stage.live()
        assert len(stage.cloud.opened) == 2


async def test_what_the_moderation_stops_is_said_in_words_and_taken_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async with staged(tmp_path, OWNED, *SIZE, START__PROMPT=NOIR) as stage:
        await stage.live()
        client = stage.engine.client
        assert client is not None
        reactor = client._require()
        send = reactor.send_command

        async def moderated(name: str, data: Any, *rest: Any, **more: Any) -> Any:
            """As the platform does: it keeps the prompt to itself, and answers the call."""
            if name != "set_prompt":
                return await send(name, data, *rest, **more)
            verdict = {
                "action": "block",
                "command": name,
                "categories": ["violence"],
                "message": "not here",
                "input_kind": "prompt",
            }
            _platform_says(stage, "moderation", **verdict)
            return None

        reactor.send_command = moderated  # type: ignore[method-assign]
        with pytest.raises(CommandFailed, match=r"moderation stopped the prompt \(violence\)"):
            await stage.engine.set_prompt(NEON, preset=None, seed=None)
        reactor.send_command = send  # type: ignore[method-assign]
        assert stage.engine.desired.prompt == NOIR
        assert "the platform's moderation stopped the prompt (violence): not here" in caplog.text
        await stage.viewer.until(is_grey, "the noir edit still")
        assert stage.state.session == "streaming"
        assert len(stage.cloud.opened) == 1
    assert stage.eye.seen == []
