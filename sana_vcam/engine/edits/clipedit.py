"""The edit of a clip as a whole: session after session until all of it has come back.

file mode   a session that is lost is replaced by one that edits the clip from its beginning:
            the model cannot seek. What is written is one whole run, without a seam
live mode   the next session begins with the first picture that did not come back
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal, Protocol

from sana_vcam.engine.edits.run import ClipLook, ClipRun, NoFileMode
from sana_vcam.engine.factory import SanaSessionFactory
from sana_vcam.engine.leftovers import Leftovers
from sana_vcam.engine.usage import UsageAccount
from sana_vcam.errors import SanaVcamError
from sana_vcam.lib.backoff import backoff
from sana_vcam.lib.threads import run_blocking, run_loop, wait_out
from sana_vcam.media.clips.prepare import MODEL_FPS, PreparedClip
from sana_vcam.media.clips.take import TakeRecorder
from sana_vcam.media.clips.writing import PlacedTake
from sana_vcam.reactor import (
    OpenSession,
    Phase,
    SanaClient,
    SessionError,
    SessionGone,
    SessionLost,
    Unavailable,
    UploadFailed,
)

log = logging.getLogger(__name__)

TRIES = 4
"""So often at most is a clip tried: each costs what was edited in it."""
A_STEP_ON = 240
"""Pictures after which the tries of a live edit are counted anew: it goes on where it was lost, and
a long clip needs several sessions anyhow."""
NO_FILES = "this model takes no files (it declares neither set_mode nor set_video)"
IN_THE_WAY_S = 75.0
"""So long an earlier session may be in the way: a killed client's is ended after 68 s."""
LATE_PATIENCE_S = 20.0
"""How long an answer that may open a session is waited for, once nobody needs that session."""
AROUND_S = 6.0
"""Billed beside the clip's own length: connecting, the upload, the first chunk."""

type EditMode = Literal["auto", "file", "live"]


class EditStopped(SanaVcamError):
    """An edit that ended before its clip did, for a reason that the user has set or given."""


class EditAudience(Protocol):
    """Who is told how far an edit is."""

    def step(self, name: str, done: int, total: int) -> None:
        """Hear of a step, and of the pictures so far; called often."""
        ...

    def say(self, sentence: str) -> None:
        """Hear of something that the user should know."""
        ...

    @property
    def asks(self) -> bool:
        """Whether a question takes time, in which no session should be paid for."""
        ...

    async def may_go_live(self, question: str) -> bool:
        """Answer whether the clip may be edited in real time."""
        ...


class ClipEdit:
    """The edit of one clip; on the event loop, used once."""

    def __init__(
        self,
        clip: PreparedClip,
        look: ClipLook,
        *,
        factory: SanaSessionFactory,
        leftovers: Leftovers,
        usage: UsageAccount | None,
        folder: Path,
        mode: EditMode,
        longest_s: float,
        audience: EditAudience,
        waits: Iterator[float] | None = None,
    ) -> None:
        """Prepare; no I/O.

        Args:
            clip: The copy for the model.
            look: What it is asked for.
            factory: Where sessions come from.
            leftovers: Knows what has to be ended.
            usage: The account of what is billed; None where nothing is.
            folder: Where the takes are kept.
            mode: How the clip goes to the model; "auto" is by file, and live if it takes none.
            longest_s: How long a session may last.
            audience: Who is told.
            waits: The seconds between tries.
        """
        self.takes: list[PlacedTake] = []
        """What has come back, in order; after a failure what there is."""
        self.live = mode == "live"
        self.sessions = 0
        self._clip = clip
        self._look = look
        self._factory = factory
        self._leftovers = leftovers
        self._usage = usage
        self._folder = folder
        self._mode = mode
        self._longest_s = longest_s
        self._audience = audience
        self._waits = waits or backoff(random.Random())
        self._tries = 0
        self._counted_from = 0
        self._in_the_way_s = 0.0

    @property
    def reached(self) -> int:
        """The pictures from the clip's beginning that `takes` hold."""
        return 1 + max((_last(take) for take in self.takes), default=-1)

    async def run(self) -> None:
        """Edit all of the clip. Raises `SessionError`, `EditStopped` or `ClipFailed`."""
        if self._usage is not None:
            self._usage.new_session()
        await self._leftovers.sweep()
        if not self.live and self._seconds > self._longest_s:
            await self._go_live(
                f"the clip takes about {self._seconds:.0f} s, and a session ends after "
                f"[reactor] max_session_s = {self._longest_s:.0f}, so it cannot go as a file"
            )
        while True:
            try:
                await self._try()
                return
            except NoFileMode:
                await self._go_live(NO_FILES)
            except (SessionLost, SessionGone, Unavailable, UploadFailed) as error:
                if await self._is_passing(error):
                    continue
                self._tries = 1 if self._has_got_on() else self._tries + 1
                if self._tries >= TRIES:
                    self._audience.say(f"{error}; that was the last of {TRIES} tries")
                    raise
                await self._wait_for_next(error)

    def price(self) -> str:
        """Say what the clip takes in real time, and costs if a price is known."""
        seconds = self._seconds
        words = f"about {seconds:.0f} s"
        money = None if self._usage is None else self._usage.budget.money(seconds)
        if self._usage is None or money is None:
            return words
        return f"{words}, {money:.2f} {self._usage.cost.currency}"

    # -- inside --------------------------------------------------------------------------------

    @property
    def _seconds(self) -> float:
        """How long the rest of the clip takes in real time."""
        return (self._clip.count - self.reached) / MODEL_FPS + AROUND_S

    def _has_got_on(self) -> bool:
        """Whether a live edit is well ahead of where it last began to count its tries."""
        has = self.live and self.reached - self._counted_from >= A_STEP_ON
        if has:
            self._counted_from = self.reached
        return has

    async def _go_live(self, words: str) -> None:
        """Take the way of a camera because of what `words` say, if that is allowed."""
        if self._mode == "file":
            raise EditStopped(f"{words}: leave out --mode file, and the clip is edited live")
        question = f"{words}; it can be edited live, in real time: {self.price()}"
        if not await self._audience.may_go_live(question):
            raise EditStopped(f"{words}, and live was not wanted")
        self.live = True

    async def _is_passing(self, error: SessionError) -> bool:
        """Wait while an earlier session is in the way, which the platform ends by itself."""
        if not (isinstance(error, Unavailable) and error.in_the_way):
            return False
        if self._in_the_way_s >= IN_THE_WAY_S:
            return False
        wait_s = max(next(self._waits), error.retry_after_s or 0.0)
        self._in_the_way_s += wait_s
        self._audience.step("waiting for an earlier session to end", 0, 0)
        await asyncio.sleep(wait_s)
        return True

    async def _wait_for_next(self, error: SessionError) -> None:
        hint_s = (error.retry_after_s or 0.0) if isinstance(error, Unavailable) else 0.0
        reached, count = self.reached, self._clip.count
        how = "goes on from there" if self.live else "is edited again from its beginning"
        done = f" after {reached} of {count} pictures" if reached else ""
        self._audience.say(f"{error}{done}; the clip {how}, try {self._tries + 1} of {TRIES}")
        await asyncio.sleep(max(next(self._waits), hint_s))

    async def _try(self) -> None:
        """Make one take, and keep what came of it, whatever happens."""
        self._check()
        first = self.reached if self.live else 0
        recorder = TakeRecorder(self._folder / f"take-{time.monotonic_ns()}.mkv")
        run: ClipRun | None = None
        try:
            async with _written(recorder) as writing, self._session() as client:
                run = ClipRun(
                    client,
                    recorder,
                    self._clip,
                    self._look,
                    first=first,
                    told=lambda step: self._audience.step(
                        step, min(first + recorder.count, self._clip.count), self._clip.count
                    ),
                    check=lambda: self._check(writing),
                )
                await self._do(run)
        finally:
            if run is not None and recorder.arrivals:
                placing = run_blocking(run.result, name="edit-placing")
                self._keep(await wait_out(asyncio.ensure_future(placing)), recorder)

    async def _do(self, run: ClipRun) -> None:
        """Do the run as far as the session's model can; in the same session, unless that waits."""
        if not self.live:
            try:
                await run.by_file()
            except NoFileMode:
                if self._audience.asks:
                    raise
                await self._go_live(NO_FILES)
            else:
                return
        await run.live()

    def _keep(self, take: PlacedTake, recorder: TakeRecorder) -> None:
        if recorder.overrun:
            self._audience.say(
                f"this machine was too slow for {recorder.overrun} frames; they are filled"
            )
        if self.live:
            self.takes.append(take)
        elif _last(take) >= self.reached - 1:
            self.takes = [take]

    def _check(self, writing: asyncio.Future[None] | None = None) -> None:
        """Raise what is to end the edit: a cap that is reached, a full disk."""
        if writing is not None and writing.done():
            writing.result()
        if self._usage is not None:
            self._usage.count()
            used_up = self._usage.budget.used_up
            if used_up is not None:
                raise EditStopped(used_up.sentence)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[SanaClient]:
        """Give a client for one session, which is ended and accounted for on every way out."""
        client = self._factory.new_sana_client()
        usage = self._usage

        def ready(phase: Phase) -> None:
            if phase is Phase.READY and usage is not None and client.session_id is not None:
                usage.ready(client.session_id, time.monotonic())

        client.on_session(self._opened)
        client.on_phase(ready)
        try:
            yield client
        finally:
            is_over = await wait_out(asyncio.ensure_future(_closed(client)))
            if client.session_id is not None:
                self._leftovers.let_go(client.session_id, is_over=is_over)

    def _opened(self, session: OpenSession) -> None:
        self.sessions += 1
        self._leftovers.hold(session)


async def _closed(client: SanaClient) -> bool:
    """Close a client; whether nothing of it is open, as far as that is known in a while."""
    is_over = await client.close()
    if client.late is None:
        return is_over
    await asyncio.wait({client.late}, timeout=LATE_PATIENCE_S)
    # A session that is opened after this ends by itself, at its longest duration.
    client.late.cancel()
    await asyncio.wait({client.late})
    return not client.late.cancelled() and client.late.result()


@asynccontextmanager
async def _written(recorder: TakeRecorder) -> AsyncIterator[asyncio.Task[None]]:
    """Encode what the recorder is given, to the last frame. Raises `ClipFailed`."""
    writing = asyncio.create_task(run_loop(recorder.write, name="edit-take", wake=recorder.wake))
    try:
        yield writing
    finally:
        writing.cancel()
        await asyncio.wait({writing})
    if not writing.cancelled():
        writing.result()


def _last(take: PlacedTake) -> int:
    return max(_placed(take), default=-1)


def _placed(take: PlacedTake) -> Iterator[int]:
    return (number for number in take.numbers if number is not None)
