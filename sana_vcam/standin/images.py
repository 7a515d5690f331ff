"""Uploaded pictures: check that one is, and that a model would take it."""

from __future__ import annotations

import cv2
import numpy as np

from sana_vcam.standin.clip import Frame

MAX_IMAGE_BYTES = 10_000_000
"""Largest reference image, as the documents of Vidu S2-Editing have it; for others none is told."""


class ImageError(Exception):
    """An upload that cannot be a reference image; its text is the reason sent to the client."""


def read_image(data: bytes) -> Frame:
    """Decode an upload to (H, W, 3) RGB; blocks while it does.

    Raises:
        ImageError: it is too large, or no picture.
    """
    if len(data) > MAX_IMAGE_BYTES:
        raise ImageError(f"the image has more than {MAX_IMAGE_BYTES // 1_000_000} MB")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if picture is None:
        raise ImageError("the file is not an image this model can read")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
