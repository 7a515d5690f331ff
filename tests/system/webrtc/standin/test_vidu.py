"""Vidu S2-Editing: an image is the look; the camera comes first; over real WebRTC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from tests.system.webrtc.standin.harness import Client, Process, client, gray, standin

RED = np.full((40, 60, 3), (220, 20, 30), np.uint8)
BLUE = np.full((40, 60, 3), (20, 30, 220), np.uint8)
TINY = np.full((8, 8, 3), (20, 200, 20), np.uint8)


@pytest.fixture(scope="module")
def vidu() -> Iterator[Process]:
    with standin("--model", "vidu") as process:
        yield process


@pytest_asyncio.fixture
async def seen(vidu: Process) -> AsyncIterator[Client]:
    async with client(vidu.url) as connected:
        yield connected


async def begin(seen: Client, picture: Any = RED, **arguments: Any) -> None:
    """Publish the camera, start an edit, and wait until its pictures come."""
    await seen.publish(lambda _index: gray(120))
    await seen.reply("start_edit", reference_image=await seen.upload(picture), **arguments)
    await seen.newest_of("session_state", phase="live", video_receiving=True)


async def test_an_edit_from_its_start_to_its_end(seen: Client) -> None:
    fresh = await seen.reply("get_state")
    assert fresh is not None
    assert fresh["type"] == "session_state"
    assert (fresh["data"]["phase"], fresh["data"]["end_reason"]) == ("idle", None)
    await begin(seen)
    phases = [state["phase"] for state in seen.of("session_state")]
    assert [p for i, p in enumerate(phases) if i == 0 or phases[i - 1] != p] == [
        *("idle", "starting", "warming_up", "live")
    ]
    picture = await seen.shows(lambda picture: picture[..., 0].mean() > picture[..., 2].mean() + 30)
    assert picture.shape == (176, 320, 3)
    ended = await seen.reply("end_edit")
    assert ended is not None
    assert ended["type"] == "edit_ended"
    assert ended["data"]["end_reason"] == "requested"
    state = await seen.newest_of("session_state", phase="ended", end_reason="requested")
    assert not state["video_receiving"]
    await seen.reply("start_edit", reference_image=await seen.upload(BLUE))
    await seen.newest_of("session_state", phase="live")
    await seen.shows(lambda picture: picture[..., 2].mean() > picture[..., 0].mean() + 30)


async def test_a_switch_of_the_image_or_of_what_it_is(seen: Client) -> None:
    await begin(seen)
    switched = await seen.reply("switch_reference", reference_image=await seen.upload(BLUE))
    assert switched == {
        "type": "reference_switched",
        "data": {"editing_type": "style_transfer", "reference_changed": True},
    }
    await seen.shows(lambda picture: picture[..., 2].mean() > picture[..., 0].mean() + 30)
    switched = await seen.reply("switch_reference", editing_type="background_replacement")
    assert switched is not None
    assert not switched["data"]["reference_changed"]
    await seen.newest_of("session_state", editing_type="background_replacement")
    corner = await seen.shows(lambda picture: picture[4, 4, 2] > 180)
    assert corner[4, 4, 0] < 80, "the image itself, not its colours"


async def test_a_switch_that_cannot_be_rendered_is_refused_after_its_answer(seen: Client) -> None:
    await begin(seen)
    answer = await seen.reply("switch_reference", reference_image=await seen.upload(TINY))
    assert answer is not None
    assert answer["type"] == "reference_switched"
    error = await seen.message("command_error")
    assert (error["command"], error["code"]) == ("switch_reference", "RENDER_FAILED")
    await seen.shows(lambda picture: picture[..., 0].mean() > picture[..., 1].mean() + 30)
    await seen.newest_of("session_state", phase="live")


async def test_without_a_camera_the_edit_fails(seen: Client) -> None:
    await seen.reply("start_edit", reference_image=await seen.upload(RED))
    await seen.newest_of("session_state", phase="failed", end_reason="media_lost")


async def test_a_camera_that_goes_ends_the_edit(seen: Client) -> None:
    await begin(seen)
    seen.stop_pushing()
    await seen.newest_of("session_state", phase="ended", end_reason="media_lost")


async def test_what_is_refused(seen: Client) -> None:
    async def refused(command: str, **arguments: Any) -> tuple[str, str]:
        before = len(seen.of("command_error"))
        assert await seen.reply(command, **arguments) is None
        error = await seen.message("command_error", before + 1)
        assert error["command"] == command
        assert not error["retryable"]
        return error["code"], error["origin"]

    assert await refused("start_edit") == ("INVALID_INPUT", "request")
    text = await seen.reactor.upload_file(b"no picture", name="a.png", mime_type="image/png")
    assert await refused("start_edit", reference_image=text) == ("INVALID_INPUT", "request")
    image = await seen.upload(RED)
    both = {"reference_image": image, "reference_image_url": "https://example.org/a.png"}
    assert await refused("start_edit", **both) == ("INVALID_INPUT", "request")
    assert await refused("switch_reference", reference_image=image) == ("LIVE_NOT_ACTIVE", "state")
    assert await refused("end_edit") == ("LIVE_NOT_ACTIVE", "state")
    await begin(seen)
    assert await refused("start_edit", reference_image=image) == ("EDIT_ACTIVE", "state")
    assert await refused("switch_reference") == ("INVALID_INPUT", "request")


async def test_an_image_above_the_limit_is_refused(seen: Client) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (2000, 2000, 3), dtype=np.uint8)
    await seen.reply("start_edit", reference_image=await seen.upload(noise))
    assert "10 MB" in (await seen.message("command_error"))["reason"]


async def test_an_edit_ends_at_its_limit() -> None:
    with standin("--model", "vidu", "--edit-limit", "2") as process:
        async with client(process.url) as seen:
            await begin(seen)
            state = await seen.newest_of("session_state", phase="ended")
            assert state["end_reason"] == "max_duration"
            assert state["edit_max_seconds"] == 2
