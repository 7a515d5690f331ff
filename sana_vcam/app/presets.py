"""`sana-vcam presets`: list the presets, and edit them in their file.

With a daemon that runs, an edit goes through it: it knows its file, and has the change at once.
Without one, or with --config, the file is edited here; a daemon that has it notices.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from sana_vcam.app import presetsdaemon
from sana_vcam.clients import connection
from sana_vcam.config.preset import Preset
from sana_vcam.config.source import ConfigSource
from sana_vcam.config.words import wrong
from sana_vcam.control.protocol import messages, reading
from sana_vcam.control.protocol.presets import MAX_PLACE
from sana_vcam.errors import EXIT_FAILURE, EXIT_OK, CommandFailed
from sana_vcam.lib.commandline import PRESET, CommandLine, Verbs, add_config, add_verb, command_line
from sana_vcam.lib.printing import printable_json, printable_lines
from sana_vcam.lib.screen import table
from sana_vcam.presets.catalog import presets_json, render_presets
from sana_vcam.presets.edits import (
    Add,
    Edit,
    Import,
    Move,
    Remove,
    RestoreBuiltins,
    Revise,
    Save,
    as_save,
)
from sana_vcam.presets.file import edit_presets
from sana_vcam.presets.looksfile import FILE_NAME

EXAMPLES = """\
examples:
  sana-vcam presets
  sana-vcam presets add dusk --name Dusk --prompt "Relight the scene with soft dusk light, \\
leaving everything else unchanged."
  sana-vcam presets edit dusk --seed 42
  sana-vcam presets add cape --name Cape --prompt "" --image cape.jpg
  sana-vcam presets move dusk first
  sana-vcam presets remove dusk
  sana-vcam presets reset --yes     back to the built-in ones
  sana-vcam presets export cape dusk --out mine.jsonl
  sana-vcam presets import mine.jsonl

The first edit copies the presets into presets.toml beside the configuration file, which is never
written; with --config FILE.toml it is FILE.presets.toml. That file is the list from then on, and
what stood in it before the last edit is in presets.toml.bak. A running daemon has the change at
once. A file of looks is data only: its looks are listed before one is taken.
"""


def run_presets(words: Sequence[str]) -> int:
    """Run `sana-vcam presets` with what follows on the command line; returns the exit status.

    Raises `CommandFailed` or `ConfigError` for what is refused.
    """
    arguments = make_parser().parse_args(words)
    share: Callable[[argparse.Namespace], int] | None = getattr(arguments, "share", None)
    if share is not None:
        return share(arguments)
    make: Callable[[argparse.Namespace], Edit] | None = getattr(arguments, "make", None)
    if make is None:
        _show(ConfigSource(arguments.config).load().config.presets, arguments)
        return EXIT_OK
    edit = make(arguments)
    if isinstance(edit, RestoreBuiltins) and not arguments.yes:
        print("this puts the built-in presets in the place of your own; if so, add --yes")
        return EXIT_FAILURE
    presets, said = _carry_out(edit, arguments.config)
    if arguments.json:
        _show(presets, arguments)
    else:
        count = "1 preset" if len(presets) == 1 else f"{len(presets)} presets"
        print(printable_lines(f"{said}; the list has {count} now"))
    return EXIT_OK


def _show(presets: Sequence[Preset], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(printable_json(presets_json(presets)))
    else:
        print(table(printable_lines(render_presets(presets)), sys.stdout))


def _carry_out(edit: Edit, config: Path | None) -> tuple[Sequence[Preset], str]:
    """Edit, through the daemon if one runs; returns the presets then, and what was done."""
    daemon = presetsdaemon.running_daemon() if config is None else None
    if daemon is not None:
        presetsdaemon.ask(daemon, _command(daemon, edit))
        return presetsdaemon.listed(daemon), "done by the running daemon"
    path, presets = edit_presets(ConfigSource(config), edit)
    return presets, f"wrote {path}"


def make_parser() -> CommandLine:
    """Make the parser of the words that follow."""
    parser = command_line("sana-vcam presets", "List the presets, or edit them.", EXAMPLES)
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="for scripts: the list after it all")
    verbs = parser.add_subparsers(metavar="add|edit|remove|move|reset|export|import")
    add = _verb(verbs, "add", _add, "add a preset at the end of the list")
    add.add_argument("id", metavar="ID", help="lower-case letters, digits, - and _")
    _value_flags(add, is_new=True)
    edit = _verb(verbs, "edit", _edit, "change what you name of a preset, and nothing else")
    edit.add_argument("id", metavar=PRESET)
    edit.add_argument("--id", dest="new_id", metavar="NEW", help="call it so from now on")
    _value_flags(edit, is_new=False)
    remove = _verb(verbs, "remove", lambda given: Remove(given.id), "take a preset out")
    remove.add_argument("id", metavar=PRESET)
    move = _verb(verbs, "move", _move, "put a preset at another place")
    move.add_argument("id", metavar=PRESET)
    move.add_argument("place", metavar="first|last|N", type=_place, help="1 is the first")
    reset = _verb(verbs, "reset", lambda _: RestoreBuiltins(), "go back to the built-in presets")
    reset.add_argument("--yes", action="store_true", help="your own ones may go")
    _sharing_verbs(verbs)
    return parser


def _sharing_verbs(verbs: Verbs) -> None:
    export = _verb(verbs, "export", None, "write looks and their images into a file to share")
    export.add_argument("ids", metavar=PRESET, nargs="*", help="all of them if none is named")
    export.add_argument(
        "--out",
        metavar="FILE",
        default=FILE_NAME,
        help="default: %(default)s; - prints it",
    )
    export.add_argument("--force", action="store_true", help="overwrite the file")
    export.set_defaults(share=_export)
    take = _verb(verbs, "import", None, "show the looks of a file, and take them if you say so")
    take.add_argument("file", metavar="FILE", type=Path, help="what export has written")
    take.add_argument("ids", metavar="ID", nargs="*", help="take these alone")
    take.add_argument("--replace", action="store_true", help="in the place of those of that name")
    take.add_argument("--yes", action="store_true", help="take them without asking")
    take.set_defaults(share=_import)


def _export(arguments: argparse.Namespace) -> int:
    from sana_vcam.app import sharing

    return sharing.export_presets(arguments)


def _import(arguments: argparse.Namespace) -> int:
    from sana_vcam.app import sharing

    return sharing.import_presets(arguments)


def _verb(
    verbs: Verbs, name: str, make: Callable[[argparse.Namespace], Edit] | None, what: str
) -> argparse.ArgumentParser:
    verb = add_verb(verbs, name, what, make=make)
    # What stands before the verb holds, unless it is given again.
    verb.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="the configuration file beside which the presets are",
    )
    verb.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="for scripts: the list after it all",
    )
    return verb


def _value_flags(parser: argparse.ArgumentParser, *, is_new: bool) -> None:
    parser.add_argument("--name", required=is_new, help="the name that people read")
    parser.add_argument("--prompt", required=is_new, help="what the model is asked for, or ''")
    parser.add_argument("--seed", metavar="N|any", help="the seed that goes with it")
    parser.add_argument(
        "--group", metavar="NAME", help='a group of your own; "" takes it out of one'
    )
    parser.add_argument(
        "--image",
        metavar="FILE",
        help="a reference image, for a model that takes one; a relative path is from the folder "
        'of the presets\' file; "" takes it away',
    )
    parser.add_argument(
        "--setting",
        action="append",
        metavar="NAME=VALUE",
        help='a setting of the model; may be repeated; "" alone takes all away',
    )
    parser.add_argument(
        "--evolve",
        action="append",
        metavar="PROMPT",
        help='a whole prompt to go on with; may be repeated; "" alone takes all away',
    )


def _values(given: argparse.Namespace) -> dict[str, object]:
    values: dict[str, object] = {}
    for key in ("name", "prompt"):
        if (value := getattr(given, key)) is not None:
            values[key] = value
    if given.seed is not None:
        values["seed"] = None if given.seed == "any" else given.seed
    if given.group is not None:
        values["group"] = given.group or None
    if given.image is not None:
        values["image"] = given.image or None
    if given.setting is not None:
        words = [word for word in given.setting if word]
        values["settings"] = dict(map(reading.setting_of, words))
    if given.evolve is not None:
        values["evolve"] = tuple(prompt for prompt in given.evolve if prompt)
    return values


def _add(given: argparse.Namespace) -> Edit:
    return Add(_preset({"id": given.id} | _values(given)))


def _edit(given: argparse.Namespace) -> Edit:
    values = _values(given) | ({"id": given.new_id} if given.new_id is not None else {})
    if not values:
        raise CommandFailed(
            "invalid_data",
            "nothing to change; give --name, --prompt, --seed, --group, --image, --setting, "
            "--evolve or --id",
        )
    example = {"id": "x", "name": "x", "prompt": "x"}
    checked = _preset(example | values)
    return Revise(given.id, {key: getattr(checked, key) for key in values})


def _move(given: argparse.Namespace) -> Edit:
    return Move(given.id, given.place)


def _place(word: str) -> int:
    """Read a place as people count; returns it from 0."""
    if word in {"first", "last"}:
        return 0 if word == "first" else MAX_PLACE
    if not word.isascii() or not word.isdecimal() or not 1 <= int(word) <= MAX_PLACE:
        raise argparse.ArgumentTypeError(f"{word!r}: expected first, last or a number from 1 on")
    return int(word) - 1


def _preset(values: dict[str, object]) -> Preset:
    try:
        return Preset.model_validate(values)
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
    field = Preset.model_fields[key]
    raise CommandFailed("invalid_data", wrong(key, field, values[key]))


def _command(daemon: connection.DaemonAddress, edit: Edit) -> messages.Command:
    match edit:
        case Remove(preset_id):
            return messages.RemovePreset(id=preset_id)
        case Move(preset_id, place):
            return messages.MovePreset(id=preset_id, place=place)
        case RestoreBuiltins():
            return messages.ResetPresets()
        case Save() | Add() | Revise():
            save = as_save(edit, presetsdaemon.listed(daemon))
            return messages.SavePreset(**save.preset.model_dump(), replaces=save.replaces)
        case Import():
            raise TypeError("looks of a file are taken by sana_vcam.app.sharing")
