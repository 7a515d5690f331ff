"""A running server's folder is cleaned away: it comes back, and clients that are there stay."""

from __future__ import annotations

import asyncio
import shutil
import sys

import pytest
from websockets.asyncio.client import unix_connect

from sana_vcam.control.access import discovery
from tests.fakes.controlserver import open_client

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has no such socket")


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_folder_that_is_cleaned_away_comes_back(serve, runtime_dir):
    async with serve(token_every_s=0.02) as server:
        there = discovery.find(runtime_dir)
        path = runtime_dir / "control.sock"
        async with (
            open_client(server) as over_tcp,
            unix_connect(str(path), uri="ws://localhost/ws") as over_unix,
        ):
            for _ in range(3):
                shutil.rmtree(runtime_dir)
                await until(lambda: path.exists() and discovery.find(runtime_dir) == there)
                async with unix_connect(str(path), uri="ws://localhost/ws") as new:
                    await new.send('{"type": "get_state", "id": 1}')
                    await new.recv()
            reply = await over_tcp.ask({"type": "get_state", "id": 2})
            assert reply["type"] == "ok"
            await over_unix.send('{"type": "get_state", "id": 3}')
            async with asyncio.timeout(30):
                while '"id":3' not in (await over_unix.recv()).replace(" ", ""):
                    pass
    assert list(runtime_dir.iterdir()) == []
