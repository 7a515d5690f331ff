"""The command line: one parser, and one short function for each command.

Each function imports what its command needs: `ctl` must not pay for a video library.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sana_vcam import __version__
from sana_vcam.app import examples, ownparsers
from sana_vcam.errors import EXIT_FAILURE, EXIT_OK, SanaVcamError
from sana_vcam.lib.commandline import (
    TOPIC,
    CommandLine,
    Run,
    Verbs,
    add_config,
    add_json,
    add_verb,
    add_verbs,
    command_line,
)
from sana_vcam.lib.printing import printable_json, printable_lines
from sana_vcam.lib.screen import Ink, complaint, inked

if TYPE_CHECKING:
    from sana_vcam.config.load import Loaded


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give the exit status: 0, 78 for a bad configuration, else 1."""
    arguments = make_parser().parse_args(argv)
    run: Run = arguments.run
    try:
        return run(arguments)
    except SanaVcamError as error:
        print(complaint("sana-vcam", printable_lines(str(error))), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_OK


def make_parser() -> CommandLine:
    """Make the parser of the whole command line."""
    parser = command_line("sana-vcam", examples.DESCRIPTION, examples.FIRST_STEPS)
    parser.add_argument("-V", "--version", action="version", version=f"sana-vcam {__version__}")
    # Whoever types the bare name wants to know what to type.
    parser.set_defaults(run=lambda _: _print_help(parser))
    commands = parser.add_subparsers(metavar="COMMAND")

    demo = add_verb(commands, "demo", "try all of it on this machine", examples.DEMO, run=_demo)
    demo.add_argument(
        "--model",
        metavar="sana-streaming|x2|joyai|vidu|helios",
        default="sana-streaming",
        help="which model to stand in for (default: %(default)s)",
    )
    _setting_flags(demo)
    run = add_verb(commands, "run", "run the daemon", examples.RUN, run=_run)
    add_config(run)
    _setting_flags(run)
    edit = add_verb(commands, "edit", "edit a video file", examples.EDIT, run=_edit)
    _edit_flags(edit)
    what = "serve the stand-in model alone"
    _lazy(commands, "standin", what, _standin, ownparsers.standin)
    what = "send one command to the running daemon"
    _lazy(commands, "ctl", what, _ctl, ownparsers.ctl)
    what = "run the daemon as a systemd service"
    _lazy(commands, "service", what, _service, ownparsers.service)
    what = "hotkeys on a Stream Deck, and the plugins for them"
    _lazy(commands, "deck", what, _deck, ownparsers.deck)
    _lazy(commands, "keys", "global hotkeys of the desktop", _keys, ownparsers.keys)
    _lazy(commands, "osc", "be steered by Open Sound Control", _osc, ownparsers.osc)
    what = "say what is wrong here, and the command that mends it"
    _lazy(commands, "doctor", what, _doctor, ownparsers.doctor)

    what = "list cameras, virtual cameras and microphones"
    add_json(add_verb(commands, "devices", what, run=_devices))
    _lazy(commands, "presets", "list and edit the presets", _presets, ownparsers.presets)
    what = "show what was billed, without a daemon as well"
    usage = add_verb(commands, "usage", what, run=_usage)
    add_config(usage)
    add_json(usage)
    _config_commands(commands)
    what = "print what completes words in your shell"
    completing = add_verb(commands, "completion", what, examples.COMPLETION, run=_completion)
    completing.add_argument("shell", choices=("bash", "zsh", "fish"), help="for which shell")
    what = "list the licences of all that is installed with it"
    add_json(add_verb(commands, "licences", what, examples.LICENCES, run=_licences))
    add_verb(commands, "man", "show the manual page, or print it into a file", run=_man)
    _help_command(commands)
    add_verb(commands, "version", "show the version", run=_version)
    return parser


def _print_help(parser: CommandLine) -> int:
    parser.print_help()
    return EXIT_OK


def _completion(arguments: argparse.Namespace) -> int:
    from sana_vcam.app.completion import word_tree
    from sana_vcam.app.shells import SHELLS

    print(SHELLS[arguments.shell](word_tree(make_parser(), FLAG_KEYS)), end="")
    return EXIT_OK


def _licences(arguments: argparse.Namespace) -> int:
    from sana_vcam.host import licences

    found = licences.inventory()
    text = licences.to_json(found) if arguments.json else licences.render(found)
    print(printable_json(text) if arguments.json else printable_lines(text))
    return EXIT_FAILURE if found.conflicts else EXIT_OK


def _man(_: argparse.Namespace) -> int:
    from sana_vcam.app import manpage
    from sana_vcam.app.completion import word_tree

    return manpage.show(manpage.page(word_tree(make_parser(), FLAG_KEYS)))


def _help_command(commands: Verbs) -> None:
    def run(arguments: argparse.Namespace) -> int:
        from sana_vcam.app.topics import show_help

        return show_help(arguments, parser, commands, main)

    what = "show a page of the documentation, or the help of a command"
    parser = add_verb(commands, "help", what, examples.HELP, run=run)
    parser.add_argument("words", nargs="*", metavar=TOPIC, help="a page, or a command; none: all")
    add_json(parser)


def _version(_: argparse.Namespace) -> int:
    print(f"sana-vcam {__version__}")
    return EXIT_OK


def _lazy(
    commands: Verbs, name: str, what: str, run: Run, describe: Callable[[], CommandLine]
) -> None:
    """Add a command that parses its own words: its module is imported only when it is used.

    `describe` makes the parser of those words, for the completion and the man page.
    """
    parser = commands.add_parser(name, help=what, add_help=False, prefix_chars="\0")
    parser.add_argument("words", nargs=argparse.REMAINDER)
    parser.set_defaults(run=run, describe=describe)


def _setting_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that people reach for, and --set for every other key."""
    add = parser.add_argument
    add("--camera", metavar="auto|webcam|file|test", help="where the picture comes from")
    add("--device", metavar="ID", help="which webcam (see `sana-vcam devices`)")
    add("--video", metavar="FILE", help="play a video file instead of the webcam")
    add(
        "--sink",
        metavar="KIND",
        help="auto, v4l2loopback, pipewire, obs, unitycapture, preview or raw",
    )
    add("--prompt", help="the first prompt")
    add("--preset", metavar="ID", help="the first preset (see `sana-vcam presets`)")
    add("--port", metavar="N", help="the control port (default 7262)")
    add("--log-level", metavar="LEVEL", help="debug, info, warning or error")
    add(
        "--set",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="any other key of the configuration; may be repeated",
    )


def _edit_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("source", metavar="IN", type=Path, help="the video file to edit")
    add("target", metavar="OUT", type=Path, help="the new file; its ending says the container")
    add("--prompt", help="what to change")
    add("--preset", metavar="ID", help="one of the looks, instead (see `sana-vcam presets`)")
    add("--seed", metavar="N", help="the model's noise seed")
    add("--fit", metavar="crop|pad|stretch", help="how another shape becomes the model's")
    add("--force", "-f", action="store_true", help="replace OUT if it is there")
    add("--yes", "-y", action="store_true", help="edit live without a question if need be")
    add(
        "--mode",
        choices=("auto", "file", "live"),
        default="auto",
        help="how IN goes to the model; auto: by file, else live (default: %(default)s)",
    )
    add("--demo", action="store_true", help="against the stand-in model, which it starts")
    add_json(parser)
    add_config(parser)
    add("--log-level", metavar="LEVEL", help="debug, info, warning or error")
    add("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="any other key")


FLAG_KEYS = {
    "camera": "camera.source",
    "device": "camera.device",
    "video": "camera.path",
    "sink": "sink.kind",
    "prompt": "start.prompt",
    "preset": "start.preset",
    "seed": "start.seed",
    "fit": "camera.fit",
    "port": "control.port",
    "log_level": "log.level",
}
"""The flags by their names in Python, and the key of the configuration that each sets."""


def overrides(arguments: argparse.Namespace) -> dict[str, object]:
    """Collect the configuration keys that the flags set, each with the flag that was typed.

    Raises `ConfigError` for a bad --set.
    """
    from sana_vcam.config.load import Flag
    from sana_vcam.errors import ConfigError

    given: dict[str, object] = {}
    if getattr(arguments, "video", None) is not None:
        given["camera.source"] = Flag("--video", "file")
    for dest, key in FLAG_KEYS.items():
        value = getattr(arguments, dest, None)
        if value is not None:
            given[key] = Flag(f"--{dest.replace('_', '-')}", value)
    for pair in arguments.set:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"--set {key}: write it as SECTION.KEY=VALUE, such as sink.fit=pad")
        given[key.strip()] = value
    return given


def _run(arguments: argparse.Namespace) -> int:
    from sana_vcam.app import run as daemon
    from sana_vcam.config.load import DEFAULT, require_key
    from sana_vcam.config.source import ConfigSource

    source = ConfigSource(arguments.config, overrides(arguments))
    loaded = source.load()
    require_key(loaded.config)
    # Whoever names a level wants the log, on a terminal as well.
    quiet = loaded.origins["log.level"] == DEFAULT
    return daemon.run(loaded.config, warnings=loaded.warnings, source=source, quiet=quiet)


def _demo(arguments: argparse.Namespace) -> int:
    from sana_vcam.app import demo

    return demo.run(overrides(arguments), arguments.model)


def _edit(arguments: argparse.Namespace) -> int:
    from sana_vcam.app import edit

    wanted = edit.EditOrder(
        source=arguments.source,
        target=arguments.target,
        force=arguments.force,
        yes=arguments.yes,
        mode=arguments.mode,
        demo=arguments.demo,
        json=arguments.json,
    )
    return edit.run(wanted, arguments.config, overrides(arguments))


def _standin(arguments: argparse.Namespace) -> int:
    from sana_vcam.lib.lossystream import lossy_stderr
    from sana_vcam.standin.__main__ import serve, settings_from

    settings = settings_from(ownparsers.standin().parse_args(arguments.words))
    with lossy_stderr():
        return serve(settings, arguments.words)


def _ctl(arguments: argparse.Namespace) -> int:
    from sana_vcam.clients.ctl import ctl

    return ctl.main(arguments.words)


def _service(arguments: argparse.Namespace) -> int:
    from sana_vcam.host.service.command import run_service

    return run_service(arguments.words)


def _deck(arguments: argparse.Namespace) -> int:
    from sana_vcam.clients.deck.cli import run_deck
    from sana_vcam.host.service.templates import deck_unit

    return run_deck(arguments.words, deck_unit)


def _keys(arguments: argparse.Namespace) -> int:
    from sana_vcam.clients.keys.cli import run_keys
    from sana_vcam.host.service.templates import this_command

    return run_keys(arguments.words, this_command())


def _osc(arguments: argparse.Namespace) -> int:
    from sana_vcam.clients.osc.cli import run_osc

    return run_osc(arguments.words)


def _doctor(arguments: argparse.Namespace) -> int:
    from sana_vcam.host.doctor.command import run_doctor

    return run_doctor(arguments.words)


def _devices(arguments: argparse.Namespace) -> int:
    from sana_vcam.app.devices import list_microphones, look_at_nodes, render_devices, to_json
    from sana_vcam.media.v4l2.devices import list_devices

    devices, microphones = list_devices(), list_microphones()
    if arguments.json:
        _show(to_json(devices, microphones), arguments)
    else:
        text = render_devices(devices, microphones=microphones, nodes=look_at_nodes())
        _show(text, arguments)
    return EXIT_OK


def _presets(arguments: argparse.Namespace) -> int:
    from sana_vcam.app.presets import run_presets

    return run_presets(arguments.words)


def _usage(arguments: argparse.Namespace) -> int:
    import time

    from sana_vcam.clients.ctl.usage import render_usage, usage_json
    from sana_vcam.config.paths import state_dir
    from sana_vcam.control.protocol.replies import Usage
    from sana_vcam.engine.budget import Budget
    from sana_vcam.engine.edits.accounts import EDIT_USAGE_FILE
    from sana_vcam.engine.usage import USAGE_FILE, stored_seconds

    # The file is up to 15 s behind a daemon that runs, and knows no session.
    folder = state_dir()
    seconds = stored_seconds(folder / USAGE_FILE, time.time(), beside=folder / EDIT_USAGE_FILE)
    usage = Usage.of(Budget(_load(arguments).config.cost, seconds)).model_dump(exclude={"session"})
    _show(usage_json(usage) if arguments.json else render_usage(usage), arguments)
    return EXIT_OK


def _show(text: str, arguments: argparse.Namespace) -> None:
    """Print what may hold names that others have chosen."""
    print(printable_json(text) if arguments.json else _coloured(printable_lines(text)))


def _coloured(text: str) -> str:
    """Colour the titles of a list: [sections], and lines with indented ones below."""
    lines = text.split("\n")
    below = [*lines[1:], ""]
    return "\n".join(
        inked(line, Ink.STRONG, sys.stdout) if _is_title(line, after) else line
        for line, after in zip(lines, below, strict=True)
    )


def _is_title(line: str, below: str) -> bool:
    is_section = line.startswith("[") and line.endswith("]")
    return is_section or (not line.startswith(" ") and below.startswith("  "))


def _config_commands(commands: Verbs) -> None:
    config = add_verb(commands, "config", "check, show or write the configuration")
    verbs = add_verbs(config, "check|show|init")
    for name, run, what in (
        ("check", _config_check, "validate the configuration"),
        ("show", _config_show, "print every value and where it comes from; secrets are masked"),
    ):
        parser = add_verb(verbs, name, what, run=run)
        add_config(parser)
        add_json(parser)
        _setting_flags(parser)
    init = add_verb(verbs, "init", "write a commented configuration file", run=_config_init)
    init.add_argument("path", nargs="?", type=Path, help="default: ~/.config/sana-vcam/config.toml")
    init.add_argument("--force", action="store_true", help="replace a file that is there")


def _load(arguments: argparse.Namespace) -> Loaded:
    from sana_vcam.config.load import load

    given = overrides(arguments) if hasattr(arguments, "set") else {}
    return load(arguments.config, given)


def _config_check(arguments: argparse.Namespace) -> int:
    from sana_vcam.config.text import check, check_json

    loaded = _load(arguments)
    _show(check_json(loaded) if arguments.json else check(loaded), arguments)
    return EXIT_OK


def _config_show(arguments: argparse.Namespace) -> int:
    from sana_vcam.config.text import effective_json, render_effective

    loaded = _load(arguments)
    _show(effective_json(loaded) if arguments.json else render_effective(loaded), arguments)
    return EXIT_OK


def _config_init(arguments: argparse.Namespace) -> int:
    from sana_vcam.config.text import write_initial

    print(printable_lines(write_initial(arguments.path, force=arguments.force)))
    return EXIT_OK
