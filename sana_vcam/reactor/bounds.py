"""What a server says, cut to a size and to types that cannot harm whoever is told of it.

Everything that a model, a runtime or the platform writes comes through here before anybody keeps,
shows or logs it.
"""

from __future__ import annotations

from typing import Any

MOST_CHARS = 8192
"""Of one text: twice the longest prompt that is sent to a model."""
MOST_CHARS_IN_ALL = 65_536
MOST_PARTS = 4096
"""Values in one message, at all depths."""
MOST_DEPTH = 16
"""A declared schema has a dozen levels."""
MOST_DIGITS = 2**63
SHORT_CHARS = 200
"""Of a name or a reason in a log or in a sentence."""


def bounded(value: Any, *, chars: int = MOST_CHARS_IN_ALL, parts: int = MOST_PARTS) -> Any:
    """Copy a JSON value as far as it is within bounds; what is not becomes null or is left out.

    Texts are valid Unicode after that; a float may still be no number.
    """
    return _Room(chars, parts).take(value, 0)


def short(value: object) -> str:
    """Make short printable text of what a server says; nothing of null."""
    if value is None:
        return ""
    text = value[:SHORT_CHARS] if isinstance(value, str) else str(bounded(value))[:SHORT_CHARS]
    return "".join(one if one.isprintable() else " " for one in text).strip()


class _Room:
    """What is left for the rest of one message."""

    def __init__(self, chars: int, parts: int) -> None:
        self._chars = chars
        self._parts = parts

    def take(self, value: Any, depth: int) -> Any:
        self._parts -= 1
        if self._parts < 0 or depth > MOST_DEPTH:
            return None
        match value:
            case bool() | float():
                return value
            case str():
                return self._text(value)
            case int():
                return value if abs(value) < MOST_DIGITS else None
            case list() | tuple():
                return [self.take(one, depth + 1) for one in value[: max(0, self._parts)]]
            case dict():
                return self._table(value, depth)
        return None

    def _table(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        taken: dict[str, Any] = {}
        for key, one in value.items():
            if self._parts <= 0:
                break
            if isinstance(key, str) and len(key) <= SHORT_CHARS:
                taken[_unicode(key)] = self.take(one, depth + 1)
        return taken

    def _text(self, value: str) -> str:
        text = value[: max(0, min(MOST_CHARS, self._chars))]
        self._chars -= len(text)
        return _unicode(text)


def _unicode(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
