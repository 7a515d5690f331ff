"""One virtual camera that a sink feeds: open, or lost and opened again when it is back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sana_vcam.errors import SinkError, SinkLost
from sana_vcam.lib.backoff import backoff
from sana_vcam.media.pixels import Pixels

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 5.0
"""Between two attempts to open a lost camera again."""


class Backend(Protocol):
    """What takes the frames of a virtual camera while it is open. Belongs to one thread.

    Frames are uint8 arrays, C-contiguous, in the sink's size and pixel format: (h * 3 / 2, w) of
    I420, (h, w, 3) of BGR24. Nobody writes to them afterwards.
    """

    @property
    def device(self) -> str:
        """A path or a name."""
        ...

    def send(self, frame: Pixels) -> None:
        """Show a frame, without waiting for a viewer.

        Raises `SinkLost` when the device may come back, `SinkError` when it cannot.
        """
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


@dataclass(frozen=True, slots=True)
class VirtualCameraStatus:
    """One virtual camera. `error` says why it is not open, and the fix."""

    name: str
    device: str
    open: bool
    error: str | None
    frames: int


class FedCamera(Protocol):
    """One virtual camera of a sink. Belongs to one thread; `status` is for every thread."""

    @property
    def status(self) -> VirtualCameraStatus:
        """Where the camera is."""
        ...

    def send(self, frame: Pixels) -> None:
        """Show a frame, or drop it while the camera is lost; see `Backend.send`."""
        ...

    def close(self) -> None:
        """Let go of the camera. May be called twice."""
        ...


class VirtualCamera:
    """One backend that is fed for ever. Belongs to one thread; `status` is for every thread.

    A lost camera is opened again by `send` itself, after waits that double up to five seconds: an
    attempt takes about a millisecond, far less than a tick.
    """

    def __init__(
        self,
        name: str,
        device: str,
        make: Callable[[], Backend],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a camera that is not open yet; `make` opens its backend or raises `SinkError`."""
        self._name = name
        self._device = device
        self._make = make
        self._clock = clock
        self._backend: Backend | None = None
        self._error: str | None = None
        self._frames = 0
        self._waits = backoff(longest_s=LONGEST_WAIT_S)
        self._due = clock()

    @property
    def status(self) -> VirtualCameraStatus:
        """Where the camera is; from any thread."""
        error = self._error
        return VirtualCameraStatus(self._name, self._device, error is None, error, self._frames)

    def open(self) -> None:
        """Open the camera. Raises `SinkError`."""
        try:
            backend = self._make()
        except (RuntimeError, OSError) as error:
            raise SinkError(f"{self._name} cannot be opened: {error}") from error
        self._backend, self._device = backend, backend.device

    def lose(self, error: SinkError) -> None:
        """Close what is left, say why, and plan the next attempt."""
        level = logging.WARNING if self._error is None else logging.DEBUG
        log.log(level, "%s: %s", self._name, error)
        self._error = str(error)
        self._due = self._clock() + next(self._waits)
        self.close()

    def send(self, frame: Pixels) -> None:
        """Show a frame, or drop it while the camera is lost.

        Raises `SinkError` for what no attempt can fix: the reader of a pipe that has gone.
        """
        backend = self._backend or self._reopened()
        if backend is None:
            return
        try:
            backend.send(frame)
        except SinkLost as error:
            self.lose(error)
        except SinkError:
            raise
        except (RuntimeError, OSError) as error:
            self.lose(SinkLost(f"{self._name} refused a frame: {error}; it is opened again"))
        else:
            self._frames += 1
            if self._error is not None:
                self._found()

    def close(self) -> None:
        """Let go of the camera. May be called twice."""
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.close()

    def _reopened(self) -> Backend | None:
        """Open the camera again, unless it is too early; None while it is lost."""
        if self._clock() < self._due:
            return None
        try:
            self.open()
        except SinkError as error:
            self.lose(error)
        return self._backend

    def _found(self) -> None:
        """Note that a frame got through, which alone proves a lost camera to be back."""
        self._waits = backoff(longest_s=LONGEST_WAIT_S)
        self._error = None
        log.info("%s is back: %s", self._name, self._device)
