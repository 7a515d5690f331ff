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
from sana_vcam.app import ownparsers
from sana_vcam.errors import EXIT_OK, SanaVcamError
from sana_vcam.lib.commandline import (
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


DESCRIPTION = """\
A webcam that a generative model edits live.

The webcam goes to the SANA-Streaming model, or to another one of the platform; what comes back goes
into a virtual camera that Zoom, Meet, OBS and Discord can pick; a local WebSocket takes prompt
changes and hotkeys.
"""

EXAMPLES = """\
first steps:
  sana-vcam demo                        all of it on this machine, without key, camera or driver
  sana-vcam doctor                      what is missing here, and the command that mends it
  sana-vcam config init                 write a commented configuration to edit
  REACTOR_API_KEY=rk_... sana-vcam run  the real thing
  sana-vcam ctl open                    the dashboard of what runs, in a browser
  sana-vcam ctl prompt "as a clay figure"
"""

RUN_EXAMPLES = """\
configuration, strongest first: these flags, SANA_VCAM_* in the environment
(SANA_VCAM_SINK__KIND=raw), --config FILE or else ~/.config/sana-vcam/config.toml or else
/etc/sana-vcam/config.toml, defaults.

The API key comes from REACTOR_API_KEY, from the file that [reactor] api_key_file names, or from
systemd's credentials; never from a flag.

examples:
  sana-vcam run --preset noir
  sana-vcam run --set camera.mirror=true --set sink.fit=pad
  sana-vcam run --sink raw --set sink.path=- | ffplay -f rawvideo -pixel_format yuv420p \\
      -video_size 1280x720 -framerate 24 -

exit status: 0 stopped, 78 wrong configuration, 1 anything else.
"""

DEMO_EXAMPLES = """\
Starts a stand-in for the model in a process of its own (classical image processing, no key, no
internet), and the daemon against it. Uses your webcam if there is one, else a moving test scene;
writes to the virtual camera if there is one, else keeps the picture for snapshots. Helios needs no
webcam; Vidu S2-Editing is shown a picture, which is painted here.

  sana-vcam demo --model x2

while it runs, in another terminal:
  sana-vcam ctl prompt "Van Gogh oil painting, swirling brushstrokes, vivid colors"
  sana-vcam ctl preset noir
  sana-vcam ctl blank on
  sana-vcam ctl snapshot what-viewers-see.jpg
"""


EDIT_EXAMPLES = """\
IN goes to the model picture by picture, and OUT gets what comes back at the times of IN, with its
sound. The ending of OUT says the container: .mp4, .m4v, .mov, .mkv, .webm or .ts.

Where the model takes files, IN is uploaded. Where it is live only, IN is sent as a camera would
send it, which takes its length in time; on a terminal you are asked first, unless you say --yes.

Configuration and key are those of `sana-vcam run`; [cost] caps hold here as well.

examples:
  sana-vcam edit in.mp4 out.mp4 --prompt "as a charcoal drawing"
  sana-vcam edit holiday.mov holiday.webm --preset van-gogh --seed 7
  sana-vcam edit in.mp4 out.mp4 --preset noir --demo       without key and internet
  sana-vcam edit in.mp4 out.mp4 --preset noir --json | jq  an event a line

exit status: 0 OUT is whole, 78 wrong configuration, 1 anything else.
"""


COMPLETION_EXAMPLES = """\
once, in your shell's own start-up:
  bash  sana-vcam completion bash > ~/.local/share/bash-completion/completions/sana-vcam
  zsh   sana-vcam completion zsh > ~/.zfunc/_sana-vcam     (~/.zfunc in $fpath, before compinit)
  fish  sana-vcam completion fish > ~/.config/fish/completions/sana-vcam.fish

or in this shell alone:
  source <(sana-vcam completion bash)
"""


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
    parser = command_line("sana-vcam", DESCRIPTION, EXAMPLES)
    parser.add_argument("-V", "--version", action="version", version=f"sana-vcam {__version__}")
    # Whoever types the bare name wants to know what to type.
    parser.set_defaults(run=lambda _: _print_help(parser))
    commands = parser.add_subparsers(metavar="COMMAND")

    demo = add_verb(commands, "demo", "try all of it on this machine", DEMO_EXAMPLES, run=_demo)
    demo.add_argument(
        "--model",
        metavar="sana-streaming|x2|joyai|vidu|helios",
        default="sana-streaming",
        help="which model to stand in for (default: %(default)s)",
    )
    _setting_flags(demo)
    run = add_verb(commands, "run", "run the daemon", RUN_EXAMPLES, run=_run)
    add_config(run)
    _setting_flags(run)
    edit = add_verb(commands, "edit", "edit a video file", EDIT_EXAMPLES, run=_edit)
    _edit_flags(edit)
    what = "serve the stand-in model alone"
    _lazy(commands, "standin", what, _standin, ownparsers.standin)
    what = "send one command to the running daemon"
    _lazy(commands, "ctl", what, _ctl, ownparsers.ctl)
    what = "run the daemon as a systemd service"
    _lazy(commands, "service", what, _service, ownparsers.service)
    what = "hotkeys on a Stream Deck, and the plugins for them"
    _lazy(commands, "deck", what, _deck, ownparsers.deck)
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
    completing = add_verb(commands, "completion", what, COMPLETION_EXAMPLES, run=_completion)
    completing.add_argument("shell", choices=("bash", "zsh", "fish"), help="for which shell")
    add_verb(commands, "man", "show the manual page, or print it into a file", run=_man)
    helping = add_verb(commands, "help", "show the help of a command", run=_help)
    helping.add_argument("words", nargs="*", metavar="COMMAND", help="such as: config init")
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


def _man(_: argparse.Namespace) -> int:
    from sana_vcam.app import manpage
    from sana_vcam.app.completion import word_tree

    return manpage.show(manpage.page(word_tree(make_parser(), FLAG_KEYS)))


def _help(arguments: argparse.Namespace) -> int:
    return main([*arguments.words, "--help"])


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
