"""An image that comes in pieces: a message has room for less than a picture."""

from __future__ import annotations

import base64
import binascii

from sana_vcam.errors import CommandFailed
from sana_vcam.reactor.models import Image, NotAnImage
from sana_vcam.reactor.models.images import MOST_BYTES

MAX_IMAGE_BYTES = MOST_BYTES
"""The largest image that is taken."""
PIECE_CHARS = 60_000
"""The longest piece, in base64: with its request it fits into a message of 64 KiB."""


class ImagePieces:
    """Joins the pieces that one connection sends; it never keeps more than an image may have."""

    def __init__(self) -> None:
        self._data = bytearray()

    def drop(self) -> None:
        """Forget what has come."""
        self._data.clear()

    def add(self, piece: str) -> None:
        """Add a piece, in base64. Raises `CommandFailed`, and then nothing is kept."""
        try:
            self._data += base64.b64decode(piece, validate=True)
        except (binascii.Error, ValueError) as error:
            self.drop()
            raise CommandFailed("invalid_data", f"data: is no base64 ({error})") from None
        if len(self._data) > MAX_IMAGE_BYTES:
            self.drop()
            raise CommandFailed(
                "rejected",
                f"the image has more than {MAX_IMAGE_BYTES / 1e6:.0f} MB, the most that is sent",
            )

    def take(self, name: str) -> Image | None:
        """Make the image of all that has come; None of nothing. Raises `CommandFailed`."""
        data = bytes(self._data)
        self.drop()
        if not data:
            return None
        try:
            return Image.read(data, name)
        except NotAnImage as error:
            raise CommandFailed("rejected", str(error)) from None
