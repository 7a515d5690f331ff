"""A moving test scene as the camera: somebody talking in a room, and a frame counter to read back.

The layers that do not change are drawn once, when the scene is opened.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sana_vcam.errors import CameraError
from sana_vcam.media.camera.timecode import encode_counter
from sana_vcam.media.pacing import FrameClock
from sana_vcam.media.pixels import Pixels, cv2
from sana_vcam.media.states import CameraKind

SKIN, SKIN_SHADE, HAIR = (150, 182, 226), (118, 150, 200), (38, 48, 66)
SWEATER, SWEATER_STRIPE = (132, 92, 44), (112, 76, 34)
LIPS, MOUTH, WHITE, IRIS = (92, 92, 178), (44, 36, 60), (244, 244, 244), (112, 78, 40)
RIM, DIAL, MARK, HAND, SECOND_HAND = (
    (44, 46, 54), (226, 232, 234), (70, 70, 76), (60, 60, 66), (58, 64, 214)
)  # fmt: skip
HEAD = (
    (HAIR, 0, -0.045, 0.176, 0.222),
    (SKIN_SHADE, -0.158, 0.01, 0.026, 0.044),
    (SKIN_SHADE, 0.158, 0.01, 0.026, 0.044),
    (SKIN, 0, 0.005, 0.150, 0.212),
)
"""Ovals; see `_ovals`."""
ROOM_MARGIN = 0.08
"""How far the room extends beyond the picture on each side, in parts of the width."""


class TestScene:
    """The scene in real time, with one frame number more in each picture."""

    __test__ = False
    kind = CameraKind.SCENE
    name = "test scene"

    def __init__(
        self,
        width: int = 1280,
        height: int = 720,
        fps: float = 24.0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._size = (width, height)
        self._fps = fps
        self._clock = clock
        self._closed = threading.Event()
        self._scene: SceneDrawing | None = None
        self._ticks = FrameClock(fps, 0.0)
        self._number = 0

    def open(self) -> None:
        """Draw the layers and start the clock."""
        self._closed.clear()
        self._scene = self._scene or SceneDrawing(*self._size)
        self._ticks = FrameClock(self._fps, self._clock())

    def read(self) -> Pixels:
        """Wait for the next tick, and draw it."""
        tick, due = self._ticks.next(self._clock())
        scene = self._scene
        if self._closed.wait(max(0.0, due - self._clock())) or scene is None:
            raise CameraError("the test scene is closed")
        picture = scene.draw(tick / self._fps)
        encode_counter(picture, self._number)
        self._number += 1
        return picture

    def close(self) -> None:
        """Stop; from another thread, it ends a `read` that waits."""
        self._closed.set()


@dataclass(frozen=True, slots=True)
class Sprite:
    """A layer with soft edges: `colour` is already multiplied by the opacity."""

    colour: Pixels
    clearness: Pixels

    @classmethod
    def cut(cls, bgr: Pixels, mask: Pixels) -> Sprite:
        """Cut out the part of `bgr` under the (h, w) `mask`; both are at twice the wanted size."""
        size = (bgr.shape[1] // 2, bgr.shape[0] // 2)
        alpha = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        opacity = cv2.cvtColor(alpha, cv2.COLOR_GRAY2BGR)
        colour = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
        return cls(cv2.multiply(colour, opacity, scale=1 / 255), 255 - opacity)

    def paste(self, picture: Pixels, x: float, y: float) -> None:
        """Lay the sprite over the picture in place, around (x, y); what lies outside is cut off."""
        height, width = self.colour.shape[:2]
        left, top = round(x - width / 2), round(y - height / 2)
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(picture.shape[1], left + width), min(picture.shape[0], top + height)
        if x0 >= x1 or y0 >= y1:
            return
        part = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        under = picture[y0:y1, x0:x1]
        shaded = cv2.multiply(under, self.clearness[part], scale=1 / 255)
        cv2.add(shaded, self.colour[part], dst=under)


class SceneDrawing:
    """A painter of the scene at any moment; the same moment gives the same pixels."""

    def __init__(self, width: int, height: int) -> None:
        self._width = width
        self._height = height
        self._room = _draw_room(width, height)
        self._body = _draw_body(height)
        self._head = _draw_head(height)

    def draw(self, moment_s: float) -> Pixels:
        """Draw the picture at a moment: a new (height, width, 3) BGR array."""
        width, height = self._width, self._height
        margin = int(ROOM_MARGIN * width)
        shift = round(margin * (1 + math.sin(moment_s * math.tau / 11)))
        picture: Pixels = self._room[:, shift : shift + width].copy()
        _draw_clock(picture, 0.84 * width + margin - shift, 0.24 * height, height, moment_s)
        x = width * (0.5 + 0.05 * math.sin(moment_s * math.tau / 7))
        self._body.paste(picture, x, 0.83 * height)
        x += 0.02 * height * math.sin(moment_s * math.tau / 3.1)
        y = height * (0.45 + 0.012 * math.sin(moment_s * math.tau / 2.3))
        self._head.paste(picture, x, y)
        _draw_features(picture, x, y, height, moment_s)
        return picture


def _texture(width: int, height: int, seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Make noise with as much in large shapes as in small ones, from -1 to 1."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width), np.float32)
    for octave in range(7):
        grid = (max(2, height >> (7 - octave)), max(2, width >> (7 - octave)))
        noise = random.standard_normal(grid, np.float32)
        total += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) / 2
    return np.asarray(total / np.abs(total).max(), np.float32)


def _draw_room(width: int, height: int) -> Pixels:
    """Draw a wall with a bookshelf and a picture, wider than the frame."""
    width += 2 * int(ROOM_MARGIN * width)
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    wall = np.stack(
        [128 - 46 * down + 30 * across, 122 - 34 * down, 104 - 22 * down - 26 * across], axis=-1
    )
    room = _as_pixels(wall + 26 * _texture(width, height, seed=1)[:, :, None])
    random = np.random.default_rng(2)
    for shelf in range(4):
        top, bottom = int((0.06 + 0.23 * shelf) * height), int((0.26 + 0.23 * shelf) * height)
        left, end = int(0.04 * width), int(0.31 * width)
        room[bottom : bottom + height // 50, left:end] = (52, 74, 102)
        while left < end - height // 24:
            book = int(height * random.uniform(0.022, 0.05))
            tall = int((bottom - top) * random.uniform(0.6, 0.98))
            colour, spine = random.integers(40, 190, 3), left + book // 2
            room[bottom - tall : bottom, left : left + book - 1] = colour
            title = slice(bottom - tall * 5 // 6, bottom - tall // 2)
            room[title, spine : spine + max(1, book // 6)] = colour + 60
            left += book
    _draw_poster(room, int(0.66 * width), int(0.44 * height), int(0.16 * width), int(0.36 * height))
    grain = 5 * np.random.default_rng(3).standard_normal(room.shape[:2], np.float32)
    return _as_pixels(room + grain[:, :, None])


def _draw_poster(room: Pixels, left: int, top: int, width: int, height: int) -> None:
    """Draw a landscape in a frame: smooth colour next to hard edges."""
    right, bottom = left + width, top + height
    room[top:bottom, left:right] = (40, 44, 52)
    edge = max(2, height // 30)
    view = room[top + edge : bottom - edge, left + edge : right - edge]
    h, w = view.shape[:2]
    down = np.linspace(0, 1, h)[:, None, None]
    view[:] = np.array([196, 150, 110]) * (1 - down) + np.array([120, 190, 240]) * down
    _ovals(view, 0, 0, h, ((150, 220, 250), 0.7 * w / h, 0.36, 0.11, 0.11))
    for hill, colour in enumerate([(128, 116, 84), (92, 96, 62), (58, 72, 44)]):
        x = np.arange(w) / w
        line = 0.56 + 0.13 * hill + 0.08 * np.sin(x * (3 + hill) + 2.1 * hill)
        view[down[:, :, 0] > line] = colour


def _as_pixels(values: Any) -> Pixels:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _blank(width: float, height: float) -> tuple[Pixels, Pixels]:
    """Make empty arrays for the colour and the mask of a sprite, at twice its size."""
    shape = (2 * int(height), 2 * int(width))
    return np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8)


def _ovals(pixels: Pixels, x: float, y: float, unit: float, *shapes: Any) -> None:
    """Fill ellipses: of each the colour, the centre, as seen from (x, y), and the radii.

    Lengths are in parts of `unit` pixels, and may end between the pixels.
    """
    for colour, right, down, *radii in shapes:
        centre = (round((x + right * unit) * 16), round((y + down * unit) * 16))
        sizes = [max(1, round(radius * unit * 16)) for radius in radii]
        cv2.ellipse(pixels, centre, sizes, 0, 0, 360, colour, -1, cv2.LINE_AA, 4)


def _draw_body(height: int) -> Sprite:
    unit = 2 * height
    colour, mask = _blank(0.86 * height, 0.56 * height)
    middle = colour.shape[1] // 2
    rows = np.arange(colour.shape[0])[:, None, None]
    striped = rows % max(4, unit // 60) < max(1, unit // 240)
    colour[:] = np.where(striped, SWEATER_STRIPE, SWEATER)
    _ovals(mask, middle, 0, unit, (255, 0, 0.42, 0.40, 0.25))
    mask[int(0.42 * unit) :, int(middle - 0.40 * unit) : int(middle + 0.40 * unit)] = 255
    _ovals(colour, middle, 0, unit, (SKIN_SHADE, 0, 0.20, 0.105, 0.07))
    neck = (slice(int(0.22 * unit)), slice(int(middle - 0.075 * unit), int(middle + 0.075 * unit)))
    colour[neck], mask[neck] = SKIN_SHADE, 255
    return Sprite.cut(cv2.GaussianBlur(colour, (0, 0), max(1.0, unit / 700)), mask)


def _draw_head(height: int) -> Sprite:
    """Draw head, ears and hair; what moves in the face is drawn on each picture."""
    unit = 2 * height
    colour, mask = _blank(0.44 * height, 0.60 * height)
    x, y = colour.shape[1] / 2, colour.shape[0] / 2
    colour[:] = HAIR
    _ovals(colour, x, y, unit, *HEAD, (HAIR, -0.03, -0.185, 0.155, 0.075))
    _ovals(mask, x, y, unit, *((255, *place) for _, *place in HEAD))
    shade = np.zeros(mask.shape, np.uint8)
    _ovals(shade, x, y, unit, (255, -0.03, -0.03, 0.10, 0.16))
    light = cv2.GaussianBlur(shade, (0, 0), unit / 24)[:, :, None] / 255
    return Sprite.cut(_as_pixels(colour * (0.80 + 0.22 * light)), mask)


def _draw_features(picture: Pixels, x: float, y: float, unit: int, moment_s: float) -> None:
    """Draw eyes that look around and blink, brows, nose, and a mouth that talks.

    A blink takes a third of a second in every four.
    """
    lids = min(1.0, max(0.08, abs(moment_s % 4.0 - 3.5) / 0.17))
    gaze = 0.007 * math.sin(moment_s * math.tau / 4.3)
    brow = -0.062 - 0.004 * math.sin(moment_s * 1.3)
    for side in (-1, 1):
        _ovals(
            *(picture, x + side * 0.062 * unit, y, unit),
            (WHITE, 0, -0.02, 0.031, 0.018 * lids),
            (IRIS, gaze, -0.02, 0.0125, 0.0145 * lids),
            (HAIR, gaze, -0.02, 0.006, 0.007 * lids),
            (HAIR, 0, brow, 0.036, 0.0065),
        )
    talk = max(0.0, math.sin(moment_s * math.tau * 2.1)) * (0.5 + 0.5 * math.sin(moment_s * 1.7))
    _ovals(
        *(picture, x, y, unit),
        (SKIN_SHADE, 0, 0.062, 0.022, 0.013),
        (LIPS, 0, 0.122, 0.052, 0.012 + 0.020 * talk),
        (MOUTH, 0, 0.122, 0.040, 0.003 + 0.015 * talk),
    )


def _draw_clock(picture: Pixels, x: float, y: float, height: int, moment_s: float) -> None:
    """Draw a wall clock: its long hand turns in ten seconds, its short one in a minute."""
    radius, thin = 0.125 * height, max(1, height // 240)
    _ovals(picture, x, y, radius, (RIM, 0, 0, 1, 1), (DIAL, 0, 0, 0.9, 0.9))
    marks = [(mark / 12, 0.74, 0.84, MARK, thin) for mark in range(12)]
    hands = [
        (moment_s / 60, 0, 0.46, HAND, 3 * thin),
        (moment_s / 10, 0, 0.68, HAND, 2 * thin),
        (moment_s, 0, 0.78, SECOND_HAND, thin),
    ]
    for turn, *ends, colour, thick in marks + hands:
        right, down = math.sin(turn * math.tau), -math.cos(turn * math.tau)
        start, end = ((round(x + e * radius * right), round(y + e * radius * down)) for e in ends)
        cv2.line(picture, start, end, colour, thick, cv2.LINE_AA)
