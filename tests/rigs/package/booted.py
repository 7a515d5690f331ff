"""Boots a root folder of Debian as a container would, and runs `files/come_and_go` in it.

Its own systemd is the first process, with service managers of users. It has this machine's kernel,
so none of its devices, and no network. Takes root, and a mounted cgroup2.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILES = Path(__file__).parent / "files"
NEEDED = ("systemd-sysv", "dbus-user-session", "libpam-systemd", "iproute2", "passwd")
"""What the root folder has besides what the package needs."""
SPACES = ("--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--net", "--cgroup")
PATIENCE_S = 3600
LOOK_EVERY_S = 0.5


def come_and_go(root: Path, brought: Path, work: Path) -> None:
    """Run it with `brought` as /mnt, and pass on what it says; raises where it fails."""
    shutil.copy(FILES / "come_and_go", brought)
    said = brought / "said"
    said.touch()
    work.mkdir()
    words = ["sh", str(FILES / "boot"), str(root), str(brought), str(work)]
    with _cgroup() as group:
        process = subprocess.Popen(
            ["sh", "-euc", 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"', "sh", str(group),
             "timeout", "--foreground", str(PATIENCE_S), "unshare", *SPACES, *words],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _pass_on(said, process)
        finally:
            process.terminate()
            status = process.wait()
    if status:
        raise SystemExit(f"exit status {status} below systemd; the last command above failed")


def _pass_on(said: Path, process: subprocess.Popen[bytes]) -> None:
    """Print what is written into a file, until the process has ended."""
    with said.open(errors="replace") as file:
        while True:
            ended = process.poll() is not None
            print(file.read(), end="", flush=True)
            if ended:
                return
            time.sleep(LOOK_EVERY_S)


@contextmanager
def _cgroup() -> Iterator[Path]:
    """Make a cgroup, which is the root that systemd sees, and remove what it leaves."""
    mounts = Path("/proc/self/mounts").read_text()
    found = re.search(r"^\S+ (\S+) cgroup2 ", mounts, re.MULTILINE)
    if found is None:
        raise SystemExit("no cgroup2 is mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup")
    top = Path(found[1]) / f"sana-vcam-{os.getpid()}"
    top.mkdir()
    try:
        yield top
    finally:
        for folder, _, _ in os.walk(top, topdown=False):
            Path(folder).rmdir()
