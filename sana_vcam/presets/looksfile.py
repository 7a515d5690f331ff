"""Looks as one file to give away: JSON Lines, read as if an enemy had written them.

The first line says what it is. Each look is a line with an object of its fields; the line after it
is its reference image, a data URL in quotes, if it has one. So there is no archive to unpack, no
path and no link: a line is a look's words or a picture's bytes, and each has its bound.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from pydantic import ValidationError

from sana_vcam.config.preset import Preset
from sana_vcam.config.words import wrong
from sana_vcam.errors import CommandFailed
from sana_vcam.lib.printing import printable
from sana_vcam.presets.edits import MOST

FILE_NAME = "sana-vcam-looks.jsonl"
FORMAT, VERSION = "sana-vcam looks", 1
MOST_FILE_BYTES = 24_000_000
"""The largest file; at the API's 50 pieces a second it is sent in 11 s."""
MOST_WORDS_BYTES = 2_000_000
"""The most that all lines but the images may have."""
MOST_LINE_BYTES = 220_000
"""The longest line of a look: 13 prompts of 4000 characters, of 4 bytes each, and some."""
MOST_IMAGE_BYTES = 8_000_000
"""The largest image, as everywhere."""
HEAD = json.dumps({"format": FORMAT, "version": VERSION}, separators=(",", ":"))

_IMAGE = re.compile(rb'"data:image/(?:png|jpeg|webp);base64,([A-Za-z0-9+/]+={0,2})"')
_HOW_MANY_SHOWN = 40
_JOINERS = "\u200c\u200d"
"""Between letters of Persian and Indic words, and in emoji."""
_MARKS = "\u200e\u200f\u061c"
"""Say which way a neutral character is read; they turn no other text round."""
_OTHER_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""What is not seen, or changes what is seen beside it (Unicode, table 12 of UAX #44)."""


@dataclass(frozen=True, slots=True)
class SharedLook:
    """A look of such a file: its words, without `image`, and the bytes of its image."""

    preset: Preset
    image: bytes | None = field(default=None, repr=False)


def write_looks(looks: Iterable[SharedLook]) -> bytes:
    """Write a file of looks whose images are PNG or JPEG. Raises `CommandFailed`."""
    lines = [HEAD.encode()]
    for look in looks:
        values = look.preset.model_dump(mode="json", exclude_defaults=True, exclude={"image"})
        _require_plain(look.preset, f"preset {look.preset.id!r}")
        lines.append(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode())
        if look.image is not None:
            kind = b"png" if look.image.startswith(b"\x89PNG") else b"jpeg"
            data = base64.b64encode(look.image)
            lines.append(b'"data:image/' + kind + b";base64," + data + b'"')
    text = b"\n".join(lines) + b"\n"
    if len(text) > MOST_FILE_BYTES:
        _refuse(
            f"these looks have {len(text) / 1e6:.0f} MB and a file {MOST_FILE_BYTES / 1e6:.0f} at "
            "most; name fewer of them"
        )
    return text


def read_looks(data: bytes) -> tuple[SharedLook, ...]:
    """Read a file of looks; images are not decoded yet. Takes a while for a large one.

    Raises `CommandFailed` that names the line: nothing of a file that is wrong is taken.
    """
    if len(data) > MOST_FILE_BYTES:
        _refuse(f"the file has more than {MOST_FILE_BYTES / 1e6:.0f} MB, the most that is taken")
    lines = _lines(data)
    if not _is_head(next(lines, b"")):
        _refuse("this is no file of looks: the first line does not say so")
    looks: list[SharedLook] = []
    ids: set[str] = set()
    words = 0
    for number, line in enumerate(lines, start=2):
        where = f"line {number}"
        if line.startswith(b'"'):
            looks[-1:] = [_with_image(looks, line, where)]
            continue
        words += len(line)
        if len(line) > MOST_LINE_BYTES or words > MOST_WORDS_BYTES:
            _refuse(f"{where}: more text than looks have")
        preset = _preset(line, where)
        if preset.id in ids:
            _refuse(f"{where}: two looks have the short name {preset.id!r}")
        ids.add(preset.id)
        looks.append(SharedLook(preset))
        if len(looks) > MOST:
            _refuse(f"the file holds more than {MOST} looks, the most that a list has room for")
    if not looks:
        _refuse("the file holds no looks")
    return tuple(looks)


def _refuse(why: str) -> NoReturn:
    raise CommandFailed("rejected", why)


def _lines(data: bytes) -> Iterator[bytes]:
    """Give one line after the other, without the empty one at the end."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        yield data[start:end].removesuffix(b"\r")
        start = end + 1


def _is_head(line: bytes) -> bool:
    if len(line) > MOST_LINE_BYTES:
        return False
    try:
        found = _object(line.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        return False
    if found.get("format") != FORMAT:
        return False
    version = found.get("version")
    if not isinstance(version, int) or version > VERSION:
        _refuse("the file is of a newer version of sana-vcam")
    return True


def _with_image(looks: list[SharedLook], line: bytes, where: str) -> SharedLook:
    if not looks or looks[-1].image is not None:
        _refuse(f"{where}: an image without a look before it")
    found = _IMAGE.fullmatch(line)
    if found is None:
        _refuse(f"{where}: no PNG, JPEG or WebP image in base64")
    if len(found[1]) > MOST_IMAGE_BYTES * 4 / 3 + 4:
        _refuse(f"{where}: the image has more than {MOST_IMAGE_BYTES / 1e6:.0f} MB")
    try:
        image = base64.b64decode(found[1], validate=True)
    except binascii.Error:
        _refuse(f"{where}: no PNG, JPEG or WebP image in base64")
    return SharedLook(looks[-1].preset, image)


def _preset(line: bytes, where: str) -> Preset:
    try:
        values = _object(line)
    except ValueError as error:
        _refuse(f"{where}: {error}")
    values = {str(key): value for key, value in values.items()}
    known = Preset.model_fields.keys() - {"image"}
    strange = next((key for key in values if key not in known), None)
    if strange is not None:
        _refuse(f"{where}: a look has no {strange[:_HOW_MANY_SHOWN]!a}; nothing was taken")
    try:
        preset = Preset.model_validate(values)
    except ValidationError as error:
        key = str(error.errors(include_url=False, include_input=False)[0]["loc"][0])
        field_of = Preset.model_fields[key]
        _refuse(f"{where}: {printable(wrong(key, field_of, values.get(key)))}")
    _require_plain(preset, where)
    return preset


def _object(line: bytes) -> dict[str, Any]:
    """Read a line that is an object. Raises `ValueError` in words."""
    try:
        found = json.loads(line.decode(), object_pairs_hook=_pairs, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError("no JSON object") from None
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _require_plain(preset: Preset, where: str) -> None:
    """Refuse characters that are not seen, or that make a text look like another one."""
    settings = [value for value in preset.settings.values() if isinstance(value, str)]
    for key, text, more in [
        ("name", preset.name, ""),
        ("group", preset.group or "", ""),
        ("prompt", preset.prompt, "\n\t"),
        *(("evolve", prompt, "\n\t") for prompt in preset.evolve),
        *(("settings", value, "") for value in settings),
    ]:
        strange = strange_character(text, f"{more}{_MARKS if more else ''}")
        if strange is not None:
            _refuse(f"{where}: {key} has the character U+{ord(strange):04X}, which is not seen")


def strange_character(text: str, allowed: str = "") -> str | None:
    """Find a character that is not seen or turns others round, but for joiners and `allowed`."""
    return next(
        (
            char
            for char in text
            if unicodedata.category(char) in _OTHER_CATEGORIES and char not in _JOINERS + allowed
        ),
        None,
    )
