"""Every conversion of pictures: fitting to a size, BGR, BGRA, I420, JPEG. No other module converts.

What a camera delivers (MJPG, YUYV …) becomes BGR in `sana_vcam.media.camera.decode`.

Pixels are uint8 arrays of (height, width, 3) BGR or (height, width, 4) BGRA.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sana_vcam.config.kinds import Fit, Size

type Pixels = npt.NDArray[np.uint8]
type PixelFormat = Literal["I420", "BGR24"]
type Luma = npt.NDArray[np.float32]


class _OpenCv:
    """OpenCV, imported at its first use: 0.15 s and 60 MB that `sana-vcam ctl` never needs."""

    cvtColor: Callable[..., Pixels]  # noqa: N815
    flip: Callable[..., Pixels]
    transpose: Callable[..., Pixels]
    merge: Callable[..., Pixels]
    multiply: Callable[..., Pixels]
    addWeighted: Callable[..., Pixels]  # noqa: N815
    imdecode: Callable[..., Pixels | None]
    resize: Callable[..., Pixels]
    error: type[Exception]

    def __getattr__(self, name: str) -> Any:
        import cv2

        found = getattr(cv2, name)
        setattr(self, name, found)
        return found


cv2 = _OpenCv()


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
    require_size(width, height)
    have = pixels.shape[1], pixels.shape[0]
    source, target = _place(have, (width, height), mode)
    fitted = _part(pixels, source)
    left, top, across, down = target
    if source[2:] != target[2:]:
        fitted = _scale(fitted, across, down)
    if (across, down) != (width, height):
        edges = (top, height - down - top, left, width - across - left)
        black = (0, 0, 0, 255)
        fitted = cv2.copyMakeBorder(fitted, *edges, cv2.BORDER_CONSTANT, value=black)
    return cv2.flip(fitted, 1) if mirror else fitted


def to_bgr(pixels: Pixels) -> Pixels:
    """Convert to (h, w, 3) BGR; BGR comes back as it is."""
    require_pixels(pixels)
    if pixels.shape[2] == 3:
        return pixels
    return cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR)


def bgr_to_bgra_bytes(bgr: Pixels) -> bytes:
    """Convert BGR to the BGRA bytes that the SDK's `push_frame` takes most cheaply.

    The detour over OpenCV costs a tenth of letting the SDK convert a (h, w, 3) array itself. It is
    written where it is to be: another copy costs as much as the conversion.
    """
    require_pixels(bgr)
    if bgr.shape[2] != 3:
        raise ValueError(f"expected (height, width, 3) BGR pixels, got shape {bgr.shape}")
    height, width = bgr.shape[:2]
    data, pixels = _fresh_bytes(height * width * 4)
    cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA, dst=pixels.reshape(height, width, 4))
    return data


def _fresh_bytes(size: int) -> tuple[bytes, Pixels]:
    """Make bytes that are still to be written, and the array to do that by, before anybody else.

    That is what PyBytes_FromStringAndSize is for (Python/C API, "Bytes Objects").
    """
    data: bytes = _make_bytes(None, size)
    return data, np.frombuffer((ctypes.c_uint8 * size).from_address(_address_of(data)), np.uint8)


_make_bytes = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_ssize_t)(
    ("PyBytes_FromStringAndSize", ctypes.pythonapi)
)
_address_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object)(
    ("PyBytes_AsString", ctypes.pythonapi)
)


def to_i420(pixels: Pixels) -> Pixels:
    """Convert to planar I420 in (h * 3 / 2, w): BT.601, limited range (Y 16..235).

    Both sizes have to be even. Apps read what a webcam sends as BT.601, limited range.
    """
    require_pixels(pixels)
    height, width, channels = pixels.shape
    require_even(width, height)
    code = cv2.COLOR_BGR2YUV_I420 if channels == 3 else cv2.COLOR_BGRA2YUV_I420
    return cv2.cvtColor(pixels, code)


def bgra_bytes_to_i420(bgra: bytes, width: int, height: int) -> Pixels:
    """Convert the bytes of a BGRA picture, as the SDK hands them over, to I420; see `to_i420`.

    Of an odd size, the last column or row is left out.
    """
    pixels = np.frombuffer(bgra, np.uint8).reshape(height, width, 4)
    return to_i420(pixels[: height // 2 * 2, : width // 2 * 2])


def black_i420(width: int, height: int) -> Pixels:
    """Make a black I420 picture; both sizes have to be even."""
    require_even(width, height)
    i420 = np.empty((height * 3 // 2, width), np.uint8)
    for plane, black in zip(_planes(i420), BLACK, strict=True):
        plane[:] = black
    return i420


def luma_plane(i420: Pixels) -> Pixels:
    """View the brightness of an I420 picture, (h, w): 16 is black, 235 white."""
    return i420[: i420.shape[0] * 2 // 3]


def coarse_luma(bgr: Pixels, width: int, height: int) -> Luma:
    """Measure the brightness of (height, width) areas, 0..255 and not rounded.

    Costs 0.06 ms at 1280x704: four pixels stand for each of 160x88 places, and the rest is skipped.
    """
    places = cv2.resize(bgr, PLACES, interpolation=cv2.INTER_LINEAR)
    return _areas(cv2.cvtColor(places, cv2.COLOR_BGR2GRAY), width, height)


def coarse_luma_of_i420(i420: Pixels, width: int, height: int) -> Luma:
    """Measure as `coarse_luma` does, on the same scale: black is 0, and white 255."""
    places = cv2.resize(luma_plane(i420), PLACES, interpolation=cv2.INTER_LINEAR)
    low, high = LUMA_RANGE
    return (_areas(places, width, height) - low) * (255 / (high - low))


def _areas(places: Pixels, width: int, height: int) -> Luma:
    size, fine = (width, height), places.astype(np.float32)
    return np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), np.float32)


def fit_i420(i420: Pixels, width: int, height: int, mode: Fit) -> Pixels:
    """Bring planar I420 in (h * 3 / 2, w) to (height * 3 / 2, width), by the user's choice.

    As `fit` does it, but on planes: half the pixels to scale, and cut at even places only. All
    sizes have to be even. Of the right size, it comes back as it is.
    """
    have_height, have_width = i420.shape[0] * 2 // 3, i420.shape[1]
    if (have_width, have_height) == (width, height):
        return i420
    source, target = _place((have_width, have_height), (width, height), mode, step=2)
    fitted = np.empty((height * 3 // 2, width), np.uint8)
    for plane, place, black, scale in zip(
        _planes(i420), _planes(fitted), BLACK, SCALES, strict=True
    ):
        if mode == "pad":
            place[:] = black
        into = _part(place, target, scale)
        _scale(_part(plane, source, scale), into.shape[1], into.shape[0], into)
    return fitted


def cover_i420(i420: Pixels, width: int, height: int) -> Pixels:
    """Make a picture smaller that is much larger than (width, height), so that it just covers it.

    It keeps its shape, and all that a sink of that size can show of it. Any other comes back as
    it is. All sizes have to be even.
    """
    have_height, have_width = i420.shape[0] * 2 // 3, i420.shape[1]
    scale = max(width / have_width, height / have_height)
    if scale * LITTLE >= 1:
        return i420
    across, down = (-(-int(have * scale) // 2) * 2 for have in (have_width, have_height))
    return fit_i420(i420, max(width, across), max(height, down), "stretch")


def blend_i420(before: Pixels, after: Pixels, share: float) -> Pixels:
    """Blend two I420 pictures of one size, `share` of the second, 0 to 1.

    Raises `ValueError` for two sizes.
    """
    if before.shape != after.shape:
        raise ValueError(f"two sizes are not blended: {before.shape} and {after.shape}")
    return cv2.addWeighted(before, 1 - share, after, share, 0)


def place_i420(into: Pixels, i420: Pixels, left: int, top: int) -> None:
    """Write an I420 picture into a larger one, from the even point (left, top) on."""
    for target, plane, step in zip(_planes(into), _planes(i420), (1, 2, 2), strict=True):
        height, width = plane.shape
        target[top // step : top // step + height, left // step : left // step + width] = plane


def coarse_difference(before: Pixels, after: Pixels) -> float:
    """Measure how far two I420 pictures are apart, in levels of 0..255; of any sizes.

    It is the mean over coarse areas, of brightness or of colour, whichever differs more. Costs
    0.2 ms at 1280x704.
    """
    pairs = zip(_planes(before), _planes(after), strict=True)
    return max(
        float(np.abs(_areas(_places(one), 32, 18) - _areas(_places(other), 32, 18)).mean())
        for one, other in pairs
    )


def _places(plane: Pixels) -> Pixels:
    return cv2.resize(plane, PLACES, interpolation=cv2.INTER_LINEAR)


def i420_to_bgr(i420: Pixels) -> Pixels:
    """Convert planar I420 in (h * 3 / 2, w) to (h, w, 3) BGR."""
    return cv2.cvtColor(i420, cv2.COLOR_YUV2BGR_I420)


def i420_to_yuy2(i420: Pixels) -> Pixels:
    """Convert planar I420 in (h * 3 / 2, w) to packed YUY2 in (h, w * 2)."""
    luma, blue, red = _planes(i420)
    height, width = luma.shape
    packed = np.empty((height, width * 2), np.uint8)
    packed[:, 0::2] = luma
    for place, chroma in ((1, blue), (3, red)):
        packed[0::2, place::4] = packed[1::2, place::4] = chroma
    return packed


def to_jpeg(pixels: Pixels, quality: int = 85) -> bytes:
    """Encode the pixels as a JPEG file; `quality` is 1 to 100."""
    if not 1 <= quality <= 100:
        raise ValueError(f"expected a JPEG quality of 1 to 100, got {quality}")
    done, encoded = cv2.imencode(".jpg", to_bgr(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"cannot encode pixels of shape {pixels.shape} as JPEG")
    return bytes(encoded.tobytes())


LITTLE = 1.6
"""Scaled down by this factor at most, blending two by two pixels loses none that matters."""
PLACES = (160, 88)
"""Columns and rows of what a coarse luma is made from."""
LUMA_RANGE = (16, 235)
"""Y of black and of white in limited range."""
BLACK = (LUMA_RANGE[0], 128, 128)
"""Y, U and V of black in limited range."""
SCALES = (1, 2, 2)
"""How much smaller each plane is than the picture, each way."""

type Part = tuple[int, int, int, int]
"""Left, top, width, height."""


def _planes(i420: Pixels) -> tuple[Pixels, Pixels, Pixels]:
    """View Y in (h, w), and U and V in (h / 2, w / 2)."""
    height, width = i420.shape[0] * 2 // 3, i420.shape[1]
    chroma = i420[height:].reshape(2, height // 2, width // 2)
    return i420[:height], chroma[0], chroma[1]


def _part(plane: Pixels, part: Part, scale: int = 1) -> Pixels:
    left, top, width, height = part
    return plane[top // scale : (top + height) // scale, left // scale : (left + width) // scale]


def _place(have: Size, want: Size, mode: Fit, step: int = 1) -> tuple[Part, Part]:
    """Choose which part of a picture fills which part of the target, all multiples of `step`."""
    across, down = want[0] / have[0], want[1] / have[1]
    if mode == "crop":
        scale = max(across, down)
        return _middle(have, want[0] / scale, want[1] / scale, step), (0, 0, *want)
    if mode == "pad":
        scale = min(across, down)
        return (0, 0, *have), _middle(want, have[0] * scale, have[1] * scale, step)
    if mode == "stretch":
        return (0, 0, *have), (0, 0, *want)
    raise ValueError(f"expected crop, pad or stretch, got {mode!r}")


def _middle(whole: Size, width: float, height: float, step: int) -> Part:
    """Place a part of about this size in the middle of the whole."""
    across = max(step, min(int(width + 0.5), whole[0]) // step * step)
    down = max(step, min(int(height + 0.5), whole[1]) // step * step)
    return (
        (whole[0] - across) // 2 // step * step,
        (whole[1] - down) // 2 // step * step,
        across,
        down,
    )


def require_even(width: int, height: int) -> None:
    """Refuse sizes that I420 does not have. Raises `ValueError`."""
    if width % 2 or height % 2:
        raise ValueError(f"I420 takes even sizes only, got {width}x{height}")


def require_size(width: int, height: int) -> None:
    """Refuse an empty picture. Raises `ValueError`."""
    if width < 1 or height < 1:
        raise ValueError(f"expected a size of at least 1x1, got {width}x{height}")


def _scale(pixels: Pixels, width: int, height: int, into: Pixels | None = None) -> Pixels:
    """Scale to (height, width), in the memory of `into` if that is given.

    A little smaller, two by two pixels blended are as near to a Lanczos filter as areas are, in a
    quarter of their time: 1.7 instead of 8.2 ms from 1080 to 704 lines (measured).
    """
    have_height, have_width = pixels.shape[:2]
    little = have_width <= LITTLE * width and have_height <= LITTLE * height
    how = cv2.INTER_LINEAR if little else cv2.INTER_AREA
    return cv2.resize(pixels, (width, height), dst=into, interpolation=how)
