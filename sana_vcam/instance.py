"""One daemon per user: a lock that the operating system frees even after SIGKILL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from sana_vcam.errors import StartupError


@contextmanager
def single_instance(folder: Path) -> Iterator[None]:
    """Hold the lock in `folder`. Raises `StartupError` naming the pid that holds it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pid_file = folder / "daemon.pid"
    lock = FileLock(folder / "daemon.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StartupError(_already_running(pid_file)) from None
    try:
        pid_file.write_text(f"{os.getpid()}\n")
        yield
    finally:
        pid_file.unlink(missing_ok=True)
        lock.release()


def _already_running(pid_file: Path) -> str:
    try:
        pid = pid_file.read_text().strip()
    except OSError:
        pid = "unknown"
    return (
        f"sana-vcam is already running (pid {pid}). Talk to it with `sana-vcam ctl state`, or stop "
        f"it first: `systemctl --user stop sana-vcam`, or `kill {pid}`."
    )
