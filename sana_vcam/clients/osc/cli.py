"""The words of `sana-vcam osc`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from sana_vcam.errors import StartupError
from sana_vcam.lib.commandline import CommandLine, command_line
from sana_vcam.lib.extras import install_command

PORT = 9000

ABOUT = """\
Open Sound Control in: TouchOSC, QLab, Max and others on this machine press the daemon's keys. It is
heard on 127.0.0.1 alone, and OSC has no password: every program and every user of this machine can
send it. So the raw camera, sessions and files are not reached by it.
"""

EXAMPLES = """\
addresses:
  /sana/preset NAME            a look, by its short name, its name, or its number from 1 on
  /sana/preset/NAME [0|1]      the same for a button
  /sana/prompt TEXT
  /sana/blank [0|1]            without a value it toggles; so does freeze
  /sana/freeze [0|1]
  /sana/next                   and /sana/previous
  /sana/setting/NAME VALUE     of the model; sana-vcam ctl settings lists them
  /sana/pause, /sana/resume
  /sana/clip                   if [keep] clips is on
  /sana/take, /sana/back       of a look that is rehearsed
  /sana/play NAME              a playlist; "next" and "stop" as well

examples:
  sana-vcam osc
  sana-vcam osc --port 9001
"""


def run_osc(words: Sequence[str]) -> int:
    """Run `sana-vcam osc`; returns the exit status. Raises `StartupError`."""
    arguments = make_parser().parse_args(words)
    try:
        from sana_vcam.clients.osc.receiver import run
    except ModuleNotFoundError as error:
        raise StartupError(f"{error.name} is not installed: {install_command('osc')}") from error
    return run(arguments.port, arguments.url)


def make_parser() -> CommandLine:
    """Make the parser of the words that follow."""
    parser = command_line("sana-vcam osc", ABOUT, EXAMPLES)
    add = parser.add_argument
    add("--port", type=_port, default=PORT, metavar="N", help="the UDP port (%(default)s)")
    add("--url", metavar="URL", help="a daemon elsewhere; its token in SANA_VCAM_CONTROL__TOKEN")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:6]) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
    return int(text)
