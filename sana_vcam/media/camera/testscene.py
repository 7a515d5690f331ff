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
from sana_vcam.media.camera.timecode import encode_counter, read_counter
from sana_vcam.media.pacing import FrameClock
from sana_vcam.media.pixels import Pixels

__all__ = ["SceneDrawing", "TestScene", "encode_counter", "read_counter"]

SKIN, SKIN_SHADE, HAIR = (150, 182, 226), (118, 150, 200), (38, 48, 66)
SWEATER, LIPS, WHITE, IRIS = (132, 92, 44), (92, 92, 178), (244, 244, 244), (112, 78, 40)
ROOM_MARGIN = 0.08
"""How far the room extends beyond the picture on each side, in parts of the width."""


class TestScene:
    """The scene in real time, with one frame number more in each picture."""

    __test__ = False

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

    @property
    def name(self) -> str:
        """A name in words."""
        return "test scene"

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
        import cv2  # loaded only if a scene is drawn

        size = (bgr.shape[1] // 2, bgr.shape[0] // 2)
        opacity = cv2.cvtColor(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), 8)
        colour = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)
        colour = cv2.multiply(colour, opacity, scale=1 / 255)
        return cls(np.asarray(colour, np.uint8), np.asarray(255 - opacity, np.uint8))

    def paste(self, picture: Pixels, left: int, top: int) -> None:
        """Lay the sprite over the picture in place; what lies outside is cut off."""
        import cv2  # loaded by then

        height, width = self.colour.shape[:2]
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
        _paste_centred(self._body, picture, x, 0.83 * height)
        x += 0.02 * height * math.sin(moment_s * math.tau / 3.1)
        y = height * (0.45 + 0.012 * math.sin(moment_s * math.tau / 2.3))
        _paste_centred(self._head, picture, x, y)
        _draw_features(picture, x, y, height, moment_s)
        return picture


def _paste_centred(sprite: Sprite, picture: Pixels, x: float, y: float) -> None:
    height, width = sprite.colour.shape[:2]
    sprite.paste(picture, round(x - width / 2), round(y - height / 2))


def _texture(width: int, height: int, seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Make noise with as much in large shapes as in small ones, from -1 to 1."""
    import cv2

    random = np.random.default_rng(seed)
    total = np.zeros((height, width), np.float32)
    for octave in range(7):
        grid = (max(2, height >> (7 - octave)), max(2, width >> (7 - octave)))
        noise = random.standard_normal(grid, np.float32)
        total += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) / 2
    return np.asarray(total / np.abs(total).max(), np.float32)


def _draw_room(width: int, height: int) -> Pixels:
    """Draw a wall with a bookshelf and a picture, wider than the frame."""
    import cv2

    width += 2 * int(ROOM_MARGIN * width)
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    wall = np.stack(
        [128 - 46 * down + 30 * across, 122 - 34 * down, 104 - 22 * down - 26 * across], axis=-1
    )
    wall += 26 * _texture(width, height, seed=1)[:, :, None]
    room = _as_pixels(wall)
    random = np.random.default_rng(2)
    for shelf in range(4):
        top, bottom = int((0.06 + 0.23 * shelf) * height), int((0.26 + 0.23 * shelf) * height)
        left, end = int(0.04 * width), int(0.31 * width)
        cv2.rectangle(room, (left, bottom), (end, bottom + height // 50), (52, 74, 102), -1)
        while left < end - height // 24:
            book = int(height * random.uniform(0.022, 0.05))
            tall = int((bottom - top) * random.uniform(0.6, 0.98))
            colour = tuple(int(value) for value in random.integers(40, 190, 3))
            cv2.rectangle(room, (left, bottom - tall), (left + book - 2, bottom - 1), colour, -1)
            cv2.line(
                room,
                (left + book // 2, bottom - tall + tall // 6),
                (left + book // 2, bottom - tall // 2),
                tuple(min(255, value + 60) for value in colour),
                max(1, book // 6),
            )
            left += book
    _draw_poster(room, int(0.66 * width), int(0.44 * height), int(0.16 * width), int(0.36 * height))
    grain = 5 * np.random.default_rng(3).standard_normal(room.shape[:2], np.float32)
    return _as_pixels(room + grain[:, :, None])


def _draw_poster(room: Pixels, left: int, top: int, width: int, height: int) -> None:
    """Draw a landscape in a frame: smooth colour next to hard edges."""
    import cv2

    right, bottom = left + width, top + height
    cv2.rectangle(room, (left, top), (right, bottom), (40, 44, 52), -1)
    edge = max(2, height // 30)
    view = room[top + edge : bottom - edge, left + edge : right - edge]
    rows = np.linspace(0, 1, view.shape[0], dtype=np.float32)[:, None, None]
    sky = np.array([196, 150, 110], np.float32) * (1 - rows)
    view[:] = (sky + np.array([120, 190, 240], np.float32) * rows).astype(np.uint8)
    h, w = view.shape[:2]
    cv2.circle(view, (int(0.7 * w), int(0.36 * h)), h // 9, (150, 220, 250), -1, cv2.LINE_AA)
    for hill, colour in enumerate([(128, 116, 84), (92, 96, 62), (58, 72, 44)]):
        x = np.arange(w)
        y = h * (0.56 + 0.13 * hill) + h * 0.08 * np.sin(x * (3 + hill) / w + 2.1 * hill)
        line = np.stack([x, y], axis=-1)
        outline = np.concatenate([line, [[w, h], [0, h]]]).astype(np.int32)
        cv2.fillPoly(view, [outline], colour, cv2.LINE_AA)


def _as_pixels(values: Any) -> Pixels:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _blank(width: float, height: float) -> tuple[Pixels, Pixels]:
    """Make empty arrays for the colour and the mask of a sprite, at twice its size."""
    shape = (2 * int(height), 2 * int(width))
    return np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8)


def _oval(
    pixels: Pixels, centre: tuple[float, float], radius: tuple[float, float], colour: Any
) -> None:
    """Fill an ellipse whose centre and radii may lie between the pixels."""
    import cv2

    whole = tuple(round(value * 16) for value in centre)
    radii = tuple(max(1, round(value * 16)) for value in radius)
    cv2.ellipse(pixels, whole, radii, 0, 0, 360, colour, -1, cv2.LINE_AA, 4)


def _draw_body(height: int) -> Sprite:
    """Draw shoulders and neck."""
    import cv2

    unit = 2 * height
    colour, mask = _blank(0.86 * height, 0.56 * height)
    middle = colour.shape[1] / 2
    colour[:] = SWEATER
    _oval(mask, (middle, 0.42 * unit), (0.40 * unit, 0.25 * unit), 255)
    cv2.rectangle(mask, (int(middle - 0.40 * unit), int(0.42 * unit)),
                  (int(middle + 0.40 * unit), mask.shape[0]), 255, -1)  # fmt: skip
    for row in range(0, colour.shape[0], max(4, unit // 60)):
        cv2.line(colour, (0, row), (colour.shape[1], row), (112, 76, 34), max(1, unit // 240))
    _oval(colour, (middle, 0.20 * unit), (0.105 * unit, 0.07 * unit), SKIN_SHADE)
    neck = (int(middle - 0.075 * unit), 0, int(0.15 * unit), int(0.22 * unit))
    cv2.rectangle(colour, neck, SKIN_SHADE, -1)
    cv2.rectangle(mask, neck, 255, -1)
    return Sprite.cut(_as_pixels(cv2.GaussianBlur(colour, (0, 0), max(1.0, unit / 700))), mask)


def _draw_head(height: int) -> Sprite:
    """Draw head, ears and hair; what moves in the face is drawn on each picture."""
    import cv2

    unit = 2 * height
    colour, mask = _blank(0.44 * height, 0.60 * height)
    x, y = colour.shape[1] / 2, colour.shape[0] / 2
    colour[:] = HAIR
    for part, centre, radius in (
        (HAIR, (x, y - 0.045 * unit), (0.176 * unit, 0.222 * unit)),
        (SKIN_SHADE, (x - 0.158 * unit, y + 0.01 * unit), (0.026 * unit, 0.044 * unit)),
        (SKIN_SHADE, (x + 0.158 * unit, y + 0.01 * unit), (0.026 * unit, 0.044 * unit)),
        (SKIN, (x, y + 0.005 * unit), (0.150 * unit, 0.212 * unit)),
    ):
        _oval(colour, centre, radius, part)
        _oval(mask, centre, radius, 255)
    _oval(colour, (x - 0.03 * unit, y - 0.185 * unit), (0.155 * unit, 0.075 * unit), HAIR)
    shade = np.zeros(mask.shape, np.uint8)
    _oval(shade, (x - 0.03 * unit, y - 0.03 * unit), (0.10 * unit, 0.16 * unit), 255)
    light = cv2.GaussianBlur(shade, (0, 0), unit / 24).astype(np.float32)[:, :, None] / 255
    shaded = colour * (0.80 + 0.22 * light)
    return Sprite.cut(_as_pixels(shaded), mask)


def _draw_features(picture: Pixels, x: float, y: float, height: int, moment_s: float) -> None:
    """Draw eyes that look around and blink, brows, nose, and a mouth that talks."""
    import cv2

    unit = height
    open_part = _eye_opening(moment_s)
    gaze = 0.007 * unit * math.sin(moment_s * math.tau / 4.3)
    for side in (-1, 1):
        eye = (x + side * 0.062 * unit, y - 0.02 * unit)
        _oval(picture, eye, (0.031 * unit, 0.018 * unit * open_part), WHITE)
        _oval(picture, (eye[0] + gaze, eye[1]), (0.0125 * unit, 0.0145 * unit * open_part), IRIS)
        _oval(picture, (eye[0] + gaze, eye[1]), (0.006 * unit, 0.007 * unit * open_part), HAIR)
        brow = (eye[0], eye[1] - 0.042 * unit - 0.004 * unit * math.sin(moment_s * 1.3))
        _oval(picture, brow, (0.036 * unit, 0.0065 * unit), HAIR)
    _oval(picture, (x, y + 0.062 * unit), (0.022 * unit, 0.013 * unit), SKIN_SHADE)
    talk = max(0.0, math.sin(moment_s * math.tau * 2.1)) * (0.5 + 0.5 * math.sin(moment_s * 1.7))
    mouth = (x, y + 0.122 * unit)
    _oval(picture, mouth, (0.052 * unit, (0.012 + 0.020 * talk) * unit), LIPS)
    _oval(picture, mouth, (0.040 * unit, (0.002 + 0.016 * talk) * unit), (44, 36, 60))
    cv2.line(
        picture,
        (round(x - 0.04 * unit), round(mouth[1])),
        (round(x + 0.04 * unit), round(mouth[1])),
        (52, 44, 84),
        max(1, unit // 300),
        cv2.LINE_AA,
    )


def _eye_opening(moment_s: float) -> float:
    """Choose from 0.08 (shut) to 1: a blink of a third of a second in every four."""
    into = moment_s % 4.0 - 3.5
    return 1.0 if abs(into) > 0.17 else max(0.08, abs(into) / 0.17)


def _draw_clock(picture: Pixels, x: float, y: float, height: int, moment_s: float) -> None:
    """Draw a wall clock: its long hand turns in ten seconds, its short one in a minute."""
    import cv2

    radius = 0.125 * height
    _oval(picture, (x, y), (radius, radius), (44, 46, 54))
    _oval(picture, (x, y), (0.9 * radius, 0.9 * radius), (226, 232, 234))
    thick = max(1, height // 240)
    for mark in range(12):
        angle = mark * math.tau / 12
        inner, outer = (_on_circle(x, y, part * radius, angle) for part in (0.74, 0.84))
        cv2.line(picture, inner, outer, (70, 70, 76), thick, cv2.LINE_AA)
    for turn_s, length, colour, width in (
        (60.0, 0.46, (60, 60, 66), 3 * thick),
        (10.0, 0.68, (60, 60, 66), 2 * thick),
        (1.0, 0.78, (58, 64, 214), thick),
    ):
        tip = _on_circle(x, y, length * radius, moment_s / turn_s * math.tau)
        cv2.line(picture, (round(x), round(y)), tip, colour, width, cv2.LINE_AA)


def _on_circle(x: float, y: float, radius: float, angle: float) -> tuple[int, int]:
    """Find the point at a clockwise angle from the top."""
    return round(x + radius * math.sin(angle)), round(y - radius * math.cos(angle))
