"""Texts and bodies as they can be sent, whatever bytes their names were made of."""

from __future__ import annotations

import json
import math
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError


def encodable(text: str) -> str:
    """Replace in `text` what UTF-8 cannot carry."""
    return text.encode("utf-8", "replace").decode()


def data_text(data: BaseModel) -> str:
    """Write a body as JSON, whatever its texts are made of.

    Names of files, devices and drivers are bytes to the system, which need not be text: Python
    keeps such bytes as lone surrogates.
    """
    try:
        return data.model_dump_json()
    except PydanticSerializationError:
        return json.dumps(_encodable_all(data.model_dump()), ensure_ascii=False)


def _encodable_all(value: Any) -> Any:
    match value:
        case str():
            return encodable(value)
        case dict():
            return {encodable(str(key)): _encodable_all(one) for key, one in value.items()}
        case float() if not math.isfinite(value):
            return None
        case list() | tuple():
            return [_encodable_all(one) for one in value]
    return value
