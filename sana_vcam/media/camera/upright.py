"""The shape in which a stored picture is to be seen: turned, mirrored, and of square pixels."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sana_vcam.media.pixels import Pixels, cv2

ASPECTS = (0.2, 5.0)
"""Pixel shapes outside of these are damage. Anamorphic films have 2, DV 8/9 to 1.46."""
MOST_PIXELS = 16384
"""No side is stretched beyond this."""


@dataclass(frozen=True, slots=True)
class View:
    """How to look at a stored picture: swapped along its diagonal first, and then mirrored."""

    transpose: bool = False
    left_right: bool = False
    upside_down: bool = False
    aspect: float = 1.0
    """The width of a stored pixel for its height."""

    @classmethod
    def of(cls, matrix: bytes | None, aspect: float = 1.0) -> View:
        """Read a display matrix as FFmpeg has it, of nine int32; odd angles go to the nearest turn.

        x' = a x + c y and y' = b x + d y, where a, b, c, d are the numbers 0, 1, 3, 4; see ISO
        14496-12, 6.2.2, and `libavutil/display.h`.
        """
        aspect = aspect if ASPECTS[0] <= aspect <= ASPECTS[1] else 1.0
        if matrix is None or len(matrix) < 36:
            return cls(aspect=aspect)
        a, b, _, c, d = struct.unpack_from("=5i", matrix)
        if a * d == b * c:
            return cls(aspect=aspect)
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, a < 0, d < 0, aspect)
        return cls(True, c < 0, b < 0, aspect)

    def apply(self, pixels: Pixels) -> Pixels:
        """Make the picture as it is to be seen: (h, w, 3) BGR, of square pixels."""
        height, width = pixels.shape[:2]
        across = min(max(round(width * self.aspect), 1), MOST_PIXELS)
        if across != width:
            how = cv2.INTER_AREA if across < width else cv2.INTER_LINEAR
            pixels = cv2.resize(pixels, (across, height), interpolation=how)
        if self.transpose:
            pixels = cv2.transpose(pixels)
        if self.left_right and self.upside_down:
            return cv2.flip(pixels, -1)
        if self.left_right or self.upside_down:
            return cv2.flip(pixels, 1 if self.left_right else 0)
        return pixels
