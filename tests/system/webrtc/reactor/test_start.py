"""The camera's bitrate begins high: the SDK is told while a connection is being made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from reactor_sdk import InvalidStateError, Reactor, ReactorStatus

from sana_vcam.config.schema import ReactorConfig
from sana_vcam.engine.factory import ReactorSessionFactory
from sana_vcam.reactor import Phase, SanaClient, tracks
from sana_vcam.reactor import client as client_module
from tests.fakes.reactor import FakeReactor
from tests.system.webrtc.reactor.rig import Runtime, eventually

WITHOUT = "the bitrate begins where WebRTC has it"


@pytest_asyncio.fixture
async def made(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[SanaClient, FakeReactor]]:
    """A client that has not connected, and the Reactor object that it is going to use."""
    reactor = FakeReactor("sana-streaming", jwt=None, api_url="http://127.0.0.1:9", local=True)
    monkeypatch.setattr(client_module, "Reactor", lambda *_, **__: reactor)
    client = SanaClient(api_url="http://127.0.0.1:9", local=True, send_size=(4, 2))
    yield client, reactor
    await client.close()


async def test_every_connection_begins_high_before_it_is_there(
    made: tuple[SanaClient, FakeReactor],
) -> None:
    client, reactor = made
    for call in (client.connect, client.reconnect):
        reactor.bounds.clear()
        reactor.gate = asyncio.Event()
        connecting = asyncio.ensure_future(call())
        await eventually(lambda: reactor.bounds)
        assert not connecting.done()
        assert reactor.bounds == [(ReactorStatus.WAITING, client_module.START_BPS)]
        reactor.gate.set()
        await connecting


async def test_webrtc_is_left_alone_when_asked_to(made: tuple[SanaClient, FakeReactor]) -> None:
    _, reactor = made
    async with SanaClient(
        api_url="http://127.0.0.1:9", local=True, send_size=(4, 2), start_bps=0
    ) as client:
        await client.connect()
        await client.reconnect()
    assert {"connect", "reconnect"} <= set(reactor.calls)
    assert reactor.bounds == []


def test_the_configured_beginning_is_what_a_client_gets() -> None:
    client = ReactorSessionFactory(ReactorConfig(local=True, start_kbps=700)).new_client()
    assert client._start_bps() == 700_000


@pytest.mark.parametrize(
    "error", [InvalidStateError("not connected"), RuntimeError("Reactor handle not created")]
)
async def test_a_connection_that_cannot_begin_high_is_one_all_the_same(
    made: tuple[SanaClient, FakeReactor], error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    client, reactor = made
    reactor.bounds_error = error
    with caplog.at_level(logging.DEBUG):
        await client.connect()
        await eventually(lambda: WITHOUT in caplog.text)
    assert client.phase is Phase.READY


async def test_the_sdk_takes_it_while_it_connects(
    runtime: Runtime,
    local: Callable[..., SanaClient],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its documentation says "needs a connected client"; it takes it as soon as it has begun."""
    client = local(runtime)
    phases: list[Phase] = []
    begin = client_module.start_high

    async def noted(reactor: Reactor, start_bps: int) -> None:
        phases.append(client.phase)
        await begin(reactor, start_bps)

    monkeypatch.setattr(client_module, "start_high", noted)
    with caplog.at_level(logging.DEBUG, tracks.__name__):
        await client.connect()
        await eventually(client._starting_high.done)  # type: ignore[union-attr]
        await client.reconnect()
        await eventually(client._starting_high.done)  # type: ignore[union-attr]
    assert len(phases) == 2
    assert Phase.READY not in phases
    assert WITHOUT not in caplog.text
