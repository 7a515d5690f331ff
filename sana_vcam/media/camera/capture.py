"""The camera: one thread reads the source and posts its pictures, another looks after that one.

A device, a disk in the network or a decoder may not come back from a call. Then the camera is lost
by its name, and the end of the program does not wait for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from sana_vcam.config.kinds import Size
from sana_vcam.config.schema import CameraConfig
from sana_vcam.errors import CameraError, CameraFault, CameraWords
from sana_vcam.lib.backoff import backoff
from sana_vcam.lib.mailbox import Mailbox
from sana_vcam.media.camera.source import CameraSource, open_source
from sana_vcam.media.camera.testscene import TestScene
from sana_vcam.media.frames import CameraFrame
from sana_vcam.media.pacing import Decimator
from sana_vcam.media.pixels import Pixels, fit, to_bgr
from sana_vcam.media.states import CameraKind, CameraState
from sana_vcam.media.v4l2 import devices

log = logging.getLogger(__name__)

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 5.0
LOOK_EVERY_S = 0.1
"""How often a waiting camera thread looks whether it is wanted (again), or a camera has come."""
STALLED_S = 6.0
"""A source that is not back from a read after so long is stuck. A webcam may take 4 s for its first
picture, and no source takes longer: one whose picture stands gives it again."""
OPENS_S = 12.0
"""So long an opening may take: some webcams start slowly, some disks wake up first."""
LEAVE_S = 2.0
"""So long the end of the program waits for a source that is busy."""
SUPERVISE_EVERY_S = 1.0
SETTLE_S = 0.3
"""How long udev takes to give a new node its links and rights."""


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """Where the camera thread is. Sizes are the device's, 0 before the first picture."""

    state: CameraState = CameraState.OFF
    name: str = ""
    width: int = 0
    height: int = 0
    kind: CameraKind | None = None
    """None while it is off."""
    error: str | None = None
    """What is wrong, and the fix, for the user."""
    words: str | None = None
    """The same in calm words for viewers: no names, paths or commands."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that a source has not returned from: since when (monotonic), and how long it may."""

    name: str
    since: float
    may_take_s: float


class Camera:
    """The keeper of the camera's newest picture, in a mailbox, for as long as that is wanted.

    `run` is the body of the camera thread, which has the reading done by another and looks after
    it; `status` changes under a lock. A camera that is not wanted is closed, and its light is off;
    it starts as not wanted.
    """

    def __init__(
        self,
        config: CameraConfig,
        size: Size,
        mailbox: Mailbox[CameraFrame],
        on_change: Callable[[], None],
        *,
        make_source: Callable[[CameraConfig], CameraSource] = open_source,
        clock: Callable[[], float] = time.monotonic,
        nodes: Callable[[], object] = devices.video_nodes,
    ) -> None:
        """Make a camera that fits to `size` (width, height).

        `on_change` is called on either thread after each change of `status`. `nodes` tells
        which video nodes there are: when that changes, a lost camera is tried at once.
        """
        self._config = config
        self.size = size
        """What the next picture is fitted to. Written by the event loop."""
        self._mailbox = mailbox
        self._on_change = on_change
        self._make_source = make_source
        self._clock = clock
        self._nodes = nodes
        self._wanted = threading.Event()
        self._woken = threading.Event()
        self.status = CameraStatus()
        """The present status; for any thread."""
        self._sequence = 0
        self._lock = threading.RLock()
        """Held while a picture is posted or the status changes."""
        self._look = threading.Event()
        """Set when the one that looks after the reading has something to look at."""
        self._call: _Call | None = None
        """What the reading thread is doing in the source; None while it is not in there."""
        self._is_capturing = False
        """Whether a source is being opened, read or closed. Written by the reading thread."""
        self._posted: tuple[Pixels, CameraFrame] | None = None
        self._left = False
        """Whether the reading was left behind at the end."""

    @property
    def wanted(self) -> bool:
        """Whether the camera should be open."""
        return self._wanted.is_set()

    def set_wanted(self, wanted: bool) -> None:
        """Open the camera, or close it; does not wait for that. From any thread."""
        if wanted:
            self._wanted.set()
            self._woken.set()
        else:
            self._wanted.clear()

    def wake(self) -> None:
        """End the wait for being wanted, so that `run` notices `stop`; from any thread."""
        self._woken.set()
        self._look.set()

    def run(self, stop: threading.Event) -> None:
        """Capture whenever wanted, until `stop` is set. Blocks; a lost camera is retried for ever.

        A source that is stuck in a call is told as lost, and delays the return by two seconds.
        """
        defects: list[BaseException] = []
        # Set before the look: a thread that is about to end still counts as alive.
        has_ended = threading.Event()

        def read() -> None:
            try:
                self._read(stop)
            except BaseException as defect:  # raised below, on the thread that is waited for
                defects.append(defect)
            finally:
                has_ended.set()
                self._look.set()

        reader = threading.Thread(target=read, name="camera reader", daemon=True)
        reader.start()
        while not (has_ended.is_set() or stop.is_set()):
            self._look.wait(SUPERVISE_EVERY_S if self._is_capturing else None)
            self._look.clear()
            self._mind_stall()
        reader.join(LEAVE_S)
        if reader.is_alive():
            self._leave()
        if defects:
            raise defects[0]

    def _leave(self) -> None:
        """End without the reading thread, which is stuck: what it still does shows nowhere."""
        with self._lock:
            log.warning("camera: %s does not come back; it is left to the system", self.status.name)
            self._mailbox.clear()
            self._become(CameraStatus())
            self._left = True

    def _mind_stall(self) -> None:
        """Tell of a source that has been in one call for too long."""
        call = self._call
        if call is None or time.monotonic() - call.since < call.may_take_s:
            return
        with self._lock:
            if self._call is not call or self.status.state is CameraState.LOST:
                return
            self._mailbox.clear()
            error = CameraError(
                f"{call.name} does not answer: if it is on a disk in the network, or on a hub, "
                "look at that; it goes on by itself"
            )
            log.warning("camera: %s", error)
            self._become(_lost(self.status, call.name, error))

    def _read(self, stop: threading.Event) -> None:
        """Do the reading, on a thread of its own."""
        source: CameraSource | None = None
        try:
            while not stop.is_set():
                if not self.wanted:
                    self._become(CameraStatus())
                    self._woken.wait()
                    self._woken.clear()
                    continue
                if source is None or self._may_find_better(source):
                    source = self._make_source(self._config)
                self._keep_capturing(source, stop)
        finally:
            self._become(CameraStatus())

    def _may_find_better(self, source: CameraSource) -> bool:
        """Whether "auto" fell back to the test scene for show, and a webcam may have come since.

        A webcam, once chosen, is kept: another one must not be opened in its stead.
        """
        return self._config.source == "auto" and isinstance(source, TestScene)

    def _keep_capturing(self, source: CameraSource, stop: threading.Event) -> None:
        """Open, read and reopen one source until it is not wanted or `stop` is set."""
        attempts = waits()
        lost_before = False
        while self.wanted and not stop.is_set():
            posted_before = self._sequence
            try:
                self._capture(source, stop)
            except CameraError as error:
                if stop.is_set() or not self.wanted:
                    return
                if self._sequence > posted_before:
                    attempts, lost_before = waits(), False
                log.log(logging.DEBUG if lost_before else logging.WARNING, "camera: %s", error)
                lost_before = True
                self._become(_lost(self.status, source.name, error))
                self._pause(next(attempts), stop)

    def _capture(self, source: CameraSource, stop: threading.Event) -> None:
        """Open one source and read it until it fails, or is not wanted, or `stop` is set.

        The mailbox is left empty, so that nobody takes an old picture for a live one. A status of
        LOST stays until the first picture proves the camera to be back.
        """
        if self.status.state is CameraState.OFF:
            self._become(CameraStatus(CameraState.OPENING, source.name, kind=source.kind))
        decimator = Decimator(self._config.fps)
        self._is_capturing = True
        self._look.set()
        try:
            with self._calling(source, OPENS_S):
                source.open()
            while self.wanted and not stop.is_set():
                with self._calling(source, STALLED_S):
                    picture = source.read()
                captured_at = self._clock()
                if self.wanted and not stop.is_set() and decimator.take(captured_at):
                    self._post(picture, captured_at, source)
        finally:
            with self._calling(source, STALLED_S):
                source.close()
            self._is_capturing = False
            self._posted = None
            with self._lock:
                self._mailbox.clear()

    @contextmanager
    def _calling(self, source: CameraSource, may_take_s: float) -> Iterator[None]:
        """Note that the source is being asked for something, and for how long it may take."""
        self._call = _Call(source.name, time.monotonic(), may_take_s)
        try:
            yield
        finally:
            with self._lock:
                self._call = None

    def _post(self, picture: Pixels, captured_at: float, source: CameraSource) -> None:
        """Fit a picture and post it; one that stands is posted again with its number."""
        if self._posted is not None and self._posted[0] is picture and self._fits(self._posted[1]):
            frame = replace(self._posted[1], captured_at=captured_at)
        else:
            frame = camera_frame(picture, self.size, self._config, self._sequence, captured_at)
            self._sequence += 1
        self._posted = (picture, frame)
        height, width = picture.shape[:2]
        with self._lock:
            if not self._left:
                self._mailbox.put(frame)
            capturing = CameraState.CAPTURING
            self._become(CameraStatus(capturing, source.name, width, height, source.kind))

    def _fits(self, frame: CameraFrame) -> bool:
        return frame.bgr.shape[:2] == self.size[::-1]

    def _become(self, status: CameraStatus) -> None:
        """Change the status: the one place that does."""
        with self._lock:
            self._change(status)

    def _change(self, status: CameraStatus) -> None:
        if self._left:
            return
        before, self.status = self.status, status
        if before == status:
            return
        if replace(status, error=before.error, words=before.words, name=before.name) != before:
            size = f" {status.width}x{status.height}" if status.width else ""
            log.info("camera %s -> %s: %s%s", before.state, status.state, status.name, size)
        self._on_change()

    def _pause(self, wait_s: float, stop: threading.Event) -> None:
        """Wait until another attempt is worth it, the camera is not wanted, or `stop` is set."""
        until = time.monotonic() + wait_s
        nodes = self._nodes()
        while self.wanted and (left_s := until - time.monotonic()) > 0:
            if stop.wait(min(left_s, LOOK_EVERY_S)):
                return
            if self._nodes() != nodes:
                stop.wait(SETTLE_S)
                return


def _lost(before: CameraStatus, name: str, error: CameraError) -> CameraStatus:
    words = error.words if isinstance(error, CameraFault) else CameraWords.SILENT
    return replace(before, state=CameraState.LOST, name=name, error=str(error), words=words)


def camera_frame(
    picture: Pixels,
    size: Size,
    config: CameraConfig,
    sequence: int,
    captured_at: float,
) -> CameraFrame:
    """Fit one picture of the camera to `size`, (width, height), whatever the device gave.

    The one place that makes a `CameraFrame`.
    """
    width, height = size
    fitted = fit(to_bgr(picture), width, height, config.fit, mirror=config.mirror)
    bgr = np.ascontiguousarray(fitted)
    if bgr.shape != (height, width, 3):
        raise ValueError(f"a frame of {width}x{height} came out as {bgr.shape}")
    return CameraFrame(bgr, sequence, captured_at)


def waits() -> Iterator[float]:
    """Yield the seconds to wait before each further attempt: doubling, up to five, for ever."""
    return backoff(first_s=FIRST_WAIT_S, longest_s=LONGEST_WAIT_S)
