"""The presets' own file, presets.toml: its text, which programs write as a whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from sana_vcam.config.preset import Preset

COPIED = "copied"
"""The key with the fingerprint of the tables that the list was copied from."""

HEAD = """\
# The looks on your hotkeys, in their order: the list of presets that is in force.
#
# This file is written by sana-vcam at each edit in the dashboard, by the API, and by
# `sana-vcam presets add|edit|remove|move|reset`. You may edit it, too: a running daemon
# takes it on within a second or two. But the next edit by a program writes it anew, and
# comments of yours do not stay. What stood before the last one is in {backup}.
# Without this file, the [[presets]] of {config} are the list, or the built-in ones.
"""
COPIED_NOTE = """\
# This stands for the [[presets]] in {config} that were copied here at first. A later
# change of those has no effect, and you are told of it.
"""
BUILT_IN_NOTE = "# No [[presets]] here: the built-in ones are in force.\n"


def render_presets_file(
    presets: Sequence[Preset] | None, copied: str, *, config: str, backup: str
) -> str:
    """Make the whole text; None stands for the built-in presets, of whichever version runs.

    `config` and `backup` are the names of the files that the head mentions.
    """
    blocks = [HEAD.format(config=config, backup=backup)]
    if copied:
        blocks.append(COPIED_NOTE.format(config=config) + f"{COPIED} = {toml(copied)}\n")
    if presets is None:
        blocks.append(BUILT_IN_NOTE)
    elif not presets:
        blocks.append("presets = []\n")
    else:
        blocks += map(preset_table, presets)
    return "\n".join(blocks)


def fingerprint(tables: object) -> str:
    """Make a short text that is another one for other `[[presets]]`, right or wrong ones."""
    text = json.dumps(tables, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def preset_table(preset: Preset) -> str:
    """Render a preset as a file has it, without the keys that are at their default."""
    given = preset.model_dump(exclude_defaults=True)
    return "[[presets]]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in given.items())


def toml(value: object) -> str:
    """Render a value as TOML writes it; JSON's texts, numbers and booleans are TOML's."""
    if value is None:
        return '""'
    if isinstance(value, tuple) and value:
        return "[\n" + "".join(f"    {toml(item)},\n" for item in value) + "]"
    if isinstance(value, Mapping):
        # The keys are names, which need no quotes.
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    # The one character that JSON leaves as it is and TOML does not.
    return json.dumps(value, ensure_ascii=False, default=str).replace("\x7f", "\\u007f")
