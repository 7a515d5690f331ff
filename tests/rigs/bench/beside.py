"""What else runs on the machine of a call: loops that never rest, or a real encoder."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator

from tests.rigs.bench.contenders.clip import NAME
from tests.system.daemon import clip

ENCODER = "encoder"
LOOP = (sys.executable, "-c", "while True: pass")


def missing(beside: str) -> str | None:
    """What this machine lacks for it, as a sentence; None if nothing."""
    if beside == ENCODER and shutil.which("ffmpeg") is None:
        return "there is no ffmpeg on this machine"
    return None


def commands(beside: str) -> list[tuple[str, ...]]:
    """What is to run: as many loops as the number says, or for `ENCODER` x264 at 1280x720.

    The encoder encodes as fast as it can, as a recording that is converted does. Raises
    `ValueError` if it is neither.
    """
    if beside == ENCODER:
        source = ("-stream_loop", "-1", "-i", str(clip(NAME)), "-an")
        return [
            ("ffmpeg", "-v", "error", "-nostdin", *source, "-c:v", "libx264", "-f", "null", "-")
        ]
    return [LOOP] * int(beside)


def words(beside: str) -> str:
    """It in words, as the end of a heading."""
    if beside == ENCODER:
        return "beside an x264 encoder of 1280x720"
    return f"beside {beside} busy loop{'s' if beside != '1' else ''}"


@contextlib.asynccontextmanager
async def running(beside: str) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Run it until the block ends; "0" is nothing. Raises `RuntimeError` if it ended meanwhile."""
    started = [
        await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)
        for command in commands(beside)
    ]
    try:
        yield started
        if ended := [one.returncode for one in started if one.returncode is not None]:
            raise RuntimeError(f"what was to run {words(beside)} ended with status {ended[0]}")
    finally:
        for one in started:
            with contextlib.suppress(ProcessLookupError):
                one.kill()
            await one.wait()
