"""`standin --cloud`: the platform's HTTP, its limit of sessions and its waits, to the real SDK."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from reactor_sdk import RateLimitedError, Reactor, ReactorError

from tests.system.webrtc.standin.harness import PATIENCE_S, Process, standin

KEY = "rk_any_key"


@contextlib.asynccontextmanager
async def session(
    process: Process, model: str = "reactor/sana-streaming"
) -> AsyncIterator[Reactor]:
    """Open a session of one's own at the front, as a client of the platform does."""
    reactor = Reactor(model, api_key=KEY, api_url=process.url)
    try:
        await asyncio.wait_for(reactor.connect(), PATIENCE_S)
        yield reactor
        with contextlib.suppress(ReactorError):  # it may have been ended from there
            await asyncio.wait_for(reactor.disconnect(), PATIENCE_S)
    finally:
        reactor.close()


async def until_ready(reactor: Reactor) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while str(getattr(reactor.status, "value", reactor.status)) != "ready":
            await asyncio.sleep(0.02)


async def test_sessions_up_to_the_limit_and_one_more_is_told_to_come_later() -> None:
    with standin("--cloud", "--sessions", "2") as process:
        async with session(process) as one, session(process) as two:
            assert one.session_id != two.session_id
            for number, reactor in enumerate((one, two)):
                await until_ready(reactor)
                await reactor.send_command("set_seed", {"seed": number})
            with pytest.raises(RateLimitedError) as refused:
                async with session(process):
                    pass
            assert refused.value.retry_after_ms == 5000
        async with session(process) as three:
            await until_ready(three)
            answer = await three.send_command("set_prompt", {"prompt": "neon"})
            assert answer is not None
            assert answer["type"] == "prompt_accepted"


async def test_a_session_waits_for_its_gpu() -> None:
    with standin("--cloud", "--gpu-wait", "3") as process:
        seen: list[str] = []
        reactor = Reactor("sana-streaming", api_key=KEY, api_url=process.url)
        reactor.on("status_changed", lambda status: seen.append(getattr(status, "value", status)))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            await asyncio.wait_for(reactor.connect(), PATIENCE_S)
            # Not how fast it was, but that it was not let in before.
            assert loop.time() - begun >= 3
            await until_ready(reactor)
            assert "waiting" in seen
            await reactor.disconnect()
        finally:
            reactor.close()


async def test_a_session_whose_gpu_fell_over_makes_room() -> None:
    model = ("--model", "helios", "--fault", "crash=1")
    with standin("--cloud", "--sessions", "1", *model) as process:
        async with session(process, "reactor/helios") as first:
            await until_ready(first)
            await first.send_command("set_prompt", {"prompt": "a beach"})
            await first.send_command("start", {})
            async with asyncio.timeout(PATIENCE_S):
                while not await admitted(process):
                    await asyncio.sleep(0.3)


async def admitted(process: Process) -> bool:
    """Whether there is room for a session."""
    try:
        async with session(process, "reactor/helios") as reactor:
            await until_ready(reactor)
            return True
    except RateLimitedError:
        return False


async def test_another_model_and_no_key_are_refused() -> None:
    with standin("--cloud", "--model", "x2") as process:
        with pytest.raises((ReactorError, RuntimeError), match="404"):
            async with session(process, "sana-streaming"):
                pass
        stranger = Reactor("x2", jwt="jwt_wrong", api_url=process.url)
        with pytest.raises(ReactorError, match="401"):
            await asyncio.wait_for(stranger.connect(), PATIENCE_S)
        stranger.close()
        async with session(process, "xmax/x2") as reactor:
            await until_ready(reactor)
            assert await reactor.send_command("set_keep_backlog", {"keep_backlog": True}) is None


async def test_it_ends_with_its_stdin_and_leaves_no_process() -> None:
    with standin("--cloud") as process:
        async with session(process) as reactor:
            await until_ready(reactor)
            process.popen.stdin.close()
            assert await asyncio.to_thread(process.popen.wait, PATIENCE_S) == 0
