"""Who has which files, devices and sockets open: what Linux tells in /proc, as far as we may look.

Elsewhere there is no such folder, and nobody is found. A look at all processes takes tens of
milliseconds, and blocks.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

PROC = Path("/proc")


def opened(targets: Collection[str], proc: Path = PROC) -> Iterator[tuple[str, int]]:
    """Find every open file among `targets`, as (target, process), our own included.

    A target is a resolved path, or what `socket_name` gives.
    """
    for pid, _, target in open_files(proc):
        if target in targets:
            yield target, pid


def open_files(proc: Path = PROC) -> Iterator[tuple[int, str, str]]:
    """List every open file of every process that we may look at, as (process, descriptor, target).

    The target is a path, with " (deleted)" behind it for one that is gone, or a word such as
    `socket_name` gives.
    """
    for process in entries(proc):
        if process.name.isdigit():
            for descriptor, target in _open_files(process):
                yield int(process.name), descriptor, target


def socket_name(inode: int) -> str:
    """Name a socket as /proc does."""
    return f"socket:[{inode}]"


def command_of(pid: int, proc: Path = PROC) -> str:
    """Read a process's name; empty for one that has ended."""
    return text_of(proc / str(pid) / "comm")


def text_of(path: Path) -> str:
    """Read a small file of /proc or /sys; empty for one that is not there."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def entries(folder: Path) -> list[Path]:
    """List a folder of /proc, /sys or /dev; nothing for one that is not there."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _open_files(process: Path) -> Iterator[tuple[str, str]]:
    """List what each descriptor of a process is open on; nothing of another user's process."""
    try:
        links = [(entry.name, entry.path) for entry in os.scandir(process / "fd")]
    except OSError:
        return
    for name, link in links:
        try:
            # Not Path.readlink: this runs thousands of times for one look.
            yield name, os.readlink(link)  # noqa: PTH115
        except OSError:
            continue
