"""Commands that mend, fitted to the machine, so that none is shown that would fail there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

from sana_vcam.host.doctor.facts import Facts
from sana_vcam.host.doctor.findings import Finding
from sana_vcam.host.service.templates import this_command

_BETWEEN = re.compile(r"\s*(?:\|\||&&|\||;)\s*")
_SUDO = re.compile(r"(?<![\w./-])sudo ")
_BUILTINS = frozenset({"kill", "echo", "export", "cd"})
_POWERSHELL_VARIABLE = "$env:"
_ASKS_SYSTEMD = frozenset({"systemctl", "journalctl", "timedatectl", "loginctl"})
_CHANGES_KERNEL = frozenset({"modprobe", "dkms", "mokutil", "reboot", "v4l2loopback-ctl"})
_WAYS_TO_ROOT = ("sudo", "doas", "su")
_OUR_NAME = "sana-vcam"


def fitted(finding: Finding, facts: Facts) -> Finding:
    """Leave out the commands that cannot work here, saying why, and fit the others."""
    commands, notes = [], [finding.means]
    for command in finding.fix:
        why = _why_not(command, facts)
        if why:
            notes.append(f"On this machine `{command}` would fail: {why}.")
        else:
            commands.append(_typed(command, facts))
            notes += _before(command, facts)
    means = " ".join(dict.fromkeys(note for note in notes if note))
    return replace(finding, fix=tuple(commands), means=means)


def _parts(command: str) -> Iterator[list[str]]:
    """Split a line into its commands, without sudo, each as its words."""
    for part in _BETWEEN.split(command):
        if words := _SUDO.sub("", part).split():
            yield words


def _why_not(command: str, facts: Facts) -> str:
    """Say why a command cannot work on this machine; empty if nothing is known against it."""
    needs_root = _SUDO.search(command) and facts.machine.uid != 0
    if needs_root and not any(map(facts.machine.has, _WAYS_TO_ROOT)):
        return f"it needs root, and there is none of {', '.join(_WAYS_TO_ROOT)}"
    return next((why for words in _parts(command) if (why := _hindrance(words, facts))), "")


def _hindrance(words: list[str], facts: Facts) -> str:
    program, *rest = words
    ours = program.rpartition("/")[2] == _OUR_NAME or rest[:2] == ["-m", "sana_vcam"]
    driver = ours and "--driver" in rest
    if facts.container and (driver or program in _CHANGES_KERNEL):
        return f"this is a container ({facts.container}), and the kernel is its host's"
    if ours:
        service = "service" in rest and not driver
        return _without_systemd(facts, user="--system" not in rest) if service else ""
    if program.startswith(_POWERSHELL_VARIABLE):
        return ""
    if program not in _BUILTINS and not facts.machine.has(program):
        return f"{program} is not installed"
    return _without_systemd(facts, user="--user" in rest) if program in _ASKS_SYSTEMD else ""


def _without_systemd(facts: Facts, *, user: bool) -> str:
    return facts.no_systemd or (facts.no_user_systemd if user else "")


def _typed(command: str, facts: Facts) -> str:
    """Write a command as this user types it, whose PATH may not lead to us."""
    if command.startswith(f"{_OUR_NAME} ") and not facts.machine.has(_OUR_NAME):
        command = shlex.join(this_command()) + command.removeprefix(_OUR_NAME)
    if not _SUDO.search(command) or (facts.machine.uid != 0 and facts.machine.has("sudo")):
        return command
    plain = _SUDO.sub("", command)
    if facts.machine.uid == 0:
        return plain
    return _SUDO.sub("doas ", command) if facts.machine.has("doas") else f"su -c {_quoted(plain)}"


def _quoted(command: str) -> str:
    """Quote for `su -c`, so that $USER is who types it and not root."""
    parts = command.split("$USER")
    return '"$USER"'.join(shlex.quote(part) if part else "" for part in parts)


def _before(command: str, facts: Facts) -> Iterator[str]:
    words = command.split()
    if words[:2] == [_OUR_NAME, "run"] and facts.reached is not None:
        yield f"End the one that runs (pid {facts.reached}) before, where it was started."
