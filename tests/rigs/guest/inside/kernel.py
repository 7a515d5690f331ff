"""Loading and unloading the drivers, as a user's modprobe configuration would."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NOBODY = 65534
"""A user without any rights."""
SERIES = Path("/rig/series")
"""The chosen driver of a guest in QEMU."""


def is_emulated() -> bool:
    """Whether the processor may be one of software, so that everything takes long."""
    return SERIES.exists()


PATIENCE_S = 240.0 if is_emulated() else 60.0
"""Generous on purpose: no scenario asserts how long something took."""
OPTIONS = Path("/etc/modprobe.d/guest.conf")


type Loopback = tuple[int, str]
"""A number and a label."""
OBS: Loopback = (10, "OBS Virtual Camera")
OURS: Loopback = (11, "SANA VCam")
SECOND: Loopback = (12, "SANA VCam 2")


def path_of(loopback: Loopback) -> str:
    return f"/dev/video{loopback[0]}"


def until[T](look: Callable[[], T], what: str, patience_s: float = PATIENCE_S) -> T:
    """The first true answer of `look`. Raises `AssertionError` if none comes in a long time."""
    deadline = time.monotonic() + patience_s
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"never saw {what}")
        time.sleep(0.05)
    return found


def run(*command: str) -> str:
    """What a command prints, on both outputs. Raises `AssertionError` if it fails."""
    done = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


@contextmanager
def loopbacks(devices: Sequence[Loopback], exclusive_caps: int) -> Iterator[None]:
    """The driver with these devices; unloaded at the end, which proves that nobody has them open.

    The labels have spaces, which only a file of options keeps.
    """
    load(devices, exclusive_caps)
    try:
        yield
    finally:
        unload()


def load(devices: Sequence[Loopback], exclusive_caps: int) -> None:
    count = len(devices)
    numbers = ",".join(str(number) for number, _ in devices)
    labels = ",".join(label for _, label in devices)
    each = ",".join([str(exclusive_caps)] * count)
    options = f'devices={count} video_nr={numbers} exclusive_caps={each} card_label="{labels}"'
    OPTIONS.write_text(f"options v4l2loopback {options}\n")
    run("modprobe", "v4l2loopback")
    for device in devices:
        until(Path(path_of(device)).exists, path_of(device))


def unload() -> None:
    """Unload the driver, which the last reader may still be letting go of."""

    def gone() -> bool:
        command = ["modprobe", "-r", "v4l2loopback"]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    until(gone, "that nobody has a virtual camera open any more")


def loopback_version() -> str:
    """What the driver that modprobe loads calls itself."""
    said = run("modinfo", "-F", "version", "v4l2loopback").strip()
    # 0.12 does not say.
    return said or SERIES.read_text()


@contextmanager
def process(*command: str, **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process that is killed at the end of the block, if it still runs."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def playing(device: str) -> Iterator[int]:
    """Another program that feeds a virtual camera; gives its process id."""
    picture = "testsrc=size=1280x720:rate=24"
    feed = ("ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", picture)
    with process(*feed, "-pix_fmt", "yuv420p", "-f", "v4l2", device) as child:
        until(lambda: captures(device), "the other program's picture")
        yield child.pid


def captures(device: str) -> bool:
    """Whether somebody feeds the virtual camera: then it has a size."""
    done = subprocess.run(
        ["v4l2-ctl", "-d", device, "--get-fmt-video"], check=False, capture_output=True, text=True
    )
    return "1280/720" in done.stdout
