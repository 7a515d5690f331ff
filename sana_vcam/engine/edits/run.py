"""One run of the model over a clip, in a session of its own.

    file mode   upload ─▶ prompt ─▶ start ─▶ frames … ─▶ generation_complete ─▶ the last frames
    live mode   publish, the first picture ─▶ start ─▶ each picture once ─▶ until all are edited

What comes back is numbered in the end, when all is known that tells a frame's place.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sana_vcam.lib.threads import run_loop
from sana_vcam.media.clips.placing import follow_motion, place
from sana_vcam.media.clips.prepare import MODEL_FPS, PreparedClip, bgra_pictures
from sana_vcam.media.clips.take import TakeRecorder
from sana_vcam.media.clips.writing import PlacedTake
from sana_vcam.media.pacing import FrameClock
from sana_vcam.reactor import (
    ChunkComplete,
    CommandRejected,
    GenerationComplete,
    Phase,
    SanaClient,
    SessionLost,
    Unavailable,
)

log = logging.getLogger(__name__)

POLL_S = 0.2
SILENT_S = 20.0
"""A run that gives no frame for this long is no good."""
DRAIN_S = 2.0
"""After the model's last word its last frames are still played out; then so much silence is the
end."""
WARM_UP_S = 1.0
"""So long the first picture is sent before the run, for the bitrate and the decoder to settle."""
REST_S = 0.5
"""Then so long nothing, so that the run begins with the first picture that is meant."""
AHEAD = 60
"""Pictures at most that were sent and not edited: two chunks and a half. A model that falls further
behind leaves pictures out, and does not say which."""


class NoFileMode(Exception):
    """A session that does not declare file mode."""


@dataclass(frozen=True)
class ClipLook:
    """What the model is asked for."""

    prompt: str
    seed: int
    anchor_interval: int


class ClipRun:
    """A run over a clip from its picture `first` on; on the event loop, used once."""

    def __init__(
        self,
        client: SanaClient,
        recorder: TakeRecorder,
        clip: PreparedClip,
        look: ClipLook,
        *,
        first: int,
        told: Callable[[str], None],
        check: Callable[[], None],
    ) -> None:
        """Prepare; no I/O. `told` hears of each step, `check` raises what is to end the run."""
        self._client = client
        self._recorder = recorder
        self._clip = clip
        self._look = look
        self._first = first
        self._told = told
        self._check = check
        self._chunks: list[int] = []
        self._complete = False
        self._began_at = 0.0
        self._sender = _Sender(client, clip, first)
        self._live = False
        client.on_every_frame(recorder.frame)
        client.on(ChunkComplete, self._chunk_made)
        client.on(GenerationComplete, self._all_made)

    async def by_file(self) -> None:
        """Have the model edit the uploaded clip. Raises `NoFileMode` or `SessionError`."""
        client = self._client
        self._told("connecting")
        await client.connect()
        if not await self._has_file_mode():
            raise NoFileMode
        self._told("uploading")
        if not await client.set_video(self._clip.path):
            raise NoFileMode
        await self._start()
        await self._follow(lambda: self._complete)
        await self._drain()

    async def live(self) -> None:
        """Send the pictures as a camera would; also after `NoFileMode`. Raises `SessionError`."""
        client = self._client
        self._live = True
        if client.phase is not Phase.READY:
            self._told("connecting")
            await client.connect()
        await client.publish()
        sending = asyncio.create_task(
            run_loop(self._sender.run, name="edit-camera", wake=self._sender.wake)
        )
        try:
            await asyncio.sleep(WARM_UP_S)
            self._sender.resting.set()
            await asyncio.sleep(REST_S)
            await client.set_mode("live")
            await self._start()
            self._sender.rolling.set()
            wanted = self._clip.count - self._first
            await self._follow(lambda: self._made >= wanted, sending)
        finally:
            sending.cancel()
            await asyncio.wait({sending})
        await self._drain()
        self._complete = True

    def result(self) -> PlacedTake:
        """Number the frames, once the recorder has written all of them; blocks for a while."""
        looks = self._clip.looks[self._first :]
        recorder, count = self._recorder, len(looks)
        if self._live:
            numbers = place(recorder.arrivals, self._chunks, whole=self._complete)
            numbers = follow_motion(recorder.arrivals, numbers, looks)
        else:
            numbers = place(recorder.arrivals, self._chunks, whole=self._complete, clip=looks)
        return PlacedTake(
            recorder.path,
            tuple(
                None if number is None or number >= count else number + self._first
                for number in numbers
            ),
        )

    # -- inside --------------------------------------------------------------------------------

    @property
    def _made(self) -> int:
        """The frames that the model has made, as it says, or as they have come."""
        return max(sum(self._chunks), self._recorder.count)

    async def _has_file_mode(self) -> bool:
        try:
            return await self._client.set_mode("file")
        except CommandRejected as error:
            log.debug("no file mode: %s", error)
            return False

    async def _start(self) -> None:
        client, look = self._client, self._look
        await _tolerant(client.set_seed(look.seed))
        await _tolerant(client.set_anchor_interval(look.anchor_interval))
        await client.set_prompt(look.prompt)
        self._recorder.recording = True
        self._began_at = time.monotonic()
        await client.start()
        self._told("editing")

    async def _follow(
        self, is_done: Callable[[], bool], sending: asyncio.Task[None] | None = None
    ) -> None:
        """Wait until the run is done. Raises `SessionLost` or `Unavailable`."""
        lost = asyncio.ensure_future(self._client.wait_lost())
        watched: set[asyncio.Future[None]] = {lost} if sending is None else {lost, sending}
        try:
            while not is_done():
                await asyncio.wait(watched, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
                if lost.done():
                    raise SessionLost("the connection to the model dropped")
                if sending is not None and sending.done():
                    sending.result()
                self._check()
                self._mind_silence()
                self._told("editing")
                self._sender.edited = self._made
        finally:
            lost.cancel()

    async def _drain(self) -> None:
        """Wait for the frames that are still played out."""
        while self._recorder.count < sum(self._chunks):
            last_at = max(self._client.last_frame_at or 0.0, self._began_at)
            if time.monotonic() - last_at > DRAIN_S:
                return
            await asyncio.sleep(POLL_S)
            self._check()
            self._told("editing")

    def _mind_silence(self) -> None:
        last_at = max(self._client.last_frame_at or 0.0, self._began_at)
        if time.monotonic() - last_at > SILENT_S:
            raise Unavailable(f"the model gave no picture for {SILENT_S:.0f} s")

    def _chunk_made(self, chunk: ChunkComplete) -> None:
        if self._recorder.recording:
            self._chunks.append(chunk.frames_emitted)
            self._sender.edited = self._made

    def _all_made(self, _: GenerationComplete) -> None:
        self._complete = True


class _Sender:
    """The clip as a camera; `run` belongs to a thread of its own.

    Its first picture until `resting`, nothing until `rolling`, then each picture once, at the
    model's rate or as fast as it edits, and the last one again for as long as it is asked for.
    """

    def __init__(self, client: SanaClient, clip: PreparedClip, first: int) -> None:
        self.resting = threading.Event()
        self.rolling = threading.Event()
        self.edited = 0
        """Frames that the model has made; set on the event loop."""
        self.pushed = 0
        self._client = client
        self._clip = clip
        self._first = first

    def wake(self) -> None:
        """End a wait, after `stop` was set."""
        self.resting.set()
        self.rolling.set()

    def run(self, stop: threading.Event) -> None:
        """Send until `stop`."""
        pictures = bgra_pictures(self._clip, self._first)
        picture = next(pictures)
        clock = FrameClock(MODEL_FPS, time.monotonic())
        while not self.resting.is_set():
            self._push_at_tick(picture, clock, stop)
        self.rolling.wait()
        clock = FrameClock(MODEL_FPS, time.monotonic())
        for picture in itertools.chain([picture], pictures):  # noqa: B020
            if not self._push(picture, clock, stop):
                return
        while self._push(picture, clock, stop):
            pass

    def _push(self, picture: bytes, clock: FrameClock, stop: threading.Event) -> bool:
        """Push the picture, however long that takes; False once `stop` is set."""
        while not stop.is_set():
            if self.pushed - self.edited >= AHEAD:
                stop.wait(1 / MODEL_FPS)
            elif self._push_at_tick(picture, clock, stop):
                self.pushed += 1
                return True
        return False

    def _push_at_tick(self, picture: bytes, clock: FrameClock, stop: threading.Event) -> bool:
        _, at = clock.next(time.monotonic())
        stop.wait(max(0.0, at - time.monotonic()))
        return not stop.is_set() and self._client.push(picture)


async def _tolerant(command: Awaitable[bool]) -> None:
    """Send a command that the clip can do without."""
    try:
        await command
    except CommandRejected as error:
        log.warning("%s", error)
