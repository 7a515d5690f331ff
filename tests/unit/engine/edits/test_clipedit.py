"""The edit of a clip: which session does what, what is tried again, and what is kept."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.edits import run as run_module
from sana_vcam.engine.edits.accounts import LEDGER_FILE, edit_accounts, take_over_edits
from sana_vcam.engine.edits.clipedit import TRIES, ClipEdit, EditMode, EditStopped
from sana_vcam.engine.edits.run import ClipLook
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.leftovers import Leftovers
from sana_vcam.engine.usage import USAGE_FILE, UsageAccount
from sana_vcam.errors import StartupError
from sana_vcam.media.clips.prepare import PreparedClip, prepare
from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.pixels import to_i420
from sana_vcam.reactor import (
    ChunkComplete,
    CommandRejected,
    GenerationComplete,
    OpenSession,
    Phase,
    Refused,
    SessionError,
    SessionLost,
    Unavailable,
)
from tests.fakes.clips import make_clip

SIZE = (64, 32)
FRAMES = 40
URL = "https://platform.test"
LOOK = ClipLook("as a test", 7, 20)

type Step = SessionError | int | None
"""What becomes of one session: an error at once, a drop after so many frames, or all goes well."""


class Platform:
    """Sessions with a model, each as `plan` says; without a plan all goes well."""

    def __init__(self, *plan: Step, files: bool = True) -> None:
        self.plan = list(plan)
        self.files = files
        self.clients: list[EditedClip] = []
        self.ended: list[str] = []
        self.close_confirms = True
        self.counts = True

    def new_sana_client(self) -> EditedClip:
        step = self.plan.pop(0) if self.plan else None
        self.clients.append(EditedClip(self, f"s{len(self.clients)}", step))
        return self.clients[-1]

    async def end(self, session: OpenSession) -> None:
        self.ended.append(session.session_id)


class EditedClip:
    """A client of one session, as far as an edit uses it; its model is quick."""

    def __init__(self, platform: Platform, name: str, step: Step) -> None:
        self.platform, self.name, self.step = platform, name, step
        self.session_id: str | None = None
        self.phase = Phase.DISCONNECTED
        self.last_frame_at: float | None = None
        self.calls: list[Any] = []
        self.closed = False
        self.late: asyncio.Task[bool] | None = None
        self._handlers: dict[Any, Callable[[Any], None]] = {}
        self._lost = asyncio.Event()
        self._mode = "live"
        self._fed: list[bytes] = []
        self._lock = threading.Lock()
        self._began = False

    def on(self, kind: type, handler: Callable[[Any], None]) -> None:
        self._handlers[kind] = handler

    def on_session(self, handler: Callable[[OpenSession], None]) -> None:
        self._handlers["session"] = handler

    def on_phase(self, handler: Callable[[Phase], None]) -> None:
        self._handlers["phase"] = handler

    def on_every_frame(self, handler: Callable[[ModelFrame], None]) -> None:
        self._handlers["frame"] = handler

    async def connect(self) -> None:
        if isinstance(self.step, Unavailable | Refused):
            raise self.step
        self.session_id = self.name
        self._handlers["session"](OpenSession(self.name, URL, False, "sana-streaming"))
        self.phase = Phase.READY
        self._handlers["phase"](Phase.READY)

    async def publish(self) -> None:
        self.calls.append("publish")

    async def set_mode(self, mode: str) -> bool:
        self._mode = mode
        return self.platform.files

    async def set_video(self, path: Path) -> bool:
        self.calls.append("set_video")
        if isinstance(self.step, CommandRejected):
            raise self.step
        return True

    async def set_seed(self, seed: int) -> bool:
        raise CommandRejected("set_seed", "no seeds here")

    async def set_anchor_interval(self, chunks: int) -> bool:
        return True

    async def set_prompt(self, prompt: str) -> bool:
        self.calls.append(prompt)
        return True

    async def start(self) -> bool:
        self._began = True
        if self._mode == "file":
            self._play(41 if self.step is None else int(self.step))  # type: ignore[arg-type]
            if self.step is None:
                self._handlers[GenerationComplete](GenerationComplete(total_chunks=2))
            else:
                self._lost.set()
        return True

    def push(self, bgra: bytes) -> bool:
        """A live model edits eight pictures at a time, and drops after as many as planned."""
        with self._lock:
            if self._began and not self._lost.is_set():
                self._fed.append(bgra)
                if len(self._fed) % 8 == 0:
                    self._loop.call_soon_threadsafe(self._edit_live)
        return True

    def _edit_live(self) -> None:
        if self._lost.is_set() or self.closed:
            return
        self._play(8)
        if isinstance(self.step, int) and self._shown >= self.step:
            self._lost.set()

    _shown = 0

    def _play(self, count: int) -> None:
        for _ in range(count):
            picture = to_i420(np.full((32, 64, 3), 5 * (self._shown % 40), np.uint8))
            self.last_frame_at = time.monotonic()
            self._shown += 1
            self._handlers["frame"](ModelFrame(picture, self._shown, self.last_frame_at))
        emitted = count if self.platform.counts else 0
        self._handlers[ChunkComplete](ChunkComplete(chunk_index=0, frames_emitted=emitted))

    async def wait_lost(self) -> None:
        await self._lost.wait()

    async def close(self) -> bool:
        self.closed = True
        self.phase = Phase.DISCONNECTED
        return self.platform.close_confirms

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return self.platform.loop  # type: ignore[attr-defined, no-any-return]


class Audience:
    def __init__(self, answer: bool = True, *, asks: bool = False) -> None:
        self.answer, self.asks = answer, asks
        self.steps: list[str] = []
        self.said: list[str] = []
        self.questions: list[str] = []

    def step(self, name: str, done: int, total: int) -> None:
        assert done <= total
        if not self.steps or self.steps[-1] != name:
            self.steps.append(name)

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    async def may_go_live(self, question: str) -> bool:
        self.questions.append(question)
        return self.answer


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> PreparedClip:
    folder = tmp_path_factory.mktemp("clip")
    path = make_clip(folder / "in.mp4", FRAMES, size=SIZE)
    made = prepare(
        path, folder / "copy.mp4", SIZE, "crop", told=lambda _: None, stop=threading.Event()
    )
    assert made is not None
    return made


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model here is not a network away."""
    monkeypatch.setattr(run_module, "POLL_S", 0.01)
    monkeypatch.setattr(run_module, "WARM_UP_S", 0.0)
    monkeypatch.setattr(run_module, "REST_S", 0.0)
    monkeypatch.setattr(run_module, "MODEL_FPS", 2000)


@asynccontextmanager
async def editing(
    clip: PreparedClip,
    platform: Platform,
    folder: Path,
    *,
    mode: EditMode = "auto",
    audience: Audience | None = None,
    cost: CostConfig | None = None,
    longest_s: float = 1200.0,
) -> AsyncIterator[ClipEdit]:
    platform.loop = asyncio.get_running_loop()  # type: ignore[attr-defined]
    with edit_accounts(folder, cost or CostConfig()) as (ledger, usage):
        leftovers = Leftovers(ledger, usage, platform, api_url=URL, clock=time.monotonic)  # type: ignore[arg-type]
        yield ClipEdit(
            clip,
            LOOK,
            factory=platform,  # type: ignore[arg-type]
            leftovers=leftovers,
            usage=usage,
            folder=folder,
            mode=mode,
            longest_s=longest_s,
            audience=audience or Audience(),
            waits=itertools.repeat(0.0),
        )


def numbers(edit: ClipEdit) -> list[int]:
    return [number for take in edit.takes for number in take.numbers if number is not None]


async def test_a_model_that_takes_files_edits_the_whole_clip(clip: PreparedClip, tmp_path: Path):
    platform, audience = Platform(), Audience()
    async with editing(clip, platform, tmp_path, audience=audience) as edit:
        await edit.run()
        assert numbers(edit) == list(range(FRAMES))
        assert (edit.live, edit.sessions, edit.reached) == (False, 1, FRAMES)
    assert platform.clients[0].calls == ["set_video", "as a test"]
    assert platform.clients[0].closed
    assert audience.steps == ["connecting", "uploading", "editing"]
    assert Ledger(tmp_path / LEDGER_FILE).pending == ()


async def test_a_lost_session_is_replayed_and_nothing_is_there_twice(
    clip: PreparedClip, tmp_path: Path
):
    platform, audience = Platform(20, SessionLost("gone")), Audience()
    platform.plan = [20, 10, None]
    async with editing(clip, platform, tmp_path, audience=audience) as edit:
        await edit.run()
        assert numbers(edit) == list(range(FRAMES))
        assert (edit.sessions, len(edit.takes)) == (3, 1)
    assert all(client.closed for client in platform.clients)
    assert "after 20 of 40 pictures" in audience.said[0]
    assert f"try 2 of {TRIES}" in audience.said[0]


async def test_the_longest_take_is_kept_when_no_try_gets_to_the_end(
    clip: PreparedClip, tmp_path: Path
):
    async with editing(clip, Platform(8, 24, 16, 4), tmp_path) as edit:
        with pytest.raises(SessionLost):
            await edit.run()
        assert edit.sessions == TRIES
        assert numbers(edit) == list(range(24))


async def test_a_live_model_is_sent_the_clip_in_the_same_session(
    clip: PreparedClip, tmp_path: Path
):
    platform, audience = Platform(files=False), Audience()
    async with editing(clip, platform, tmp_path, audience=audience) as edit:
        await edit.run()
        assert (edit.live, edit.sessions, edit.reached) == (True, 1, FRAMES)
    assert len(audience.questions) == 1
    assert "live" in audience.questions[0]
    assert "about" in audience.questions[0]


async def test_no_session_is_paid_for_while_the_user_thinks(clip: PreparedClip, tmp_path: Path):
    platform = Platform(files=False)
    audience = Audience(asks=True)

    async def may_go_live(question: str) -> bool:
        assert platform.clients[0].closed
        return True

    audience.may_go_live = may_go_live  # type: ignore[method-assign]
    async with editing(clip, platform, tmp_path, audience=audience) as edit:
        await edit.run()
        assert (edit.sessions, edit.reached) == (2, FRAMES)


async def test_a_live_edit_goes_on_where_it_was_lost(clip: PreparedClip, tmp_path: Path):
    platform = Platform(16, files=False)
    async with editing(clip, platform, tmp_path, mode="live") as edit:
        await edit.run()
        assert numbers(edit) == list(range(FRAMES))
        assert len(edit.takes) == 2


@pytest.mark.parametrize("mode", ["file", "auto"])
async def test_live_that_is_not_wanted_ends_the_edit_in_words(
    clip: PreparedClip, tmp_path: Path, mode: EditMode
):
    platform = Platform(files=False)
    async with editing(clip, platform, tmp_path, mode=mode, audience=Audience(False)) as edit:
        with pytest.raises(EditStopped, match="takes no files"):
            await edit.run()
    assert platform.clients[0].closed


@pytest.mark.parametrize(
    "error", [Refused("no such model"), CommandRejected("set_video", "it is too long")]
)
async def test_what_trying_again_does_not_change_is_not_tried_again(
    clip: PreparedClip, tmp_path: Path, error: SessionError
):
    platform = Platform(error)  # type: ignore[arg-type]
    async with editing(clip, platform, tmp_path) as edit:
        with pytest.raises(type(error)):
            await edit.run()
    assert len(platform.clients) == 1


async def test_an_earlier_session_in_the_way_is_waited_for_and_is_no_try(
    clip: PreparedClip, tmp_path: Path
):
    busy = Unavailable("busy", in_the_way=True)
    platform = Platform(*[busy] * (TRIES + 2))
    async with editing(clip, platform, tmp_path) as edit:
        await edit.run()
        assert (edit.sessions, edit.reached) == (1, FRAMES)


async def test_a_clip_that_is_longer_than_a_session_goes_live(clip: PreparedClip, tmp_path: Path):
    platform, audience = Platform(), Audience()
    async with editing(clip, platform, tmp_path, audience=audience, longest_s=5.0) as edit:
        await edit.run()
        assert (edit.live, edit.reached) == (True, FRAMES)
    assert "max_session_s = 5" in audience.questions[0]
    async with editing(clip, Platform(), tmp_path, mode="file", longest_s=5.0) as edit:
        with pytest.raises(EditStopped, match="max_session_s"):
            await edit.run()
        assert edit.sessions == 0


async def test_a_live_edit_that_gets_on_has_its_tries_anew(
    clip: PreparedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sana_vcam.engine.edits.clipedit.A_STEP_ON", 4)
    async with editing(clip, Platform(*[8] * 4, files=False), tmp_path, mode="live") as edit:
        await edit.run()
        assert edit.sessions == TRIES + 1
        assert numbers(edit) == list(range(FRAMES))


async def test_a_model_that_does_not_count_its_frames_is_followed_by_what_comes(
    clip: PreparedClip, tmp_path: Path
):
    for mode in ("file", "live"):
        platform = Platform()
        platform.counts = False
        async with editing(clip, platform, tmp_path, mode=mode) as edit:
            await edit.run()
            assert numbers(edit) == list(range(FRAMES))


async def test_a_reached_cap_opens_nothing(clip: PreparedClip, tmp_path: Path):
    used = {"version": 1, "total_s": 120.0, "days": {time.strftime("%Y-%m-%d"): 120.0}, "open": []}
    (tmp_path / USAGE_FILE).write_text(json.dumps(used))
    platform = Platform()
    cost = CostConfig(day_cap_min=1)
    async with editing(clip, platform, tmp_path, cost=cost) as edit:
        with pytest.raises(EditStopped, match="day_cap_min"):
            await edit.run()
    assert platform.clients == []


async def test_what_is_billed_is_in_an_account_that_the_daemon_reads(
    clip: PreparedClip, tmp_path: Path
):
    daemon = UsageAccount(tmp_path / USAGE_FILE, CostConfig())
    async with editing(clip, Platform(), tmp_path) as edit:
        await edit.run()
    with edit_accounts(tmp_path, CostConfig()) as (_, usage):
        billed_s = usage.seconds.total
    assert billed_s > 0
    assert daemon.seconds.total == 0
    beside = tmp_path / "edit-usage.json"
    restarted = UsageAccount(tmp_path / USAGE_FILE, CostConfig(), beside=beside)
    assert restarted.seconds.total == pytest.approx(billed_s)
    assert restarted.seconds.month == pytest.approx(billed_s, abs=0.01)


async def test_a_cancelled_edit_ends_its_session_and_keeps_what_came(
    clip: PreparedClip, tmp_path: Path
):
    platform = Platform(0, files=False)
    async with editing(clip, platform, tmp_path, mode="live") as edit:
        platform.plan = [None]
        task = asyncio.create_task(edit.run())
        while not (platform.clients and platform.clients[0]._shown):
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert platform.clients[0].closed
        assert edit.reached > 0
    assert Ledger(tmp_path / LEDGER_FILE).pending == ()


async def test_a_session_whose_end_is_not_confirmed_is_ended_by_the_next(
    clip: PreparedClip, tmp_path: Path
):
    platform = Platform()
    platform.close_confirms = False
    async with editing(clip, platform, tmp_path) as edit:
        await edit.run()
    assert [each.session_id for each in Ledger(tmp_path / LEDGER_FILE).pending] == ["s0"]
    following = Platform()
    async with editing(clip, following, tmp_path) as edit:
        await edit.run()
    assert following.ended == ["s0"]


def test_the_daemon_takes_over_what_a_killed_edit_left_and_no_running_ones(tmp_path: Path):
    session = OpenSession("left", URL, False, "sana-streaming")
    daemon = Ledger(tmp_path / "sessions.json")
    with edit_accounts(tmp_path, CostConfig()) as (ledger, _):
        ledger.opened(session)
        take_over_edits(daemon, tmp_path)
        assert daemon.pending == ()
        with pytest.raises(StartupError, match="another"), edit_accounts(tmp_path, CostConfig()):
            pass
    take_over_edits(daemon, tmp_path)
    assert daemon.pending == (session,)
    assert Ledger(tmp_path / LEDGER_FILE).pending == ()
    assert Ledger(tmp_path / "sessions.json").pending == (session,)
