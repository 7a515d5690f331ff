"""Every conversion of pictures: fitting to a size, BGR, BGRA, I420, JPEG. No other module converts.

What a camera delivers (MJPG, YUYV …) becomes BGR in `sana_vcam.camera.decode`.

Pixels are uint8 arrays of (height, width, 3) BGR or (height, width, 4) BGRA. OpenCV is imported at
the first conversion, so that commands which touch no picture start without it.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from sana_vcam.config import Fit
    from sana_vcam.frames import Picture, Pixels

type PixelFormat = Literal["I420", "BGR24"]


@functools.cache
def _cv() -> Any:
    """OpenCV, imported at first use."""
    import cv2  # noqa: PLC0415 - 0.15 s and 60 MB that `sana-vcam ctl` never needs

    return cv2


def require_pixels(pixels: Pixels) -> None:
    """Refuse anything but a non-empty (h, w, 3) or (h, w, 4) uint8 array.

    Raises:
        TypeError: not an array, or not of uint8.
        ValueError: another shape, such as a grey picture.
    """
    if not isinstance(pixels, np.ndarray):
        raise TypeError(f"expected an array of pixels, got {type(pixels).__name__}")
    if pixels.dtype != np.uint8:
        raise TypeError(f"expected uint8 pixels, got {pixels.dtype}")
    if pixels.ndim != 3 or pixels.shape[2] not in {3, 4} or 0 in pixels.shape:
        raise ValueError(f"expected (height, width, 3 or 4) pixels, got shape {pixels.shape}")


def fit(pixels: Pixels, width: int, height: int, mode: Fit, *, mirror: bool = False) -> Pixels:
    """Bring pixels to exactly (height, width), by the user's choice of `mode`.

    crop scales until the target is covered and takes the centre; pad scales until everything is
    inside and adds black bars; stretch ignores the shape. The result may be a view of `pixels`
    (1280x720 to 1280x704 is a pure crop): neither may be written to afterwards.
    """
    require_pixels(pixels)
    _require_size(width, height)
    if mode == "crop":
        fitted = _scale(_centre_crop(pixels, width, height), width, height)
    elif mode == "pad":
        fitted = _pad(pixels, width, height)
    elif mode == "stretch":
        fitted = _scale(pixels, width, height)
    else:
        raise ValueError(f"expected crop, pad or stretch, got {mode!r}")
    return _flip(fitted) if mirror else fitted


def to_bgr(pixels: Pixels) -> Pixels:
    """The pixels as (h, w, 3) BGR; BGR comes back as it is."""
    require_pixels(pixels)
    if pixels.shape[2] == 3:
        return pixels
    cv2 = _cv()
    bgr: Pixels = cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR)
    return bgr


def bgr_to_bgra_bytes(bgr: Pixels) -> bytes:
    """BGR as the BGRA bytes that the SDK's `push_frame` takes most cheaply.

    The detour over OpenCV costs a tenth of letting the SDK convert a (h, w, 3) array itself.
    """
    require_pixels(bgr)
    if bgr.shape[2] != 3:
        raise ValueError(f"expected (height, width, 3) BGR pixels, got shape {bgr.shape}")
    cv2 = _cv()
    bgra: Pixels = cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA)
    return bgra.tobytes()


def to_i420(pixels: Pixels) -> Pixels:
    """The pixels as planar I420 in (h * 3 / 2, w): BT.601, limited range (Y 16..235).

    Both sizes have to be even. Apps read what a webcam sends as BT.601, limited range.
    """
    require_pixels(pixels)
    height, width, channels = pixels.shape
    if height % 2 or width % 2:
        raise ValueError(f"I420 takes even sizes only, got {width}x{height}")
    cv2 = _cv()
    code = cv2.COLOR_BGR2YUV_I420 if channels == 3 else cv2.COLOR_BGRA2YUV_I420
    i420: Pixels = cv2.cvtColor(pixels, code)
    return i420


def i420_to_bgr(i420: Pixels) -> Pixels:
    """Planar I420 in (h * 3 / 2, w) as (h, w, 3) BGR."""
    cv2 = _cv()
    bgr: Pixels = cv2.cvtColor(i420, cv2.COLOR_YUV2BGR_I420)
    return bgr


def to_jpeg(pixels: Pixels, quality: int = 85) -> bytes:
    """The pixels as a JPEG file; `quality` is 1 to 100."""
    if not 1 <= quality <= 100:
        raise ValueError(f"expected a JPEG quality of 1 to 100, got {quality}")
    cv2 = _cv()
    done, encoded = cv2.imencode(".jpg", to_bgr(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"cannot encode pixels of shape {pixels.shape} as JPEG")
    return bytes(encoded.tobytes())


class Canvas:
    """Turns a `Picture` of any size into a frame of one size and pixel format.

    Used by one thread. The newest conversion is kept, since playout shows a picture that does not
    change (a freeze, a card, black) again on every tick.
    """

    def __init__(self, width: int, height: int, fit: Fit, pixel_format: PixelFormat) -> None:
        _require_size(width, height)
        if pixel_format not in {"I420", "BGR24"}:
            raise ValueError(f"expected I420 or BGR24, got {pixel_format!r}")
        if pixel_format == "I420" and (width % 2 or height % 2):
            raise ValueError(f"I420 takes even sizes only, got {width}x{height}")
        self.width = width
        self.height = height
        self.fit: Fit = fit
        self.pixel_format: PixelFormat = pixel_format
        self._picture: Picture | None = None
        self._frame: Pixels | None = None

    def convert(self, picture: Picture) -> Pixels:
        """The frame: (h * 3 / 2, w) for I420, (h, w, 3) for BGR24; not to be written to."""
        if self._frame is None or picture is not self._picture:
            fitted = fit(picture.pixels, self.width, self.height, self.fit)
            self._frame = to_i420(fitted) if self.pixel_format == "I420" else to_bgr(fitted)
            self._picture = picture
        return self._frame


def _require_size(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise ValueError(f"expected a size of at least 1x1, got {width}x{height}")


def _centre_crop(pixels: Pixels, width: int, height: int) -> Pixels:
    """A view of the largest centred part that has the shape of (height, width)."""
    have_height, have_width = pixels.shape[:2]
    scale = max(width / have_width, height / have_height)
    crop_width = _whole(width / scale, have_width)
    crop_height = _whole(height / scale, have_height)
    left = (have_width - crop_width) // 2
    top = (have_height - crop_height) // 2
    return pixels[top : top + crop_height, left : left + crop_width]


def _pad(pixels: Pixels, width: int, height: int) -> Pixels:
    have_height, have_width = pixels.shape[:2]
    scale = min(width / have_width, height / have_height)
    inner = _scale(pixels, _whole(have_width * scale, width), _whole(have_height * scale, height))
    across, down = width - inner.shape[1], height - inner.shape[0]
    if not across and not down:
        return inner
    cv2 = _cv()
    top, left = down // 2, across // 2
    edges = (top, down - top, left, across - left)
    padded: Pixels = cv2.copyMakeBorder(inner, *edges, cv2.BORDER_CONSTANT, value=(0, 0, 0, 255))
    return padded


def _scale(pixels: Pixels, width: int, height: int) -> Pixels:
    have_height, have_width = pixels.shape[:2]
    if (have_width, have_height) == (width, height):
        return pixels
    cv2 = _cv()
    shrinks = width <= have_width and height <= have_height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    scaled: Pixels = cv2.resize(pixels, (width, height), interpolation=how)
    return scaled


def _flip(pixels: Pixels) -> Pixels:
    flipped: Pixels = _cv().flip(pixels, 1)
    return flipped


def _whole(length: float, most: int) -> int:
    """The nearest whole number of pixels, from 1 to `most`."""
    return min(max(1, math.floor(length + 0.5)), most)
