"""X2: armed by a prompt, at the size of its source, refusing by errors; over real WebRTC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from reactor_sdk import ReactorError

from tests.system.webrtc.standin.harness import Client, Picture, Process, client, gray, standin
from tests.system.webrtc.standin.test_commands import kinds

IDLE: dict[str, Any] = {
    "prompt": None,
    "has_reference_image": False,
    "pointer_x": 0.5,
    "pointer_y": 0.5,
    "pointer_active": False,
    "keep_backlog": False,
    "generating": False,
    "width": None,
    "height": None,
}
NEGATIVE = "colour negative"
RED = np.full((40, 60, 3), (220, 20, 30), np.uint8)


@pytest.fixture(scope="module")
def x2() -> Iterator[Process]:
    with standin("--model", "x2", size=None) as process:
        yield process


@pytest_asyncio.fixture
async def seen(x2: Process) -> AsyncIterator[Client]:
    async with client(x2.url, track="source") as connected:
        yield connected


def reddish(picture: Picture) -> bool:
    return float(picture[..., 0].mean()) > float(picture[..., 1].mean()) + 20


async def test_frames_and_a_prompt_start_it_and_the_picture_has_the_size_of_the_source(
    seen: Client,
) -> None:
    await seen.publish(lambda _index: gray(40, 322, 178))
    answer = await seen.reply("set_prompt", prompt=NEGATIVE)
    assert answer == {"type": "prompt_accepted", "data": {"prompt": NEGATIVE}}
    await seen.newest_of("state_update", generating=True)
    state = await seen.newest_of("state_update", width=320, height=176)
    assert state == IDLE | {"prompt": NEGATIVE, "generating": True, "width": 320, "height": 176}
    picture = await seen.shows(lambda picture: picture.mean() > 150)
    assert picture.shape == (176, 320, 3)


async def test_a_new_prompt_goes_on_and_an_empty_one_stops(seen: Client) -> None:
    await seen.publish(lambda _index: gray(40))
    await seen.reply("set_prompt", prompt="a knight")
    await seen.message("generation_started")
    await seen.reply("set_prompt", prompt=NEGATIVE)
    await seen.shows(lambda picture: picture.mean() > 150)
    assert not seen.of("generation_stopped")
    assert len(seen.of("generation_started")) == 1
    await seen.reply("set_prompt", prompt=" ")
    assert (await seen.message("generation_stopped"))["reason"] == "prompt_cleared"
    await seen.newest_of("state_update", generating=False, prompt=None)


async def test_a_prompt_alone_starts_nothing(seen: Client) -> None:
    await seen.reply("set_prompt", prompt=NEGATIVE)
    await seen.newest_of("state_update", prompt=NEGATIVE, generating=False)
    await seen.publish(lambda _index: gray(40))
    await seen.newest_of("state_update", generating=True)


async def test_an_image_stops_the_run_for_a_moment_and_tints_what_follows(seen: Client) -> None:
    await seen.publish(lambda _index: gray(120))
    await seen.reply("set_prompt", prompt=NEGATIVE)
    await seen.message("generation_started")
    answer = await seen.reply("set_reference_image", reference_image=await seen.upload(RED))
    assert answer == {"type": "reference_image_accepted", "data": {"width": 60, "height": 40}}
    assert (await seen.message("generation_stopped"))["reason"] == "reference_image_changed"
    await seen.message("generation_started", 2)
    await seen.newest_of("state_update", has_reference_image=True, generating=True)
    await seen.shows(reddish)


async def test_the_pointer_is_told_in_whole_or_in_parts_and_shows(seen: Client) -> None:
    await seen.publish(lambda _index: gray(200))
    await seen.reply("set_prompt", prompt=NEGATIVE)
    await seen.shows(lambda picture: picture.mean() < 90)
    moved = await seen.reply("set_pointer", x=0.25, y=0.5, active=True)
    assert moved == {"type": "pointer_changed", "data": {"x": 0.25, "y": 0.5, "active": True}}
    await seen.shows(lambda picture: picture[88, 80].mean() > 150 and picture[88, 240].mean() < 90)
    assert await seen.reply("set_pointer_x", pointer_x=0.75) is None
    await seen.shows(lambda picture: picture[88, 240].mean() > 150)
    assert await seen.reply("set_pointer_y", pointer_y=0.1) is None
    assert await seen.reply("set_pointer_active", pointer_active=False) is None
    assert await seen.reply("set_keep_backlog", keep_backlog=True) is None
    await seen.newest_of(
        "state_update", pointer_x=0.75, pointer_y=0.1, pointer_active=False, keep_backlog=True
    )


async def test_reset_forgets_everything_but_the_size(seen: Client) -> None:
    await seen.publish(lambda _index: gray(40))
    await seen.reply("set_prompt", prompt=NEGATIVE)
    await seen.reply("set_reference_image", reference_image=await seen.upload(RED))
    await seen.newest_of("state_update", generating=True)
    assert await seen.reply("reset") is None
    assert seen.of("generation_stopped")[-1]["reason"] == "reset"
    state = await seen.newest_of("state_update", generating=False)
    assert state == IDLE | {"width": 320, "height": 176}
    await seen.shows(lambda picture: picture.mean() < 20)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("start", {}),
        ("set_seed", {"seed": 1}),
        ("set_prompt", {"prompt": "x" * 1001}),
        ("set_pointer", {"x": 1.5}),
        ("set_reference_image", {}),
    ],
)
async def test_what_is_beyond_the_schema_is_an_error(
    seen: Client, command: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ReactorError) as refused:
        await seen.reply(command, **arguments)
    assert refused.value.code == "invalid_command"


async def test_what_is_no_image_is_an_error_and_no_message(seen: Client) -> None:
    text = await seen.reactor.upload_file(b"no picture", name="a.png", mime_type="image/png")
    with pytest.raises(ReactorError, match="not an image") as refused:
        await seen.reply("set_reference_image", reference_image=text)
    assert refused.value.code == "invalid_input"
    await seen.reply("set_keep_backlog", keep_backlog=False)
    assert "command_error" not in kinds(seen.messages)


async def test_the_placeholder_has_a_size_of_its_own(seen: Client) -> None:
    picture = await seen.shows(lambda picture: picture.shape == (480, 832, 3))
    assert picture.mean() < 60
