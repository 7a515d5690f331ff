"""A platform with one model, scripted: what the engine's sessions do when a test says so.

It speaks as `SanaClient` and `Sessions` do, on virtual time, and watches what the engine may not
do: overlapping life-cycle calls, a client used after its end, two sessions at once.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sana_vcam.sana import (
    CommandRejected,
    OpenSession,
    Phase,
    SessionLost,
    StateMessage,
    Unavailable,
)

URL = "https://platform.test"
LATENCY_S = 0.01

HANG = math.inf


@dataclass
class Later:
    """An outcome that comes after `delay_s`: an error, or success."""

    delay_s: float
    error: Exception | None = None


type Outcome = Exception | Later | Callable[[], None]


class Calls(list[tuple[Any, ...]]):
    """What was called, in order."""

    def names(self) -> list[str]:
        return [call[0] for call in self]

    def last(self, name: str) -> tuple[Any, ...]:
        return next(call for call in reversed(self) if call[0] == name)


class FakeSessions:
    """The platform. `script[name]` holds the outcomes of the next calls of that name."""

    def __init__(self) -> None:
        self.script: defaultdict[str, deque[Outcome]] = defaultdict(deque)
        self.bad_prompts: set[str] = set()
        self.clients: list[FakeClient] = []
        self.open: dict[str, OpenSession] = {}
        self.ended: list[str] = []
        self.most_open = 0

    def plan(self, name: str, *outcomes: Outcome) -> None:
        self.script[name].extend(outcomes)

    @property
    def client(self) -> FakeClient:
        return self.clients[-1]

    def new_client(self) -> FakeClient:
        assert all(client.closes == 1 for client in self.clients), "the former one is not closed"
        self.clients.append(FakeClient(self, f"session-{len(self.clients) + 1}"))
        return self.client

    async def end(self, session: OpenSession) -> None:
        await self.outcome("end")
        self.ended.append(session.session_id)
        self.open.pop(session.session_id, None)

    async def outcome(self, name: str) -> None:
        outcome = self.script[name].popleft() if self.script[name] else Later(LATENCY_S)
        if isinstance(outcome, Later):
            await asyncio.sleep(outcome.delay_s) if outcome.delay_s < HANG else await _for_ever()
            outcome = outcome.error or _nothing
        else:
            await asyncio.sleep(LATENCY_S)
        if isinstance(outcome, Exception):
            raise outcome
        outcome()


class FakeClient:
    """One session with a model that edits whatever is published, until told otherwise."""

    def __init__(self, platform: FakeSessions, session_id: str) -> None:
        self.calls = Calls()
        self.session_id: str | None = None
        self.state: StateMessage | None = None
        self.ready_at: float | None = None
        self.last_chunk: int | None = None
        self.published = False
        self.silent = False
        self.says_state = True
        self.closes = 0
        self.push = lambda bgra: self.published
        self._platform = platform
        self._id = session_id
        self._busy: str | None = None
        self._connected = False
        self._lost = asyncio.Event()
        self._model = StateMessage()
        self._frame_at: float | None = None
        self._handlers: dict[Any, Callable[[Any], None]] = {}

    def on(self, kind: type, handler: Callable[[Any], None]) -> None:
        self._handlers[kind] = handler

    def on_phase(self, handler: Callable[[Phase], None]) -> None:
        self._handlers["phase"] = handler

    def on_session(self, handler: Callable[[OpenSession], None]) -> None:
        self._handlers["session"] = handler

    def on_frame(self, handler: Callable[[Any], None]) -> None:
        self._handlers["frame"] = handler

    @property
    def last_frame_at(self) -> float | None:
        """Frames come all the time while the model runs."""
        runs = self._model.started and not self._model.paused
        if self._connected and self.published and runs and not self.silent:
            self._frame_at = asyncio.get_running_loop().time()
        return self._frame_at

    # -- life ----------------------------------------------------------------------------------

    async def connect(self) -> None:
        async def create() -> None:
            await self._platform.outcome("create")
            self.session_id = self._id
            session = OpenSession(self._id, URL, False, "sana-streaming")
            self._platform.open[self._id] = session
            self._platform.most_open = max(self._platform.most_open, len(self._platform.open))
            self._handlers["session"](session)
            self._handlers["phase"](Phase.WAITING)
            await self._platform.outcome("connect")

        assert "connect" not in self.calls.names(), "a client is for one session"
        await self._life_cycle("connect", create)
        self._connected = True
        self.ready_at = asyncio.get_running_loop().time()

    async def reconnect(self) -> None:
        self.published = False
        self._lost.clear()
        await self._life_cycle("reconnect", lambda: self._platform.outcome("reconnect"))
        self._connected = True

    async def close(self) -> bool:
        assert self._busy is None, f"closed during {self._busy}"
        self.calls.append(("close",))
        self.closes += 1
        self._drop()
        try:
            await self._platform.outcome("close")
        except Unavailable:
            return self.session_id is None
        self._platform.open.pop(self._id, None)
        return True

    async def wait_lost(self) -> None:
        await self._lost.wait()

    def lose(self) -> None:
        """The connection drops; the SDK notices at once here."""
        if self._connected:
            self._drop()
            self._lost.set()

    def end_run(self) -> None:
        """The model ends its run by itself."""
        self._says(started=False, paused=False)

    def pause_run(self) -> None:
        """The model pauses by itself."""
        self._says(paused=True)

    def unpause_run(self) -> None:
        """The model goes on by itself, as the platform's reconnect makes it."""
        self._says(paused=False)

    def says_late(self, **change: Any) -> None:
        """An old state arrives, which is not what the model does now."""
        self._handlers[StateMessage](self._model.model_copy(update=change))

    def _drop(self) -> None:
        self._frame_at = self.last_frame_at
        self._connected = self.published = False

    async def _life_cycle(self, name: str, step: Callable[[], Any]) -> None:
        assert self._busy is None, f"{name} during {self._busy}"
        assert not self.closes, f"{name} after close"
        self.calls.append((name,))
        self._busy = name
        try:
            await step()
        finally:
            self._busy = None

    # -- commands ------------------------------------------------------------------------------

    async def publish(self) -> None:
        await self._command("publish")
        self.published = True

    async def set_mode(self, mode: str) -> bool:
        return await self._command("set_mode", mode)

    async def set_seed(self, seed: int) -> bool:
        return await self._command("set_seed", seed, change={"seed": seed})

    async def set_anchor_interval(self, chunks: int) -> bool:
        return await self._command("set_anchor_interval", chunks)

    async def set_prompt(self, prompt: str) -> bool:
        refusal = "not that" if prompt in self._platform.bad_prompts else None
        return await self._command(
            "set_prompt", prompt, change={"current_prompt": prompt}, refusal=refusal
        )

    async def start(self) -> bool:
        return await self._command("start", change={"started": True})

    async def pause(self) -> bool:
        refusal = None if self._model.started and not self._model.paused else "nothing to pause"
        return await self._command("pause", change={"paused": True}, refusal=refusal)

    async def resume(self) -> bool:
        refusal = None if self._model.paused else "not paused"
        return await self._command("resume", change={"paused": False}, refusal=refusal)

    async def reset(self) -> bool:
        change = {"started": False, "paused": False, "current_prompt": None}
        return await self._command("reset", change=change)

    async def _command(
        self,
        name: str,
        *data: Any,
        change: dict[str, Any] | None = None,
        refusal: str | None = None,
    ) -> bool:
        self.calls.append((name, *data))
        if not self._connected:
            raise SessionLost(f"the connection dropped during {name}")
        await self._platform.outcome(name)
        if self.closes:
            # What the SDK's AbortedError becomes.
            raise CommandRejected(name, "aborted")
        if not self._connected:
            raise SessionLost(f"the connection dropped during {name}")
        if refusal is not None:
            raise CommandRejected(name, refusal)
        self._says(**(change or {}))
        return True

    def _says(self, **change: Any) -> None:
        self._model = self._model.model_copy(update=change)
        if self.says_state:
            self.state = self._model
            self._handlers[StateMessage](self._model)

    @property
    def model(self) -> StateMessage:
        """What the model really does, whatever it says."""
        return self._model


class FakeMedia:
    """The camera and the screen."""

    def __init__(self) -> None:
        self.camera = True
        self.target: Callable[[bytes], bool] | None = None
        self.runs = 0

    def camera_ready(self) -> bool:
        return self.camera

    def attach(self, push: Callable[[bytes], bool]) -> None:
        self.target = push

    def detach(self) -> None:
        self.target = None

    def model_frame(self, frame: object) -> None:
        raise AssertionError("no frames here")

    def run_began(self) -> None:
        self.runs += 1


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()


def _nothing() -> None:
    return
