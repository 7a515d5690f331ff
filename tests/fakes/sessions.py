"""A platform with one model, scripted: what the engine's sessions do when a test says so.

It speaks as `ReactorClient` and `Sessions` do, on virtual time, and watches what the engine may not
do: overlapping life-cycle calls, a client used after its end, three sessions at once.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from sana_vcam.engine.states import SessionState
from sana_vcam.reactor import (
    CommandRejected,
    OpenSession,
    Phase,
    SessionLost,
    Unavailable,
)
from sana_vcam.reactor.messages import WireMessage
from sana_vcam.reactor.models import SANA, Model, ModelReading, Step, adapter_for

URL = "https://platform.test"
LATENCY_S = 0.01
# A session that nobody holds is billed for so long at most.
KEPT_S = 40.0

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


class FakeSessionFactory:
    """The platform. `script[name]` holds the outcomes of the next calls of that name."""

    def __init__(self) -> None:
        self.script: defaultdict[str, deque[Outcome]] = defaultdict(deque)
        self.bad_prompts: set[str] = set()
        self.clients: list[FakeClient] = []
        self.created = 0
        self.open: dict[str, OpenSession] = {}
        self.ended: list[str] = []
        self.most_open = 0
        # More than so many at once are refused as an account without a second session is.
        self.room = 2
        self.send_size = (1280, 704)
        # How long two sessions were open at once, each time.
        self.overlaps: list[float] = []
        self._two_since: float | None = None
        # What the clients know of their model.
        self.record = SANA
        # What the sessions that are over were billed for.
        self.billed_s = 0.0

    def plan(self, name: str, *outcomes: Outcome) -> None:
        self.script[name].extend(outcomes)

    @property
    def client(self) -> FakeClient:
        return self.clients[-1]

    def new_client(self) -> FakeClient:
        held = [client for client in self.clients if client.closes == 0]
        assert len(held) < 2, "a third one beside the one on air and the next"
        self.created += 1
        self.clients.append(FakeClient(self, f"session-{self.created}"))
        return self.client

    async def end(self, session: OpenSession) -> None:
        await self.outcome("end")
        self.ended.append(session.session_id)
        self.has_ended(session.session_id)

    def has_opened(self, session: OpenSession) -> None:
        if len(self.open) >= self.room:
            raise Unavailable("the account has no room", no_room=True)
        self.open[session.session_id] = session
        self.most_open = max(self.most_open, len(self.open))
        if len(self.open) == 2:
            self._two_since = asyncio.get_running_loop().time()

    def has_ended(self, session_id: str) -> None:
        now = asyncio.get_running_loop().time()
        if self.open.pop(session_id, None) is not None:
            client = next(client for client in self.clients if client.session_id == session_id)
            if client.ready_at is not None:
                left_at = client.left_at or now
                kept_s = min(now - left_at, KEPT_S)
                self.billed_s += left_at - client.ready_at + kept_s
        if len(self.open) < 2 and self._two_since is not None:
            self.overlaps.append(asyncio.get_running_loop().time() - self._two_since)
            self._two_since = None

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


@dataclass(frozen=True)
class FakeRun:
    """What the model really does."""

    started: bool = False
    paused: bool = False
    prompt: str = ""
    seed: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    image: Any = None


class FakeClient:
    """One session with a model that edits whatever is published, until told otherwise."""

    def __init__(self, platform: FakeSessionFactory, session_id: str) -> None:
        self.calls = Calls()
        self.session_id: str | None = None
        self.reading = ModelReading()
        self.model: Model = platform.record
        self.link = SimpleNamespace(adapter=adapter_for(platform.record), declared=True)
        self.platform = SimpleNamespace(model="sana-streaming")
        self.ended: str | None = None
        self.ready_at: float | None = None
        self.send_size = platform.send_size
        self.received_size: tuple[int, int] | None = None
        self.published = False
        self.silent = False
        self.says_state = True
        self.closes = 0
        self.late: asyncio.Task[bool] | None = None
        # When it was closed without the platform's word on it.
        self.left_at: float | None = None
        self.push = lambda bgra: self.published
        self._platform = platform
        self._id = session_id
        self._busy: str | None = None
        self._connected = False
        self._lost = asyncio.Event()
        self._run = FakeRun()
        self._frame_at: float | None = None
        self._handlers: dict[Any, Callable[[Any], None]] = {}
        self._reading_handlers: list[Callable[[ModelReading], None]] = []
        self._session_handlers: list[Callable[[OpenSession], None]] = []

    def on_reading(self, handler: Callable[[ModelReading], None]) -> None:
        self._reading_handlers.append(handler)

    def on_message(self, handler: Callable[[WireMessage], None]) -> None:
        self._handlers["message"] = handler

    def on_late_refusal(self, handler: Callable[[str, str], None]) -> None:
        self.refuse_late = handler

    def begin_run(self) -> None:
        self.reading = ModelReading(prompt=self.reading.prompt)

    def run_began(self) -> None:
        """Its frames are pictures anyway."""

    def on_phase(self, handler: Callable[[Phase], None]) -> None:
        self._handlers["phase"] = handler

    def on_session(self, handler: Callable[[OpenSession], None]) -> None:
        self._session_handlers.append(handler)

    def on_frame(self, handler: Callable[[Any], None]) -> None:
        self._handlers["frame"] = handler

    @property
    def last_frame_at(self) -> float | None:
        """Frames come all the time while the model runs."""
        runs = self._run.started and not self._run.paused
        has_source = self.published or self.model.input_track is None
        if self._connected and has_source and runs and not self.silent:
            self._frame_at = asyncio.get_running_loop().time()
        return self._frame_at

    # -- life ----------------------------------------------------------------------------------

    async def connect(self) -> None:
        async def create() -> None:
            await self._platform.outcome("create")
            self._has_session()
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
        if self._platform.script["late"]:
            self.late = asyncio.ensure_future(self._end_late())
            return False
        try:
            await self._platform.outcome("close")
        except Unavailable:
            self.left_at = asyncio.get_running_loop().time()
            return self.session_id is None
        self._platform.has_ended(self._id)
        return True

    async def _end_late(self) -> bool:
        """The request that was unanswered at the close opens a session after all."""
        await self._platform.outcome("late")
        self._has_session()
        try:
            await self._platform.outcome("close")
        except Unavailable:
            return False
        self._platform.has_ended(self._id)
        return True

    def _has_session(self) -> None:
        session = OpenSession(self._id, URL, False, "sana-streaming")
        self._platform.has_opened(session)
        self.session_id = self._id
        for handler in self._session_handlers:
            handler(session)

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
        self._tell(replace(self._run, **change))

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

    async def send(self, step: Step) -> bool:
        """Do what a step says, as a model with these commands does."""
        change: dict[str, Any] = {}
        refusal = None
        match step.command:
            case "set_prompt":
                change = {"prompt": step.data["prompt"]}
                refusal = "not that" if change["prompt"] in self._platform.bad_prompts else None
            case "set_seed":
                change = dict(step.data)
            case "start":
                change = {"started": True}
            case "pause":
                runs = self._run.started and not self._run.paused
                change, refusal = {"paused": True}, None if runs else "nothing to pause"
            case "resume":
                change, refusal = {"paused": False}, None if self._run.paused else "not paused"
            case "reset":
                change = {"started": False, "paused": False, "prompt": ""}
        return await self._command(
            step.command, *step.data.values(), change=change, refusal=refusal
        )

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
        self._run = replace(self._run, **change)
        if self.says_state:
            self._tell(self._run)

    def _tell(self, run: FakeRun) -> None:
        """Say in the model's own words what it does."""
        words = self.model.state
        data: dict[str, Any] = {words.running: run.started}
        if words.paused:
            data[words.paused] = run.paused
        if words.prompt and run.prompt:
            data[words.prompt] = run.prompt
        self.says(WireMessage(words.message, data))

    def says(self, message: WireMessage) -> None:
        """A message of the model arrives."""
        self.reading = self.link.adapter.read(self.reading, message)
        self._handlers["message"](message)
        for handler in self._reading_handlers:
            handler(self.reading)

    def begins(self) -> None:
        """An armed model has all that it needs."""
        self._says(started=True)

    def stops(self, reason: str) -> None:
        """An armed model stops."""
        self.says(WireMessage("generation_stopped", {"reason": reason}))
        self._says(started=False)

    @property
    def run(self) -> FakeRun:
        """What the model really does, whatever it says."""
        return self._run


class FakeMedia:
    """The camera and the screen."""

    def __init__(self) -> None:
        self.camera = True
        self.feeds: list[FakeFeed] = []
        self.on_air: FakeFeed | None = None
        self.in_preview: FakeFeed | None = None
        # Whether a feed's pictures play on without a gap as soon as there are any.
        self.plays_on = True
        self.cuts: list[FakeFeed] = []

    def camera_ready(self) -> bool:
        return self.camera

    def open_feed(self, send_size: tuple[int, int], *, chunk_frames: int) -> FakeFeed:
        assert chunk_frames > 0
        self.feeds.append(FakeFeed(self, send_size))
        return self.feeds[-1]

    @property
    def targets(self) -> list[Callable[[bytes], bool]]:
        return [feed.target for feed in self.feeds if feed.target is not None]

    @property
    def target(self) -> Callable[[bytes], bool] | None:
        """Where the camera goes to be seen."""
        return self.on_air.target if self.on_air is not None else None

    @property
    def runs(self) -> int:
        return sum(feed.runs for feed in self.feeds)


class FakeFeed:
    """One session's place."""

    def __init__(self, media: FakeMedia, send_size: tuple[int, int]) -> None:
        self.send_size = send_size
        self.target: Callable[[bytes], bool] | None = None
        self.runs = 0
        self.closed = False
        self._media = media

    def attach(self, push: Callable[[bytes], bool]) -> None:
        assert not self.closed
        self.target = push

    def detach(self) -> None:
        self.target = None

    def model_frame(self, frame: object) -> None:
        raise AssertionError("no frames here")

    def run_began(self) -> None:
        assert not self.closed
        self.runs += 1

    def plays_on(self) -> bool:
        return self._media.plays_on

    def go_on_air(self) -> None:
        assert not self.closed
        self._media.on_air = self
        self._media.cuts.append(self)
        self.show_in_preview(on=False)

    def show_in_preview(self, *, on: bool) -> None:
        assert not (on and self._media.on_air is self)
        if on or self._media.in_preview is self:
            self._media.in_preview = self if on else None

    def close(self) -> None:
        self.detach()
        self.show_in_preview(on=False)
        self.closed = True
        if self._media.on_air is self:
            self._media.on_air = None


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()


def _nothing() -> None:
    return


@dataclass(eq=False)
class FakeSession:
    """A session as the policies see it: values alone."""

    ready_at: float | None = 0.0
    opened_at: float | None = 0.0
    last_frame_at: float | None = None
    state: SessionState = SessionState.STREAMING
    since: float = 0.0
    degraded: str | None = None
    steady: bool = False
    failed: bool = False

    @property
    def client(self) -> FakeSession:
        return self

    @property
    def feed(self) -> FakeSession:
        return self

    @property
    def work(self) -> FakeSession:
        return self

    def plays_on(self) -> bool:
        return self.steady

    def done(self) -> bool:
        return self.failed

    @property
    def was_empty(self) -> bool:
        return self.ready_at is not None and self.last_frame_at is None
