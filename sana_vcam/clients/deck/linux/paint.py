"""Faces to pictures: RGB images of exactly the size that is asked for."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageOps

from sana_vcam.clients.deck.linux.fonts import Font, font_for
from sana_vcam.clients.deck.linux.icons import icon
from sana_vcam.clients.deck.linux.keys import Key, PresetKey, Segment, SignKey, Tone

type Size = tuple[int, int]

_WHITE = (255, 255, 255)
_SOFT = (205, 210, 218)
_LIT = (70, 224, 132)
_BACK = (12, 13, 17)


@lru_cache(maxsize=512)
def paint(key: Key, size: Size) -> Image.Image:
    """Paint a key. The image is shared: do not draw on it."""
    match key:
        case None:
            return Image.new("RGB", size)
        case PresetKey():
            return _paint_preset(key, size)
        case SignKey():
            return _paint_sign(key, size)


def paint_strip(segments: tuple[Segment | None, ...], size: Size) -> Image.Image:
    """Paint a touch strip: its segments side by side."""
    strip = Image.new("RGB", size, _BACK)
    width = size[0] // max(1, len(segments))
    for number, segment in enumerate(segments):
        if segment is not None:
            strip.paste(paint_segment(segment, (width, size[1])), (number * width, 0))
    return strip


@lru_cache(maxsize=128)
def paint_segment(segment: Segment, size: Size) -> Image.Image:
    """Paint a picture at the left, and two lines beside it."""
    image = Image.new("RGB", size, _BACK)
    edge = max(3, size[1] // 12)
    side = size[1] - 2 * edge
    # Too small for words of its own.
    image.paste(_bare(segment.picture, (side, side)), (edge, edge))
    left = side + 2 * edge
    room = size[0] - left - edge
    pen = ImageDraw.Draw(image)
    head_px, line_px = round(size[1] * 0.25), round(size[1] * 0.18)
    head, font = _fit(segment.head, room, head_px, round(head_px * 0.7))
    pen.text((left, size[1] * 0.44), head, _WHITE, font, "ls", stroke_width=0.4)
    line, font = _fit(segment.line, room, line_px, round(line_px * 0.7))
    pen.text((left, size[1] * 0.78), line, _SOFT, font, "ls")
    return image


def _bare(picture: PresetKey | SignKey, size: Size) -> Image.Image:
    match picture:
        case PresetKey():
            return _rounded(_ground(picture, size))
        case SignKey():
            image = Image.new("RGB", size, picture.tone.value)
            _stamp(image, picture, round(min(size) * 0.62), size[1] // 2)
            return _rounded(image)


def _rounded(image: Image.Image) -> Image.Image:
    back = Image.new("RGB", image.size, _BACK)
    mask = Image.new("L", image.size, 0)
    radius = min(image.size) // 8
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, *_last(image.size)), radius, 255)
    return Image.composite(image, back, mask)


def _last(size: Size) -> Size:
    return size[0] - 1, size[1] - 1


# Looks


def _paint_preset(key: PresetKey, size: Size) -> Image.Image:
    still = _still(key, size)
    image = _tile(key.id, size) if still is None else _darker_below(still)
    if not key.lit:
        image = ImageEnhance.Brightness(image).enhance(0.86)
    _write_name(image, key.name, below=still is not None)
    if key.offline:
        return _offline(image)
    return _framed(image) if key.lit else image


def _ground(key: PresetKey, size: Size) -> Image.Image:
    """Draw the still, or a tile in the look's own colour."""
    return _still(key, size) or _tile(key.id, size)


def _still(key: PresetKey, size: Size) -> Image.Image | None:
    """Cut the still to fit around its middle; None if there is none that can be read."""
    if key.still is None:
        return None
    try:
        with Image.open(io.BytesIO(key.still), formats=["JPEG"]) as still:
            return ImageOps.fit(still.convert("RGB"), size, Image.Resampling.LANCZOS)
    except OSError:
        # Cut off on its way, or not a JPEG.
        return None


def _tile(look_id: str, size: Size) -> Image.Image:
    digest = hashlib.sha256(look_id.encode()).digest()
    hue = digest[3]
    slope = Image.linear_gradient("L").resize(size)
    light = slope.point(lambda value: 165 - value * 0.36)
    tint = slope.point(lambda value: (hue + value * 0.12) % 256)
    return Image.merge("HSV", (tint, Image.new("L", size, 150), light)).convert("RGB")


def _darker_below(image: Image.Image) -> Image.Image:
    shade = Image.linear_gradient("L").resize(image.size)
    shade = shade.point(lambda value: 255 - max(0, value - 105) * 1.35)
    return ImageChops.multiply(image, Image.merge("RGB", (shade, shade, shade)))


def _framed(image: Image.Image) -> Image.Image:
    image = image.copy()
    width = max(3, min(image.size) // 20)
    ImageDraw.Draw(image).rounded_rectangle(
        (0, 0, *_last(image.size)), min(image.size) // 9, None, _LIT, width
    )
    return image


def _offline(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(ImageOps.grayscale(image).convert("RGB")).enhance(0.38)


def _write_name(image: Image.Image, name: str, *, below: bool) -> None:
    """At most two lines above the lower edge, or three larger ones in the middle."""
    unit = min(image.size)
    largest, smallest, rows, leading = (0.2, 0.14, 2, 1.06) if below else (0.23, 0.13, 3, 1.1)
    room = image.width - (unit // 7 if below else unit // 12)
    lines, font = _wrap(name, room, round(unit * largest), round(unit * smallest), rows)
    step = font.size * leading
    more = (len(lines) - 1) * step
    middle = image.height / 2 + font.size * 0.35 - more / 2
    first = image.height - unit * 0.09 - more if below else middle
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        at = (image.width / 2, first + number * step)
        # A dark edge keeps the words legible on any picture.
        pen.text(at, line, (0, 0, 0), font, "ms", stroke_width=2)
        pen.text(at, line, _WHITE, font, "ms", stroke_width=0.35)


# Signs


def _paint_sign(key: SignKey, size: Size) -> Image.Image:
    image = Image.new("RGB", size, key.tone.value)
    unit = min(size)
    lines = len(key.words)
    top = {0: 0.5, 1: 0.4, 2: 0.31}.get(lines, 0.27)
    share = {0: 0.62, 1: 0.48, 2: 0.36}.get(lines, 0.3)
    middle = size[1] / 2 + (top - 0.5) * unit
    _stamp(image, key, round(unit * share), round(middle))
    below = middle + unit * share / 2
    room = size[1] / 2 + unit * 0.44 - below
    for number, words in enumerate(key.words):
        large = 0.2 if number == 0 else 0.17
        text, font = _fit(words, size[0] - unit // 12, round(unit * large), round(unit * 0.13))
        at = (size[0] / 2, below + room * (number + 1) / lines)
        ink = _WHITE if number == 0 else _SOFT
        ImageDraw.Draw(image).text(at, text, ink, font, "ms", stroke_width=0.35)
    return _offline(image) if key.offline else image


def _stamp(image: Image.Image, key: SignKey, side: int, middle: int) -> None:
    mask = icon(key.icon, side)
    ink = _WHITE if key.tone is not Tone.GREY else _SOFT
    image.paste(ink, ((image.width - side) // 2, middle - side // 2), mask)


# Words


def _wrap(text: str, room: int, largest: int, smallest: int, rows: int) -> tuple[list[str], Font]:
    """Break at spaces into at most `rows` lines; few and large ones; cut what cannot fit."""
    for allowed in range(1, rows + 1):
        least = smallest if allowed == rows else max(smallest, round(largest * 0.8))
        for px in range(largest, least - 1, -1):
            font = font_for(text, px)
            lines = _broken(text, room, font)
            if len(lines) <= allowed and all(font.getlength(line) <= room for line in lines):
                return lines, font
    kept = [*lines[: rows - 1], " ".join(lines[rows - 1 :])]
    return [_cut(line, room, font) for line in kept if line], font


def _broken(text: str, room: int, font: Font) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def _fit(text: str, room: int, largest: int, smallest: int) -> tuple[str, Font]:
    """One line, as large as fits; cut if it never does."""
    for px in range(largest, smallest - 1, -1):
        font = font_for(text, px)
        if font.getlength(text) <= room:
            return text, font
    return _cut(text, room, font), font


def _cut(text: str, room: int, font: Font) -> str:
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(f"{text}…") > room:
        text = text[:-1]
    return f"{text.rstrip()}…"
