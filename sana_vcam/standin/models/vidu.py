"""Vidu S2-Editing: an image is the look, and `editing_type` says what the image is."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Literal, override

from reactor_runtime.interface import (
    ClientInfo,
    InputField,
    MediaInput,
    ModelMessage,
    Output,
    UploadedFile,
    Video,
    event,
)

from sana_vcam.standin.app import ModelRun, StandinApp, picture_of
from sana_vcam.standin.clip import Frame, fit
from sana_vcam.standin.looks import reference
from sana_vcam.standin.session import CommandRefused
from sana_vcam.standin.source import LiveSource

EditingType = Literal[
    "subject_replacement", "virtual_tryon", "style_transfer", "background_replacement"
]
Phase = Literal["idle", "starting", "warming_up", "live", "ending", "ended", "failed"]

LOOKS = {
    "subject_replacement": reference.replaced,
    "virtual_tryon": reference.worn,
    "style_transfer": reference.coloured,
    "background_replacement": reference.behind,
}

ACTIVE = ("starting", "warming_up", "live", "ending")
"""Phases in which an edit is on, and no other can be started."""

STARTING_S = 0.3
MEDIA_PATIENCE_S = 5.0
"""Time without a frame of the camera after which an edit ends."""

LATE_REFUSAL_S = 4.0
"""Time after which the documents have a switch refused that could not be rendered."""

LEAST_SIDE = 32
"""An image with a shorter side is accepted and then cannot be rendered: what stages a late refusal.
The real reasons are not known."""


class ViduInput(MediaInput):
    """What a client publishes."""

    camera: Video


class ViduOutput(Output):
    """What a client subscribes to."""

    main_video: Video


class ReferenceSwitched(ModelMessage):
    """A switch that was sent on; whether it can be rendered shows later."""

    editing_type: str
    reference_changed: bool


class EditEnded(ModelMessage):
    """An accepted end_edit."""

    end_reason: str
    duration_seconds: float


class SessionStateMessage(ModelMessage):
    """A snapshot; control_ready lets switch_reference in."""

    name = "session_state"
    phase: str
    editing_type: str
    control_ready: bool
    camera_forwarding: bool
    video_receiving: bool
    edit_elapsed_seconds: float
    edit_max_seconds: float
    end_reason: str | None


class RejectedCommand(ModelMessage):
    """A rejected command; nothing has changed."""

    name = "command_error"
    command: str
    code: str
    reason: str
    origin: str
    retryable: bool
    trace_id: str


class EditRefused(CommandRefused):
    """A refusal with a code, and who refused: the request, or the state."""

    def __init__(self, code: str, origin: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.origin = origin


@dataclass(frozen=True, slots=True)
class EditLook:
    """An image, and what it is."""

    editing_type: EditingType
    image: Frame


@dataclass(slots=True)
class ViduSession:
    """Where the edit of one client session stands; `since` is when it was started."""

    phase: Phase = "idle"
    look: EditLook | None = None
    since: float = 0.0
    frame_at: float = 0.0
    told_at: float = 0.0
    duration_s: float = 0.0
    receiving: bool = False
    end_reason: str | None = None

    @property
    def elapsed_s(self) -> float:
        """Seconds of the edit that is on, or of the last one."""
        return time.monotonic() - self.since if self.phase in ACTIVE else self.duration_s


class ViduEditing(StandinApp):
    """The model: start_edit with an image while the camera sends, then switch_reference."""

    outputs = ViduOutput
    media: ViduInput

    def __init__(self) -> None:
        super().__init__()
        self.session = ViduSession()
        self._late: set[asyncio.Task[None]] = set()

    # -- commands --------------------------------------------------------------------------------

    @event(name="start_edit", description="Begin an edit guided by one image.")
    async def start_edit(
        self,
        reference_image: UploadedFile | None = None,
        reference_image_url: str | None = None,
        editing_type: EditingType = InputField(default="style_transfer"),
    ) -> None:
        """Begin an edit; allowed when none is on."""
        async with self._command("start_edit"):
            if self.session.phase in ACTIVE:
                raise EditRefused("EDIT_ACTIVE", "state", "an edit is on: end_edit first")
            image = await _image_of(reference_image, reference_image_url)
            if image is None:
                raise EditRefused("INVALID_INPUT", "request", "no reference image given")
            now = time.monotonic()
            self.session = ViduSession("starting", EditLook(editing_type, image), now, now)
            self._begin_run(ModelRun(LiveSource(self._buffer)))

    @event(name="switch_reference", description="Change the image, what it is, or both.")
    async def switch_reference(
        self,
        editing_type: EditingType | None = None,
        reference_image: UploadedFile | None = None,
        reference_image_url: str | None = None,
    ) -> ReferenceSwitched:
        """Switch at the next picture, or refuse after the answer what cannot be rendered."""
        async with self._answered("switch_reference", ReferenceSwitched) as answer:
            session = self.session
            if session.phase != "live" or session.look is None:
                raise EditRefused("LIVE_NOT_ACTIVE", "state", "no edit is live")
            image = await _image_of(reference_image, reference_image_url)
            if image is None and editing_type is None:
                raise EditRefused("INVALID_INPUT", "request", "nothing to switch to")
            kind = editing_type or session.look.editing_type
            if image is not None and min(image.shape[:2]) < LEAST_SIDE:
                self._refuse_late(session)
            else:
                session.look = EditLook(kind, session.look.image if image is None else image)
            answer.message = ReferenceSwitched(
                editing_type=kind, reference_changed=image is not None
            )
        return answer.message

    @event(name="end_edit", description="End the edit that is on.")
    async def end_edit(self) -> EditEnded:
        """End at once."""
        async with self._answered("end_edit", EditEnded) as answer:
            if self.session.phase not in ACTIVE:
                raise EditRefused("LIVE_NOT_ACTIVE", "state", "no edit is on")
            self.session.phase = "ending"
            await self.send(self._state())
            self._end("ended", "requested")
            answer.message = EditEnded(
                end_reason="requested", duration_seconds=self.session.duration_s
            )
        return answer.message

    @event(name="get_state", description="Ask for the snapshot.")
    async def get_state(self) -> SessionStateMessage:
        """Answer with the snapshot."""
        return self._state()

    def _refuse_late(self, session: ViduSession) -> None:
        async def refuse() -> None:
            await asyncio.sleep(LATE_REFUSAL_S)
            if self.session is session:
                reason = f"an image with a side below {LEAST_SIDE} pixels cannot be rendered"
                await self._refused(
                    "switch_reference", EditRefused("RENDER_FAILED", "upstream", reason), None
                )

        task = asyncio.create_task(refuse())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    def _end(self, phase: Phase, reason: str) -> None:
        session = self.session
        session.duration_s = session.elapsed_s
        session.phase, session.end_reason, session.receiving = phase, reason, False
        self._abandon_run()
        self.output.flush()

    # -- what the chunk loop asks ----------------------------------------------------------------

    def _state(self) -> SessionStateMessage:
        session = self.session
        session.told_at = time.monotonic()
        live = session.phase == "live"
        return SessionStateMessage(
            phase=session.phase,
            editing_type=session.look.editing_type if session.look else "style_transfer",
            control_ready=live,
            camera_forwarding=live,
            video_receiving=session.receiving,
            edit_elapsed_seconds=round(session.elapsed_s, 1),
            edit_max_seconds=self.settings.edit_limit_s,
            end_reason=session.end_reason,
        )

    @override
    async def _refused(
        self, command: str, refusal: CommandRefused, client: ClientInfo | None
    ) -> None:
        code, origin = "INTERNAL", "platform"
        if isinstance(refusal, EditRefused):
            code, origin = refusal.code, refusal.origin
        await self.send(
            RejectedCommand(
                command=command,
                code=code,
                reason=str(refusal),
                origin=origin,
                retryable=False,
                trace_id=secrets.token_hex(8),
            )
        )

    def _forget(self) -> None:
        for task in self._late:
            task.cancel()
        self.session = ViduSession()

    @override
    def _prompt_of(self, run: ModelRun) -> str:
        return ""

    def _picture(self, run: ModelRun, frame: Frame, prompt: str) -> Frame:
        look = self.session.look
        if look is None or self.settings.edit == "copy":
            return super()._picture(run, frame, prompt)
        return LOOKS[look.editing_type](fit(frame, *self._size), look.image)

    async def _run_begun(self, run: ModelRun) -> None:
        await asyncio.sleep(STARTING_S)
        if run.wanted():
            self.session.phase = "warming_up"
            await self.send(self._state())

    @override
    async def _no_frames(self, run: ModelRun) -> None:
        if run.wanted() and time.monotonic() - self.session.frame_at > MEDIA_PATIENCE_S:
            self._end("ended" if self.session.phase == "live" else "failed", "media_lost")
            await self.send(self._state())

    @override
    async def _before_chunk(self, run: ModelRun, frames: list[Frame]) -> None:
        session = self.session
        session.frame_at = time.monotonic()
        if session.phase == "warming_up":
            session.phase = "live"
            await self.send(self._state())

    @override
    async def _chunk_emitted(self, run: ModelRun, frames: int, prompt: str) -> None:
        session = self.session
        if session.elapsed_s > self.settings.edit_limit_s:
            self._end("ended", "max_duration")
        elif session.receiving and time.monotonic() - session.told_at < 1:
            return
        else:
            session.receiving = True
        await self.send(self._state())


async def _image_of(upload: UploadedFile | None, url: str | None) -> Frame | None:
    """Read the image of a request that may have one, in one of two ways."""
    if url is not None:
        reason = "the stand-in fetches nothing: upload the image, and send reference_image"
        if upload is not None:
            reason = "reference_image and reference_image_url exclude each other"
        raise EditRefused("INVALID_INPUT", "request", reason)
    if upload is None:
        return None
    try:
        return await picture_of(upload)
    except CommandRefused as error:
        raise EditRefused("INVALID_INPUT", "request", str(error)) from error
