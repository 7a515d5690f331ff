"""PipeWire's own programs as children of ours, which the kernel ends together with us."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator

from sana_vcam.errors import VoiceError
from sana_vcam.lib.threads import wait_out

PACKAGES = {
    "pipewire": "pipewire-bin",
    "pw-cli": "pipewire-bin",
    "pw-dump": "pipewire-bin",
    "pw-record": "pipewire-bin",
    "setpriv": "util-linux",
}
"""Programs that are needed, and the packages of Debian that bring them."""
CHUNK = 65_536
ANSWER_S = 5.0
"""How long a command may take to answer."""


def require_programs() -> None:
    """Raise `VoiceError` unless every program is installed."""
    missing = [program for program in PACKAGES if shutil.which(program) is None]
    if missing:
        packages = " ".join(sorted({PACKAGES[program] for program in missing}))
        raise VoiceError(
            f"there is no virtual microphone here: {', '.join(missing)} not found; on Debian: "
            f"apt install {packages}"
        )


async def start(*words: str, stdin: int = DEVNULL, stdout: int = DEVNULL) -> Process:
    """Start a child that is killed when this process dies, however it dies.

    Must be called on a thread that lives as long as the process: its end is what the kernel sees.
    """
    return await asyncio.create_subprocess_exec(
        "setpriv", "--pdeathsig", "KILL", *words, stdin=stdin, stdout=stdout, stderr=DEVNULL
    )


def input_of(process: Process) -> asyncio.StreamWriter:
    """Give the pipe that a child reads."""
    if process.stdin is None:
        raise RuntimeError("started without a pipe to read")
    return process.stdin


async def output_of(process: Process) -> AsyncIterator[bytes]:
    """Yield what a child writes, in pieces as they come, until it ends."""
    if process.stdout is None:
        raise RuntimeError("started without a pipe to write")
    while piece := await process.stdout.read(CHUNK):
        yield piece


def kill(process: Process) -> None:
    """Kill a child at once, stopped or hanging as it may be. Does not wait."""
    # Not by its own method, which takes the exit status of one that has ended from the event loop.
    if sys.platform != "win32" and process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


async def end(process: Process, *, is_read: bool = False) -> None:
    """Kill a child and wait until it is gone, even if cancelled meanwhile.

    What it still had to say is thrown away, unless somebody else reads it.
    """
    kill(process)
    await wait_out(asyncio.ensure_future(_gone(process, is_read)))


async def _gone(process: Process, is_read: bool) -> None:
    await process.wait()
    if process.stdout is not None and not is_read:
        while await process.stdout.read(CHUNK):
            continue


async def ask(*words: str) -> str:
    """Run a command that answers and ends. Raises `VoiceError` if it fails or hangs."""
    process = await start(*words, stdout=PIPE)
    try:
        async with asyncio.timeout(ANSWER_S):
            said, _ = await process.communicate()
    except TimeoutError:
        raise VoiceError(
            f"PipeWire does not answer ({' '.join(words)}): systemctl --user restart pipewire"
        ) from None
    finally:
        await end(process)
    if process.returncode:
        raise VoiceError(
            "there is no sound server of PipeWire in this session: "
            "systemctl --user status pipewire wireplumber pipewire-pulse"
        )
    return said.decode("utf-8", "replace")
