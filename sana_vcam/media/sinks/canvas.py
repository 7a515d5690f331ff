"""A virtual camera's picture of its own size, drawn from the program's."""

from __future__ import annotations

from sana_vcam.config.kinds import Fit
from sana_vcam.media.frames import Picture
from sana_vcam.media.pixels import (
    PixelFormat,
    Pixels,
    fit_i420,
    i420_to_bgr,
    require_even,
    require_size,
)


class Canvas:
    """A converter of pictures of any size to frames of one size and pixel format.

    Used by one thread. The newest conversion is kept, since playout shows a picture that does not
    change (a freeze, a slate, black) again on every tick.
    """

    def __init__(self, width: int, height: int, fit: Fit, pixel_format: PixelFormat) -> None:
        require_size(width, height)
        if pixel_format not in {"I420", "BGR24"}:
            raise ValueError(f"expected I420 or BGR24, got {pixel_format!r}")
        require_even(width, height)
        self.width = width
        self.height = height
        self.fit: Fit = fit
        self.pixel_format: PixelFormat = pixel_format
        self._picture: Picture | None = None
        self._frame: Pixels | None = None

    def convert(self, picture: Picture) -> Pixels:
        """Make the frame: (h * 3 / 2, w) for I420, (h, w, 3) for BGR24; not to be written to."""
        if self._frame is None or picture is not self._picture:
            fitted = fit_i420(picture.i420, self.width, self.height, self.fit)
            self._frame = fitted if self.pixel_format == "I420" else i420_to_bgr(fitted)
            self._picture = picture
        return self._frame
