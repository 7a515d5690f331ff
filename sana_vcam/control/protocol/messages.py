"""The words of the control API: every command, and the messages that ask and reply.

Nothing here does I/O, so each transport (WebSocket, HTTP, Unix socket, command line) reads and
writes the same messages. `COMMANDS` and `events.EVENTS` are the source of the help, the docs and
AsyncAPI.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field

from sana_vcam.config.preset import (
    SettingValue,
)
from sana_vcam.control.protocol.codes import ReplyCode as ReplyCode
from sana_vcam.control.protocol.command import Command as Command
from sana_vcam.control.protocol.imagepieces import PIECE_CHARS
from sana_vcam.control.protocol.keeping import Record as Record
from sana_vcam.control.protocol.keeping import SaveClip as SaveClip
from sana_vcam.control.protocol.playlists import ListPlaylists as ListPlaylists
from sana_vcam.control.protocol.playlists import Play as Play
from sana_vcam.control.protocol.presets import EndTrial as EndTrial
from sana_vcam.control.protocol.presets import MovePreset as MovePreset
from sana_vcam.control.protocol.presets import RemovePreset as RemovePreset
from sana_vcam.control.protocol.presets import ResetPresets as ResetPresets
from sana_vcam.control.protocol.presets import SavePreset as SavePreset
from sana_vcam.control.protocol.presets import Suggest as Suggest
from sana_vcam.control.protocol.presets import Thumbnail as Thumbnail
from sana_vcam.control.protocol.presets import TryLook as TryLook
from sana_vcam.control.protocol.rehearsal import Back as Back
from sana_vcam.control.protocol.rehearsal import Rehearse as Rehearse
from sana_vcam.control.protocol.rehearsal import Take as Take
from sana_vcam.control.protocol.replies import (
    Applied,
    AppliedPreset,
    EncodedPicture,
    EventName,
    Presets,
    PreviewAnswer,
    Subscribed,
    Toggled,
    Usage,
)
from sana_vcam.control.protocol.settings import ModelSettings
from sana_vcam.control.protocol.sharing import ExportPresets as ExportPresets
from sana_vcam.control.protocol.sharing import ForgetPresets as ForgetPresets
from sana_vcam.control.protocol.sharing import ImportPresets as ImportPresets
from sana_vcam.control.protocol.sharing import InspectPresets as InspectPresets
from sana_vcam.control.protocol.state import State
from sana_vcam.control.protocol.texts import data_text, encodable
from sana_vcam.control.protocol.transitions import SetTransition as SetTransition
from sana_vcam.control.protocol.voice import ListMicrophones as ListMicrophones
from sana_vcam.control.protocol.voice import SetVoice as SetVoice

API_VERSION = 1
"""Rises when a client that worked would stop working."""

MAX_ID_LENGTH = 128
"""Characters in a request's `id`, if it is a string."""

MAX_ID_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""

type RequestId = int | str | None


# -- commands ---


class GetState(Command):
    """Read the full state."""

    wire_name = "get_state"
    reply = State


class ListPresets(Command):
    """List the presets in their order."""

    wire_name = "list_presets"
    reply = Presets


class SetPrompt(Command):
    """Ask the model for a look in words; empty stays close to the camera."""

    wire_name = "set_prompt"
    reply = Applied
    prompt: Annotated[str, Field(max_length=4000, examples=["as a clay figure"])]
    """What the model is asked for."""


class ApplyPreset(Command):
    """Ask for a preset's look."""

    wire_name = "apply_preset"
    reply = AppliedPreset
    id: Annotated[str, Field(max_length=64, examples=["noir"])]
    """The preset's id; `list_presets` has them."""


class StepPreset(Command):
    """Go to the next preset, or the previous one with by = -1."""

    wire_name = "step_preset"
    reply = AppliedPreset
    by: Annotated[int, Field(ge=-1000, le=1000, examples=[1, -1])] = 1
    """How many places further, wrapping around."""


class Pause(Command):
    """Pause the model after the current chunk; an open session stays open, and billed."""

    wire_name = "pause"
    reply = Applied


class Resume(Command):
    """Go on after a pause."""

    wire_name = "resume"
    reply = Applied


class Reset(Command):
    """Begin the run anew; a new seed takes effect."""

    wire_name = "reset"
    reply = Applied


class SetSeed(Command):
    """Set the model's noise seed; it takes effect at the next reset."""

    wire_name = "set_seed"
    reply = Applied
    seed: Annotated[int, Field(ge=0, le=2**53 - 1, examples=[42])]
    """The same camera, prompt and seed give the same edit."""


class SetAnchorInterval(Command):
    """Set how often the edit is grounded on the camera again."""

    wire_name = "set_anchor_interval"
    reply = Applied
    chunks: Annotated[int, Field(ge=0, le=10_000, examples=[20])]
    """Chunks from one anchor to the next; 0 is never."""


class ListSettings(Command):
    """List what the model takes: its settings with their values, prompt and image."""

    wire_name = "list_settings"
    reply = ModelSettings


class SetSetting(Command):
    """Set one of the model's settings; it holds for every look until it is set anew."""

    wire_name = "set_setting"
    reply = Applied
    name: Annotated[str, Field(max_length=64, examples=["sr_scale"])]
    """The setting's name; `list_settings` has them."""
    value: Annotated[SettingValue, Field(examples=["2x"])]
    """A number, true, false or a text, as the setting takes it."""


class SetImage(Command):
    """Show the model a reference image: PNG, JPEG or WebP, of at most 8 MB."""

    wire_name = "set_image"
    reply = Applied
    data: Annotated[str | None, Field(max_length=PIECE_CHARS, examples=["iVBORw0KGgo…"])] = None
    """The file in base64, or a piece of it; left out or empty, there is to be no image."""
    name: Annotated[str, Field(max_length=255, examples=["cape.png"])] = "image"
    """What you call it."""
    more: Annotated[bool, Field(examples=[False])] = False
    """true: the rest comes by further set_image of this connection."""


class SchedulePrompt(Command):
    """Have the run that is on take up a prompt at a later chunk."""

    wire_name = "schedule_prompt"
    reply = Applied
    prompt: Annotated[str, Field(max_length=4000, examples=["a storm comes up"])]
    """What the model is asked for."""
    chunk: Annotated[int, Field(ge=0, le=1_000_000, examples=[12])]
    """The chunk of the run; `chunk` of the state is the last that is done."""


class Blank(Command):
    """Show viewers black, at once, with or without a network."""

    wire_name = "blank"
    reply = Toggled
    on: Annotated[bool | None, Field(examples=[True])] = None
    """true or false; left out, it toggles."""


class Freeze(Command):
    """Show viewers a still picture."""

    wire_name = "freeze"
    reply = Toggled
    on: Annotated[bool | None, Field(examples=[True])] = None
    """true or false; left out, it toggles."""


class Bypass(Command):
    """Show viewers the raw camera, if the configuration allows it."""

    wire_name = "bypass"
    reply = Toggled
    on: Annotated[bool | None, Field(examples=[True])] = None
    """true or false; left out, it toggles."""


class Connect(Command):
    """Want a session, at once; tries again after a refusal or a failure."""

    wire_name = "connect"
    reply = Applied


class Disconnect(Command):
    """Want no session; the open one is closed."""

    wire_name = "disconnect"
    reply = Applied


class Renew(Command):
    """Switch to a fresh session without a break; for a moment both are billed."""

    wire_name = "renew"
    reply = Applied


class ReadUsage(Command):
    """Read what is billed: the session, the day, the month, caps and money."""

    wire_name = "usage"
    reply = Usage


class Snapshot(Command):
    """Take a picture of what viewers see now."""

    wire_name = "snapshot"
    reply = EncodedPicture


class Preview(Command):
    """Open a live preview of what viewers see, by WebRTC; WebSocket only."""

    wire_name = "preview"
    reply = PreviewAnswer
    sdp: Annotated[str, Field(max_length=32_000, examples=["v=0\r\n..."])]
    """The offer: one video that is received only, complete with its gathering."""


class StopPreview(Command):
    """End the live preview of this connection; closing it does so, too."""

    wire_name = "stop_preview"


class Compare(Command):
    """Show the camera beside the edited picture, in this connection's preview alone."""

    wire_name = "compare"
    reply = Toggled
    on: Annotated[bool, Field(examples=[True])]
    """true or false; it ends with the preview."""


class Subscribe(Command):
    """Choose the events that this connection receives; the first choice is state."""

    wire_name = "subscribe"
    reply = Subscribed
    # JSON has no tuples, so strict reading would refuse its lists.
    events: Annotated[
        tuple[EventName, ...],
        Field(strict=False, max_length=16, examples=[["state", "log"]]),
    ]
    """The events wanted, in place of those before; an empty list is none."""


BOUND_TO_A_CONNECTION = frozenset(
    {
        "preview",
        "stop_preview",
        "subscribe",
        "try_look",
        "end_trial",
        "compare",
        "inspect_presets",
        "import_presets",
        "forget_presets",
    }
)
"""The commands that make sense on a WebSocket only."""

TAKES_A_WHILE = (Preview, StopPreview, InspectPresets, ImportPresets)
"""The commands that the next ones of the same connection need not wait for."""

ASK_FOR_A_PART = (SetSeed, SetAnchorInterval, SetSetting, SetImage)
"""The commands that change a part of the look."""

COMMANDS: Mapping[str, type[Command]] = types.MappingProxyType(
    {
        command.wire_name: command
        for command in (
            GetState,
            ListPresets,
            SetPrompt,
            ApplyPreset,
            StepPreset,
            Pause,
            Resume,
            Reset,
            SetSeed,
            SetAnchorInterval,
            ListSettings,
            SetSetting,
            SetImage,
            SchedulePrompt,
            Blank,
            Freeze,
            Bypass,
            ListMicrophones,
            SetVoice,
            SetTransition,
            Connect,
            Disconnect,
            Renew,
            ReadUsage,
            Snapshot,
            SaveClip,
            Record,
            SavePreset,
            TryLook,
            EndTrial,
            Rehearse,
            Take,
            Back,
            RemovePreset,
            MovePreset,
            ResetPresets,
            ExportPresets,
            InspectPresets,
            ImportPresets,
            ForgetPresets,
            Suggest,
            Thumbnail,
            ListPlaylists,
            Play,
            Preview,
            StopPreview,
            Compare,
            Subscribe,
        )
    }
)
"""Every command by its name, in the order of the docs."""


# -- requests and replies ---


@dataclass(frozen=True, slots=True)
class Request:
    """A command, and what the client calls this request."""

    id: RequestId
    command: Command


@dataclass(frozen=True, slots=True)
class Ok:
    """The reply of a command that ran."""

    id: RequestId
    data: BaseModel

    def text(self) -> str:
        """Write the reply as a message."""
        return f'{{"type":"ok",{_id_member(self.id)}"data":{data_text(self.data)}}}'


@dataclass(frozen=True, slots=True)
class Error:
    """The reply of a request that was refused or failed."""

    id: RequestId
    code: ReplyCode
    message: str

    def text(self) -> str:
        """Write the reply as a message."""
        data = json.dumps({"code": self.code, "message": encodable(self.message)})
        return f'{{"type":"error",{_id_member(self.id)}"data":{data}}}'


def _id_member(request_id: RequestId) -> str:
    return "" if request_id is None else f'"id":{json.dumps(request_id)},'


def request_text(command: Command, request_id: RequestId = None) -> str:
    """Write a command as a client sends it."""
    data = command.model_dump_json(exclude_unset=True)
    return f'{{"type":"{command.wire_name}",{_id_member(request_id)}"data":{data}}}'


class ProtocolError(Exception):
    """A message that is no valid request; `id` is the request's, if it could be read."""

    def __init__(self, code: ReplyCode, message: str, request_id: RequestId = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.id = request_id

    def reply(self) -> Error:
        """Make the reply that tells the client."""
        return Error(self.id, self.code, self.message)
