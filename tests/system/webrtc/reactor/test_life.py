"""One session's life at a local runtime: however it goes, none is left behind."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

import pytest

from sana_vcam.reactor import (
    ChunkComplete,
    OpenSession,
    Phase,
    Platform,
    SanaClient,
    SessionLost,
    Unavailable,
)
from sana_vcam.reactor import client as client_module
from tests.fakes.coordinator import LOCAL_SESSION
from tests.system.webrtc.reactor.rig import (
    PATIENCE_S,
    TRACK,
    Runtime,
    camera,
    eventually,
    running_runtime,
    watched,
    within,
)

type Local = Callable[..., SanaClient]


async def test_connect_tells_its_phases_and_its_session(runtime: Runtime, local: Local) -> None:
    client = local(runtime)
    phases: list[Phase] = []
    sessions: list[OpenSession] = []
    client.on_phase(phases.append)
    client.on_session(sessions.append)
    await client.connect()
    assert phases == [Phase.CONNECTING, Phase.WAITING, Phase.READY]
    assert sessions == [OpenSession(LOCAL_SESSION, runtime.url, True, "sana-streaming")]
    assert client.ready_at is not None
    await runtime.until("streaming")
    assert await client.close()
    assert phases[-1] is Phase.DISCONNECTED
    await runtime.until("ready")


async def test_close_before_connect(local: Local, runtime: Runtime) -> None:
    client = local(runtime)
    assert await client.close()
    with pytest.raises(RuntimeError):
        await client.connect()


async def test_close_twice_and_at_once(runtime: Runtime, local: Local) -> None:
    client = local(runtime)
    await client.connect()
    assert await asyncio.gather(client.close(), client.close()) == [True, True]
    assert await client.close()


async def test_a_later_session_survives_a_second_close(runtime: Runtime, local: Local) -> None:
    first, second = local(runtime), local(runtime)
    await first.connect()
    await first.close()
    await runtime.until("ready")
    await second.connect()
    assert await first.close()
    assert await second.set_mode("live")


async def test_an_end_that_nobody_could_ask_for_is_not_taken_for_one(
    runtime: Runtime, local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = local(runtime)
    await client.connect()

    def unopened(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "create_connection", unopened)
        assert not await client.close()
    assert await client.platform.is_idle() is False
    await client.platform.end(OpenSession("x", runtime.url, local=True, model="any"))
    await runtime.until("ready")


async def test_leaving_the_block_closes(runtime: Runtime) -> None:
    async with SanaClient(api_url=runtime.url, local=True, send_size=TRACK) as client:
        await client.connect()
    await runtime.until("ready")


@pytest.mark.parametrize("moment", ["at once", *Phase, "schema"])
async def test_close_after_a_cancelled_connect(
    runtime: Runtime,
    local: Local,
    moment: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = local(runtime)
    reached = asyncio.Event()
    client.on_phase(lambda phase: reached.set() if phase == moment else None)
    connecting = asyncio.ensure_future(client.connect())
    if moment == "schema":
        request_schema = client_module.Reactor.request_schema

        async def slow(reactor: client_module.Reactor) -> object:
            reached.set()
            await asyncio.sleep(0.2)
            return await request_schema(reactor)

        monkeypatch.setattr(client_module.Reactor, "request_schema", slow)
    if moment not in ("at once", Phase.DISCONNECTED):
        await within(reached.wait())
    elif moment is Phase.DISCONNECTED:
        await asyncio.sleep(0)
    connecting.cancel()
    await asyncio.wait({connecting})
    assert await client.close()
    await runtime.until("ready")
    del connecting
    gc.collect()
    await asyncio.sleep(0)
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


@pytest.mark.parametrize("moment", [Phase.CONNECTING, Phase.WAITING, Phase.READY])
async def test_close_beside_a_connect(runtime: Runtime, local: Local, moment: Phase) -> None:
    client = local(runtime)
    reached = asyncio.Event()
    client.on_phase(lambda phase: reached.set() if phase == moment else None)
    connecting = asyncio.ensure_future(client.connect())
    await within(reached.wait())
    assert await client.close()
    with pytest.raises(SessionLost):
        await within(connecting)
    await runtime.until("ready")


async def test_a_cancelled_close_can_be_repeated(runtime: Runtime, local: Local) -> None:
    client = local(runtime)
    await client.connect()
    closing = asyncio.ensure_future(client.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing})
    assert await client.close()
    await runtime.until("ready")


async def test_one_session_per_client(runtime: Runtime, local: Local) -> None:
    client = local(runtime)
    await client.connect()
    with pytest.raises(RuntimeError, match="make a new one"):
        await client.connect()


async def test_a_busy_runtime_is_unavailable(runtime: Runtime, local: Local) -> None:
    first, second = local(runtime), local(runtime)
    await first.connect()
    with pytest.raises(Unavailable, match="still busy") as caught:
        await second.connect()
    assert caught.value.retry_after_s == 1.0
    assert await second.close()
    # The session that the second could not have goes on.
    assert await first.set_mode("live")


async def test_reconnect_and_publish_again(runtime: Runtime, local: Local) -> None:
    client = local(runtime)
    await client.connect()
    messages = watched(client)
    await client.set_mode("live")
    await client.set_prompt("oil painting")
    await client.publish()
    async with camera(client):
        await client.start()
        await eventually(lambda: client.frames_received > 0)
        await client.reconnect()
        assert not client.published
        assert client.phase is Phase.READY
        await within(client.publish())
        before, chunks = client.frames_received, len(messages)
        await eventually(lambda: client.frames_received > before)
        await eventually(lambda: any(isinstance(m, ChunkComplete) for m in messages[chunks:]))
        assert await client.set_prompt("another")
        assert client.state is not None
        assert client.state.started, "the run went on"
        assert client.received_size == TRACK, "and in its size"
    assert await client.close()


async def test_before_the_start_nothing_is_a_picture_not_even_of_the_right_size() -> None:
    """The pacer's own black frame has the size of this model's pictures."""
    with running_runtime("--width", "1280", "--height", "720", "--edit", "copy") as runtime:
        client = SanaClient(api_url=runtime.url, local=True, send_size=TRACK)
        sizes: list[tuple[int, int]] = []
        taken = client._video.frame_arrived

        def arrived(bgra: bytes, width: int, height: int, *rest: object) -> None:
            sizes.append((width, height))
            taken(bgra, width, height, *rest)

        client._video.frame_arrived = arrived  # type: ignore[method-assign]
        async with client:
            await client.connect()
            await client.publish()
            async with camera(client):
                await eventually(lambda: len(sizes) > 0)
                assert (client.frames_received, client.last_frame_at) == (0, None)
                placeholders = len(sizes)
                assert await client.start()
                await eventually(lambda: client.frames_received > 2)
                assert client.received_size == (1280, 720)
                assert await client.reset()
                after = client.frames_received
                # The track is cut to black, in the very size of the run.
                black = len(sizes)
                await asyncio.sleep(0.5)
                assert client.frames_received == after, sizes[black:]
        assert set(sizes[:placeholders]) == {(1280, 720)}


async def test_what_is_sent_and_what_comes_back_are_two_sizes(runtime: Runtime) -> None:
    client = SanaClient(api_url=runtime.url, local=True, send_size=(640, 352))
    sizes: list[tuple[int, int]] = []
    taken = client._video.frame_arrived

    def arrived(bgra: bytes, width: int, height: int, *rest: object) -> None:
        sizes.append((width, height))
        taken(bgra, width, height, *rest)

    client._video.frame_arrived = arrived  # type: ignore[method-assign]
    async with client:
        await client.connect()
        await client.set_mode("live")
        await client.publish()
        pushed = bytes(640 * 352 * 4)
        await client.start()
        async with asyncio.timeout(PATIENCE_S):
            while client.frames_received < 3:
                client.push(pushed)
                await asyncio.sleep(1 / 24)
        assert client.received_size == TRACK
    assert client.frames_received <= sizes.count(TRACK) - 1
    assert client.last_frame_at is not None


async def test_end_of_open_and_ended_sessions(runtime: Runtime, local: Local) -> None:
    client = local(runtime)
    session = OpenSession(LOCAL_SESSION, runtime.url, True, "sana-streaming")
    platform = Platform(runtime.url, True, "sana-streaming", None)
    await client.connect()
    await platform.end(session)
    await runtime.until("ready")
    await platform.end(session)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
async def test_without_descriptors_nothing_is_connected_which_would_end_the_process(
    runtime: Runtime, local: Local
) -> None:
    import resource

    client = local(runtime)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        with pytest.raises(Unavailable, match="descriptors"):
            await client.connect()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert await client.close()
    client = local(runtime)
    await client.connect()
    assert await client.close()


async def test_nobody_at_the_address(local: Local) -> None:
    client = SanaClient(api_url="http://127.0.0.1:9", local=True)
    with pytest.raises(Unavailable, match="cannot open a session now"):
        await client.connect()
    assert await client.close()
    platform = Platform("http://127.0.0.1:9", True, "sana-streaming", None)
    await platform.end(OpenSession(LOCAL_SESSION, "http://127.0.0.1:9", True, "sana-streaming"))


# -- frozen and dying runtimes ---------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen server never answers; nothing is gained by waiting for it long."""
    monkeypatch.setattr(client_module, "END_TIMEOUT_S", 0.3)
    monkeypatch.setattr(client_module, "ID_PATIENCE_S", 0.3)
    monkeypatch.setattr("sana_vcam.reactor.platform.HTTP_TIMEOUT_S", 0.3)


@pytest.mark.usefixtures("impatient")
async def test_connect_to_a_frozen_runtime(
    own_runtime: Runtime, local: Local, caplog: pytest.LogCaptureFixture
) -> None:
    own_runtime.freeze()
    client = local(own_runtime, connect_timeout_s=0.3)
    with pytest.raises(Unavailable, match="did not answer within 0 s"):
        await within(client.connect())
    assert not await client.close(), "whether a session was opened is not known"
    assert "has not said whether it opened a session" in caplog.text
    own_runtime.thaw()
    assert client.late is not None
    assert await within(client.late), "what it has opened then has ended"
    await own_runtime.until("ready")


async def test_connect_to_a_runtime_that_thaws_in_time(
    own_runtime: Runtime, local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer comes after connect has given up; the session is ended all the same."""
    monkeypatch.setattr(client_module, "ID_PATIENCE_S", PATIENCE_S)
    own_runtime.freeze()
    client = local(own_runtime, connect_timeout_s=0.2)
    with pytest.raises(Unavailable):
        await within(client.connect())
    asyncio.get_running_loop().call_later(0.3, own_runtime.thaw)
    assert await client.close()
    assert client.session_id == LOCAL_SESSION
    await own_runtime.until("ready")


async def test_a_runtime_that_freezes_while_connecting(
    own_runtime: Runtime, local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = local(own_runtime, waiting_timeout_s=3600)

    def freeze(_session: OpenSession) -> None:
        own_runtime.freeze()
        client._life_cycle._step_timeout_s = 0.3

    client.on_session(freeze)
    with pytest.raises(Unavailable, match="did not answer"):
        await within(client.connect())
    with monkeypatch.context() as impatient:
        impatient.setattr("sana_vcam.reactor.platform.HTTP_TIMEOUT_S", 0.3)
        assert not await client.close()
    own_runtime.thaw()
    # The caller keeps the session in mind, and ends it by its id.
    session = OpenSession(LOCAL_SESSION, own_runtime.url, True, "sana-streaming")
    await Platform(own_runtime.url, True, "sana-streaming", None).end(session)
    await own_runtime.until("ready")


async def test_a_loss_and_everything_after_it(own_runtime: Runtime, local: Local) -> None:
    """The runtime freezes until the SDK notices; then it comes back, with the session."""
    client = local(own_runtime)
    await client.connect()
    await client.set_mode("live")
    await client.set_prompt("kept")
    await client.publish()
    async with camera(client):
        await client.start()
        await eventually(lambda: client.frames_received > 0)
        own_runtime.freeze()
        in_flight = asyncio.ensure_future(client.set_seed(1))
        await within(client.wait_lost())
        with pytest.raises(SessionLost, match="set_seed"):
            await within(in_flight)
        with pytest.raises(SessionLost):
            await client.set_seed(2)
        with pytest.raises(SessionLost):
            await client.publish()
        assert not client.published
        assert not client.push(bytes(TRACK[0] * TRACK[1] * 4))
        own_runtime.thaw()
        await own_runtime.until("orphaned")
        await within(client.reconnect())
        await within(client.publish())
        before = client.frames_received
        await eventually(lambda: client.frames_received > before)
    assert await client.set_seed(3)
    assert client.state is not None
    assert client.state.current_prompt == "kept"
    assert await client.close()
    await own_runtime.until("ready")


async def test_close_after_a_loss_ends_the_session(own_runtime: Runtime, local: Local) -> None:
    client = local(own_runtime)
    await client.connect()
    own_runtime.freeze()
    await within(client.wait_lost())
    own_runtime.thaw()
    assert await client.close()
    await own_runtime.until("ready")


async def test_the_runtime_dies(own_runtime: Runtime, local: Local) -> None:
    client = local(own_runtime)
    await client.connect()
    own_runtime.kill()
    await within(client.wait_lost())
    with pytest.raises(Unavailable):
        await client.reconnect()
    await within(client.wait_lost())
    assert await client.close()
