"""The model as the runtime drives it: commands in, camera in, chunks and messages out.

`WIRES` in `server` names the two concrete models. Each adds the messages that only its generation
of the wire has; a process imports one of them only, because the runtime publishes every message
class that exists.

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
    InputField,
    MediaInput,
    ModelMessage,
    Output,
    ReactorApp,
    UploadedFile,
    Video,
    connected,
    disconnected,
    event,
    session_ended,
    session_started,
)

from sana_vcam.standin import looks
from sana_vcam.standin.clip import ClipError, Frame, fit, probe
from sana_vcam.standin.loopback import post_json
from sana_vcam.standin.session import CommandRefused, ModelSession
from sana_vcam.standin.settings import Settings
from sana_vcam.standin.source import ClipSource, FrameSource, LiveSource, SizeChanged

log = logging.getLogger(__name__)

TIDY_S = 0.5
"""Longest time that camera frames nobody wants are kept."""


class SanaInput(MediaInput):
    """What a client publishes."""

    camera: Video


class SanaOutput(Output):
    """What a client subscribes to."""

    main_video: Video


class PromptAccepted(ModelMessage):
    """An accepted set_prompt."""

    prompt: str


class VideoAccepted(ModelMessage):
    """An accepted set_video; width and height are those before cropping."""

    width: int
    height: int
    num_frames: int
    num_latent_frames: int


class GenerationStarted(ModelMessage):
    """An accepted start; chunk_num and frame_num are 0, the length is not known up front."""

    prompt: str
    chunk_num: int
    frame_num: int


class GenerationReset(ModelMessage):
    """A finished reset."""

    reason: str


class GenerationComplete(ModelMessage):
    """The end of a source clip, all of it edited."""

    total_chunks: int


class ChunkComplete(ModelMessage):
    """A chunk that has gone out; chunk_index is zero-based."""

    chunk_index: int
    frames_emitted: int
    active_prompt: str


class RejectedCommand(ModelMessage):
    """A rejected command; nothing has changed."""

    name = "command_error"
    command: str
    reason: str


class ModelRun:
    """One start of the model: its source, its seed, and whether it is still wanted.

    `cancel` may be set from any thread and is never cleared; the loop and the worker stop at the
    next frame.
    """

    def __init__(self, source: FrameSource, seed: int) -> None:
        self.source = source
        self.seed = seed
        self.frames_made = 0
        self.cancel = threading.Event()

    def wanted(self) -> bool:
        """Whether the run is to go on."""
        return not self.cancel.is_set()


class SanaModel(ReactorApp, ABC):
    """What both generations of the wire have in common."""

    settings: ClassVar[Settings] = Settings()
    media: SanaInput

    @classmethod
    def configure(cls, settings: Settings) -> None:
        """Fix what the runtime reads from the class. Call before the runtime builds the model."""
        cls.settings = settings
        cls.fps = settings.playout_fps
        cls.buffer_size = settings.chunk_frames

    def __init__(self) -> None:
        super().__init__()
        self.session = ModelSession()
        self._playing: ModelRun | None = None
        self._wake = asyncio.Event()
        self._greet = False
        self._limit: asyncio.TimerHandle | None = None

    # -- what the two wires fill in --------------------------------------------------------------

    @abstractmethod
    def _state(self) -> ModelMessage:
        """Take the snapshot that goes out after every change."""

    @abstractmethod
    def _video_accepted(self) -> VideoAccepted:
        """Describe the clip of a set_video that has just been staged."""

    async def _conditions_changed(self) -> None:
        """Announce that the prompt or the clip has changed."""

    async def _paused(self) -> None:
        """Announce a pause."""

    async def _resumed(self) -> None:
        """Announce the end of a pause."""

    async def _before_chunk(self, chunk_index: int) -> None:
        """Announce what comes before the chunk of this index."""

    # -- session and clients ---------------------------------------------------------------------

    @session_started
    def on_session_started(self) -> None:
        """Begin with fresh state, and with the clock of the session limit."""
        self.session = ModelSession()
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
        self.session = ModelSession()

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
    def on_disconnected(self) -> None:
        """Keep the run for a client that comes back, without the camera frames of the old one."""
        self._camera.clear()

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
    async def _command(self, name: str) -> AsyncIterator[None]:
        """Answer with state if the body accepts the command, else (`CommandRefused`) command_error.

        The client's call succeeds in both cases, as with the real model: a refusal is a message.
        """
        try:
            yield
        except CommandRefused as refusal:
            await self.send(RejectedCommand(command=name, reason=str(refusal)))
            if not self._greet:
                return
        self._greet = False
        await self.send(self._state())

    @event(name="set_mode", description='Select the source of the next start: "file" or "live".')
    async def set_mode(self, mode: str = "file") -> None:
        """Refuse an unknown mode, or another mode during a run."""
        async with self._command("set_mode"):
            self.session.set_mode(mode)

    @event(name="set_video", description="Provide the clip to edit, for file mode.")
    async def set_video(self, video: UploadedFile | None = None) -> None:
        """Refuse what is not a video of at least 33 frames; a run keeps the clip it began with."""
        async with self._command("set_video"):
            if video is None:
                raise CommandRefused("no video given")
            session = self.session
            try:
                session.clip = await asyncio.to_thread(probe, video.data)
            except ClipError as error:
                raise CommandRefused(str(error)) from error
            await self.send(self._video_accepted())
            await self._conditions_changed()

    @event(name="set_prompt", description="Set the edit instruction; lands at the next chunk.")
    async def set_prompt(self, prompt: str = "") -> None:
        """Stage a prompt; a blank one removes the edit."""
        async with self._command("set_prompt"):
            self.session.set_prompt(prompt)
            await self.send(PromptAccepted(prompt=prompt))
            await self._conditions_changed()

    @event(name="set_seed", description="Set the noise seed, read at the next start.")
    async def set_seed(self, seed: int = InputField(default=0, ge=0)) -> None:
        """Stage a seed."""
        async with self._command("set_seed"):
            self.session.seed = seed

    @event(name="start", description="Begin streaming on main_video.")
    async def start(self) -> None:
        """Begin a run; no effect during one."""
        if self.session.started:
            return
        async with self._command("start"):
            self.session.start()
            self._playing = ModelRun(self._source(), self.session.seed)
            self._wake.set()
            await self.send(GenerationStarted(prompt=self.session.prompt, chunk_num=0, frame_num=0))

    @event(name="pause", description="Pause after the current chunk.")
    async def pause(self) -> None:
        """Let the chunk in the making finish, then make no more."""
        async with self._command("pause"):
            self.session.pause()
            await self._paused()

    @event(name="resume", description="Resume after a pause.")
    async def resume(self) -> None:
        """Go on; a live run goes on with the camera's present, not with its past."""
        async with self._command("resume"):
            self.session.resume()
            self._camera.clear()
            self._wake.set()
            await self._resumed()

    @event(name="reset", description="Abort the run, clear prompt and clip, return to idle.")
    async def reset(self) -> None:
        """Stop at once: queued frames are dropped and the track is cut to black."""
        async with self._command("reset"):
            self._abandon_run()
            self.session.reset()
            self.output.flush()
            await self.send(GenerationReset(reason="reset requested"))

    @property
    def _camera(self) -> InputBuffer:
        # The runtime puts a buffer where the class declares the kind of track.
        return cast(InputBuffer, self.media.camera)

    def _source(self) -> FrameSource:
        if self.session.mode == "file" and self.session.clip is not None:
            return ClipSource(self.session.clip)
        self._camera.clear()
        return LiveSource(self._camera)

    def _abandon_run(self) -> None:
        if self._playing is not None:
            self._playing.cancel.set()
            self._playing = None
        self._wake.set()

    # -- the chunk loop --------------------------------------------------------------------------

    async def run(self) -> None:
        """Make the chunks of one run after another, for as long as the process lives.

        Holds no lock of the runtime while it computes, so commands are answered at any time.
        """
        while True:
            while self._playing is None:
                await self._change()
            await self._play(self._playing)

    async def _play(self, run: ModelRun) -> None:
        """Make the chunks of one run until its source ends or the run is abandoned."""
        try:
            while await self._may_go_on(run):
                frames = await run.source.next_frames(
                    self.settings.chunk_length(self.session.completed)
                )
                if frames is None or not run.wanted():
                    continue
                if not frames:
                    await self._finish()
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
        while run.wanted() and (self.session.paused or not self.connected.is_set()):
            await self._change()
        return run.wanted()

    async def _change(self) -> None:
        """Wait for a command, a client or the next tidying; keep no camera frames meanwhile.

        A full buffer of the runtime is 128 frames, which is 350 MB at 1280x704.
        """
        self._wake.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), TIDY_S)
        self._camera.clear()

    async def _make_chunk(self, run: ModelRun, frames: list[Frame]) -> None:
        """Edit the frames with the prompt of this moment, emit them, and report the chunk."""
        index, prompt = self.session.completed, self.session.prompt
        await self._stage_fault(run, index)
        await self._before_chunk(index)
        batch = await asyncio.to_thread(self._edit, run, frames, prompt)
        if batch is None or not run.wanted():
            return
        await self.emit(SanaOutput(main_video=batch))
        if not run.wanted():
            return
        self.session.complete_chunk()
        await self.send(
            ChunkComplete(chunk_index=index, frames_emitted=len(batch), active_prompt=prompt)
        )
        await self.send(self._state())

    def _edit(
        self, run: ModelRun, frames: list[Frame], prompt: str
    ) -> npt.NDArray[np.uint8] | None:
        """Edit a chunk in a worker thread; return (N, H, W, 3) RGB, or None once it is unwanted.

        The frames are spread evenly over the compute time, so that the other core users of a small
        machine see short bursts of work instead of one long one.
        """
        settings = self.settings
        batch = np.empty((len(frames), settings.height, settings.width, 3), np.uint8)
        due = time.monotonic()
        for position, frame in enumerate(frames):
            picture = fit(frame, settings.width, settings.height)
            if settings.edit == "look":
                picture = looks.edit(picture, prompt, run.seed, index=run.frames_made)
            batch[position] = picture
            run.frames_made += 1
            due += settings.frame_time_s
            if run.cancel.wait(max(0.0, due - time.monotonic())):
                return None
        return batch

    async def _finish(self) -> None:
        """End a run whose clip has been edited to its last frame."""
        self.session.finish()
        await self.send(GenerationComplete(total_chunks=self.session.completed))
        await self.send(self._state())

    async def _stage_fault(self, run: ModelRun, chunk_index: int) -> None:
        """Stall or crash here, if this run was told to."""
        fault = self.settings.fault
        if fault is None or chunk_index < fault.after_chunks:
            return
        if fault.kind == "crash":
            raise RuntimeError(f"crash staged with --fault, after {chunk_index} chunks")
        while run.wanted():
            await self._change()
