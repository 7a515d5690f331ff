"""What the first generation has and the second has not: clips as a source, and no typed replies."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import ClassVar

from reactor_runtime.interface import ModelMessage, UploadedFile, event

from sana_vcam.standin.clip import ClipError, probe
from sana_vcam.standin.models.sana import GenerationReset, PromptAccepted, SanaModel
from sana_vcam.standin.session import CommandRefused, SourceMode
from sana_vcam.standin.source import ClipSource, FrameSource


class VideoAccepted(ModelMessage):
    """An accepted set_video; width and height are those before cropping."""

    width: int
    height: int
    num_frames: int
    num_latent_frames: int


class FirstGeneration(SanaModel):
    """The model with a file mode; everything that it says is a broadcast."""

    first_mode: ClassVar[SourceMode] = "file"
    shows_placeholder = False

    @abstractmethod
    def _video_accepted(self) -> VideoAccepted:
        """Describe the clip of a set_video that has just been staged."""

    async def _conditions_changed(self) -> None:
        """Announce that the prompt or the clip has changed."""

    async def _tell_paused(self) -> None:
        """Announce a pause."""

    async def _tell_resumed(self) -> None:
        """Announce the end of a pause."""

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

    @event(name="pause", description="Pause after the current chunk.")
    async def pause(self) -> None:
        """Let the chunk in the making finish, then make no more."""
        async with self._command("pause"):
            self.session.pause()
            await self._tell_paused()

    @event(name="resume", description="Resume after a pause.")
    async def resume(self) -> None:
        """Go on."""
        async with self._command("resume"):
            self._go_on()
            await self._tell_resumed()

    @event(name="reset", description="Abort the run, clear prompt and clip, return to idle.")
    async def reset(self) -> None:
        """Start over."""
        async with self._command("reset"):
            self._start_over()
            await self.send(GenerationReset(reason="reset requested"))

    def _source(self) -> FrameSource:
        if self.session.mode == "file" and self.session.clip is not None:
            return ClipSource(self.session.clip)
        return super()._source()
