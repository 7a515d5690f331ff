"""Which font a text on a key is written in: the first that has its letters, else the one with most.

Pillow's own comes first, which looks the same on every machine; then the usual ones for scripts
that it does not have; then whatever else the machine has.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

from PIL import ImageFont

type Font = ImageFont.FreeTypeFont

OWN = ""
"""The name that stands here for Pillow's own font."""
USUAL = ("NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc", "DejaVuSans.ttf")
MOST_FONTS = 600
"""As many of the machine's are looked into at most; one takes a fraction of a millisecond."""
_LOOKED_AT_PX = 16
_NO_CHARACTER = "\uffff"
_NOT_DRAWN = frozenset({"Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp"})
"""Unicode's categories of what has no picture of its own: joiners, accents, spaces."""
_OTHER_CUTS = ("bold", "italic", "oblique", "mono", "condensed", "light", "thin", "black")


def font_for(text: str, px: int) -> Font:
    """Load the font for a text, at a height in pixels."""
    return _load(_chosen(text), px)


@lru_cache(maxsize=512)
def _chosen(text: str) -> str:
    letters = frozenset(c for c in text if unicodedata.category(c) not in _NOT_DRAWN)
    best, most = OWN, -1
    for name in _candidates():
        count = _count(name, letters)
        if count == len(letters):
            return name
        if count > most:
            best, most = name, count
    return best


def _count(name: str, letters: frozenset[str]) -> int:
    """How many of `letters` a font has; -1 for one that is not there or cannot be used."""
    try:
        font = _load(name, _LOOKED_AT_PX)
        unknown = bytes(font.getmask(_NO_CHARACTER))
        return sum(bytes(font.getmask(letter)) != unknown for letter in letters)
    except (OSError, ValueError):
        # A font of pictures in other sizes only, or a damaged file.
        return -1


def _candidates() -> Iterator[str]:
    yield OWN
    yield from USUAL
    yield from _installed()


@cache
def _installed() -> tuple[str, ...]:
    """List the machine's font files, upright ones of usual weight first."""
    data = [os.environ.get("XDG_DATA_HOME", "~/.local/share")]
    data += os.environ.get("XDG_DATA_DIRS", "/usr/local/share:/usr/share").split(":")
    folders = [Path(os.path.expanduser(each)) / "fonts" for each in data]  # noqa: PTH111
    found = [
        os.path.join(folder, name)  # noqa: PTH118  (of thousands)
        for top in dict.fromkeys(folders)
        for folder, _, names in os.walk(top)
        for name in names
        if name.lower().endswith((".ttf", ".ttc", ".otf"))
    ]
    found.sort(key=lambda path: (_is_other_cut(path), path))
    return tuple(found[:MOST_FONTS])


def _is_other_cut(path: str) -> bool:
    name = Path(path).stem.lower()
    return any(cut in name for cut in _OTHER_CUTS)


@lru_cache(maxsize=256)
def _load(name: str, px: int) -> Font:
    if name != OWN:
        return ImageFont.truetype(name, px)
    # Of this type wherever Pillow has FreeType, as all of its wheels do.
    return cast("Font", ImageFont.load_default(px))
