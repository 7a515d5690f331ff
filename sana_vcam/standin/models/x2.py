"""XMAX X2: an editor that a prompt arms, with a reference image and a pointer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import override

import cv2
from reactor_runtime.interface import (
    ClientInfo,
    CommandError,
    InputField,
    MediaInput,
    ModelMessage,
    Output,
    UploadedFile,
    Video,
    event,
)

from sana_vcam.standin.app import ModelRun, StandinApp, picture_of
from sana_vcam.standin.clip import Frame
from sana_vcam.standin.looks import reference
from sana_vcam.standin.session import CommandRefused
from sana_vcam.standin.source import LiveSource

MAX_PROMPT = 1000
MULTIPLE = 4
"""What the sides of a picture are multiples of."""

PLACEHOLDER = (832, 480)
"""Size of the placeholder, which comes before the source is known."""

POINTER_SHARE = 0.08
"""Radius of what the pointer lights up, in heights of the picture."""


class X2Input(MediaInput):
    """What a client publishes."""

    source: Video


class X2Output(Output):
    """What a client subscribes to."""

    main_video: Video


class PromptAccepted(ModelMessage):
    """An accepted set_prompt."""

    prompt: str


class ReferenceImageAccepted(ModelMessage):
    """An accepted set_reference_image; the size is that of the image as it was decoded."""

    width: int
    height: int


class PointerChanged(ModelMessage):
    """An accepted set_pointer."""

    x: float
    y: float
    active: bool


class StateUpdate(ModelMessage):
    """A snapshot; width and height are those of main_video, once they are known."""

    prompt: str | None
    has_reference_image: bool
    pointer_x: float
    pointer_y: float
    pointer_active: bool
    keep_backlog: bool
    generating: bool
    width: int | None
    height: int | None


class GenerationStarted(ModelMessage):
    """A first picture is being made: there are a prompt and frames of the source."""


class GenerationStopped(ModelMessage):
    """No more pictures are made, until there is a prompt again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the pointer is, in shares of the picture, and whether it is down."""

    x: float = 0.5
    y: float = 0.5
    active: bool = False


@dataclass(slots=True)
class X2Session:
    """What one client session has set."""

    prompt: str = ""
    image: Frame | None = None
    pointer: Pointer = Pointer()
    keep_backlog: bool = False
    generating: bool = False
    size: tuple[int, int] | None = None


class X2(StandinApp):
    """The model: it generates as long as it has a prompt and frames of its source.

    A refused command is answered with an error of its own; there is no message for it.
    """

    outputs = X2Output
    input_track = "source"
    media: X2Input

    def __init__(self) -> None:
        super().__init__()
        self.session = X2Session()

    # -- commands --------------------------------------------------------------------------------

    @event(name="set_prompt", description="Set the edit instruction; an empty one stops.")
    async def set_prompt(
        self, prompt: str = InputField(default="", max_length=MAX_PROMPT, moderate=True)
    ) -> PromptAccepted:
        """Arm the model with a prompt, or disarm it; a run takes the prompt at its next block."""
        async with self._answered("set_prompt", PromptAccepted) as answer:
            self.session.prompt = prompt if prompt.strip() else ""
            if not self.session.prompt:
                await self._stop("prompt_cleared")
            self._arm()
            answer.message = PromptAccepted(prompt=prompt)
        return answer.message

    @event(name="set_reference_image", description="Set the image that guides the edit.")
    async def set_reference_image(
        self, reference_image: UploadedFile = InputField(moderate=True)
    ) -> ReferenceImageAccepted:
        """Take an image; a run stops for it, and begins again by itself."""
        async with self._answered("set_reference_image", ReferenceImageAccepted) as answer:
            image = await picture_of(reference_image)
            self.session.image = image
            await self._stop("reference_image_changed")
            self._arm()
            answer.message = ReferenceImageAccepted(width=image.shape[1], height=image.shape[0])
        return answer.message

    @event(name="set_pointer", description="Move the pointer, in shares of the picture.")
    async def set_pointer(
        self,
        x: float = InputField(default=0.5, ge=0, le=1),
        y: float = InputField(default=0.5, ge=0, le=1),
        active: bool = False,
    ) -> PointerChanged:
        """Take all of the pointer."""
        async with self._answered("set_pointer", PointerChanged) as answer:
            self.session.pointer = Pointer(x, y, active)
            answer.message = PointerChanged(x=x, y=y, active=active)
        return answer.message

    @event(name="set_pointer_x", description="Move the pointer across.")
    async def set_pointer_x(self, pointer_x: float = InputField(default=0.5, ge=0, le=1)) -> None:
        """Take the pointer's share of the width."""
        async with self._command("set_pointer_x"):
            self.session.pointer = replace(self.session.pointer, x=pointer_x)

    @event(name="set_pointer_y", description="Move the pointer up or down.")
    async def set_pointer_y(self, pointer_y: float = InputField(default=0.5, ge=0, le=1)) -> None:
        """Take the pointer's share of the height."""
        async with self._command("set_pointer_y"):
            self.session.pointer = replace(self.session.pointer, y=pointer_y)

    @event(name="set_pointer_active", description="Press or release the pointer.")
    async def set_pointer_active(self, pointer_active: bool = False) -> None:
        """Take whether the pointer is down."""
        async with self._command("set_pointer_active"):
            self.session.pointer = replace(self.session.pointer, active=pointer_active)

    @event(name="set_keep_backlog", description="Edit every frame, or the newest only.")
    async def set_keep_backlog(self, keep_backlog: bool = False) -> None:
        """Take what to do with frames that wait."""
        async with self._command("set_keep_backlog"):
            self.session.keep_backlog = keep_backlog

    @event(name="reset", description="Stop, and forget prompt, image and pointer.")
    async def reset(self) -> None:
        """Stop at once: queued frames are dropped and the track is cut to black."""
        async with self._command("reset"):
            session = self.session
            session.prompt, session.image, session.pointer = "", None, Pointer()
            await self._stop("reset")
            self.output.flush()

    def _arm(self) -> None:
        if self.session.prompt and self._playing is None:
            self._buffer.clear()
            source = LiveSource(self._buffer, lambda: self.session.keep_backlog)
            self._begin_run(ModelRun(source))

    async def _stop(self, reason: str) -> None:
        self._abandon_run()
        if self.session.generating or reason == "reset":
            self.session.generating = False
            await self.send(GenerationStopped(reason=reason))

    # -- what the chunk loop asks ----------------------------------------------------------------

    def _state(self) -> StateUpdate:
        session, pointer = self.session, self.session.pointer
        width, height = session.size or (None, None)
        return StateUpdate(
            prompt=session.prompt or None,
            has_reference_image=session.image is not None,
            pointer_x=pointer.x,
            pointer_y=pointer.y,
            pointer_active=pointer.active,
            keep_backlog=session.keep_backlog,
            generating=session.generating,
            width=width,
            height=height,
        )

    @override
    async def _refused(
        self, command: str, refusal: CommandRefused, client: ClientInfo | None
    ) -> None:
        raise CommandError("invalid_input", str(refusal)) from refusal

    def _forget(self) -> None:
        self.session = X2Session()

    @property
    def _size(self) -> tuple[int, int]:
        return self.session.size or PLACEHOLDER

    @override
    async def _before_chunk(self, run: ModelRun, frames: list[Frame]) -> None:
        if self.session.generating:
            return
        if self.session.size is None:
            height, width = frames[0].shape[:2]
            settings = self.settings
            self.session.size = (
                settings.width or max(MULTIPLE, width // MULTIPLE * MULTIPLE),
                settings.height or max(MULTIPLE, height // MULTIPLE * MULTIPLE),
            )
        self.session.generating = True
        await self.send(GenerationStarted())
        await self.send(self._state())

    @override
    def _prompt_of(self, run: ModelRun) -> str:
        return self.session.prompt

    def _picture(self, run: ModelRun, frame: Frame, prompt: str) -> Frame:
        picture = super()._picture(run, frame, prompt)
        image, pointer = self.session.image, self.session.pointer
        if image is not None and self.settings.edit == "look":
            picture = reference.guided(picture, image)
        if pointer.active:
            picture = pointed_at(picture, pointer)
        return picture


def pointed_at(picture: Frame, pointer: Pointer) -> Frame:
    """Light up the place where the pointer is; on a copy."""
    height, width = picture.shape[:2]
    marked = picture.copy()
    centre = (round(pointer.x * (width - 1)), round(pointer.y * (height - 1)))
    cv2.circle(marked, centre, max(1, round(POINTER_SHARE * height)), (255, 255, 255), cv2.FILLED)
    return marked
