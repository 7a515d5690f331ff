"""Raw frames into a file, a FIFO or standard output, for other programs to read."""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import time
from collections import deque
from pathlib import Path

from sana_vcam.errors import SinkError
from sana_vcam.lib.polling import POLLERR, POLLHUP, POLLIN, POLLOUT, poll_descriptors
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.sinks.wake import WakePipe

log = logging.getLogger(__name__)

QUEUE_FRAMES = 4
LOOK_FOR_READER_S = 0.1
CLOSE_S = 1.0
"""How long closing waits for a reader to take what is queued."""
PIPE_CHUNK = 4096
"""Bytes per write to standard output, which has to stay blocking (others may share it): after
poll() a write of up to PIPE_BUF bytes does not block."""
FIFO_CHUNK = 1 << 16
FILE_CHUNK = 1 << 24


class RawBackend:
    """A writer of whole frames into a file, a FIFO or standard output, with its own thread.

    `send` never blocks: when the reader stalls, whole frames are dropped, oldest first. A FIFO may
    be without a reader for any time, and each reader starts at the beginning of a frame.
    """

    def __init__(self, path: str) -> None:
        """Open `path`, which is - for standard output. Raises `SinkError`."""
        self.device = path
        self.frames_dropped = 0
        """Whole frames that no reader took in time."""
        self._target = Target.find(path)
        self._frames: deque[bytes] = deque()
        self._lock = threading.Lock()
        self._wake = WakePipe()
        self._closing = threading.Event()
        self._close_by = 0.0
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._write, name="raw sink", daemon=True)
        self._thread.start()

    def send(self, frame: Pixels) -> None:
        """Queue a frame. Raises `SinkError` once the reader of a pipe is gone, or the disk full."""
        if self._error is not None:
            why = self._error.strerror or str(self._error)
            raise SinkError(f"sink.path: cannot write to {self.device}: {why}") from self._error
        with self._lock:
            self._drop_down_to(QUEUE_FRAMES - 1)
            self._frames.append(frame.tobytes())
        self._wake.set()

    def close(self) -> None:
        """Write what is queued, as far as the reader takes it within a second, and end; blocks.

        A disk that holds the thread for longer has it until the end of the process.
        """
        self._close_by = time.monotonic() + CLOSE_S
        self._closing.set()
        self._wake.set()
        self._thread.join(2 * CLOSE_S)
        if self._thread.is_alive():
            log.warning("%s takes nothing any more: its last frames are lost", self.device)
        else:
            self._wake.close()

    def _drop_down_to(self, most: int) -> None:
        """Drop the oldest frames; with the lock held."""
        while len(self._frames) > most:
            self._frames.popleft()
            self.frames_dropped += 1

    def _write(self) -> None:
        """Serve one reader after the other; the body of the thread."""
        try:
            while not self._closing.is_set():
                out = self._target.open()
                if out is None:
                    self._closing.wait(LOOK_FOR_READER_S)
                elif self._serve(out):
                    return
        except OSError as error:
            self._error = error

    def _serve(self, out: int) -> bool:
        """Write frames until closed; False when the reader of a FIFO went."""
        with self._lock:
            self._drop_down_to(1)
        try:
            while (frame := self._next(out)) is not None:
                self._put(out, frame)
        except BrokenPipeError:
            if not self._target.waits_for_readers:
                raise
            log.info("the reader of %s went; waiting for the next", self.device)
            return False
        finally:
            os.close(out)
        return True

    def _next(self, out: int) -> bytes | None:
        """Wait for a frame; None once closed and nothing is queued."""
        while True:
            with self._lock:
                if self._frames:
                    return self._frames.popleft()
            if self._closing.is_set():
                return None
            self._poll(out, 0)

    def _put(self, out: int, frame: bytes) -> None:
        """Write one frame whole; only closing gives up in the middle of one."""
        rest = memoryview(frame)
        while rest:
            if self._closing.is_set() and time.monotonic() > self._close_by:
                return
            if self._poll(out, POLLOUT):
                rest = rest[os.write(out, rest[: self._target.chunk]) :]

    def _poll(self, out: int, events: int) -> bool:
        """Wait until `out` is ready for `events`, or something has woken this thread.

        A reader that goes is noticed at once, even with nothing to write: the next one would
        else begin within the frame that the first left in the pipe.
        """
        timeout_s = CLOSE_S / 4 if self._closing.is_set() else None
        ready = poll_descriptors({self._wake.fileno(): POLLIN, out: events}, timeout_s)
        if self._wake.fileno() in ready:
            self._wake.clear()
        found = ready.get(out, 0)
        if found & (POLLERR | POLLHUP):
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        return bool(found & events)


class Target:
    """What `sink.path` names: how it is opened, and how much one write may take."""

    def __init__(self, path: str, opened: int | None, chunk: int) -> None:
        self._path = path
        self._opened = opened
        self.waits_for_readers = opened is None
        self.chunk = chunk

    @classmethod
    def find(cls, path: str) -> Target:
        """Open a file or standard output; look at a FIFO. Raises `SinkError`."""
        if sys.platform == "win32":
            raise SinkError('sink.kind = "raw" needs Linux or macOS; use "preview" here')
        try:
            if path == "-":
                return cls(path, _standard_output(), PIPE_CHUNK)
            if Path(path).is_fifo():
                return cls(path, None, FIFO_CHUNK)
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise SinkError(
                f"sink.path: cannot write to {path}: {error.strerror}; "
                "give a file, a FIFO (mkfifo) or - for standard output"
            ) from error
        return cls(path, opened, FILE_CHUNK)

    def open(self) -> int | None:
        """Open a descriptor that the caller closes; None while a FIFO has no reader."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            return opened
        if sys.platform == "win32":
            return None
        try:
            return os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return None
            raise


def _standard_output() -> int:
    """Duplicate the descriptor of standard output, which must not be a terminal."""
    if os.isatty(1):
        raise SinkError(
            "sink.path = - writes raw video to standard output, which is a terminal: "
            "pipe it into a program, or give a file"
        )
    return os.dup(1)
