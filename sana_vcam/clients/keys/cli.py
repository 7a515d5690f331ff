"""The words of `sana-vcam keys`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sana_vcam.errors import EXIT_OK, StartupError
from sana_vcam.lib.commandline import CommandLine, add_json, command_line
from sana_vcam.lib.extras import install_command

ABOUT = """\
Global hotkeys: the desktop hears them whichever window has the keyboard, and this passes them on to
the running daemon. On Linux, through the desktop's portal (GNOME 48, KDE Plasma 5.27, Hyprland).
"""

EXAMPLES = """\
actions: blank, freeze, next, previous, look-1 to look-9, clip, take, back

KEYS are what you would like; the desktop asks you, and you may choose others there. They are
modifiers (CTRL, ALT, SHIFT, LOGO) and a key, such as CTRL+ALT+b or F9. Nothing at all, as in
clip=, leaves the action without.

examples:
  sana-vcam keys
  sana-vcam keys --bind blank=LOGO+F9 --bind next=LOGO+F11 --bind clip=
  sana-vcam keys --list                  what the desktop has bound
  sana-vcam keys --entry > ~/.config/autostart/com.sana_vcam.keys.desktop

exit status: 0 stopped, 1 the desktop gives no hotkeys.
"""


def run_keys(words: Sequence[str], command: Sequence[str]) -> int:
    """Run `sana-vcam keys`; returns the exit status.

    `command` are the words that start this installation's sana-vcam.
    """
    from sana_vcam.clients.keys.actions import with_triggers
    from sana_vcam.clients.keys.entry import entry

    parser = make_parser()
    arguments = parser.parse_args(words)
    if arguments.json and not arguments.list:
        parser.error("--json goes with --list")
    try:
        actions = with_triggers(dict(arguments.bind))
    except ValueError as error:
        parser.error(f"argument --bind: {error}")
    if arguments.entry:
        binds = [("--bind", f"{name}={keys or ''}") for name, keys in arguments.bind]
        there = [("--url", arguments.url)] if arguments.url else []
        flags = [word for flag in (*binds, *there) for word in flag]
        print(entry([*command, "keys", *flags]), end="")
        return EXIT_OK
    if sys.platform != "linux":
        raise StartupError(
            "global hotkeys go through the desktop's portal, which only Linux has; here, have a "
            "program for hotkeys run `sana-vcam ctl blank`"
        )
    try:
        from sana_vcam.clients.keys import run
    except ModuleNotFoundError as error:
        raise StartupError(f"{error.name} is not installed: {install_command('keys')}") from error
    # The same for every run: whatever it was given, the desktop knows it by one name.
    text = entry([*command, "keys"])
    if arguments.list:
        return run.show(text, as_json=arguments.json)
    return run.run(actions, arguments.url, text)


def make_parser() -> CommandLine:
    """Make the parser of the words that follow."""
    parser = command_line("sana-vcam keys", ABOUT, EXAMPLES)
    add = parser.add_argument
    add(
        "--bind",
        type=_bind,
        action="append",
        default=[],
        metavar="ACTION=KEYS",
        help="the keys that you would like for an action; can be repeated",
    )
    add("--list", action="store_true", help="show what the desktop has bound")
    add_json(parser)
    add("--entry", action="store_true", help="print the desktop entry, to be started at login")
    add("--url", metavar="URL", help="a daemon elsewhere; its token in SANA_VCAM_CONTROL__TOKEN")
    return parser


def _bind(text: str) -> tuple[str, str | None]:
    from sana_vcam.clients.keys.actions import parse_bind

    try:
        return parse_bind(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
