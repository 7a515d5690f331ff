"""What every command of the API is."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from sana_vcam.control.protocol.replies import Empty, MessageBody


class Command(MessageBody):
    """One command; its fields are the request's `data`, its docstring is its help."""

    model_config = ConfigDict(strict=True)

    wire_name: ClassVar[str]
    """The `type` of the request."""
    reply: ClassVar[type[BaseModel]] = Empty
    """What the reply's `data` holds."""
