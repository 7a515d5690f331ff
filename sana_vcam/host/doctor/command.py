"""The command line of `sana-vcam doctor`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from sana_vcam.host.doctor import cameras, configuration, control, driver, node, system, voice
from sana_vcam.host.doctor.commands import fitted
from sana_vcam.host.doctor.facts import Facts, gather
from sana_vcam.host.doctor.findings import (
    SIGNS,
    Finding,
    Group,
    Severity,
    exit_status,
    render,
    to_json,
    width_of_output,
)
from sana_vcam.host.machine import Machine
from sana_vcam.lib.commandline import CommandLine, add_config, add_json, command_line
from sana_vcam.lib.printing import printable_json, printable_lines
from sana_vcam.lib.screen import Ink, head_inked, inked

ABOUT = """\
Look at everything that sana-vcam needs, and say what is wrong, what it means, and the command that
mends it. Changes nothing, opens no session, and switches no camera on.
"""

EXAMPLES = """\
examples:
  sana-vcam doctor
  sana-vcam doctor --online             also ask the platform whether it takes the key
  sana-vcam doctor --json | jq '.findings[] | select(.severity == "problem")'

exit status: 0 nothing is wrong, or warnings only; 1 something does not work.
"""

CHECKS = (
    configuration.check_configuration,
    driver.check_driver,
    cameras.check_virtual,
    node.check_node,
    cameras.check_camera,
    voice.check_voice,
    configuration.check_model,
    control.check_control,
    system.check_service,
    system.check_machine,
)

_HEADINGS = frozenset(group.value for group in Group)
_INKS = {
    Severity.FINE: Ink.GOOD,
    Severity.UNKNOWN: Ink.FAINT,
    Severity.WARNING: Ink.CARE,
    Severity.PROBLEM: Ink.BAD,
}


def examine(facts: Facts) -> list[Finding]:
    """Collect the findings of every check, in the order in which they are shown."""
    found = (finding for check in CHECKS for finding in check(facts))
    return [fitted(finding, facts) for finding in node.milder(facts, found)]


def run_doctor(words: Sequence[str], machine: Machine | None = None) -> int:
    """Run `sana-vcam doctor`, and give the exit status: 1 if there is a problem, else 0."""
    arguments = make_parser().parse_args(words)
    facts = gather(
        machine or Machine(),
        now=time.time(),
        online=arguments.online,
        config_path=arguments.config,
    )
    findings = examine(facts)
    if arguments.json:
        print(printable_json(to_json(findings)))
    else:
        text = printable_lines(render(findings, width_of_output()))
        print("\n".join(map(_coloured, text.split("\n"))))
    return exit_status(findings)


def _coloured(line: str) -> str:
    """Colour the sign at the beginning of a finding, and a heading."""
    for severity, ink in _INKS.items():
        if line.startswith(f"  {SIGNS[severity]} "):
            return head_inked(line, ink, sys.stdout)
    return inked(line, Ink.STRONG, sys.stdout) if line in _HEADINGS else line


def make_parser() -> CommandLine:
    """Make the parser of the words that follow."""
    parser = command_line("sana-vcam doctor", ABOUT, EXAMPLES)
    add_config(parser)
    parser.add_argument("--online", action="store_true", help="ask the platform about the key")
    add_json(parser)
    return parser
