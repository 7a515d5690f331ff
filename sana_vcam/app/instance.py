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
    pid_file = folder / "daemon.pid"
    lock = FileLock(folder / "daemon.lock")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        pid_file.write_text(f"{os.getpid()}\n")
    except Timeout:
        raise StartupError(_already_running(pid_file)) from None
    except OSError as error:
        lock.release()
        raise StartupError(
            f"the lock of the daemon cannot be kept in {folder}: {error.strerror}. Set "
            "XDG_RUNTIME_DIR to a folder that you may write to"
        ) from None
    try:
        yield
    finally:
        pid_file.unlink(missing_ok=True)
        lock.release()


def _already_running(pid_file: Path) -> str:
    try:
        pid = pid_file.read_text().strip()
    except OSError:
        pid = ""
    holder, kill = (f" (pid {pid})", f", or `kill {pid}`") if pid else ("", "")
    return (
        f"sana-vcam is already running{holder}. Talk to it with `sana-vcam ctl state`, or stop "
        f"it first: `systemctl --user stop sana-vcam`{kill}."
    )
