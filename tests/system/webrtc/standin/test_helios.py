"""Helios: a moving picture from prompts, without a camera; over real WebRTC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from tests.system.webrtc.standin.harness import Client, Process, client, standin
from tests.system.webrtc.standin.test_commands import kinds

IDLE: dict[str, Any] = {
    "running": False,
    "started": False,
    "paused": False,
    "current_prompt": None,
    "current_chunk": 0,
    "current_frame": 0,
    "image_set": False,
    "seed": -1,
    "sr_scale": "off",
    "image_strength": 1.0,
    "scheduled_prompts": {},
}
RED = np.full((60, 100, 3), (220, 20, 30), np.uint8)


@pytest.fixture(scope="module")
def helios() -> Iterator[Process]:
    with standin("--model", "helios") as process:
        yield process


@pytest_asyncio.fixture
async def seen(helios: Process) -> AsyncIterator[Client]:
    async with client(helios.url) as connected:
        yield connected


async def test_a_scene_is_made_from_a_prompt_and_moves(seen: Client) -> None:
    assert await seen.reply("set_seed", seed=3) is None
    assert await seen.state(seed=3) == IDLE | {"seed": 3}
    answer = await seen.reply("set_prompt", prompt="a tropical beach")
    assert answer == {"type": "prompt_accepted", "data": {"prompt": "a tropical beach"}}
    assert await seen.message("conditions_ready") == {"has_prompt": True, "has_image": False}
    assert await seen.reply("start") is None
    assert await seen.message("generation_started") == {"prompt": "a tropical beach"}
    chunk = await seen.message("chunk_complete")
    assert chunk == {
        "chunk_index": 0,
        "frames_emitted": 33,
        "active_prompt": "a tropical beach",
    }
    first = (await seen.shows(lambda picture: picture.mean() > 60)).astype(int)
    await seen.shows(lambda picture: np.abs(picture - first).mean() > 10)


async def test_a_prompt_is_scheduled_for_a_chunk(seen: Client) -> None:
    await seen.reply("set_prompt", prompt="a beach")
    answer = await seen.reply("schedule_prompt", prompt="outer space", chunk=2)
    assert answer == {"type": "prompt_accepted", "data": {"prompt": "outer space"}}
    await seen.state(scheduled_prompts={"2": "outer space"})
    await seen.reply("start")
    await seen.message("chunk_complete", 4)
    prompts = [chunk["active_prompt"] for chunk in seen.of("chunk_complete")[:4]]
    assert prompts == ["a beach", "a beach", "outer space", "outer space"]
    await seen.state(current_prompt="outer space", scheduled_prompts={})
    before = len(seen.of("command_error"))
    await seen.reply("schedule_prompt", prompt="a library", chunk=0)
    assert "made already" in (await seen.message("command_error", before + 1))["reason"]


async def test_prompt_and_image_are_taken_at_once_or_not_at_all(seen: Client) -> None:
    image = await seen.upload(RED)
    assert await seen.reply("set_conditioning", prompt=" ", image=image) is None
    assert (await seen.message("command_error"))["command"] == "set_conditioning"
    text = await seen.reactor.upload_file(b"no picture", name="a.png", mime_type="image/png")
    assert await seen.reply("set_conditioning", prompt="a beach", image=text) is None
    assert "not an image" in (await seen.message("command_error", 2))["reason"]
    await seen.reply("set_seed", seed=1)
    await seen.state(image_set=False, current_prompt=None)
    answer = await seen.reply("set_conditioning", prompt="a beach", image=image)
    assert answer == {
        "type": "conditions_ready",
        "data": {"has_prompt": True, "has_image": True},
    }
    assert {"prompt_accepted", "image_accepted"} <= set(kinds(seen.messages))
    await seen.reply("start")
    await seen.shows(lambda picture: picture[..., 0].mean() > picture[..., 1].mean() + 100)
    assert await seen.reply("set_image_strength", image_strength=0.0) is None
    await seen.shows(lambda picture: picture[..., 0].mean() < picture[..., 1].mean() + 60)


async def test_an_image_alone_and_the_start_without_a_prompt(seen: Client) -> None:
    answer = await seen.reply("set_image", image=await seen.upload(RED))
    assert answer == {"type": "image_accepted", "data": {"width": 100, "height": 60}}
    assert await seen.reply("start") is None
    assert "no prompt" in (await seen.message("command_error"))["reason"]
    assert await seen.reply("set_prompt", prompt="") is None
    assert "empty" in (await seen.message("command_error", 2))["reason"]
    await seen.state(started=False, image_set=True)


async def test_the_scale_multiplies_the_size_from_the_next_chunk_on(seen: Client) -> None:
    await seen.reply("set_prompt", prompt="a beach")
    await seen.reply("start")
    await seen.shows(lambda picture: picture.shape == (176, 320, 3) and picture.mean() > 60)
    assert await seen.reply("set_sr_scale", sr_scale="2x") is None
    await seen.state(sr_scale="2x")
    await seen.shows(lambda picture: picture.shape == (352, 640, 3))


async def test_pause_resume_and_reset(seen: Client) -> None:
    await seen.reply("set_prompt", prompt="a beach")
    assert await seen.reply("pause") is None
    assert "not generating" in (await seen.message("command_error"))["reason"]
    await seen.reply("start")
    await seen.message("chunk_complete")
    paused = await seen.reply("pause")
    assert paused is not None
    assert paused["type"] == "generation_paused"
    await seen.state(paused=True, running=False, started=True)
    resumed = await seen.reply("resume")
    assert resumed is not None
    assert resumed["type"] == "generation_resumed"
    chunks = len(seen.of("chunk_complete"))
    await seen.message("chunk_complete", chunks + 2)
    assert await seen.reply("reset") is None
    await seen.message("generation_reset")
    assert await seen.state(started=False) == IDLE
    await seen.shows(lambda picture: picture.mean() < 20)
