"""Answers of every shape, frames of every size: a fake Reactor object in the SDK's place."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from reactor_sdk import (
    AbortedError,
    DecodeError,
    DisconnectedError,
    FileRef,
    InvalidStateError,
    NetworkError,
    RateLimitedError,
    ReactorError,
    ReactorStatus,
    RequestTimeoutError,
    SessionTerminalError,
    UnauthorizedError,
)

from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.pixels import black_i420, to_i420
from sana_vcam.reactor import (
    ChunkComplete,
    CommandRejected,
    Message,
    Phase,
    SanaClient,
    SessionGone,
    SessionLost,
    StateMessage,
    Unavailable,
    UploadFailed,
    uploads,
)
from sana_vcam.reactor import channel as channel_module
from sana_vcam.reactor import client as client_module
from sana_vcam.reactor import tracks as tracks_module
from sana_vcam.reactor.models import Schema
from tests.fakes.reactor import SESSION, FakeReactor
from tests.system.webrtc.reactor.rig import eventually, within

REFERENCE = FileRef(upload_id="u1", name="clip.mp4", mime_type="video/mp4", size=1)


@pytest.fixture(autouse=True)
def _fake_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "Reactor", FakeReactor)
    monkeypatch.setattr(tracks_module, "PUBLISH_RETRY_S", 0.01)


def fake(client: SanaClient) -> FakeReactor:
    reactor = client._reactor
    assert isinstance(reactor, FakeReactor)
    return reactor


@pytest_asyncio.fixture
async def client() -> AsyncIterator[SanaClient]:
    """Connected; nothing listens at its address, as after a runtime has gone."""
    client = SanaClient(api_url="http://127.0.0.1:9", local=True, send_size=(4, 2))
    await client.connect()
    yield client
    await client.close()


# -- the three shapes of a rejection ---------------------------------------------------------------


async def test_rejected_by_the_platform(client: SanaClient) -> None:
    async def answer(command: str, data: dict[str, Any]) -> None:
        raise ReactorError("no such command", code="invalid_command")

    client.link.channel.schema = Schema({"set_prompt": ()})
    fake(client).answer = answer
    with pytest.raises(CommandRejected) as caught:
        await client.set_prompt("x")
    assert (caught.value.command, caught.value.reason) == ("set_prompt", "no such command")
    assert caught.value.code == "invalid_command"


async def test_without_a_schema_a_refusal_says_that_there_is_no_such_command(
    client: SanaClient,
) -> None:
    async def answer(command: str, data: dict[str, Any]) -> None:
        raise ReactorError("no such command", code="invalid_command")

    reactor = fake(client)
    reactor.answer = answer
    assert not await client.set_mode("live")
    assert not await client.set_mode("live")
    assert reactor.sent == [("set_mode", {"mode": "live"})], "it is not tried again"


@pytest.mark.parametrize("when", ["before the answer", "after the answer"])
async def test_rejected_by_a_message(client: SanaClient, when: str) -> None:
    reactor = fake(client)

    async def answer(command: str, data: dict[str, Any]) -> None:
        reject = (reactor.message, "command_error")
        words = {"command": command, "reason": "too long"}
        if when == "before the answer":
            reject[0](reject[1], **words)
        else:
            asyncio.get_running_loop().call_later(0.05, lambda: reject[0](reject[1], **words))

    reactor.answer = answer
    for command in (client.set_prompt("x"), client.set_anchor_interval(3), client.set_seed(1)):
        with pytest.raises(CommandRejected, match="too long"):
            await command


async def test_rejected_by_a_typed_reply(client: SanaClient) -> None:
    async def answer(command: str, data: dict[str, Any]) -> dict[str, Any]:
        return {"type": "command_error", "data": {"command": command, "reason": "not now"}}

    fake(client).answer = answer
    with pytest.raises(CommandRejected, match="not now"):
        await client.start()


async def test_the_rejection_of_another_command_is_not_mine(client: SanaClient) -> None:
    reactor = fake(client)

    async def answer(command: str, data: dict[str, Any]) -> None:
        reactor.message("command_error", command="pause", reason="not generating")
        reactor.message("prompt_accepted", prompt="x")

    reactor.answer = answer
    assert await client.set_prompt("x")


# -- the shapes of an acceptance -------------------------------------------------------------------


async def test_accepted_by_a_typed_reply(
    client: SanaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "ANSWER_GRACE_S", 3600.0)

    async def answer(command: str, data: dict[str, Any]) -> dict[str, Any]:
        return {"type": "state", "data": {"seed": 1.0}}

    fake(client).answer = answer
    assert await within(client.set_prompt("x"))


async def test_accepted_without_a_word(client: SanaClient) -> None:
    assert await client.set_prompt("x")
    assert fake(client).sent == [("set_prompt", {"prompt": "x"})]


async def test_accepted_with_an_unknown_reply(client: SanaClient) -> None:
    async def answer(command: str, data: dict[str, Any]) -> dict[str, Any]:
        return {"type": "weather", "data": {}}

    fake(client).answer = answer
    assert await client.set_prompt("x")


@pytest.mark.parametrize(
    ("command", "former", "shown"),
    [
        ("start", {"started": False}, {"started": True}),
        ("reset", {"started": True}, {"started": False}),
        ("pause", {"paused": False}, {"paused": True}),
        ("resume", {"paused": True}, {"paused": False}),
    ],
)
async def test_the_state_of_a_chunk_is_no_answer(
    client: SanaClient,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    former: dict[str, bool],
    shown: dict[str, bool],
) -> None:
    """And once a command returns, `state` shows what it did."""
    monkeypatch.setattr(channel_module, "ANSWER_GRACE_S", 3600.0)
    reactor = fake(client)

    async def answer(command: str, data: dict[str, Any]) -> None:
        reactor.message("state", **former)
        asyncio.get_running_loop().call_later(0.05, lambda: reactor.message("state", **shown))

    reactor.answer = answer
    assert await within(getattr(client, command)())
    assert client.state == StateMessage(**shown)


# -- failures that are no rejections ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DisconnectedError("gone", recoverable=True), SessionLost),
        (InvalidStateError("not ready"), SessionLost),
        (SessionTerminalError("over"), SessionLost),
        (AbortedError("closed"), SessionLost),
        (RequestTimeoutError("nothing in 10 s", recoverable=True), Unavailable),
        (DecodeError("what?"), Unavailable),
        (ReactorError("broke", code="internal_error"), CommandRejected),
    ],
)
async def test_what_a_failed_command_means(
    client: SanaClient, error: Exception, kind: type[Exception]
) -> None:
    async def answer(command: str, data: dict[str, Any]) -> None:
        raise error

    fake(client).answer = answer
    with pytest.raises(kind):
        await client.set_prompt("x")


async def test_a_busy_platform_says_when(client: SanaClient) -> None:
    async def answer(command: str, data: dict[str, Any]) -> None:
        raise RateLimitedError("slow down", recoverable=True, status=429, retry_after_ms=2500.0)

    fake(client).answer = answer
    with pytest.raises(Unavailable) as caught:
        await client.set_prompt("x")
    assert caught.value.retry_after_s == 2.5


async def test_commands_of_a_client_that_is_not_connected() -> None:
    client = SanaClient(api_url="http://127.0.0.1:9", local=True)
    for command in (client.start(), client.publish(), client.stats(), client.upload(b"x")):
        with pytest.raises(SessionLost, match="call connect"):
            await command
    with pytest.raises(SessionLost):
        await client.reconnect()
    assert not client.push(bytes(1280 * 704 * 4))
    client.unpublish()
    assert await client.close()


async def test_commands_of_a_client_that_was_closed(client: SanaClient) -> None:
    await client.publish()
    await client.close()
    for command in (client.start(), client.publish(), client.stats(), client.upload(b"x")):
        with pytest.raises(SessionLost, match="was closed"):
            await command
    with pytest.raises(SessionLost):
        await client.reconnect()
    with pytest.raises(RuntimeError, match="used for one session"):
        await client.connect()
    assert not client.push(bytes(32))
    client.unpublish()


# -- what the session declares ---------------------------------------------------------------------


@pytest.mark.parametrize("schema", [None, [], {}, {"paths": None}, {"paths": {"/health": {}}}])
async def test_without_a_schema_everything_is_sent(schema: Any) -> None:
    client = SanaClient(api_url="http://127.0.0.1:9", local=True)
    made: list[FakeReactor] = []
    client.on_phase(lambda _: made.append(fake(client)))
    client.on_phase(lambda _: setattr(made[0], "schema", schema))
    await client.connect()
    assert client.link.channel.schema is None
    assert await client.set_anchor_interval(3)
    assert made[0].sent == [("set_anchor_interval", {"chunks": 3})]
    await client.close()


async def test_arguments_are_sent_whatever_the_schema_says_of_them() -> None:
    client = SanaClient(api_url="http://127.0.0.1:9", local=True)
    schema = {"paths": {"/events/set_prompt": {"post": {"requestBody": {"$ref": "#/elsewhere"}}}}}
    client.on_phase(lambda _: setattr(fake(client), "schema", schema))
    await client.connect()
    assert client.link.channel.schema is not None
    assert set(client.link.channel.schema.commands) == {"set_prompt"}
    assert await client.set_prompt("x")
    assert not await client.start()
    assert fake(client).sent == [("set_prompt", {"prompt": "x"})]
    await client.close()


async def test_a_schema_that_does_not_come(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "SETTLE_S", 0.0)
    client = SanaClient(api_url="http://127.0.0.1:9", local=True)
    error = RequestTimeoutError("nothing", recoverable=True)
    client.on_phase(lambda _: setattr(fake(client), "schema", error))
    await client.connect()
    assert client.link.channel.schema is None
    assert "does not say which commands it has" in caplog.text
    await client.close()


async def test_a_schema_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "SETTLE_S", 0.0)
    monkeypatch.setattr(channel_module, "SCHEMA_TIMEOUTS_S", (0.05, 5.0))
    client = SanaClient(api_url="http://127.0.0.1:9", local=True)
    asked: list[int] = []

    async def request() -> Any:
        asked.append(1)
        if len(asked) == 1:
            await asyncio.Event().wait()
        return {"paths": {"/events/start": {}}}

    client.on_phase(lambda _: setattr(fake(client), "request_schema", request))
    await client.connect()
    assert len(asked) == 2
    assert client.link.channel.has("start")
    assert not client.link.channel.has("set_mode")
    await client.close()


@pytest.mark.parametrize("lost", [1, 2])
@pytest.mark.parametrize("how", ["nothing comes", "the SDK gives up"])
async def test_the_first_command_that_is_not_answered_is_sent_once_more(
    client: SanaClient, monkeypatch: pytest.MonkeyPatch, how: str, lost: int
) -> None:
    monkeypatch.setattr(channel_module, "FIRST_ANSWERS_S", (0.05, 0.05))
    reactor = fake(client)

    async def answer(command: str, data: dict[str, Any]) -> None:
        if len(reactor.sent) <= lost:
            if how == "nothing comes":
                await asyncio.Event().wait()
            raise RequestTimeoutError("nothing in 10 s", recoverable=True)
        if len(reactor.sent) > lost + 1:
            raise RequestTimeoutError("nothing in 10 s", recoverable=True)

    reactor.answer = answer
    assert await client.set_prompt("x")
    assert reactor.sent == [("set_prompt", {"prompt": "x"})] * (lost + 1)
    with pytest.raises(Unavailable):
        await client.set_seed(1)
    assert len(reactor.sent) == lost + 2, "only the first one is"


async def test_a_session_that_never_answers_is_told_three_times(
    client: SanaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "FIRST_ANSWERS_S", (0.05, 0.05))
    reactor = fake(client)

    async def answer(command: str, data: dict[str, Any]) -> None:
        raise RequestTimeoutError("nothing in 10 s", recoverable=True)

    reactor.answer = answer
    with pytest.raises(Unavailable):
        await client.set_prompt("x")
    assert reactor.sent == [("set_prompt", {"prompt": "x"})] * 3


# -- set_video -------------------------------------------------------------------------------------


def failing(reactor: FakeReactor, reason: str, times: int) -> None:
    async def answer(command: str, data: dict[str, Any]) -> None:
        if len(reactor.sent) <= times:
            reactor.message("command_error", command=command, reason=reason)
        else:
            reactor.message("video_accepted", width=1, height=1, num_frames=0, num_latent_frames=0)

    reactor.answer = answer


async def test_a_false_decode_alarm_is_tried_again(client: SanaClient) -> None:
    reactor = fake(client)
    failing(reactor, "decode failed", 2)
    assert await client.set_video(REFERENCE)
    assert reactor.sent == [("set_video", {"video": REFERENCE})] * 3


async def test_a_third_decode_failure_is_one(client: SanaClient) -> None:
    reactor = fake(client)
    failing(reactor, "Decode failed: no moov", 3)
    with pytest.raises(CommandRejected, match="no moov"):
        await client.set_video(REFERENCE)
    assert len(reactor.sent) == 3


async def test_any_other_refusal_is_not_tried_again(client: SanaClient) -> None:
    reactor = fake(client)
    failing(reactor, "too short: 32 frames", 3)
    with pytest.raises(CommandRejected, match="too short"):
        await client.set_video(REFERENCE)
    assert len(reactor.sent) == 1


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (DisconnectedError("gone"), SessionLost, "during the upload"),
        (UnauthorizedError("jwt_secret", status=401), UploadFailed, "HTTP 401"),
        (NetworkError("no route", recoverable=True), UploadFailed, "no route"),
    ],
)
async def test_an_upload_that_fails(
    client: SanaClient, error: Exception, kind: type[Exception], words: str
) -> None:
    async def upload(file: bytes, *, name: str, mime_type: str) -> FileRef:
        raise error

    fake(client).upload_file = upload  # type: ignore[method-assign]
    with pytest.raises(kind, match=words):
        await client.upload(b"x")


async def test_an_upload_that_does_not_end(
    client: SanaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "UPLOAD_TIMEOUT_S", 0.01)

    async def upload(file: bytes, *, name: str, mime_type: str) -> FileRef:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    fake(client).upload_file = upload  # type: ignore[method-assign]
    with pytest.raises(UploadFailed, match="no answer"):
        await client.upload(b"x")


# -- messages --------------------------------------------------------------------------------------


async def test_what_the_client_learns_from_messages(client: SanaClient) -> None:
    reactor = fake(client)
    heard: list[Message] = []
    chunks: list[ChunkComplete] = []
    client.on(Message, heard.append)
    client.on(ChunkComplete, chunks.append)
    reactor.message("state", running=True, started=True, current_chunk=9.0)
    reactor.message("chunk_complete", chunk_index=8.0, frames_emitted=24.0, active_prompt="")
    reactor.message("weather")
    reactor.fire("message", None)
    assert client.state == StateMessage(running=True, started=True, current_chunk=9)
    assert client.last_chunk == 8
    assert [type(message) for message in heard] == [StateMessage, ChunkComplete]
    assert [chunk.chunk_index for chunk in chunks] == [8]
    reactor.message("generation_started", prompt="")
    assert client.last_chunk is None


async def test_the_platform_may_say_anything(
    client: SanaClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "sana_vcam.reactor"):
        fake(client).fire("runtime_message", {"type": "weather", "data": {}})
        fake(client).fire("runtime_message", "odd")
    assert "the platform says 'weather'" in caplog.messages


# -- frames ----------------------------------------------------------------------------------------


async def test_frames_of_a_run_in_its_own_size_only(client: SanaClient) -> None:
    frames: list[ModelFrame] = []
    client.on_frame(frames.append)
    deliver = fake(client).track("main_video").handler
    assert deliver is not None
    deliver(bytes(32), 4, 2, 0, 0, None)
    deliver(bytes(32), 4, 2, 0, 0, None)
    assert (client.frames_received, client.last_frame_at) == (0, None), "placeholders"
    fake(client).message("generation_started", prompt="")
    deliver(bytes(2 * 2 * 4), 2, 2, 0, 0, None)
    deliver(bytes(1280 * 720 * 4), 1280, 720, 0, 0, None)
    deliver(bytes(32), 4, 2, 0, 0, None)
    assert (client.frames_received, client.last_frame_at) == (0, None)
    deliver(bytes([90]) * 32, 4, 2, 0, 0, None)
    deliver(bytes(1280 * 720 * 4), 1280, 720, 0, 0, None)
    deliver(bytes(32), 4, 2, 0, 0, None)
    assert [frame.sequence for frame in frames] == [1, 2]
    assert np.array_equal(frames[0].i420, to_i420(np.full((2, 4, 4), 90, np.uint8)))
    assert np.array_equal(frames[1].i420, black_i420(4, 2))
    assert client.last_frame_at == frames[1].received_at
    assert client.frames_received == 2
    fake(client).message("generation_reset", reason="")
    deliver(bytes(32), 4, 2, 0, 0, None)
    assert client.frames_received == 2


async def test_frames_without_a_handler_are_counted(client: SanaClient) -> None:
    deliver = fake(client).track("main_video").handler
    assert deliver is not None
    assert await client.start()
    deliver(bytes(32), 4, 2, 0, 0, None)
    deliver(bytes(32), 4, 2, 0, 0, None)
    assert client.frames_received == 1
    assert await client.reset()
    deliver(bytes(32), 4, 2, 0, 0, None)
    assert client.frames_received == 1


@pytest.mark.parametrize("size", [0, 31, 33, 2 * 4 * 3])
async def test_a_push_of_another_size_is_an_error(client: SanaClient, size: int) -> None:
    with pytest.raises(ValueError, match="4x2 BGRA, 32 bytes"):
        client.push(bytes(size))


async def test_push_sends_while_published(client: SanaClient) -> None:
    track = fake(client).track("camera")
    assert not client.push(bytes(32))
    await client.publish()
    assert client.published
    assert client.push(bytes(32))
    client.unpublish()
    assert not client.push(bytes(32))
    assert not client.published
    assert track.pushed == 1


async def test_a_push_as_the_connection_drops(client: SanaClient) -> None:
    await client.publish()
    track = fake(client).track("camera")

    def push_frame(data: bytes, *, width: int, height: int) -> None:
        raise InvalidStateError("dropped")

    track.push_frame = push_frame  # type: ignore[method-assign]
    assert not client.push(bytes(32))


async def test_the_native_client_is_not_freed_under_a_push(client: SanaClient) -> None:
    await client.publish()
    reactor = fake(client)
    pushing, go_on = threading.Event(), threading.Event()
    freed_meanwhile: list[bool] = []

    def push_frame(data: bytes, *, width: int, height: int) -> None:
        pushing.set()
        go_on.wait()
        freed_meanwhile.append(reactor.closed)

    reactor.track("camera").push_frame = push_frame  # type: ignore[method-assign]
    pusher = threading.Thread(target=client.push, args=(bytes(32),))
    pusher.start()
    await asyncio.to_thread(pushing.wait)
    threading.Timer(0.2, go_on.set).start()
    await client.close()
    await asyncio.to_thread(pusher.join)
    assert freed_meanwhile == [False]
    assert reactor.closed


async def test_publish_until_the_dead_connection_is_noticed(client: SanaClient) -> None:
    refused = ReactorError("track already published", code="publish_refused")
    track = fake(client).track("camera")
    track.refusals = [refused, refused]
    await client.publish()
    assert client.published


async def test_publish_gives_up(client: SanaClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracks_module, "PUBLISH_PATIENCE_S", 0.0)
    track = fake(client).track("camera")
    track.refusals = [ReactorError("track already published", code="publish_refused")] * 3
    with pytest.raises(Unavailable, match="keeps the camera"):
        await client.publish()
    assert not client.published


async def test_publish_after_a_drop(client: SanaClient) -> None:
    fake(client).track("camera").refusals = [InvalidStateError("not ready")]
    with pytest.raises(SessionLost):
        await client.publish()


# -- loss and life cycle ---------------------------------------------------------------------------


async def test_a_drop_is_a_loss_and_a_close_is_none(client: SanaClient) -> None:
    waiting = asyncio.ensure_future(client.wait_lost())
    await client.publish()
    fake(client).be(ReactorStatus.DISCONNECTED)
    await within(waiting)
    assert not client.published
    await client.reconnect()
    waiting = asyncio.ensure_future(client.wait_lost())
    await client.close()
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_reconnect_after_a_drop_and_from_ready(client: SanaClient) -> None:
    reactor = fake(client)
    await client.publish()
    reactor.be(ReactorStatus.DISCONNECTED)
    await client.reconnect()
    assert "unpublish camera" not in reactor.calls
    assert not client.published
    await client.publish()
    await client.reconnect()
    assert reactor.calls.count("unpublish camera") == 1
    waiting = asyncio.ensure_future(client.wait_lost())
    await asyncio.sleep(0)
    assert not waiting.done(), "a reconnect that was asked for is no loss"
    waiting.cancel()


async def test_a_failed_reconnect_leaves_the_loss(client: SanaClient) -> None:
    reactor = fake(client)
    reactor.be(ReactorStatus.DISCONNECTED)
    reactor.error = NetworkError("down", recoverable=True)
    with pytest.raises(Unavailable):
        await client.reconnect()
    await within(client.wait_lost())
    reactor.error = UnauthorizedError("expired", status=401)
    with pytest.raises(SessionGone, match="HTTP 401"):
        await client.reconnect()
    reactor.error = None
    await client.reconnect()
    assert client.phase is Phase.READY


async def test_a_reconnect_without_an_answer_is_the_end() -> None:
    client = SanaClient(
        api_url="http://127.0.0.1:9", local=True, connect_timeout_s=0.1, waiting_timeout_s=3600
    )
    await client.connect()
    reactor = fake(client)
    reactor.be(ReactorStatus.DISCONNECTED)
    reactor.gate = asyncio.Event()
    with pytest.raises(SessionGone, match="did not answer"):
        await within(client.reconnect())
    # The SDK's call goes on; another beside it would break both.
    with pytest.raises(SessionGone, match="has not come back"):
        await client.reconnect()
    assert reactor.calls.count("reconnect") == 1
    await client.close()
    assert reactor.closed


async def test_life_cycle_calls_are_serialised(client: SanaClient) -> None:
    reactor = fake(client)
    reactor.gate = asyncio.Event()
    both = asyncio.gather(client.reconnect(), client.reconnect())
    await eventually(lambda: "reconnect" in reactor.calls)
    await asyncio.sleep(0.05)
    assert reactor.calls.count("reconnect") == 1
    reactor.gate.set()
    await within(both)
    assert reactor.calls.count("reconnect") == 2
    assert client.phase is Phase.READY


async def test_a_drop_at_the_moment_of_success() -> None:
    client = SanaClient(api_url="http://127.0.0.1:9", local=True)

    def drop(phase: Phase) -> None:
        if phase is Phase.READY:
            fake(client).status = ReactorStatus.DISCONNECTED

    client.on_phase(drop)
    with pytest.raises(SessionLost, match="as soon as"):
        await client.connect()
    await client.close()


async def test_a_connect_without_a_gpu() -> None:
    client = SanaClient(
        api_url="http://127.0.0.1:9", local=True, connect_timeout_s=3600, waiting_timeout_s=0.1
    )
    gate = asyncio.Event()
    client.on_phase(lambda _: setattr(fake(client), "gate", gate))
    with pytest.raises(Unavailable, match="gave no GPU within 0 s"):
        await within(client.connect())
    await client.close()


async def test_the_session_is_told_once(client: SanaClient) -> None:
    sessions: list[str] = []
    client.on_session(lambda session: sessions.append(session.session_id))
    assert client.session_id == SESSION
    fake(client).fire("session_id_changed", SESSION)
    fake(client).fire("session_id_changed", "another")
    fake(client).fire("session_id_changed", None)
    assert sessions == ["another"]
    assert client.session_id == "another"
