"""Edits of the list of presets, as data, and the list that comes of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sana_vcam.config.preset import BUILTIN_PRESETS, Preset, not_found_text
from sana_vcam.errors import CommandFailed


@dataclass(frozen=True, slots=True)
class Save:
    """Put a preset in the place of the one that it replaces, or at the end if it is new.

    `replaces` is the id of the one that is edited, where the id changes.
    """

    preset: Preset
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Add:
    """Put a preset at the end; refused if there is one of that id."""

    preset: Preset


@dataclass(frozen=True, slots=True)
class Revise:
    """Give a preset other values for the keys in `changes`; the others stay as they are then."""

    id: str
    changes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a preset out."""

    id: str


@dataclass(frozen=True, slots=True)
class Move:
    """Put a preset at another place; 0 is the first, everything past the end is the last."""

    id: str
    place: int


@dataclass(frozen=True, slots=True)
class RestoreBuiltins:
    """Go back to the built-in list."""


type ListEdit = Save | Add | Revise | Remove | Move
type Edit = ListEdit | RestoreBuiltins

MOST = 500
"""How many presets a list may have; each client is sent all of them at each change."""


def apply(edit: Edit, presets: Sequence[Preset]) -> tuple[Preset, ...]:
    """Make the list that comes of an edit.

    Raises:
        CommandFailed: `not_found` for an id that no preset has, `rejected` for one that is taken,
            or for one preset too many.
    """
    match edit:
        case RestoreBuiltins():
            return BUILTIN_PRESETS
        case Remove(preset_id):
            return _without(_place_of(preset_id, presets), presets)
        case Move(preset_id, place):
            at = _place_of(preset_id, presets)
            rest = _without(at, presets)
            return (*rest[:place], presets[at], *rest[place:])
        case _:
            return _saved(as_save(edit, presets), presets)


def as_save(edit: Save | Add | Revise, presets: Sequence[Preset]) -> Save:
    """Say the same as the one edit that clients have for it; raises as `apply` does."""
    match edit:
        case Save():
            return edit
        case Add(preset):
            if preset.id in _ids(presets):
                raise CommandFailed("rejected", f"there is a preset {preset.id!r} already")
            return Save(preset)
        case Revise(preset_id, changes):
            revised = presets[_place_of(preset_id, presets)].model_dump() | dict(changes)
            return Save(Preset.model_validate(revised), replaces=preset_id)


def _saved(edit: Save, presets: Sequence[Preset]) -> tuple[Preset, ...]:
    preset, ids = edit.preset, _ids(presets)
    if edit.replaces is None and preset.id not in ids:
        if len(presets) >= MOST:
            raise CommandFailed("rejected", f"there are {len(presets)} presets; remove one first")
        return (*presets, preset)
    place = _place_of(preset.id if edit.replaces is None else edit.replaces, presets)
    if preset.id != ids[place] and preset.id in ids:
        raise CommandFailed(
            "rejected",
            f"{edit.replaces!r} cannot be called {preset.id!r}: another preset has that id",
        )
    return (*presets[:place], preset, *presets[place + 1 :])


def _without(place: int, presets: Sequence[Preset]) -> tuple[Preset, ...]:
    return (*presets[:place], *presets[place + 1 :])


def _place_of(preset_id: str, presets: Sequence[Preset]) -> int:
    ids = _ids(presets)
    if preset_id not in ids:
        raise CommandFailed("not_found", not_found_text(presets, preset_id))
    return ids.index(preset_id)


def _ids(presets: Sequence[Preset]) -> list[str]:
    return [preset.id for preset in presets]
