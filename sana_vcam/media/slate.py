"""The slates that viewers see while there is no picture of the model.

They are seen by strangers in a meeting: calm words, no secrets, and large enough to be read when
the app shows them at 320x180. Everything is centred, so a mirrored display looks the same.
"""

from __future__ import annotations

import functools
import unicodedata
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal

import numpy as np

from sana_vcam.media.frames import SlateImage
from sana_vcam.media.pixels import Pixels, cv2

type Tone = Literal["neutral", "busy", "warning", "error"]
type Colour = tuple[int, int, int]

NAME = "SANA VCam"
ACCENTS: dict[Tone, Colour] = {
    "neutral": (206, 190, 178),
    "busy": (240, 186, 92),
    "warning": (96, 190, 246),
    "error": (128, 128, 240),
}
"""BGR of the dot beside the name."""
HEADLINE_COLOUR, DETAIL_COLOUR, QUIET_COLOUR = (248, 246, 244), (206, 198, 190), (164, 154, 146)
TOP_COLOUR, BOTTOM_COLOUR = (46, 34, 28), (24, 17, 14)

WIDEST = 0.84
"""The part of the width that text may take."""
MOST_CHARACTERS = 240
HEADLINE_LINES, DETAIL_LINES = 2, 3
LEADING = 1.28


@dataclass(frozen=True)
class Slate:
    """What a slate says. `elapsed_s` is shown as minutes and seconds."""

    headline: str
    detail: str = ""
    elapsed_s: int | None = None
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text: its height is `size` pixels times the leading."""

    text: str
    size: int
    weight: int
    colour: Colour


def draw(slate: Slate, width: int, height: int) -> SlateImage:
    """Draw a slate of (height, width). Any text is safe: it is wrapped, then cut off with dots."""
    picture = _background(width, height).copy()
    _draw_name(picture, ACCENTS[slate.tone])
    _draw_block(picture, list(_layout(slate, width, height)))
    if slate.elapsed_s is not None:
        clock = f"{slate.elapsed_s // 60}:{slate.elapsed_s % 60:02}"
        line = TextLine(clock, _size(width, height, 0.062), 500, QUIET_COLOUR)
        _draw_centred(picture, line, round(0.90 * height))
    return SlateImage(picture)


def load_font() -> None:
    """Load the font before the first slate has to, which costs a processor 40 ms."""
    _font()


@functools.cache
def _font() -> Any:
    """Load OpenCV's built-in sans-serif font at first use."""
    return cv2.FontFace("sans")


@functools.lru_cache(2)
def _background(width: int, height: int) -> Pixels:
    """Draw a dark gradient, dithered in a pattern of 4x4 pixels against banding."""
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    colour = np.array(TOP_COLOUR, np.float32) * (1 - down)
    colour = colour + np.array(BOTTOM_COLOUR, np.float32) * down
    pattern = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
    steps = np.tile(pattern.astype(np.float32) / 16, (-(-height // 4), 1))[:height, :, None]
    tile = (colour + steps).astype(np.uint8)
    return np.tile(tile, (1, -(-width // 4), 1))[:, :width]


def _size(width: int, height: int, part: float) -> int:
    """Choose a text size: a part of the height, or of that of a 16:9 picture of this width."""
    return max(6, round(part * min(height, width * 9 / 16)))


def _layout(slate: Slate, width: int, height: int) -> Iterator[TextLine]:
    room = WIDEST * width
    headline, detail = _printable(slate.headline), _printable(slate.detail)
    size = _size(width, height, 0.112)
    for text in _wrap(headline, size, 600, room, HEADLINE_LINES):
        yield TextLine(text, size, 600, HEADLINE_COLOUR)
    size = _size(width, height, 0.064)
    for text in _wrap(detail, size, 400, room, DETAIL_LINES):
        yield TextLine(text, size, 400, DETAIL_COLOUR)


def _printable(text: str) -> str:
    """Make one space of every control character, lone surrogate and run of blanks."""
    shown = (" " if unicodedata.category(one)[0] in "CZ" else one for one in text)
    return " ".join("".join(shown).split())[:MOST_CHARACTERS]


def _width(text: str, size: int, weight: int) -> int:
    return int(cv2.getTextSize((0, 0), text, (0, 0), _font(), size, weight)[2])


def _wrap(text: str, size: int, weight: int, room: float, most: int) -> list[str]:
    """Break text into at most `most` lines that fit; the last one ends in dots if cut."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most:
        line = _fitting(rest, size, weight, room)
        rest = rest[len(line) :].lstrip()
        lines.append(line.rstrip())
    if rest and lines:
        last = lines[-1]
        while last and _width(last + "…", size, weight) > room:
            last = last[:-1].rstrip()
        lines[-1] = last + "…"
    return lines


def _fitting(text: str, size: int, weight: int, room: float) -> str:
    """Find the longest beginning that fits, up to a blank if there is one; a character at least."""
    if _width(text, size, weight) <= room:
        return text
    lengths = range(1, len(text))
    fits = max(1, bisect(lengths, room, key=lambda length: _width(text[:length], size, weight)))
    blank = text.rfind(" ", 0, fits + 1)
    return text[: blank if blank > 0 else fits]


def _draw_block(picture: Pixels, lines: list[TextLine]) -> None:
    """Draw the lines centred around the middle of the picture."""
    height = picture.shape[0]
    gap = round(0.035 * height)
    total = sum(round(line.size * LEADING) for line in lines)
    total += gap if len({line.size for line in lines}) > 1 else 0
    y = (height - total) / 2
    for line, after in zip_longest(lines, lines[1:]):
        _draw_centred(picture, line, round(y + line.size))
        y += round(line.size * LEADING) + (gap if after and after.size != line.size else 0)


def _draw_centred(picture: Pixels, line: TextLine, baseline: int) -> None:
    left = (picture.shape[1] - _width(line.text, line.size, line.weight)) // 2
    origin = (max(0, left), baseline)
    cv2.putText(picture, line.text, origin, line.colour, _font(), line.size, line.weight)


def _draw_name(picture: Pixels, accent: Colour) -> None:
    """Draw the program's name at the top, with a dot in the tone's colour."""
    height, width = picture.shape[:2]
    line = TextLine(NAME, _size(width, height, 0.052), 500, QUIET_COLOUR)
    radius = 0.26 * line.size
    baseline = round(0.125 * height)
    _draw_centred(picture, line, baseline)
    text_width = _width(NAME, line.size, line.weight)
    for side in (-1, 1):
        x = width / 2 + side * (text_width / 2 + 2.6 * radius)
        y = baseline - 0.36 * line.size
        centre = (round(x * 16), round(y * 16))
        cv2.circle(picture, centre, round(radius * 16), accent, -1, cv2.LINE_AA, 4)
