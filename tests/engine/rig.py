"""An engine on a scripted platform, on virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from sana_vcam.config import ReactorConfig
from sana_vcam.engine.engine import Engine
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.wants import Wants
from sana_vcam.status import SessionState as S
from tests.fakes.sessions import URL, FakeClient, FakeMedia, FakeSessions

WANTS = Wants("as a drawing", None, 7, 20)
# Virtual seconds.
PATIENCE_S = 7200.0


class Rig:
    """The engine with everything around it; `states` is every state that it was in."""

    def __init__(
        self, folder: Path, *, wants: Wants = WANTS, connect: bool = True, max_session_s: int = 1200
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.sessions = FakeSessions()
        self.media = FakeMedia()
        self.states = [S.IDLE]
        self.errors: list[str] = []
        self.ledger = Ledger(folder / "sessions.json")
        self.folder = folder
        self.engine = Engine(
            ReactorConfig(api_url=URL, max_session_s=max_session_s),
            wants,
            sessions=self.sessions,
            media=self.media,
            ledger=self.ledger,
            on_change=self._changed,
            connect_wanted=connect,
            rng=random.Random(1),
            clock=self.loop.time,
        )
        self.task: asyncio.Task[None] | None = None

    @property
    def state(self) -> S:
        return self.engine.status.state

    @property
    def error(self) -> str | None:
        return self.engine.status.error

    @property
    def client(self) -> FakeClient:
        return self.sessions.client

    @property
    def on_disk(self) -> set[str]:
        """The ids that the next start would read."""
        return {session.session_id for session in Ledger(self.folder / "sessions.json").pending}

    def _changed(self) -> None:
        if self.state is not self.states[-1]:
            self.states.append(self.state)
        if self.error is not None and self.error not in self.errors:
            self.errors.append(self.error)

    def start(self) -> asyncio.Task[None]:
        self.task = asyncio.ensure_future(self.engine.run())
        return self.task

    async def until(self, wanted: S | Callable[[], object]) -> None:
        """Let time pass until the state, or whatever else, is as wanted."""
        deadline = self.loop.time() + PATIENCE_S
        while not (self.state is wanted if isinstance(wanted, S) else wanted()):
            assert self.task is None or not self.task.done(), self.task
            assert self.loop.time() < deadline, f"{wanted} never came: {self.states}, {self.errors}"
            await asyncio.sleep(0.005)

    async def streaming(self) -> FakeClient:
        await self.until(S.STREAMING)
        return self.client

    async def stop(self) -> None:
        """Cancel the engine and see that nothing is left."""
        assert self.task is not None
        self.task.cancel()
        await asyncio.wait({self.task})
        assert self.task.cancelled(), self.task
        assert self.state is S.IDLE
        assert self.media.target is None
        assert all(client.closes == 1 for client in self.sessions.clients)


@contextlib.asynccontextmanager
async def running(folder: Path, **options: object) -> AsyncIterator[Rig]:
    """A running engine, stopped at the end."""
    rig = Rig(folder, **options)  # type: ignore[arg-type]
    rig.start()
    yield rig
    await rig.stop()
