"""Which key does what, computed from a model's geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """What a key does, if it is not a look."""

    PRIVACY = "privacy"
    FREEZE = "freeze"
    PREVIOUS = "previous"
    NEXT = "next"
    STATUS = "status"
    PAGE_UP = "page_up"
    PAGE_DOWN = "page_down"
    VOICE = "voice"
    TAKE = "take"
    BACK = "back"
    CLIP = "clip"
    RECORD = "record"


class Dial(StrEnum):
    """What a dial turns; its push is in brackets."""

    LOOK = "look"
    """The look (privacy)."""
    PAGE = "page"
    """The page of looks (freeze)."""
    LIGHT = "light"
    """The brightness of the keys (full light)."""
    SESSION = "session"
    """Nothing: it shows the session (pause or resume)."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one look."""

    preset: int
    """Its index in the daemon's list."""


@dataclass(frozen=True, slots=True)
class SettingPlace:
    """The place of a setting of the model."""

    name: str


@dataclass(frozen=True, slots=True)
class PlaylistPlace:
    """The place of a playlist."""

    name: str


@dataclass(frozen=True, slots=True)
class RehearsalPlace:
    """The place of a look that is to be tried off air."""

    preset: str
    """Its id."""


type Extra = Act | SettingPlace | PlaylistPlace | RehearsalPlace
"""A key that is there on demand."""

ACTS_ON_DEMAND = (Act.VOICE, Act.CLIP, Act.RECORD, Act.TAKE, Act.BACK)
"""The acts among them."""

type Place = Act | Slot | SettingPlace | PlaylistPlace | RehearsalPlace | None


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's geometry."""

    rows: int
    columns: int
    touch_keys: int = 0
    """Keys without a picture that follow the others in number."""
    dials: int = 0
    has_display: bool = True

    @property
    def keys(self) -> int:
        """How many keys have a place in the grid."""
        return self.rows * self.columns

    @property
    def turns_pages_otherwise(self) -> bool:
        """Whether dials or touch keys turn the pages, so that no key has to."""
        return self.touch_keys >= 2 or self.dials >= 2


@dataclass(frozen=True, slots=True)
class Layout:
    """What each key does on one page."""

    places: tuple[Place, ...]
    """By the key's number; touch keys last."""
    page: int
    """From 0."""
    pages: int


def lay_out(shape: Shape, presets: int, page: int, extras: Sequence[Extra] = ()) -> Layout:
    """Place `presets` looks and the keys that are there on demand; `page` wraps around.

    Privacy is bottom left on every model and page, and no key but the looks ever moves.
    """
    if not shape.has_display:
        return Layout(_pedals(shape.keys), 0, 1)
    fixed: dict[int, Extra] = {**_fixed(shape)}
    fixed |= _extras(shape, extras)
    if presets > shape.keys - len(fixed) and not shape.turns_pages_otherwise:
        fixed |= _pager(shape)
    free = [key for key in range(shape.keys) if key not in fixed]
    pages = max(1, -(-presets // len(free)))
    page %= pages
    shown = range(page * len(free), min(presets, (page + 1) * len(free)))
    slots = dict(zip(free, map(Slot, shown), strict=False))
    places = tuple(fixed.get(key) or slots.get(key) for key in range(shape.keys))
    touch: tuple[Place, ...] = (Act.PAGE_UP, Act.PAGE_DOWN, *[None] * shape.touch_keys)
    return Layout(places + touch[: shape.touch_keys], page, pages)


def _extras(shape: Shape, extras: Sequence[Extra]) -> dict[int, Extra]:
    """Lay out what is there on demand, backwards from the end; one key is left to the looks."""
    taken = _fixed(shape) if shape.turns_pages_otherwise else _fixed(shape) | _pager(shape)
    free = [key for key in range(shape.keys) if key not in taken]
    return dict(zip(reversed(free[1:]), extras, strict=False))


def _fixed(shape: Shape) -> dict[int, Act]:
    """Lay out the bottom row, from the left; a small deck keeps its keys for the looks."""
    left = shape.keys - shape.columns
    if shape.keys <= 6:
        return {left: Act.PRIVACY}
    if shape.keys <= 8:
        return {left: Act.PRIVACY, left + 1: Act.FREEZE}
    acts = (Act.PRIVACY, Act.FREEZE, Act.PREVIOUS, Act.NEXT)
    return {left + at: act for at, act in enumerate(acts)} | {shape.keys - 1: Act.STATUS}


def _pager(shape: Shape) -> dict[int, Act]:
    """Lay out the right column; a small deck has one key, which goes round."""
    if shape.keys <= 6:
        return {shape.keys - 1: Act.PAGE_DOWN}
    return {shape.columns - 1: Act.PAGE_UP, 2 * shape.columns - 1: Act.PAGE_DOWN}


def _pedals(count: int) -> tuple[Place, ...]:
    """Previous, privacy, next: the middle pedal is the one that a foot finds."""
    acts: tuple[Place, ...] = (Act.PREVIOUS, Act.PRIVACY, Act.NEXT)
    return (acts + (None,) * count)[:count]


def dials(count: int) -> tuple[Dial | None, ...]:
    """What each dial is for, from the left."""
    known: tuple[Dial | None, ...] = tuple(Dial)
    return (known + (None,) * count)[:count]
