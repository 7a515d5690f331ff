"""What every model's messages have in common, and how they are read from the wire.

Numbers arrive as floats (the wire is a protobuf Struct) and become what a field says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from sana_vcam.reactor.bounds import bounded, short


@dataclass(frozen=True)
class WireMessage:
    """One message as it came, whatever the model."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    """Its fields, without those that are null: they mean the same as missing ones."""


class Message(BaseModel):
    """Base of every typed message; `wire_name` is its `type` on the wire."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    wire_name: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        """Leave out every JSON null: it means the same as a missing field."""
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


class CommandErrorMessage(Message):
    """A refused command; the state is unchanged."""

    wire_name = "command_error"

    command: str = ""
    reason: str = ""


class UnknownMessage(ValueError):
    """A message whose type the model is not known to send, or whose data does not fit."""


def read_wire(raw: Any) -> WireMessage:
    """Read `{"type", "data"}` from the wire, within bounds. Raises `UnknownMessage`."""
    kind = raw.get("type") if isinstance(raw, dict) else None
    if not isinstance(kind, str):
        raise UnknownMessage("a message without a type")
    if short(kind) != kind:
        raise UnknownMessage(f"message {short(kind)!r}, which is no name")
    data = bounded(raw.get("data") or {})
    if not isinstance(data, dict):
        raise UnknownMessage(f"message {kind!r} with odd data")
    return WireMessage(kind, {k: v for k, v in data.items() if v is not None})


def parse_message(raw: Any, kinds: Mapping[str, type[Message]]) -> Message:
    """Turn `{"type", "data"}` from the wire into one of `kinds`. Raises `UnknownMessage`."""
    return typed(read_wire(raw), kinds)


def typed(message: WireMessage, kinds: Mapping[str, type[Message]]) -> Message:
    """Turn a message into one of `kinds`. Raises `UnknownMessage`."""
    kind = kinds.get(message.type)
    if kind is None:
        raise UnknownMessage(f"message {message.type!r}")
    try:
        return kind.model_validate(message.data)
    except ValidationError as error:
        fields = ", ".join(sorted({str(e["loc"][0]) for e in error.errors() if e["loc"]}))
        raise UnknownMessage(f"message {message.type!r} with odd {fields or 'data'}") from None
