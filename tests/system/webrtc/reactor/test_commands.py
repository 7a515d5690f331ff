"""Every command against the stand-in, over real WebRTC, in both generations of the wire."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sana_vcam.reactor import (
    ChunkComplete,
    CommandRejected,
    GenerationComplete,
    GenerationPaused,
    GenerationReset,
    GenerationResumed,
    GenerationStarted,
    PromptAccepted,
    SanaClient,
    StateMessage,
    UploadFailed,
    VideoAccepted,
)
from tests.system.webrtc.reactor.rig import Runtime, camera, clip, eventually, watched

type Local = Callable[..., SanaClient]


def seen(messages: Sequence[object], kind: type[object]) -> Callable[[], bool]:
    return lambda: any(isinstance(message, kind) for message in messages)


async def test_a_live_run_with_every_command(either: Runtime, local: Local) -> None:
    client = local(either)
    messages = watched(client)
    await client.connect()
    assert await client.set_mode("live")
    assert await client.set_seed(7)
    assert client.state is not None
    assert client.state.seed == 7
    assert await client.set_prompt("oil painting")
    assert PromptAccepted(prompt="oil painting") in messages
    await client.publish()
    async with camera(client):
        assert await client.start()
        assert seen(messages, GenerationStarted)()
        await eventually(lambda: client.frames_received > 5)
        await eventually(lambda: client.last_chunk is not None and client.last_chunk >= 2)
        assert await client.start(), "without effect while it runs"

        assert await client.pause()
        assert client.state.paused
        with pytest.raises(CommandRejected, match="the model refused pause: already paused"):
            await client.pause()
        assert await client.resume()
        assert not client.state.paused
        chunk = client.last_chunk
        await eventually(lambda: client.last_chunk != chunk)
        with pytest.raises(CommandRejected, match="not paused"):
            await client.resume()
    assert await client.reset()
    assert seen(messages, GenerationReset)()
    await eventually(lambda: client.state is not None and not client.state.started)
    assert client.last_chunk is None
    assert await client.close()


async def test_what_only_the_newer_wire_has(runtime: Runtime, local: Local) -> None:
    client = local(runtime)
    messages = watched(client)
    await client.connect()
    assert client.link.channel.schema is not None
    assert "set_anchor_interval" in client.link.channel.schema.commands
    assert await client.set_anchor_interval(3)
    assert client.state is not None
    assert client.state.anchor_interval == 3
    assert client.state.num_source_frames is None
    await client.set_mode("live")
    await client.start()
    await client.pause()
    await client.resume()
    assert seen(messages, GenerationPaused)()
    assert seen(messages, GenerationResumed)()


async def test_what_the_older_wire_lacks_is_not_sent(
    page: Runtime, local: Local, caplog: pytest.LogCaptureFixture
) -> None:
    client = local(page)
    await client.connect()
    assert client.link.channel.schema is not None
    assert set(client.link.channel.schema.commands) == {
        *("set_mode", "set_video", "set_prompt", "set_seed"),
        *("start", "pause", "resume", "reset"),
    }
    messages = watched(client)
    with caplog.at_level(logging.INFO, "sana_vcam.reactor"):
        assert not await client.set_anchor_interval(3)
        assert not await client.set_anchor_interval(4)
    assert caplog.messages.count("this model has no set_anchor_interval; it is left out") == 1
    # A command that was sent would have been refused before this one was answered.
    assert await client.set_seed(1)
    assert {type(message) for message in messages} == {StateMessage}
    assert await client.close()


@pytest.mark.parametrize("as_path", [True, False])
async def test_a_clip_from_its_upload_to_its_end(
    either: Runtime, local: Local, tmp_path: Path, as_path: bool
) -> None:
    client = local(either)
    messages = watched(client)
    await client.connect()
    file = tmp_path / "some clip.mp4"
    file.write_bytes(clip(40))
    assert await client.set_mode("file")
    assert await client.set_video(file if as_path else clip(40))
    (accepted,) = [m for m in messages if isinstance(m, VideoAccepted)]
    assert (accepted.width, accepted.height) == (160, 96)
    assert await client.start()
    await eventually(seen(messages, GenerationComplete))
    chunks = [m for m in messages if isinstance(m, ChunkComplete)]
    assert sum(chunk.frames_emitted for chunk in chunks) == 40
    assert [chunk.chunk_index for chunk in chunks] == list(range(len(chunks)))
    assert await client.close()


async def test_an_uploaded_reference_can_be_set_again(runtime: Runtime, local: Local) -> None:
    client = local(runtime)
    await client.connect()
    reference = await client.upload(clip(40), name="a.mp4")
    assert (reference.name, reference.mime_type) == ("a.mp4", "video/mp4")
    assert await client.set_video(reference)
    assert await client.set_video(reference)


async def test_clips_that_are_none(runtime: Runtime, local: Local, tmp_path: Path) -> None:
    client = local(runtime)
    await client.connect()
    with pytest.raises(CommandRejected, match="32 frames"):
        await client.set_video(clip(32))
    with pytest.raises(CommandRejected, match="decode failed"):
        await client.set_video(b"no video at all")
    with pytest.raises(UploadFailed, match="the file is empty"):
        await client.set_video(b"")
    with pytest.raises(UploadFailed, match="could not be uploaded: No such file"):
        await client.set_video(tmp_path / "missing.mp4")
    assert await client.close()


async def test_start_without_a_clip_is_refused(either: Runtime, local: Local) -> None:
    client = local(either)
    await client.connect()
    await client.set_mode("file")
    with pytest.raises(CommandRejected, match="no source video") as caught:
        await client.start()
    assert caught.value.command == "start"
    assert client.state is not None
    assert not client.state.started


@pytest.mark.parametrize("seed", [-1, 2**31])
async def test_a_seed_beyond_the_schema(runtime: Runtime, local: Local, seed: int) -> None:
    client = local(runtime)
    await client.connect()
    if seed < 0:
        # Refused by the runtime itself, with an exception.
        with pytest.raises(CommandRejected, match="set_seed"):
            await client.set_seed(seed)
    else:
        assert await client.set_seed(seed)
        assert client.state is not None
        assert client.state.seed == seed


async def test_the_state_is_learned_although_the_first_is_lost(
    either: Runtime, local: Local
) -> None:
    client = local(either)
    await client.connect()
    assert await client.set_mode("live")
    assert client.state is not None
    assert not client.state.started


async def test_two_commands_at_once_get_their_own_answers(either: Runtime, local: Local) -> None:
    client = local(either)
    await client.connect()
    await client.set_mode("live")
    answers = await asyncio.gather(
        client.set_prompt("one"),
        client.pause(),
        client.set_prompt("two"),
        client.resume(),
        client.set_seed(3),
        return_exceptions=True,
    )
    assert [str(answer) for answer in answers] == [
        "True",
        "the model refused pause: not generating",
        "True",
        "the model refused resume: not paused",
        "True",
    ]
    assert client.state is not None
    assert (client.state.current_prompt, client.state.seed) == ("two", 3)


async def test_the_chunk_of_a_former_run_does_not_count(page: Runtime, local: Local) -> None:
    """The older wire's `state` keeps the former run's count until the first chunk of the new."""
    client = local(page)
    await client.connect()
    await client.set_mode("file")
    await client.set_video(clip(40))
    messages = watched(client)
    await client.start()
    await eventually(seen(messages, GenerationComplete))
    last = client.last_chunk
    assert last is not None
    assert last > 0
    messages.clear()
    await client.start()
    await eventually(lambda: any(isinstance(m, StateMessage) for m in messages))
    first = next(m for m in messages if isinstance(m, StateMessage))
    assert first.current_chunk == last + 1
    before_chunk = [m for m in messages if isinstance(m, ChunkComplete)]
    assert client.last_chunk == (before_chunk[-1].chunk_index if before_chunk else None)
    assert await client.close()


async def test_stats(runtime: Runtime, local: Local) -> None:
    client = local(runtime)
    await client.connect()
    before = await client.stats()
    assert before.frames_up == before.bytes_up == 0
    await client.publish()
    width, height = client.send_size
    async with asyncio.timeout(60):
        while (stats := await client.stats()).frames_up < 2 or stats.bytes_up == 0:
            await asyncio.to_thread(client.push, bytes(width * height * 4))
            await asyncio.sleep(0.05)
    assert stats.relay is None
    assert stats.rtt_ms is None or 0 <= stats.rtt_ms < 10_000
