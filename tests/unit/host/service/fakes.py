"""A made-up machine: files below a folder, and commands that answer from a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sana_vcam.host.machine import CommandResult, Machine

type Reply = CommandResult | Callable[[Sequence[str], str], CommandResult]


@dataclass
class Commands:
    """Answers by the longest known beginning of a command; what is unknown is not installed."""

    replies: dict[str, Reply] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    environments: list[dict[str, str]] = field(default_factory=list)

    def __call__(
        self, command: Sequence[str], given: str, extra: Mapping[str, str]
    ) -> CommandResult:
        self.calls.append(tuple(command))
        self.environments.append(dict(extra))
        line = " ".join(command)
        known = [start for start in self.replies if line.startswith(start)]
        if not known:
            return CommandResult(err=f"{command[0]}: no such command")
        reply = self.replies[max(known, key=len)]
        return reply if isinstance(reply, CommandResult) else reply(command, given)

    def say(self, start: str, out: str = "", status: int = 0, err: str = "") -> None:
        self.replies[start] = CommandResult(status, out, err)

    def lines(self) -> list[str]:
        return [" ".join(call) for call in self.calls]


class FakeCreds:
    """systemd-creds(1) as far as we use it; `works` False is one without a key of its host."""

    def __init__(self, *, works: bool = True) -> None:
        self.works = works

    def __call__(self, command: Sequence[str], given: str) -> CommandResult:
        if not self.works:
            return CommandResult(1, "", "Failed to determine local credential key: No such file")
        if "encrypt" in command:
            return CommandResult(0, f"sealed:{given[::-1]}\n")
        if "decrypt" in command:
            return CommandResult(0, given.removeprefix("sealed:").rstrip("\n")[::-1])
        return CommandResult(0, "systemd 252\n")


def machine(root: Path, commands: Commands, *, uid: int = 1000, **environ: str) -> Machine:
    return Machine(root=root, environ=dict(environ), uid=uid, platform="linux", runner=commands)


def shell_script(folder: Path, name: str, log: Path, body: str = "") -> None:
    """A program on the PATH that records how it was called."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{log}"\n{body}\n')
    path.chmod(0o755)


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with its content."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def manifest(path: Path) -> list[str]:
    return sorted(json.loads(path.read_text())["files"])
