"""What can be done to the list of presets: each edit as data, and the list that comes of it."""

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
class Reset:
    """Go back to the built-in list."""


type ListEdit = Save | Add | Revise | Remove | Move
type Edit = ListEdit | Reset


@dataclass(frozen=True, slots=True)
class Change:
    """An edit by places: the item at `taken` goes, and `put` comes in at `place`.

    `taken` is None for a new preset, `put` None for a removal.
    """

    taken: int | None = None
    put: Preset | None = None
    place: int = 0


MOST = 500
"""How many presets a list may have; each client is sent all of them at each change."""


def change(edit: ListEdit, presets: Sequence[Preset]) -> Change:
    """Return where in the list an edit takes place.

    Raises:
        CommandFailed: `not_found` for an id that no preset has, `rejected` for one that is taken.
    """
    match edit:
        case Add(preset):
            if preset.id in _ids(presets):
                raise CommandFailed("rejected", f"there is a preset {preset.id!r} already")
            return _adding(preset, presets)
        case Save(preset, replaces):
            return _saving(preset, replaces, presets)
        case Revise(preset_id, changes):
            revised = presets[_place_of(preset_id, presets)].model_dump() | dict(changes)
            return _saving(Preset.model_validate(revised), preset_id, presets)
        case Remove(preset_id):
            return Change(_place_of(preset_id, presets))
        case Move(preset_id, place):
            taken = _place_of(preset_id, presets)
            return Change(taken, presets[taken], max(0, min(place, len(presets) - 1)))


def apply(edit: Edit, presets: Sequence[Preset]) -> tuple[Preset, ...]:
    """Return the list after an edit; raises as `change` does."""
    if isinstance(edit, Reset):
        return BUILTIN_PRESETS
    done = change(edit, presets)
    after = [preset for place, preset in enumerate(presets) if place != done.taken]
    if done.put is not None:
        after.insert(done.place, done.put)
    return tuple(after)


def _adding(preset: Preset, presets: Sequence[Preset]) -> Change:
    if len(presets) >= MOST:
        raise CommandFailed("rejected", f"there are {len(presets)} presets; remove one first")
    return Change(None, preset, len(presets))


def _saving(preset: Preset, replaces: str | None, presets: Sequence[Preset]) -> Change:
    ids = _ids(presets)
    if replaces is None:
        if preset.id not in ids:
            return _adding(preset, presets)
        return Change(ids.index(preset.id), preset, ids.index(preset.id))
    place = _place_of(replaces, presets)
    if preset.id != replaces and preset.id in ids:
        raise CommandFailed(
            "rejected", f"{replaces!r} cannot be called {preset.id!r}: another preset has that id"
        )
    return Change(place, preset, place)


def _place_of(preset_id: str, presets: Sequence[Preset]) -> int:
    ids = _ids(presets)
    if preset_id not in ids:
        raise CommandFailed("not_found", not_found_text(presets, preset_id))
    return ids.index(preset_id)


def _ids(presets: Sequence[Preset]) -> list[str]:
    return [preset.id for preset in presets]
