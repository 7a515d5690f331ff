"""Edits of the list of presets, as data, and the list that comes of each."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from sana_vcam.config.preset import BUILTIN_PRESETS, MAX_NAME_CHARS, Preset, not_found_text
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
class Import:
    """Put presets of another list at the end, under names of their own; all of them or none.

    With `replace` one whose id is there already takes that place. `images` are the files that the
    presets name, each by its path from the folder of the presets' file; they are written there.
    """

    presets: tuple[Preset, ...]
    replace: bool = False
    images: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class RestoreBuiltins:
    """Go back to the built-in list."""


type ListEdit = Save | Add | Revise | Remove | Move | Import
type Edit = ListEdit | RestoreBuiltins

MAX_ID_CHARS = 64
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
        case Import():
            return _with_imported(edit, presets)
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


def place_imported(
    new: Sequence[Preset], presets: Sequence[Preset], *, replace: bool
) -> tuple[Preset, ...]:
    """Name each preset of another list as it will be called in this one, in their order.

    One whose id is taken gets the next free id and name (`cape-2`, "Cape 2"), or keeps both to
    `replace` the other. Their own ids differ.
    """
    ids, names = set(_ids(presets)), {preset.name for preset in presets}
    replaced = ids & {preset.id for preset in new} if replace else set()
    names -= {preset.name for preset in presets if preset.id in replaced}
    placed = []
    for preset in new:
        found = preset
        if preset.id not in replaced:
            preset_id = _free(preset.id, ids, MAX_ID_CHARS, "-")
            name = _free(preset.name, names, MAX_NAME_CHARS, " ")
            found = preset.model_copy(update={"id": preset_id, "name": name})
        ids.add(found.id)
        names.add(found.name)
        placed.append(found)
    return tuple(placed)


def _free(word: str, taken: Container[str], most_chars: int, gap: str) -> str:
    """Find the first of `word`, `word 2`, `word 3` that is not taken."""
    found, number = word, 1
    while found in taken:
        number += 1
        ending = f"{gap}{number}"
        found = word[: most_chars - len(ending)] + ending
    return found


def _with_imported(edit: Import, presets: Sequence[Preset]) -> tuple[Preset, ...]:
    placed = {p.id: p for p in place_imported(edit.presets, presets, replace=edit.replace)}
    after = (*(placed.pop(preset.id, preset) for preset in presets), *placed.values())
    if len(after) > MOST:
        raise CommandFailed(
            "rejected",
            f"the list has {len(presets)} presets and room for {MOST}; "
            f"{len(placed)} more do not fit, so none was taken",
        )
    return after


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
