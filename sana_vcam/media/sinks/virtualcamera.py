"""One virtual camera that a sink feeds: open, or lost and opened again when it is back."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sana_vcam.errors import SinkError, SinkLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from sana_vcam.media.pixels import Pixels

logger = logging.getLogger(__name__)

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class VirtualCameraStatus:
    """One virtual camera. `error` says why it is not open, and what mends it."""

    name: str
    device: str
    open: bool
    error: str | None
    frames: int


class VirtualCamera:
    """Holds one pyvirtualcam camera. Belongs to one thread; `status` is for every thread.

    A lost camera is opened again by `send` itself, after waits that double up to five seconds: an
    attempt takes about a millisecond, far less than a tick.
    """

    def __init__(
        self,
        name: str,
        device: str,
        make: Callable[[], Any],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make an output that is not open yet; `make` opens a camera or raises `SinkError`."""
        self._name = name
        self._device = device
        self._make = make
        self._clock = clock
        self._camera: Any = None
        self._error: str | None = None
        self._frames = 0
        self._wait_s = FIRST_WAIT_S
        self._due = clock()

    @property
    def status(self) -> VirtualCameraStatus:
        """Where the camera is; from any thread."""
        error = self._error
        return VirtualCameraStatus(self._name, self._device, error is None, error, self._frames)

    @property
    def backend(self) -> Any:
        """The open backend of pyvirtualcam; None while lost."""
        camera = self._camera
        return None if camera is None else camera._backend

    def open(self) -> None:
        """Open the camera. Raises `SinkError`."""
        self._camera = self._make()
        self._device = self._camera.device

    def lose(self, error: SinkError) -> None:
        """Close what is left, say why, and plan the next attempt."""
        level = logging.WARNING if self._error is None else logging.DEBUG
        logger.log(level, "%s: %s", self._name, error)
        self._error = str(error)
        self._due = self._clock() + self._wait_s
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)
        self.close()

    def send(self, frame: Pixels) -> None:
        """Show a frame, or drop it while the camera is lost.

        Raises `SinkError` for what no attempt can mend: the reader of a pipe that has gone.
        """
        if self._camera is None and not self._reopen():
            return
        try:
            self._camera.send(frame)
        except SinkLost as error:
            self.lose(error)
        except SinkError:
            raise
        except (RuntimeError, OSError) as error:
            self.lose(SinkLost(f"{self._name} refused a frame: {error}; it is opened again"))
        else:
            self._frames += 1
            self._found()

    def close(self) -> None:
        """Let go of the camera. May be called twice."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()

    def _reopen(self) -> bool:
        if self._clock() < self._due:
            return False
        try:
            self.open()
        except SinkError as error:
            self.lose(error)
            return False
        return True

    def _found(self) -> None:
        """A frame got through, which alone proves a lost camera to be back."""
        self._wait_s = FIRST_WAIT_S
        if self._error is not None:
            self._error = None
            logger.info("%s is back: %s", self._name, self._device)
