"""A process in network and mount namespaces of its own: nothing outside is reached or disturbed."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

ADDRESS = "10.77.0.1"
"""WebRTC takes no candidates from loopback alone, so there is one more interface."""


class NoNamespaces(Exception):
    """This machine lets nobody make namespaces; the text says why."""


def isolate() -> None:
    """Move this process, which must have one thread yet, into namespaces of its own.

    Raises `NoNamespaces`.
    """
    user, group = os.getuid(), os.getgid()
    kinds = os.CLONE_NEWNET | os.CLONE_NEWNS
    try:
        os.unshare(kinds if user == 0 else kinds | os.CLONE_NEWUSER)
        if user != 0:
            _be_root(user, group)
        _run("mount", "--make-rprivate", "/")
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there")
        _run("ip", "address", "add", f"{ADDRESS}/24", "dev", "here")
        _run("ip", "link", "set", "here", "up")
        _run("ip", "link", "set", "there", "up")
    except (OSError, subprocess.CalledProcessError) as error:
        why = getattr(error, "stderr", "") or str(error)
        raise NoNamespaces(f"no namespaces of our own (root or user namespaces): {why}") from error


def write_measured(out: Path, measure: Callable[[], Coroutine[Any, Any, object]]) -> int:
    """Measure in namespaces of our own, as a whole process; give its exit status.

    `out` gets the figures as JSON, or with status 2 why there are no namespaces.
    """
    try:
        # Before the imports that start threads.
        isolate()
    except NoNamespaces as error:
        out.write_text(str(error))
        return 2
    out.write_text(json.dumps(asyncio.run(measure())))
    return 0


_disks: list[Path] = []


def tiny_disk(folder: Path, size_kib: int = 64) -> None:
    """Mount a disk of so few KiB over `folder`, and fill it up."""
    _run("mount", "-t", "tmpfs", "-o", f"size={size_kib}k,mode=700", "tmpfs", str(folder))
    _disks.append(folder)
    with (folder / "filling").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            return


def make_room(folder: Path) -> None:
    """Give a full disk its space back."""
    (folder / "filling").unlink()


def remove_disks() -> None:
    """Unmount what `tiny_disk` has mounted."""
    while _disks:
        _run("umount", "--lazy", str(_disks.pop()))


def _be_root(user: int, group: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
