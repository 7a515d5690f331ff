"""`sana-vcam completion SHELL`: a script that completes what is typed after `sana-vcam`."""

from __future__ import annotations

from sana_vcam.app.wordtree import Branch, Parser, Values, branch_of
from sana_vcam.config.schema import leaves
from sana_vcam.config.words import choices

FLAG_PRESET = "start.preset"


def word_tree(parser: Parser, flag_keys: dict[str, str]) -> Branch:
    """Describe the whole command line; `flag_keys` are the flags that set a configuration's key."""
    known = leaves()
    values = {dest: Values(choices(known[key])) for dest, key in flag_keys.items()}
    values = {dest: found for dest, found in values.items() if found.words}
    values |= {dest: Values(presets=True) for dest, key in flag_keys.items() if key == FLAG_PRESET}
    values["video"] = Values(files=True)
    keys = tuple(f"{key}=" for key in known if "." in key)
    values["set"] = Values(keys, unfinished=True)
    return branch_of(parser, "", values)
