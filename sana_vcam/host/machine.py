"""The machine as its files and commands show it; tests give a made-up one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sana_vcam.media.v4l2.devices import System

COMMAND_TIMEOUT_S = 60.0
"""A restart of the unit may take its TimeoutStopSec and then its TimeoutStartSec, 40 s in all."""


_PROGRAM_FOLDERS = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where sudo(8) looks besides, and a login shell."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The end of a command. `status` is None without such a command, or without an end in time."""

    status: int | None = None
    out: str = ""
    err: str = ""

    @property
    def ok(self) -> bool:
        """Whether it ran and succeeded."""
        return self.status == 0

    @property
    def reason(self) -> str:
        """Its complaint, in one line."""
        lines = (self.err.strip() or self.out.strip()).splitlines()
        return lines[-1].strip() if lines else f"exit status {self.status}"


type RunCommand = Callable[[Sequence[str], str, Mapping[str, str]], CommandResult]


def run_command(
    command: Sequence[str], given: str = "", extra: Mapping[str, str] | None = None
) -> CommandResult:
    """Run a command with `given` on its standard input and `extra` in its environment.

    Output is in the C locale, whatever the user's: some of it is read by us. Never raises.
    """
    try:
        done = subprocess.run(
            command,
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=COMMAND_TIMEOUT_S,
            env={**os.environ, "LC_ALL": "C", **(extra or {})},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return CommandResult(err=str(error))
    return CommandResult(done.returncode, done.stdout, done.stderr)


def _effective_user() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


@dataclass(frozen=True, slots=True)
class Machine(System):
    """A system with its environment, its user, and the way commands are run on it."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    uid: int = field(default_factory=_effective_user)
    runner: RunCommand = run_command

    def run(self, *command: str, given: str = "", **extra: str) -> CommandResult:
        """Run a command; keywords are added to its environment."""
        return self.runner(command, given, extra)

    def path(self, path: str | Path) -> Path:
        """Place an absolute path below our root."""
        return self.root / str(path).lstrip("/")

    def has(self, program: str) -> bool:
        """Whether a program can be started, by root too, by its name or its whole path."""
        if os.sep in program:
            return os.access(self.path(program), os.X_OK)
        folders = [*self.environ.get("PATH", "").split(os.pathsep), *_PROGRAM_FOLDERS]
        return any(
            os.access(self.path(folder) / program, os.X_OK)
            for folder in folders
            if folder.startswith(os.sep)
        )

    def text(self, path: str | Path) -> str | None:
        """Read a file's text, stripped; None if it cannot be read."""
        try:
            return self.path(path).read_text("utf-8", errors="replace").strip()
        except OSError:
            return None
