"""Today's wire of `sana-streaming`: typed replies, refusals, and what comes before a start."""

from __future__ import annotations

from typing import Any

from tests.system.webrtc.standin.harness import HEIGHT, WIDTH, Client, Process, client, gray
from tests.system.webrtc.standin.test_commands import kinds

IDLE: dict[str, Any] = {
    "running": False,
    "started": False,
    "paused": False,
    "current_chunk": 0,
    "current_prompt": None,
    "seed": 0,
    "anchor_interval": 20,
    "has_prompt": False,
}


async def test_a_fresh_session_reports_everything_in_one_state(live_client: Client) -> None:
    assert await live_client.reply("set_seed", seed=0) is None
    assert await live_client.state() == IDLE


async def test_what_is_asked_for_is_answered_to_the_caller(live_client: Client) -> None:
    seen = live_client
    accepted = await seen.reply("set_prompt", prompt="neon")
    assert accepted == {"type": "prompt_accepted", "data": {"prompt": "neon"}}
    assert await seen.reply("set_seed", seed=7) is None
    assert await seen.reply("set_anchor_interval", chunks=2) is None
    await seen.publish(lambda _index: gray(90))
    assert await seen.reply("start") is None
    assert (await seen.message("generation_started"))["prompt"] == "neon"
    await seen.message("anchored")
    for command, kind in (("pause", "generation_paused"), ("resume", "generation_resumed")):
        answer = await seen.reply(command)
        assert answer is not None
        assert answer["type"] == kind
        assert answer["data"].keys() == {"chunk_index"}
    ended = await seen.reply("reset")
    assert ended == {"type": "generation_reset", "data": {"reason": "reset requested"}}
    # The answer may come before the state, which every client gets.
    assert await seen.state(started=False) == IDLE | {"seed": 7, "anchor_interval": 2}


async def test_a_reply_reaches_its_sender_only_and_the_state_everybody(live: Process) -> None:
    async with client(live.url) as one, client(live.url, one.reactor.session_id) as other:
        await other.send("set_seed", seed=1)
        await one.send("set_prompt", prompt="neon")
        await other.state(current_prompt="neon")
        assert "prompt_accepted" in kinds(one.messages)
        assert "prompt_accepted" not in kinds(other.messages)


async def test_a_refusal_is_a_broadcast_and_the_call_itself_succeeds(live_client: Client) -> None:
    for command, reason in (("pause", "not generating"), ("resume", "not paused")):
        before = len(live_client.of("command_error"))
        assert await live_client.reply(command) is None
        error = await live_client.message("command_error", before + 1)
        assert error == {"command": command, "reason": reason}


async def test_a_dark_picture_comes_before_the_start_and_none_of_the_camera(
    live_client: Client,
) -> None:
    seen = live_client
    await seen.until(lambda: seen.newest is not None and seen.newest.shape[:2] == (HEIGHT, WIDTH))
    await seen.publish(lambda _index: gray(200))
    shown = seen.frames
    await seen.until(lambda: seen.frames > shown + 2)
    assert seen.newest is not None
    assert seen.newest.mean() < 60
    await seen.send("start")
    await seen.until(lambda: seen.newest is not None and seen.newest.mean() > 150)
