"""The parsers of the commands that parse their own words; each imports its command when asked."""

from __future__ import annotations

from sana_vcam.lib.commandline import CommandLine, command_line


def standin() -> CommandLine:
    """Make the parser of `sana-vcam standin`."""
    from sana_vcam.standin.__main__ import add_arguments

    parser = command_line("sana-vcam standin", "", "")
    add_arguments(parser)
    return parser


def ctl() -> CommandLine:
    """Make the parser of `sana-vcam ctl`."""
    from sana_vcam.clients.ctl.ctlparser import make_parser

    return make_parser()


def service() -> CommandLine:
    """Make the parser of `sana-vcam service`."""
    from sana_vcam.host.service.command import make_parser

    return make_parser()


def deck() -> CommandLine:
    """Make the parser of `sana-vcam deck`."""
    from sana_vcam.clients.deck.cli import make_parser
    from sana_vcam.host.service.templates import deck_unit

    return make_parser(deck_unit)


def keys() -> CommandLine:
    """Make the parser of `sana-vcam keys`."""
    from sana_vcam.clients.keys.cli import make_parser

    return make_parser()


def osc() -> CommandLine:
    """Make the parser of `sana-vcam osc`."""
    from sana_vcam.clients.osc.cli import make_parser

    return make_parser()


def doctor() -> CommandLine:
    """Make the parser of `sana-vcam doctor`."""
    from sana_vcam.host.doctor.command import make_parser

    return make_parser()


def presets() -> CommandLine:
    """Make the parser of `sana-vcam presets`."""
    from sana_vcam.app.presets import make_parser

    return make_parser()
