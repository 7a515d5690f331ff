"""The preview over the control API: bound to its WebSocket, and as private as all of it."""

import asyncio
import logging
import threading
from contextlib import asynccontextmanager

import pytest

from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.access import discovery, tokens
from sana_vcam.control.preview.screen import MAX_ASKED
from sana_vcam.control.server.server import ControlServer
from tests.fakes.controls import FakeControls
from tests.fakes.controlserver import TOKEN, open_client
from tests.fakes.offers import MALFORMED, REFUSED
from tests.fakes.viewers import until, viewer
from tests.fakes.wire import exchange, get
from tests.system.webrtc.preview.test_previews import small


@pytest.fixture
def serve(preview_server, tmp_path):
    @asynccontextmanager
    async def running(previews=preview_server, token=TOKEN, **more):
        config = ControlConfig(port=0, token=token)
        folders = {"state_dir": tmp_path / "state", "runtime_dir": tmp_path / "runtime"}
        async with ControlServer(
            config, FakeControls(), previews=previews, **folders, **more
        ) as server:
            yield server

    return running


async def ask(client, kind, **data):
    return await client.ask({"type": kind, "id": 1, "data": data})


@asynccontextmanager
async def watching(server, **more):
    """A client with a preview that shows."""
    async with open_client(server, **more) as client, viewer() as one:
        reply = await ask(client, "preview", sdp=await one.offer())
        assert reply["type"] == "ok", reply
        await one.take(reply["data"]["sdp"])
        await one.frame()
        yield client, one


async def nobody_looks(preview_server):
    await until(lambda: not preview_server._peers)
    assert preview_server.viewers == 0
    assert "preview" not in {thread.name for thread in threading.enumerate()}


async def test_a_comparison_needs_a_preview_of_ones_own(serve, preview_server, sink, scene):
    sink.send(scene)
    async with serve() as server, watching(server) as (client, _):
        reply = await ask(client, "compare", on=True)
        assert reply["data"]["on"] is True
        assert "not measured" in reply["data"]["note"]
        assert len(preview_server._comparing) == 1
        async with open_client(server) as other:
            assert (await ask(other, "compare", on=True))["data"]["code"] == "not_ready"
            assert (await ask(other, "compare", on=False))["type"] == "ok"
        assert len(preview_server._comparing) == 1
        answer = await exchange(server, get("/v1/compare?on=true"))
        assert "connection that stays open" in answer.json["data"]["message"]
        await ask(client, "stop_preview")
        assert not preview_server._comparing


async def test_a_client_sees_what_viewers_see(serve, preview_server, sink, scene, card):
    sink.send(scene)
    async with serve() as server, watching(server) as (_, one):
        await one.until_like(small(sink))
        sink.send(card)
        await one.until_like(small(sink))


async def test_it_ends_with_its_connection(serve, preview_server, sink, scene):
    sink.send(scene)
    async with serve() as server:
        async with watching(server) as (client, one):
            await client.connection.close()
            await nobody_looks(preview_server)
            async with asyncio.timeout(60):
                await one.gone.wait()
        async with watching(server) as (client, _):
            # Without a goodbye.
            client.connection.transport.abort()
            await nobody_looks(preview_server)


async def test_it_ends_when_told(serve, preview_server, sink, scene):
    sink.send(scene)
    async with serve() as server, watching(server) as (client, _):
        assert (await ask(client, "stop_preview"))["data"] == {}
        await nobody_looks(preview_server)
        assert (await ask(client, "stop_preview"))["type"] == "ok"
        assert (await ask(client, "get_state"))["type"] == "ok"


async def test_it_ends_when_the_server_stops(serve, preview_server, sink, scene):
    sink.send(scene)
    async with serve() as server, watching(server):
        await server.stop()
        await nobody_looks(preview_server)


async def test_it_ends_when_the_token_is_replaced(serve, preview_server, sink, scene, tmp_path):
    sink.send(scene)
    async with serve(token=None, token_every_s=0.01) as server:
        token = discovery.find(tmp_path / "runtime").token.get_secret_value()
        async with watching(server, token=token):
            tokens.rotate_token(tmp_path / "state")
            await nobody_looks(preview_server)


async def test_a_second_one_replaces_the_first(serve, preview_server, sink, scene):
    sink.send(scene)
    async with serve() as server, watching(server) as (client, first), viewer() as second:
        reply = await ask(client, "preview", sdp=await second.offer())
        await second.take(reply["data"]["sdp"])
        await second.until_like(small(sink))
        assert len(preview_server._peers) == 1
        async with asyncio.timeout(60):
            await first.gone.wait()


async def test_there_is_no_room_for_everybody(serve, preview_server, sink, scene, monkeypatch):
    monkeypatch.setattr("sana_vcam.control.preview.previews.MAX_VIEWERS", 1)
    sink.send(scene)
    async with serve() as server:
        async with watching(server), open_client(server) as other, viewer() as one:
            reply = await ask(other, "preview", sdp=await one.offer())
            assert reply["data"]["code"] == "not_ready"
            assert "take snapshots" in reply["data"]["message"]
        async with watching(server) as (_, one):
            await one.until_like(small(sink))


async def test_where_there_is_none_clients_are_told_to_take_snapshots(serve):
    async with serve(previews=None) as server, open_client(server) as client, viewer() as one:
        reply = await ask(client, "preview", sdp=await one.offer())
        assert reply["data"]["code"] == "not_ready"
        assert "take snapshots" in reply["data"]["message"]
        assert (await ask(client, "stop_preview"))["type"] == "ok"
        assert (await ask(client, "snapshot"))["data"]["mime"] == "image/jpeg"


@pytest.mark.parametrize("command", ["preview?sdp=v%3D0", "stop_preview"])
async def test_a_get_has_none(serve, command):
    async with serve() as server:
        answer = await exchange(server, get(f"/v1/{command}"))
    assert answer.status == 409
    assert answer.json["data"]["code"] == "rejected"
    assert "stays open" in answer.json["data"]["message"]


async def test_odd_offers_are_refused_and_the_connection_lives_on(
    serve, preview_server, source, caplog
):
    async with serve() as server, open_client(server) as client:
        for text in [*MALFORMED.values(), *REFUSED.values()]:
            assert (await ask(client, "preview", sdp=text))["data"]["code"] == "invalid_data"
        for data in (
            {},
            {"sdp": None},
            {"sdp": 1},
            {"sdp": "v=0" * 11_000},
            {"sdp": "v=0", "x": 1},
        ):
            assert (await ask(client, "preview", **data))["data"]["code"] == "invalid_data"
        for line in ("preview", "preview v=0", "preview sdp=v=0"):
            assert (await client.ask(line))["data"]["code"] == "invalid_data"
        assert (await ask(client, "get_state"))["type"] == "ok"
    assert not preview_server._peers
    assert source.asked == 0
    assert not [one for one in caplog.records if one.levelno > logging.INFO]


async def test_a_client_that_goes_while_its_preview_opens(serve, preview_server, sink, scene):
    sink.send(scene)
    async with serve() as server, viewer() as one:
        offer = await one.offer()
        for _ in range(10):
            async with open_client(server) as client:
                await client.send({"type": "preview", "data": {"sdp": offer}})
        await nobody_looks(preview_server)


async def test_a_preview_that_takes_long_to_open_holds_nothing_up(serve):
    previews = Slow()
    async with serve(previews=previews) as server, open_client(server) as client:
        for number in range(MAX_ASKED + 2):
            await client.send({"type": "preview", "id": f"p{number}", "data": {"sdp": "v=0"}})
        # It does not wait behind the previews, whose replies are still to come.
        replies = [await client.reply() for _ in range(2)]
        assert [(one["id"], one["data"]["code"]) for one in replies] == [
            (f"p{MAX_ASKED}", "not_ready"),
            (f"p{MAX_ASKED + 1}", "not_ready"),
        ]
        assert (await ask(client, "blank", on=True))["data"] == {"on": True, "note": ""}
        await client.send({"type": "stop_preview", "id": "stop"})
        previews.gate.set()
        replies = [await client.reply() for _ in range(MAX_ASKED + 1)]
        assert [one["id"] for one in replies] == [*(f"p{n}" for n in range(MAX_ASKED)), "stop"]
        assert {one["type"] for one in replies} == {"ok"}
    assert previews.open_ones == 0


async def test_a_client_that_goes_while_its_preview_takes_long(serve):
    previews = Slow()
    async with serve(previews=previews) as server:
        async with open_client(server) as client:
            await client.send({"type": "preview", "data": {"sdp": "v=0"}})
            await until(lambda: previews.waiting)
        await until(lambda: not previews.waiting)
    assert previews.open_ones == 0


class Slow:
    """Previews that open when the gate does."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.waiting = 0
        self.open_ones = 0

    async def open(self, offer, replaces):
        self.waiting += 1
        try:
            await self.gate.wait()
        finally:
            self.waiting -= 1
        if replaces is not None:
            await replaces.close()
        self.open_ones += 1
        return self, offer

    async def close(self) -> None:
        self.open_ones -= 1
