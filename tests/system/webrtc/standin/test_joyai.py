"""JoyAI-Video-Edit: all of a run is fixed at its start; over real WebRTC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from tests.system.webrtc.standin.harness import Client, Process, client, gray, standin
from tests.system.webrtc.standin.test_commands import kinds

IDLE: dict[str, Any] = {
    "started": False,
    "prompt": "",
    "has_reference_image": False,
    "seed": 42,
}
NEGATIVE = "colour negative"
RED = np.full((40, 60, 3), (220, 20, 30), np.uint8)


@pytest.fixture(scope="module")
def joyai() -> Iterator[Process]:
    with standin("--model", "joyai") as process:
        yield process


@pytest_asyncio.fixture
async def seen(joyai: Process) -> AsyncIterator[Client]:
    async with client(joyai.url) as connected:
        yield connected


async def test_a_run_is_one_frame_and_then_eights(seen: Client) -> None:
    await seen.publish(lambda _index: gray(40))
    await seen.reply("set_prompt", prompt=NEGATIVE)
    await seen.newest_of("session_state", prompt=NEGATIVE, started=False)
    answer = await seen.reply("start")
    assert answer == {
        "type": "generation_started",
        "data": {"prompt": NEGATIVE, "has_reference_image": False, "seed": 42},
    }
    await seen.newest_of("session_state", started=True)
    await seen.message("chunk_complete", 4)
    chunks = seen.of("chunk_complete")[:4]
    assert [chunk["frames_emitted"] for chunk in chunks] == [1, 8, 8, 8]
    assert [chunk["chunk_index"] for chunk in chunks] == [0, 1, 2, 3]
    await seen.shows(lambda picture: picture.mean() > 150)
    await seen.reply("reset")


async def test_prompt_image_and_seed_are_those_of_the_next_start(seen: Client) -> None:
    await seen.publish(lambda _index: gray(120))
    await seen.reply("start")
    await seen.message("chunk_complete", 2)
    await seen.reply("set_prompt", prompt=NEGATIVE)
    assert await seen.reply("set_seed", seed=7) is None
    assert await seen.reply("set_reference_image", reference_image=await seen.upload(RED)) is None
    assert (await seen.message("command_error"))["command"] == "set_reference_image"
    chunk = len(seen.of("chunk_complete"))
    await seen.message("chunk_complete", chunk + 2)
    await seen.shows(lambda picture: abs(picture.mean() - 120) < 8)
    assert await seen.reply("reset") is None
    answer = await seen.reply("set_reference_image", reference_image=await seen.upload(RED))
    assert answer == {"type": "reference_image_accepted", "data": {"width": 60, "height": 40}}
    started = await seen.reply("start")
    assert started is not None
    assert started["data"] == {"prompt": NEGATIVE, "has_reference_image": True, "seed": 7}
    await seen.shows(lambda picture: picture[..., 0].mean() > picture[..., 1].mean() + 20)


async def test_reset_ends_the_run_with_its_totals_and_keeps_what_is_stored(seen: Client) -> None:
    await seen.publish(lambda _index: gray(40))
    await seen.reply("set_prompt", prompt=NEGATIVE)
    await seen.reply("start")
    await seen.message("chunk_complete", 2)
    await seen.reply("reset")
    assert await seen.message("generation_reset") == {"reason": "client requested"}
    totals = await seen.message("generation_complete")
    assert totals["total_chunks"] >= 1
    assert totals["total_frames"] >= 1
    await seen.newest_of("session_state", started=False, prompt=NEGATIVE)
    order = [kind for kind in kinds(seen.messages) if kind != "chunk_complete"]
    assert order[-3:] == ["generation_reset", "generation_complete", "session_state"]


async def test_reset_while_waiting_is_a_state_only(seen: Client) -> None:
    await seen.reply("reset")
    assert await seen.newest_of("session_state") == IDLE
    assert set(kinds(seen.messages)) == {"session_state"}


async def test_a_second_start_is_refused_to_its_sender_only(joyai: Process, seen: Client) -> None:
    await seen.reply("start")
    async with client(joyai.url, seen.reactor.session_id) as other:
        await other.reply("set_seed", seed=1)
        assert await seen.reply("start") is None
        assert (await seen.message("command_error"))["reason"] == "already generating"
        await seen.reply("set_prompt", prompt="neon")
        await other.newest_of("session_state", prompt="neon")
        assert "command_error" not in kinds(other.messages)


async def test_a_lost_client_finds_the_run_ended_and_the_prompt_kept(seen: Client) -> None:
    await seen.publish(lambda _index: gray(40))
    await seen.reply("set_prompt", prompt=NEGATIVE)
    await seen.reply("start")
    await seen.message("chunk_complete", 2)
    seen.stop_pushing()
    seen.reactor.unpublish_track("camera")
    await seen.reactor.reconnect()
    await seen.until(lambda: seen.status == "ready")
    await seen.reply("reset")
    await seen.newest_of("session_state", started=False, prompt=NEGATIVE)
