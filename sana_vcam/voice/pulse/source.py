"""Our source in the server: a pipe that the server reads, kept by it when we are gone.

`module-pipe-source` gives what it reads at once to whoever records, at the pace at which it comes;
while nobody does it reads nothing, and while nothing comes whoever records waits.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import sys
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sana_vcam.config.paths import runtime_dir
from sana_vcam.lib.pulse.connection import PulseConnection, PulseSource
from sana_vcam.lib.pulse.library import PulseError
from sana_vcam.voice.line import SOURCE_DESCRIPTION, SOURCE_NAME

log = logging.getLogger(__name__)

MODULE: Final = "module-pipe-source"
RATE: Final = 48_000
FIFO: Final = "voice.fifo"
HELD_BYTES: Final = 16_384
"""What the pipe may hold, 170 ms; the server usually takes it at once."""
CHUNK: Final = 65_536


class FeedPipe:
    """Our end of the pipe. It never waits: what the server does not take is lost."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises `PulseError` if the server does not read it any more."""
        self.path = path
        self._end: int
        if sys.platform != "linux":
            raise PulseError("there is a PulseAudio to be fed on Linux only")
        import fcntl

        try:
            self._end = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise PulseError(f"the pipe {path} of our source is gone: {error.strerror}") from error
        found = os.fstat(self._end)
        if not stat.S_ISFIFO(found.st_mode) or found.st_uid != os.geteuid():
            self.close()
            raise PulseError(f"{path} is no pipe of this user's")
        # The server lets everybody read and write it; its folder does not.
        os.fchmod(self._end, 0o600)
        with contextlib.suppress(OSError):
            # Where a user's pipes are at their limit it keeps its size.
            fcntl.fcntl(self._end, fcntl.F_SETPIPE_SZ, HELD_BYTES)
        self.drain()

    def write(self, samples: NDArray[np.float32]) -> None:
        """Give samples from -1 to 1 to the server. Raises `PulseError` if it reads no more."""
        text = (np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        try:
            os.write(self._end, text)
        except BlockingIOError:
            # What nobody took is older than what comes now.
            self.drain()
        except BrokenPipeError as error:
            raise PulseError("the server has closed the pipe of our source") from error

    def drain(self) -> None:
        """Take back what the server has not read."""
        if sys.platform == "win32":
            return
        with contextlib.suppress(FileNotFoundError):
            other = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                while os.read(other, CHUNK):
                    continue
            except BlockingIOError:
                return
            finally:
                os.close(other)

    def close(self) -> None:
        """Close our end; the server keeps its own."""
        os.close(self._end)


def ours(server: PulseConnection) -> PulseSource | None:
    """Find our source, of this daemon or of one before it, and take away what there is twice.

    One that an application records is never taken away: it would be given the raw microphone.
    """
    # A server calls a second one of a name NAME.2.
    found = [
        source
        for source in server.sources
        if source.name == SOURCE_NAME or source.name.startswith(f"{SOURCE_NAME}.")
    ]
    if not found:
        return None
    source = next((one for one in found if one.is_recorded), found[0])
    for other in found:
        if other is not source and not other.is_recorded:
            log.info("taking away a second source %s", other.name)
            server.unload_module(other.module)
    return source


def make(server: PulseConnection) -> None:
    """Have our source made. Raises `PulseError`, or `StartupError` without a private folder."""
    path = runtime_dir() / FIFO
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The module makes it, and refuses one that a server before it has left.
    path.unlink(missing_ok=True)
    log.info("making the source %s", SOURCE_DESCRIPTION)
    server.load_module(
        MODULE,
        f"source_name={SOURCE_NAME} file={quoted(str(path))} format=s16le rate={RATE} channels=1 "
        f"source_properties={quoted(f"device.description='{SOURCE_DESCRIPTION}'")}",
    )


def quoted(words: str) -> str:
    r"""Write a module's argument so that it may have any characters; `\` and `"` need a `\`."""
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'
