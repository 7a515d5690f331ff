"""Lists of presets: finding one, stepping from one to the next, and printing them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sana_vcam.config.preset import Preset, not_found_text
from sana_vcam.errors import CommandFailed


class ListedPreset(Preset):
    """A preset as clients see it, with its picture."""

    thumbnail: str | None = None
    """The path of a still of you in that look, such as /v1/thumbnail.jpg?id=noir&v=3; null while
    there is none. v changes with the picture."""


def find(presets: Sequence[Preset], preset_id: str) -> Preset:
    """Find the preset with this id, or raise `CommandFailed` that names the nearest first."""
    for preset in presets:
        if preset.id == preset_id:
            return preset
    raise CommandFailed("not_found", not_found_text(presets, preset_id, "sana-vcam ctl presets"))


def step(presets: Sequence[Preset], current_id: str | None, by: int) -> Preset:
    """Find the preset `by` places after the current one (before it, if negative), wrapping.

    With no current preset the picture is close to the camera: stepping then starts from the
    preset without a prompt, which looks the same, so that the first press of a key is seen.
    Without such a preset, +1 is the first and -1 the last.
    """
    if not presets:
        raise CommandFailed("not_found", "there are no presets to step through")
    here = [i for i, preset in enumerate(presets) if preset.id == current_id]
    here = here or [i for i, preset in enumerate(presets) if not preset.prompt]
    start = here[0] if here else (-1 if by > 0 else 0)
    return presets[(start + by) % len(presets)]


def render_presets(presets: Sequence[Preset]) -> str:
    """Render the presets as a table for people, one line each."""
    id_width = max((len(preset.id) for preset in presets), default=0)
    name_width = max((len(preset.name) for preset in presets), default=0)
    return "\n".join(
        f"{p.id:<{id_width}}  {p.name:<{name_width}}  {p.prompt or '(no prompt)'}"
        f"{'' if p.seed is None else f'  [seed {p.seed}]'}"
        f"{f'  [image {p.image}]' if p.image else ''}"
        f"{f'  [{settings_text(p.settings)}]' if p.settings else ''}"
        f"{f'  [{len(p.evolve)} to go on with]' if p.evolve else ''}"
        f"{f'  [in {p.group}]' if p.group else ''}"
        for p in presets
    )


def settings_text(settings: Mapping[str, object]) -> str:
    """Write settings as people type them: image_strength=0.6 sr_scale=2x."""
    return " ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in settings.items()
    )


def presets_json(presets: Sequence[Preset]) -> str:
    """Render the presets as a JSON array, in their order."""
    listed = [preset.model_dump(mode="json") for preset in presets]
    return json.dumps(listed, indent=2, ensure_ascii=False)
