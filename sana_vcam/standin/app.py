"""What every hosted model has in common: sessions, clients, refusals, and the chunk loop.

A model of `models/` adds its tracks, commands and messages. A process imports one of them only,
because the runtime publishes every message class that exists; so there is none here.

Everything here runs on the model's event loop, except the decoding and the edit of a chunk, which
run in a worker thread on immutable inputs.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import ClassVar, cast

import numpy as np
import numpy.typing as npt
from reactor_runtime.interface import (
    ClientInfo,
    InputBuffer,
    MediaInput,
    ModelMessage,
    Output,
    ReactorApp,
    UploadedFile,
    connected,
    disconnected,
    session_ended,
    session_started,
)

from sana_vcam.standin import looks
from sana_vcam.standin.clip import Frame, fit
from sana_vcam.standin.images import ImageError, read_image
from sana_vcam.standin.loopback import post_json
from sana_vcam.standin.session import CommandRefused
from sana_vcam.standin.settings import Settings
from sana_vcam.standin.source import FrameSource, SizeChanged
from sana_vcam.standin.unheard import Hearing

log = logging.getLogger(__name__)

TIDY_S = 0.5
"""Longest time that camera frames nobody wants are kept, and between two placeholders."""

PLACEHOLDER_LEVEL = 24
"""Brightness of the picture that a client gets before its first start."""


class ModelRun:
    """One start of the model: its source, what it was started with, and whether it is wanted.

    `cancel` may be set from any thread and is never cleared; the loop and the worker stop at the
    next frame.
    """

    def __init__(
        self, source: FrameSource, seed: int = 0, prompt: str = "", image: Frame | None = None
    ) -> None:
        self.source = source
        self.seed = seed
        self.prompt = prompt
        self.image = image
        self.frames_made = 0
        self.chunks_made = 0
        self.cancel = threading.Event()

    def wanted(self) -> bool:
        """Whether the run is to go on."""
        return not self.cancel.is_set()


class Answer[M: ModelMessage]:
    """What a command is answered with: a message to its sender.

    Until there is one it is None, which the runtime takes for a bodyless acknowledgement, although
    it wants handlers annotated with exactly one class of message.
    """

    def __init__(self) -> None:
        self.message = cast(M, None)


class StandinApp(ReactorApp, ABC):
    """A hosted model, without its words."""

    settings: ClassVar[Settings] = Settings()
    outputs: ClassVar[type[Output]]
    """What clients subscribe to: a track main_video."""
    input_track: ClassVar[str | None] = "camera"
    """Track of `media` that clients publish; None for a model without one."""
    shows_placeholder: ClassVar[bool] = True
    """Whether pictures go out before the first start, as the cloud's sessions open with one."""

    @classmethod
    def configure(cls, settings: Settings) -> None:
        """Fix what the runtime reads from the class. Call before the runtime builds the model."""
        cls.settings = settings
        cls.hearing = Hearing(settings)
        cls.fps = settings.playout_fps
        cls.buffer_size = settings.chunk_frames

    media: MediaInput

    hearing: ClassVar[Hearing] = Hearing(Settings())

    def __init__(self) -> None:
        super().__init__()
        self._playing: ModelRun | None = None
        self._wake = asyncio.Event()
        self._greet = False
        self._fresh = True
        self._limit: asyncio.TimerHandle | None = None

    # -- what a model fills in -------------------------------------------------------------------

    @abstractmethod
    def _state(self) -> ModelMessage:
        """Take the snapshot that goes out after every change."""

    @abstractmethod
    async def _refused(
        self, command: str, refusal: CommandRefused, client: ClientInfo | None
    ) -> None:
        """Tell of a refused command in the model's words, everybody or the client that sent it."""

    @abstractmethod
    def _forget(self) -> None:
        """Begin a session with fresh state."""

    @property
    def _size(self) -> tuple[int, int]:
        """Width and height of the pictures that go out now."""
        return self.settings.width, self.settings.height

    def _chunk_length(self, run: ModelRun) -> int:
        """Count the frames of the next chunk of a run."""
        return self.settings.chunk_length(run.chunks_made)

    @property
    def _paused(self) -> bool:
        """Whether the run is to make no chunks for now."""
        return False

    async def _run_begun(self, run: ModelRun) -> None:
        """Do what comes before the first frame of a run is waited for."""

    async def _no_frames(self, run: ModelRun) -> None:
        """Notice that the source had nothing for a while."""

    async def _before_chunk(self, run: ModelRun, frames: list[Frame]) -> None:
        """Announce what comes before a chunk of these frames."""

    def _picture(self, run: ModelRun, frame: Frame, prompt: str) -> Frame:
        """Edit one frame, in a worker thread; by default as the prompt says."""
        picture = fit(frame, *self._size)
        if self.settings.edit == "copy":
            return picture
        return looks.edit(picture, prompt, run.seed, index=run.frames_made)

    @abstractmethod
    def _prompt_of(self, run: ModelRun) -> str:
        """Read the prompt that a chunk which begins now is edited with."""

    async def _chunk_edited(self, run: ModelRun, frames: int, elapsed_s: float) -> None:
        """Announce a chunk whose frames are about to go out."""

    async def _chunk_emitted(self, run: ModelRun, frames: int, prompt: str) -> None:
        """Announce a chunk whose frames have gone out; `run.chunks_made` counts it."""

    async def _source_ended(self, run: ModelRun) -> None:
        """Announce the end of a run whose source has come to its end."""

    # -- session and clients ---------------------------------------------------------------------

    @session_started
    def on_session_started(self) -> None:
        """Begin with fresh state, and with the clock of the session limit."""
        self._forget()
        self._fresh = True
        self.hearing.begin_session()
        limit_s = self.settings.session_limit_s
        if limit_s > 0:
            loop = asyncio.get_running_loop()
            self._limit = loop.call_later(limit_s, self._end_session, "session limit reached")

    @session_ended
    def on_session_ended(self) -> None:
        """Drop the run; nothing of this session reaches the next."""
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        self._abandon_run()
        self._forget()

    @connected
    async def on_connected(self, client: ClientInfo) -> None:
        """Greet a client with the state.

        An SDK that has not yet sent anything cannot read it (the runtime still speaks its older
        encoding), so it is owed once more after the first command.
        """
        self._greet = True
        self._wake.set()
        await client.send(self._state())

    @disconnected
    async def on_disconnected(self) -> None:
        """Keep the run for a client that comes back, without the camera frames of the old one."""
        self._clear_input()

    def _end_session(self, reason: str) -> None:
        """Have the runtime end the session, by the request an operator would send."""
        log.warning("ending the session: %s", reason)
        threading.Thread(target=self._post_stop, args=(reason,), daemon=True).start()

    def _post_stop(self, reason: str) -> None:
        try:
            post_json(f"{self.settings.url}/stop_session", {"reason": reason})
        except OSError as error:
            log.info("the session had ended before: %s", error)

    # -- commands --------------------------------------------------------------------------------

    @asynccontextmanager
    async def _command(self, name: str, client: ClientInfo | None = None) -> AsyncIterator[None]:
        """Broadcast the state if the body accepts the command, else (`CommandRefused`) a refusal.

        The client's call succeeds in both cases, if a refusal is a message with this model.
        """
        try:
            yield
        except CommandRefused as refusal:
            await self._refused(name, refusal, client)
            if not self._greet:
                return
        self._greet = False
        await self.send(self._state())

    @asynccontextmanager
    async def _answered[M: ModelMessage](
        self, name: str, _kind: type[M], client: ClientInfo | None = None
    ) -> AsyncIterator[Answer[M]]:
        """Do as `_command` does, for a handler that returns the `message` of what this yields."""
        answer = Answer[M]()
        async with self._command(name, client):
            yield answer

    def _begin_run(self, run: ModelRun) -> None:
        self._abandon_run()
        self._fresh = False
        self._playing = run
        self._wake.set()

    def _abandon_run(self) -> None:
        if self._playing is not None:
            self._playing.cancel.set()
            self._playing = None
        self._wake.set()

    @property
    def _buffer(self) -> InputBuffer:
        """Frames of the input track that wait."""
        # The runtime puts a buffer where the class declares the kind of track.
        return cast(InputBuffer, getattr(self.media, self.input_track or ""))

    def _clear_input(self) -> None:
        if self.input_track is not None:
            self._buffer.clear()

    async def _show(self, pictures: npt.NDArray[np.uint8]) -> None:
        """Emit pictures (N, H, W, 3) RGB on the output track."""
        await self.emit(self.outputs(main_video=pictures))

    # -- the chunk loop --------------------------------------------------------------------------

    async def run(self) -> None:
        """Make the chunks of one run after another, for as long as the process lives.

        Holds no lock of the runtime while it computes, so commands are answered at any time.
        """
        while True:
            while self._playing is None:
                await self._show_placeholder()
                await self._change()
            await self._play(self._playing)

    async def _show_placeholder(self) -> None:
        """Send a dark picture to a client that has not started anything yet.

        It is repeated, because one that goes out while the track is being set up is lost.
        """
        if self.shows_placeholder and self._fresh and self.connected.is_set():
            width, height = self._placeholder_size
            flat = np.full((1, height, width, 3), PLACEHOLDER_LEVEL, np.uint8)
            await self._show(flat)

    @property
    def _placeholder_size(self) -> tuple[int, int]:
        """Width and height of the placeholder."""
        return self._size

    async def _play(self, run: ModelRun) -> None:
        """Make the chunks of one run until its source ends or the run is abandoned."""
        try:
            await self._run_begun(run)
            while await self._may_go_on(run):
                frames = await run.source.next_frames(self._chunk_length(run))
                if frames is None:
                    await self._no_frames(run)
                    continue
                if not run.wanted():
                    continue
                if not frames:
                    await self._source_ended(run)
                    return
                await self._make_chunk(run, frames)
        except SizeChanged as error:
            # The real session crashes here. This one ends, and the process serves the next.
            self._end_session(str(error))
        finally:
            run.cancel.set()
            if self._playing is run:
                self._playing = None

    async def _may_go_on(self, run: ModelRun) -> bool:
        """Wait while paused or without a client; False if the run is no longer wanted."""
        while run.wanted() and (self._paused or not self.connected.is_set()):
            await self._change()
        return run.wanted()

    async def _change(self) -> None:
        """Wait for a command, a client or the next tidying; keep no camera frames meanwhile.

        A full buffer of the runtime is 128 frames, which is 350 MB at 1280x704.
        """
        self._wake.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), TIDY_S)
        self._clear_input()

    async def _make_chunk(self, run: ModelRun, frames: list[Frame]) -> None:
        """Edit the frames with the prompt of this moment, emit them, and report the chunk."""
        prompt = self._prompt_of(run)
        await self._stage_fault(run, run.chunks_made)
        await self._before_chunk(run, frames)
        begun = time.monotonic()
        batch = await asyncio.to_thread(self._edit, run, frames, prompt)
        if batch is None or not run.wanted():
            return
        await self._chunk_edited(run, len(batch), time.monotonic() - begun)
        await self._show(batch)
        if not run.wanted():
            return
        run.chunks_made += 1
        await self._chunk_emitted(run, len(batch), prompt)

    def _edit(
        self, run: ModelRun, frames: list[Frame], prompt: str
    ) -> npt.NDArray[np.uint8] | None:
        """Edit a chunk in a worker thread; return (N, H, W, 3) RGB, or None once it is unwanted.

        The frames are spread evenly over the compute time, so that the other core users of a small
        machine see short bursts of work instead of one long one.
        """
        batch: npt.NDArray[np.uint8] | None = None
        due = time.monotonic()
        for position, frame in enumerate(frames):
            picture = self._picture(run, frame, prompt)
            if run.cancel.is_set():
                # What the picture depends on may be that of the next session by now.
                return None
            if batch is None:
                batch = np.empty((len(frames), *picture.shape), np.uint8)
            batch[position] = picture
            run.frames_made += 1
            due += self.settings.frame_time_s
            if run.cancel.wait(max(0.0, due - time.monotonic())):
                return None
        return batch

    async def _stage_fault(self, run: ModelRun, chunk_index: int) -> None:
        """Stall or crash here, if this run was told to."""
        fault = self.settings.fault
        if fault is None or chunk_index < fault.after_chunks:
            return
        if fault.kind == "crash":
            raise RuntimeError(f"crash staged with --fault, after {chunk_index} chunks")
        while run.wanted():
            await self._change()


async def picture_of(upload: UploadedFile) -> Frame:
    """Read an uploaded image, (H, W, 3) RGB.

    Raises:
        CommandRefused: it is none, or too large.
    """
    try:
        return await asyncio.to_thread(read_image, upload.data)
    except ImageError as error:
        raise CommandRefused(str(error)) from error
