"""Every command, its messages, and every reason to refuse it, over the wire of the npm package."""

from __future__ import annotations

import pytest
from reactor_sdk import ReactorError

from tests.system.webrtc.standin.harness import Client, clip, gray

IDLE = {
    "seed": 0,
    "paused": False,
    "running": False,
    "started": False,
    "has_video": False,
    "has_prompt": False,
    "current_chunk": 0,
    "current_prompt": None,
    "anchor_interval": 20,
}


def kinds(messages: list[dict]) -> list[str]:
    return [message["type"] for message in messages]


async def stage(client: Client, frames: int = 60) -> None:
    """Upload a clip and stage it for file mode."""
    video = await client.reactor.upload_file(clip(frames), name="clip.mp4", mime_type="video/mp4")
    await client.send("set_mode", mode="file")
    await client.send("set_video", video=video)


async def test_a_fresh_session_reports_everything_in_one_state(npm_client: Client) -> None:
    await npm_client.send("set_mode", mode="live")
    assert await npm_client.state() == IDLE


async def test_the_state_is_sent_again_after_a_first_command_that_is_refused(
    npm_client: Client,
) -> None:
    await npm_client.refused("resume")
    assert await npm_client.state() == IDLE


async def test_set_mode_may_be_repeated(npm_client: Client) -> None:
    # The greeting may arrive late. It comes before the refusal, and again after it.
    await npm_client.refused("resume")
    await npm_client.until(lambda: kinds(npm_client.messages)[-1] == "state")
    for _ in range(2):
        assert kinds(await npm_client.send("set_mode", mode="file")) == ["state"]


async def test_an_unknown_mode_is_refused_with_a_message(npm_client: Client) -> None:
    assert "sideways" in await npm_client.refused("set_mode", mode="sideways")


async def test_set_prompt_is_acknowledged(npm_client: Client) -> None:
    await npm_client.send("set_mode", mode="live")
    answer = await npm_client.send("set_prompt", prompt="  oil painting ")
    assert kinds(answer) == ["prompt_accepted", "conditions_ready", "state"]
    assert answer[0]["data"] == {"prompt": "  oil painting "}
    assert answer[1]["data"] == {"has_video": False, "has_prompt": True}
    assert answer[2]["data"]["current_prompt"] == "  oil painting "


async def test_an_empty_prompt_clears_it(npm_client: Client) -> None:
    await npm_client.send("set_prompt", prompt="oil painting")
    await npm_client.send("set_prompt", prompt="")
    await npm_client.state(has_prompt=False, current_prompt=None)


async def test_a_refused_prompt_keeps_the_previous_one(npm_client: Client) -> None:
    await npm_client.send("set_prompt", prompt="oil painting")
    assert "longer" in await npm_client.refused("set_prompt", prompt="x" * 5000)
    await npm_client.send("set_seed", seed=1)
    await npm_client.state(current_prompt="oil painting")


async def test_the_seed_is_kept(npm_client: Client) -> None:
    await npm_client.send("set_seed", seed=7)
    await npm_client.state(seed=7)


async def test_a_negative_seed_is_rejected_by_the_runtime(npm_client: Client) -> None:
    with pytest.raises(ReactorError) as rejection:
        await npm_client.reactor.send_command("set_seed", {"seed": -1})
    assert rejection.value.code == "invalid_command"


async def test_an_unknown_command_is_rejected_by_the_runtime(npm_client: Client) -> None:
    with pytest.raises(ReactorError) as rejection:
        await npm_client.reactor.send_command("set_weather", {})
    assert rejection.value.code == "invalid_command"


async def test_start_needs_a_clip_in_file_mode(npm_client: Client) -> None:
    await npm_client.send("set_mode", mode="file")
    assert "no source video" in await npm_client.refused("start")
    await npm_client.send("set_seed", seed=2)
    await npm_client.state(started=False)


async def test_set_video_needs_a_video(npm_client: Client) -> None:
    assert "no video" in await npm_client.refused("set_video")


async def test_set_video_refuses_what_is_no_video(npm_client: Client) -> None:
    upload = npm_client.reactor.upload_file
    video = await upload(b"not a video" * 500, name="clip.mp4", mime_type="video/mp4")
    assert "decode failed" in await npm_client.refused("set_video", video=video)


async def test_set_video_refuses_a_short_clip(npm_client: Client) -> None:
    upload = npm_client.reactor.upload_file
    video = await upload(clip(32), name="clip.mp4", mime_type="video/mp4")
    assert "32 frames" in await npm_client.refused("set_video", video=video)


async def test_set_video_reports_the_size_and_no_length(npm_client: Client) -> None:
    await stage(npm_client, 33)
    accepted = await npm_client.message("video_accepted")
    assert accepted == {"width": 160, "height": 120, "num_frames": 0, "num_latent_frames": 0}
    assert (await npm_client.message("conditions_ready"))["has_video"]
    await npm_client.state(has_video=True)


async def test_pause_and_resume_need_their_turn(npm_client: Client) -> None:
    assert "not generating" in await npm_client.refused("pause")
    assert "not paused" in await npm_client.refused("resume")
    await npm_client.send("set_mode", mode="live")
    await npm_client.send("start")
    assert "not paused" in await npm_client.refused("resume")
    await npm_client.send("pause")
    await npm_client.message("generation_paused")
    assert "already paused" in await npm_client.refused("pause")


async def test_another_mode_is_refused_during_a_run_and_the_same_is_not(npm_client: Client) -> None:
    await npm_client.send("set_mode", mode="live")
    await npm_client.send("start")
    assert "reset first" in await npm_client.refused("set_mode", mode="file")
    await npm_client.send("set_mode", mode="live")
    await npm_client.state(started=True)


async def test_start_during_a_run_has_no_effect(npm_client: Client) -> None:
    await npm_client.send("set_mode", mode="live")
    assert kinds(await npm_client.send("start")) == ["generation_started", "state"]
    await npm_client.reactor.send_command("start", {})
    await npm_client.send("set_seed", seed=1)
    assert len(npm_client.of("generation_started")) == 1
    assert not npm_client.of("command_error")


async def test_generation_started_carries_the_prompt_and_no_length(npm_client: Client) -> None:
    await npm_client.send("set_mode", mode="live")
    await npm_client.send("set_prompt", prompt="neon")
    await npm_client.send("start")
    started = await npm_client.message("generation_started")
    assert started == {"prompt": "neon", "chunk_num": 0, "frame_num": 0}


async def test_without_a_camera_a_live_run_waits(npm_client: Client) -> None:
    await npm_client.send("set_mode", mode="live")
    await npm_client.send("start")
    await npm_client.state(running=True, started=True)
    assert not npm_client.of("chunk_complete")
    await npm_client.publish(lambda _index: gray(90))
    await npm_client.message("chunk_complete")


async def test_reset_clears_prompt_and_clip_and_keeps_the_rest(npm_client: Client) -> None:
    await stage(npm_client)
    await npm_client.send("set_prompt", prompt="neon")
    await npm_client.send("set_seed", seed=5)
    await npm_client.send("set_anchor_interval", chunks=3)
    await npm_client.send("start")
    await npm_client.send("reset")
    await npm_client.message("generation_reset")
    # A chunk's state may be told before the one that the reset leads to.
    state = await npm_client.state(started=False, seed=5)
    assert state == IDLE | {"seed": 5, "anchor_interval": 3}
    assert "no source video" in await npm_client.refused("start")


async def test_reset_is_allowed_when_idle(npm_client: Client) -> None:
    # The `state` of the connect, which is usually lost, may come in between.
    await npm_client.send("reset")
    await npm_client.message("generation_reset")


async def test_a_new_session_begins_afresh(npm_client: Client) -> None:
    await npm_client.send("set_prompt", prompt="neon")
    await npm_client.send("set_seed", seed=9)
    await npm_client.send("set_mode", mode="live")
    await npm_client.send("start")
    await npm_client.reactor.disconnect()
    npm_client.messages.clear()
    await npm_client.connect()
    await npm_client.send("set_seed", seed=0)
    assert await npm_client.state() == IDLE
