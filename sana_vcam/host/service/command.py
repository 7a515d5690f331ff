"""The command line of `sana-vcam service`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence

from sana_vcam.errors import EXIT_OK, StartupError
from sana_vcam.host.machine import Machine
from sana_vcam.host.service.install import (
    Options,
    Scope,
    install,
    system_scope,
    uninstall,
    user_scope,
)
from sana_vcam.lib.commandline import CommandLine, add_json, add_verb, add_verbs, command_line
from sana_vcam.lib.printing import printable_json, printable_lines

ABOUT = """\
Run the daemon as a systemd service: of the user who is logged in (as it is without a flag), or of
the whole machine (--system).
"""

EXAMPLES = """\
examples:
  sana-vcam service install              for you, started now and at each login
  sudo sana-vcam service install --driver
                                         the settings of the virtual camera's driver alone
  sudo sana-vcam service install --system --driver < key.txt
                                         for the machine, from boot on, by a user of its own
  sana-vcam service install --dry-run    show every file and command, change nothing
  sana-vcam service status --json
  sana-vcam service logs -f

The API key is taken from REACTOR_API_KEY, else from standard input, and kept where only the
service reads it; with --system it is encrypted for this machine if systemd-creds can.

exit status of `status`: 0 running, 3 installed and not running, 4 not installed; of the others:
0 done, 1 not.
"""


def run_service(words: Sequence[str], machine: Machine | None = None) -> int:
    """Run one `sana-vcam service` command, and give the exit status.

    Raises:
        StartupError: it could not be done; with the fix.
    """
    arguments = make_parser().parse_args(words)
    run: Callable[[argparse.Namespace, Machine], int] = arguments.run
    machine = machine or Machine()
    if machine.platform != "linux":
        raise StartupError("services are for Linux with systemd; here: sana-vcam run")
    return run(arguments, machine)


def make_parser() -> CommandLine:
    """Make the parser of the words that follow."""
    parser = command_line("sana-vcam service", ABOUT, EXAMPLES)
    verbs = add_verbs(parser, "install|uninstall|status|logs")
    for name, run, what in (
        ("install", _install, "install the service, enable and start it"),
        ("uninstall", _uninstall, "stop it, and remove what install wrote"),
    ):
        verb = add_verb(verbs, name, what, run=run)
        _switch(verb, "--driver", "the settings of the virtual camera's driver (needs root)")
        _switch(verb, "--dry-run", "show every file and command, change nothing")
        if name == "install":
            _switch(verb, "--no-start", "enable it, start it later")
            _switch(verb, "--force", "replace files that are not ours (kept as .old)")
    add_json(add_verb(verbs, "status", "show the service, and what viewers see", run=_status))
    logs = add_verb(verbs, "logs", "show its log", run=_logs)
    logs.add_argument("-f", "--follow", action="store_true", help="go on showing, until Ctrl-C")
    logs.add_argument("-n", "--lines", type=int, default=50, metavar="N", help="how many (50)")
    for verb in verbs.choices.values():
        _switch(verb, "--system", "the service of the whole machine")
    return parser


def _switch(verb: argparse.ArgumentParser, flag: str, what: str) -> None:
    verb.add_argument(flag, action="store_true", help=what)


def _scope(arguments: argparse.Namespace, machine: Machine) -> Scope:
    return system_scope() if arguments.system else user_scope(machine)


def _install(arguments: argparse.Namespace, machine: Machine) -> int:
    options = Options(
        system=arguments.system,
        driver=arguments.driver,
        start=not arguments.no_start,
        dry=arguments.dry_run,
        force=arguments.force,
    )
    install(options, machine, print)
    return EXIT_OK


def _uninstall(arguments: argparse.Namespace, machine: Machine) -> int:
    options = Options(system=arguments.system, driver=arguments.driver, dry=arguments.dry_run)
    uninstall(options, machine, print)
    return EXIT_OK


def _status(arguments: argparse.Namespace, machine: Machine) -> int:
    # Imported where it is needed: the WebSocket library takes a while.
    from sana_vcam.host.service.status import read_status, render, to_json

    scope = _scope(arguments, machine)
    status = read_status(scope, machine)
    as_json = arguments.json
    print(printable_json(to_json(status)) if as_json else printable_lines(render(status, scope)))
    return status.exit_status


def _logs(arguments: argparse.Namespace, machine: Machine) -> int:
    """Let journalctl take the place of this process, with its pager and its Ctrl-C."""
    words = [*_scope(arguments, machine).journalctl, f"--lines={arguments.lines}"]
    words += ["--follow"] if arguments.follow else []
    try:
        os.execvp(words[0], words)  # noqa: S606 - the words are ours
    except OSError as error:
        raise StartupError(f"cannot run {words[0]}: {error.strerror}") from error
