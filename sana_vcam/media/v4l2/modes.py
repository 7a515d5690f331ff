"""The choice among a camera's modes: a pure function of what it offers and what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sana_vcam.media.v4l2.capabilities import Mode

COMPRESSED = ("MJPG", "JPEG")
COLOURED = ("YUYV", "UYVY", "YVYU", "NV12", "NV21", "YU12", "YV12", "BGR3", "RGB3")
GREY = ("GREY", "Y16", "Y14", "Y12", "Y10")
"""Brightness alone, as infrared cameras give it."""
RAW = COLOURED + GREY
DECODABLE = COMPRESSED + RAW
"""What `sana_vcam.media.camera.decode` reads, best first."""
SMOOTH_FPS = 15.0
"""Slower than this is a slide show: a smaller picture is better."""
RATE_SLACK = 0.1


@dataclass(frozen=True, slots=True)
class ModeChoice:
    """A mode, and the rate to ask of it; 0 if the driver tells no rates."""

    mode: Mode
    fps: float

    def __str__(self) -> str:
        rate = f" at {self.fps:g} fps" if self.fps else ""
        return f"{self.mode.pixel_format} {self.mode.width}x{self.mode.height}{rate}"


def choose(modes: Sequence[Mode], width: int, height: int, fps: float) -> ModeChoice | None:
    """Choose the mode for the best picture of (width, height) at `fps`; None if none can be read.

    Size and shape count most, then the rate as long as it stays smooth, then the format: a camera
    that has MJPG gives it at every rate, while many fall to 5 to 10 fps at 720p in raw YUYV.
    """
    able = [mode for mode in modes if mode.pixel_format in DECODABLE]
    if not able:
        return None
    best = min(able, key=lambda mode: _cost(mode, width, height, fps))
    return ModeChoice(best, rate_to_ask_for(best, fps))


def rate_to_ask_for(mode: Mode, fps: float) -> float:
    """Choose the mode's lowest rate that is enough; drivers take the nearest, even one too low."""
    enough = [rate for rate in mode.fps if rate > fps - RATE_SLACK]
    return min(enough, default=max(mode.fps, default=0.0))


def _cost(mode: Mode, width: int, height: int, fps: float) -> tuple[float, int]:
    by_size = _size_cost(mode.width, mode.height, width, height)
    return round(by_size + _rate_cost(mode, fps), 3), DECODABLE.index(mode.pixel_format)


def _size_cost(have_width: int, have_height: int, width: int, height: int) -> float:
    """Rate a size: 0 for the one wanted, more for pixels to make up, to throw away, to cut off."""
    scale = min(have_width / width, have_height / height)
    used = (width * scale) * (height * scale) / (have_width * have_height)
    cut_off = 0.5 * (1 - used)
    if scale < 1:
        return 1 / scale - 1 + cut_off
    return 0.2 * (scale - 1) + cut_off


def _rate_cost(mode: Mode, fps: float) -> float:
    """Rate a rate: 0 for enough; a large raw mode of unknown rate is taken for slow."""
    rate = max(mode.fps, default=0.0)
    if not rate:
        large = mode.width * mode.height > 640 * 480
        return 0.5 if large and mode.pixel_format not in COMPRESSED else 0.0
    if rate > fps - RATE_SLACK:
        return 0.0
    lacking = 0.5 * (1 - rate / fps)
    return lacking if rate >= min(SMOOTH_FPS, fps) else 100 + lacking
