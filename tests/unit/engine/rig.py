"""An engine on a scripted platform, on virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

from sana_vcam.config.schema import CostConfig, ReactorConfig
from sana_vcam.engine.anchor import CleanChange
from sana_vcam.engine.desired import DesiredState
from sana_vcam.engine.engine import Engine
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.states import SessionState as S
from sana_vcam.engine.usage import UsageAccount
from sana_vcam.reactor.models import SANA, Model
from tests.fakes.sessions import URL, FakeClient, FakeMedia, FakeSessionFactory

DESIRED = DesiredState("as a drawing", None, 7, 20)
# Virtual seconds.
PATIENCE_S = 7200.0
LOOK_EVERY_S = 0.05
"""For what the engine does not tell of; of its state it tells at once."""
NO_CAPS = CostConfig(pause_ends_after_s=0.0)
NOON = datetime(2026, 3, 10, 12).timestamp()


class Rig:
    """The engine with everything around it; `states` is every state that it was in."""

    def __init__(
        self,
        folder: Path,
        *,
        desired: DesiredState = DESIRED,
        connect: bool = True,
        max_session_s: int = 1200,
        room: int = 2,
        cost: CostConfig = NO_CAPS,
        noon: float = NOON,
        record: Model = SANA,
        model: str | None = None,
        clean_change: CleanChange = "anchor",
        local: bool = False,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.sessions = FakeSessionFactory()
        self.sessions.room = room
        self.sessions.record = record
        self.media = FakeMedia()
        self.states = [S.IDLE]
        self._news = asyncio.Event()
        self.errors: list[str] = []
        self.ledger = Ledger(folder / "sessions.json")
        self.folder = folder
        # The wall clock: it goes as the loop's does, until a test sets it.
        self.wall_offset = noon - self.loop.time()
        self.usage = UsageAccount(
            folder / "usage.json",
            cost,
            clock=self.loop.time,
            wall=lambda: self.loop.time() + self.wall_offset,
        )
        self.engine = Engine(
            ReactorConfig(
                api_url=URL,
                max_session_s=max_session_s,
                model=model or record.name,
                clean_change=clean_change,
                local=local,
            ),
            desired,
            factory=self.sessions,
            pipeline=self.media,
            ledger=self.ledger,
            usage=self.usage,
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

    def gone(self, client: FakeClient) -> bool:
        """Whether its session was opened and is over."""
        return client.closes == 1 and client.session_id not in self.sessions.open

    def _changed(self) -> None:
        self._news.set()
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
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_S if wanted in S else LOOK_EVERY_S):
                    await self._news.wait()

    async def later(self, seconds: float) -> None:
        """Let time pass."""
        end = self.loop.time() + seconds
        await self.until(lambda: self.loop.time() >= end)

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
        assert self.media.targets == []
        assert self.media.on_air is None
        assert all(feed.closed for feed in self.media.feeds)
        assert all(client.closes == 1 for client in self.sessions.clients)


@contextlib.asynccontextmanager
async def running(folder: Path, **options: object) -> AsyncIterator[Rig]:
    """A running engine, stopped at the end."""
    rig = Rig(folder, **options)  # type: ignore[arg-type]
    rig.start()
    yield rig
    await rig.stop()
