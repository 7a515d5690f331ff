"""The daemons that run on a machine, by the locks that they hold and what they have open.

A command line proves nothing: `timeout`, `nice` and `sudo` show their child's words as their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sana_vcam.config.locknames import LOCK_FILE, LOCK_NAME
from sana_vcam.control.access import peers
from sana_vcam.host.machine import Machine
from sana_vcam.lib.openfiles import open_files, socket_name
from sana_vcam.lib.statefile import read_bounded

_GONE = " (deleted)"
_FLOCK = re.compile(r"^lock:.*\bFLOCK\b.*\bWRITE\s+(\d+)\s", re.MULTILINE)
_MAX_TABLE_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class RunningDaemon:
    """A running daemon, as far as we may look."""

    pid: int
    uid: int
    folder: str = ""
    """Its run-time folder."""
    files: frozenset[str] = frozenset()
    """What it has open: paths, and sockets as `socket_name` names them."""
    port: int | None = None
    """Where its control API listens."""


@dataclass(frozen=True, slots=True)
class RunningDaemons:
    """The daemons that run: those that are shown to us, and others by their users' numbers."""

    shown: tuple[RunningDaemon, ...] = ()
    hidden: tuple[int, ...] = ()
    """Users of daemons whose processes we may not look into. Anybody may take such a name, so
    this is a hint."""

    @property
    def pids(self) -> frozenset[int]:
        """The processes."""
        return frozenset(one.pid for one in self.shown)

    def at(self, pid: int | None) -> RunningDaemon | None:
        """Find one by its process."""
        return next((one for one in self.shown if one.pid == pid), None)


def find_daemons(machine: Machine) -> RunningDaemons:
    """Look at every process that we may look at. Takes tens of milliseconds."""
    proc = machine.path("/proc")
    names = dict(_names(_table(proc / "net/unix")))
    found: dict[int, RunningDaemon] = {}
    named: dict[str, int] = {}
    files: dict[int, set[str]] = {}
    for pid, descriptor, target in open_files(proc):
        files.setdefault(pid, set()).add(target)
        if target in names:
            # A child has its parent's sockets until it has become another program.
            named[target] = min(pid, named.get(target, pid))
        path = Path(target.removesuffix(_GONE))
        if path.name == LOCK_FILE and _locks(proc / str(pid) / "fdinfo" / descriptor, pid):
            found[pid] = RunningDaemon(pid, _owner(proc, pid), str(path.parent))
    for pid in named.values():
        found.setdefault(pid, RunningDaemon(pid, _owner(proc, pid)))
    ports = _listening(machine)
    shown = [
        replace(one, files=frozenset(files[pid]), port=_port(files[pid], ports))
        for pid, one in sorted(found.items())
    ]
    hidden = sorted(uid for target, uid in names.items() if target not in named)
    return RunningDaemons(tuple(shown), tuple(hidden))


def _table(path: Path) -> str:
    try:
        return read_bounded(path, _MAX_TABLE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _names(table: str) -> Iterator[tuple[str, int]]:
    """Find our names among the Unix sockets (unix(7)), as (socket, user)."""
    for columns in (line.split(None, 7) for line in table.splitlines()):
        name = LOCK_NAME.fullmatch(columns[7].removeprefix("@")) if len(columns) == 8 else None
        if name and columns[6].isdigit():
            yield socket_name(int(columns[6])), int(name[1])


def _locks(fdinfo: Path, pid: int) -> bool:
    """Whether a process has locked an open file itself (proc_pid_fdinfo(5))."""
    return str(pid) in _FLOCK.findall(_table(fdinfo))


def _owner(proc: Path, pid: int) -> int:
    try:
        return (proc / str(pid)).stat().st_uid
    except OSError:
        return 0


def _listening(machine: Machine) -> dict[str, int]:
    """Find which socket listens on which port."""
    tables = (machine.text(f"/proc/net/{name}") or "" for name in ("tcp", "tcp6"))
    rows = (row for table in tables for row in peers.parse_table(table))
    return {socket_name(row.inode): row.local[1] for row in rows if row.listens}


def _port(files: set[str], ports: dict[str, int]) -> int | None:
    return next((ports[one] for one in sorted(files) if one in ports), None)
