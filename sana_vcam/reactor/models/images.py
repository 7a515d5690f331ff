"""A reference image: what a model is shown, checked before anything is sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

MOST_BYTES = 8_000_000
"""The largest image that is sent. Vidu S2-Editing refuses more than 10 MB; an upload of this size
takes 6 s at 10 Mbit/s."""

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
)


class NotAnImage(ValueError):
    """Bytes that no model takes as an image; the message says why."""


@dataclass(frozen=True)
class Image:
    """A PNG, JPEG or WebP file in memory. Two with the same bytes are equal."""

    data: bytes = field(repr=False)
    name: str = field(default="image", compare=False)
    """What the user calls it: a file's name."""

    @classmethod
    def read(cls, data: bytes, name: str = "image") -> Image:
        """Check bytes and take them. Raises `NotAnImage`."""
        if not data:
            raise NotAnImage(f"{name} is empty")
        if len(data) > MOST_BYTES:
            raise NotAnImage(
                f"{name} has {len(data) / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are sent"
            )
        if _kind(data) is None:
            raise NotAnImage(f"{name} is no PNG, JPEG or WebP image")
        return cls(data, name)

    @property
    def mime_type(self) -> str:
        """The type of the file, by its first bytes."""
        kind = _kind(self.data)
        return kind[0] if kind else "application/octet-stream"

    @property
    def file_name(self) -> str:
        """A name for the upload, which says nothing of the user's folders."""
        kind = _kind(self.data)
        return f"image.{kind[1] if kind else 'bin'}"

    @property
    def digest(self) -> str:
        """A short name of the bytes."""
        return hashlib.sha256(self.data).hexdigest()[:16]


def _kind(data: bytes) -> tuple[str, str] | None:
    for magic, mime_type, ending in _KINDS:
        if data.startswith(magic):
            return mime_type, ending
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp", "webp"
    return None
