"""The drawings on the keys, made of lines, so that they are sharp at every size."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from PIL import Image, ImageDraw

from sana_vcam.clients.deck.linux.keys import Icon

type _Point = tuple[float, float]

# Drawn on a square of 100 units, this many times larger, and then reduced.
_FINER = 4


@lru_cache(maxsize=64)
def icon(which: Icon, side: int) -> Image.Image:
    """Draw an icon as a mask of `side` x `side` pixels, mode L. It is shared: do not draw on it."""
    scale = side * _FINER / 100
    mask = Image.new("L", (side * _FINER, side * _FINER), 0)
    draw: Callable[[], None] = getattr(_Drawing(ImageDraw.Draw(mask), scale), f"_{which.value}")
    draw()
    return mask.resize((side, side), Image.Resampling.LANCZOS)


class _Drawing:
    """Draws in units of 1/100 of the side."""

    def __init__(self, draw: ImageDraw.ImageDraw, scale: float) -> None:
        self._draw = draw
        self._scale = scale

    def _line(self, points: Sequence[_Point], width: float = 9, ink: int = 255) -> None:
        scaled = [(x * self._scale, y * self._scale) for x, y in points]
        pixels = round(width * self._scale)
        self._draw.line(scaled, ink, pixels, joint="curve")
        for x, y in (points[0], points[-1]):
            self._disc(x, y, width / 2, ink)

    def _disc(self, x: float, y: float, radius: float, ink: int = 255) -> None:
        self._draw.ellipse(self._box(x, y, radius), ink)

    def _ring(self, x: float, y: float, radius: float, width: float = 9) -> None:
        self._draw.ellipse(self._box(x, y, radius), None, 255, round(width * self._scale))

    def _box(self, x: float, y: float, radius: float) -> tuple[float, float, float, float]:
        s = self._scale
        return ((x - radius) * s, (y - radius) * s, (x + radius) * s, (y + radius) * s)

    def _privacy(self) -> None:
        """An eye, struck through."""
        arc = [(50 + 42 * math.cos(t / 20 * math.pi), 0.0) for t in range(21)]
        for sign in (-1, 1):
            bow = [(x, 50 + sign * 28 * math.sin(t / 20 * math.pi)) for t, (x, _) in enumerate(arc)]
            self._line(bow, 8)
        self._disc(50, 50, 13)
        self._line([(18, 88), (86, 14)], 20, 0)
        self._line([(16, 86), (84, 14)], 9)

    def _freeze(self) -> None:
        """A snowflake."""
        for turn in range(6):
            angle = math.pi / 6 + turn * math.pi / 3
            along = (math.cos(angle), math.sin(angle))
            self._line([(50, 50), (50 + 42 * along[0], 50 + 42 * along[1])], 7)
            root = (50 + 25 * along[0], 50 + 25 * along[1])
            for bend in (-0.9, 0.9):
                tip = (
                    root[0] + 15 * math.cos(angle + bend),
                    root[1] + 15 * math.sin(angle + bend),
                )
                self._line([root, tip], 6)

    def _voice(self) -> None:
        """A microphone on its stand."""
        self._line([(50, 24), (50, 46)], 28)
        arc = [math.pi * t / 20 for t in range(21)]
        self._line([(50 + 30 * math.cos(a), 46 + 30 * math.sin(a)) for a in arc], 8)
        self._line([(50, 76), (50, 92)], 8)

    def _setting(self) -> None:
        """Two sliders."""
        for y, x in ((32, 36), (68, 64)):
            self._line([(8, y), (x - 16, y)], 8)
            self._line([(x + 16, y), (92, y)], 8)
            self._ring(x, y, 14, 8)

    def _playlist(self) -> None:
        """A list, and what plays of it."""
        for y, to in ((24, 60), (50, 44), (76, 44)):
            self._line([(10, y), (to, y)], 8)
        self._line([(62, 50), (90, 66), (62, 82), (62, 50)], 8)

    def _rehearsal(self) -> None:
        """An eye behind a half-drawn curtain: seen by you alone."""
        self._line([(10, 16), (90, 16)], 8)
        self._line([(16, 16), (22, 88)], 8)
        self._line([(38, 16), (30, 88)], 8)
        self._ring(66, 56, 22, 8)
        self._disc(66, 56, 9)

    def _take(self) -> None:
        """Up, on air."""
        self._line([(50, 60), (50, 14)], 9)
        self._line([(30, 34), (50, 14), (70, 34)], 9)
        self._line([(14, 62), (14, 86), (86, 86), (86, 62)], 9)

    def _back(self) -> None:
        """An arrow that turns back."""
        turn = [(t / 20 - 0.5) * math.pi for t in range(21)]
        arc = [(56 + 30 * math.cos(t), 56 + 30 * math.sin(t)) for t in turn]
        self._line([(18, 26), *arc, (30, 86)], 9)
        self._line([(36, 8), (18, 26), (36, 44)], 9)

    def _clip(self) -> None:
        """A strip of film."""
        s = self._scale
        box = (12 * s, 22 * s, 88 * s, 78 * s)
        self._draw.rounded_rectangle(box, 8 * s, None, 255, round(8 * s))
        for x in (28, 50, 72):
            for y in (36, 64):
                self._disc(x, y, 5)

    def _record(self) -> None:
        """A full dot."""
        self._disc(50, 50, 34)

    def _previous(self) -> None:
        self._line([(62, 16), (30, 50), (62, 84)], 13)

    def _next(self) -> None:
        self._line([(38, 16), (70, 50), (38, 84)], 13)

    def _up(self) -> None:
        self._line([(16, 66), (50, 34), (84, 66)], 13)

    def _down(self) -> None:
        self._line([(16, 34), (50, 66), (84, 34)], 13)

    def _light(self) -> None:
        """A sun."""
        self._disc(50, 50, 18)
        for turn in range(8):
            x, y = math.cos(turn * math.pi / 4), math.sin(turn * math.pi / 4)
            self._line([(50 + 30 * x, 50 + 30 * y), (50 + 42 * x, 50 + 42 * y)], 8)

    def _live(self) -> None:
        """A dot in a ring, as on air."""
        self._disc(50, 50, 22)
        self._ring(50, 50, 42, 8)

    def _wait(self) -> None:
        """A card with a line of text."""
        s = self._scale
        box = (10 * s, 20 * s, 90 * s, 80 * s)
        self._draw.rounded_rectangle(box, 10 * s, None, 255, round(8 * s))
        self._line([(28, 50), (72, 50)], 8)

    def _pause(self) -> None:
        self._line([(34, 22), (34, 78)], 16)
        self._line([(66, 22), (66, 78)], 16)

    def _warn(self) -> None:
        """A triangle with a mark."""
        self._line([(50, 14), (90, 82), (10, 82), (50, 14)], 9)
        self._line([(50, 40), (50, 58)], 9)
        self._disc(50, 70, 5.5)

    def _offline(self) -> None:
        """A plug beside its cable: two ends that do not meet."""
        self._line([(8, 50), (30, 50)], 9)
        self._line([(30, 30), (30, 70)], 13)
        self._line([(70, 30), (70, 70)], 13)
        self._line([(70, 50), (92, 50)], 9)
        self._line([(42, 78), (58, 22)], 7)
