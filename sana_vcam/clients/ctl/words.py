"""The words of `sana-vcam ctl`, made from the commands; `generate` writes them to table.py."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from pprint import pformat
from typing import Any

from pydantic.fields import FieldInfo

from sana_vcam.control.protocol import messages

SHORT_WORDS: Mapping[str, str] = {
    "state": "get_state",
    "presets": "list_presets",
    "prompt": "set_prompt",
    "preset": "apply_preset",
    "next": "step_preset by=1",
    "previous": "step_preset by=-1",
    "seed": "set_seed",
    "anchor": "set_anchor_interval",
}
"""What people type, and the command that it stands for; the other commands have one word."""

OWN_WORDS: Mapping[str, tuple[str, str]] = {
    "watch": ("watch", "Print each change of the state, until Ctrl-C."),
    "url": ("url", "Print the addresses with the token, for clients that take nothing else."),
    "token": ("token [--rotate]", "Print the token, or replace it by a new one."),
}
"""What is no command of the daemon: how it is typed, and what it does."""

_ABOUT: Mapping[str, str] = {
    "next": "Go to the next preset.",
    "previous": "Go to the previous preset.",
}

_ELSEWHERE = ("save_preset", "remove_preset", "move_preset", "reset_presets")
"""Commands that `sana-vcam presets` has, with flags instead of one long line."""

_EXAMPLES = """\
examples:
  sana-vcam ctl prompt "as a clay figure"
  sana-vcam ctl preset noir
  sana-vcam ctl next
  sana-vcam ctl blank             black for viewers, or back again
  sana-vcam ctl blank on
  sana-vcam ctl seed 42           takes effect at: sana-vcam ctl reset
  sana-vcam ctl snapshot now.jpg
  sana-vcam ctl state --json
  sana-vcam ctl watch             one line for each change, until Ctrl-C
  sana-vcam ctl token --rotate    when somebody has seen the old one

exit codes: 0 done, 1 refused or no daemon, 2 wrong usage
"""

_USAGE = "usage: sana-vcam ctl [-h] [--json] [--url URL] [COMMAND [VALUE] ...]"

_OPTIONS = """\
options:
  -h, --help  show this help and exit
  --json      print the reply as JSON
  --url URL   a daemon elsewhere; its token is in SANA_VCAM_CONTROL__TOKEN
"""


def help_text() -> str:
    """Write `sana-vcam ctl --help`."""
    return (
        f"{_USAGE}\n\nSend one command to the running daemon.\n\n{_OPTIONS}\n"
        f"commands:\n{command_list()}\n\n{_EXAMPLES}"
    )


def command_list() -> str:
    """Write each word with what follows it and what it does."""
    return "\n".join(f"  {usage:<24} {about}" for usage, about in usages().values())


def usages() -> dict[str, tuple[str, str]]:
    """Return each word in the order of the help, with how it is typed and what it does."""
    return {word: (_usage(word), _about(word)) for word in _command_words()} | dict(OWN_WORDS)


def _command_words() -> Iterator[str]:
    left_out = {line.partition(" ")[0] for line in SHORT_WORDS.values()}
    left_out |= messages.BOUND_TO_A_CONNECTION | set(_ELSEWHERE)
    yield from SHORT_WORDS
    yield from (name for name in messages.COMMANDS if name not in left_out)


def _usage(word: str) -> str:
    """Write a word with what follows it: `seed SEED`, `blank [on|off]`."""
    model = messages.COMMANDS.get(SHORT_WORDS.get(word, word))
    fields = model.model_fields.items() if model else ()
    values = [_value_usage(name, field) for name, field in fields]
    return " ".join([word, *values, *(["[FILE]"] if word == "snapshot" else [])])


def _value_usage(name: str, field: FieldInfo) -> str:
    if field.is_required():
        return name.upper()
    return "[on|off]" if field.annotation == bool | None else f"[{name.upper()}]"


def _about(word: str) -> str:
    return _ABOUT.get(word) or messages.COMMANDS[SHORT_WORDS.get(word, word)].__doc__ or ""


type Field = tuple[str, str, int, int, bool]


def fields() -> dict[str, Field | None]:
    """Return the one field of each command that ctl can read by itself; None where it has none.

    A field is its name, its kind, its bounds, and whether it must be given. A command that is
    missing here needs its model.
    """
    found: dict[str, Field | None] = {}
    for name, model in messages.COMMANDS.items():
        properties: Mapping[str, Any] = model.model_json_schema().get("properties", {})
        if not properties:
            found[name] = None
        elif len(properties) == 1:
            ((field, schema),) = properties.items()
            kind = _kind(schema)
            if kind is not None:
                is_required = model.model_fields[field].is_required()
                found[name] = (field, *kind, is_required)
    return found


def _kind(schema: Mapping[str, Any]) -> tuple[str, int, int] | None:
    match schema:
        case {"type": "string", "maxLength": int(longest)}:
            return "text", 0, longest
        case {"type": "integer", "minimum": int(least), "maximum": int(most)}:
            return "integer", least, most
        case {"anyOf": [{"type": "boolean"}, {"type": "null"}]}:
            return "switch", 0, 1
    return None


def module_text() -> str:
    """Write table.py."""
    replies = {name: model.reply.__name__ for name, model in messages.COMMANDS.items()}
    return "\n".join(
        [
            '"""What `sana-vcam ctl` knows of the commands without loading their models.',
            "",
            "Written by `python -m sana_vcam.docs.generate`; do not edit.",
            '"""',
            "",
            "from __future__ import annotations",
            "",
            f"SHORT_WORDS: dict[str, str] = {_literal(SHORT_WORDS)}",
            f"WORDS: tuple[str, ...] = {_literal(tuple(usages()))}",
            "type Field = tuple[str, str, int, int, bool]",
            f"FIELDS: dict[str, Field | None] = {_literal(fields())}",
            f"REPLIES: dict[str, str] = {_literal(replies)}",
            f'COMMANDS = """\\\n{command_list()}"""',
            f'USAGE = """\\\n{_USAGE}"""',
            f'HELP = """\\\n{help_text()}"""',
            "",
        ]
    )


def _literal(value: object) -> str:
    """Write a value as ruff formats it, one item on each line."""
    match value:
        case dict() | types.MappingProxyType():
            items = [f"    {_string(key)}: {_value(item)},\n" for key, item in value.items()]
            return "{\n" + "".join(items) + "}"
        case tuple():
            return "(\n" + "".join(f"    {_value(item)},\n" for item in value) + ")"
    return pformat(value)


def _value(value: object) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, tuple):
        return f"({', '.join(_value(item) for item in value)})"
    return repr(value)


def _string(text: str) -> str:
    return f'"{text}"'
