import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server.server import ControlServer
from tests.fakes.controls import FakeControls

TOKEN = "a-test-token-that-nobody-guesses"

type Serve = Callable[..., AbstractAsyncContextManager[ControlServer]]


class Client:
    """A client that tells replies from events."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, message: str | dict[str, Any]) -> None:
        await self.connection.send(message if isinstance(message, str) else json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            return json.loads(await self.connection.recv())

    async def reply(self) -> dict[str, Any]:
        """The next reply, passing over events."""
        while (message := await self.receive())["type"] not in {"ok", "error"}:
            pass
        return message

    async def event(self, name: str) -> dict[str, Any]:
        """The data of the next event of that name, passing over everything else."""
        while (message := await self.receive())["type"] != name:
            pass
        return message["data"]

    async def ask(self, message: str | dict[str, Any]) -> dict[str, Any]:
        await self.send(message)
        return await self.reply()


@pytest.fixture
async def controls() -> FakeControls:
    return FakeControls()


@pytest.fixture
def runtime_dir(tmp_path: Path) -> Path:
    return tmp_path / "runtime"


@pytest.fixture
def serve(controls: FakeControls, tmp_path: Path, runtime_dir: Path) -> Serve:
    @asynccontextmanager
    async def running(*, token: str | None = TOKEN, port: int = 0, **more: Any):
        config = ControlConfig.model_validate(
            {"port": port, "token": token, "same_user": more.pop("same_user", False)}
        )
        async with ControlServer(
            config,
            controls,
            state_dir=tmp_path / "state",
            runtime_dir=runtime_dir,
            **{"state_every_s": 0.001} | more,
        ) as server:
            yield server

    return running


@asynccontextmanager
async def open_client(
    server: ControlServer, *, token: str | None = TOKEN, **more: Any
) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with connect(
        server.url, additional_headers=headers, proxy=None, compression=None, **more
    ) as connection:
        yield Client(connection)
