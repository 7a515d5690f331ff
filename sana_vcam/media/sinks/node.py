"""The virtual camera that is a PipeWire node: any number of readers, and no kernel module.

One thread of its own talks to PipeWire and copies the frames. Playout only leaves the newest frame
here, so no server, however ill, holds up what else is fed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Final

from sana_vcam.errors import SinkError
from sana_vcam.lib.backoff import backoff
from sana_vcam.lib.pipewire.connection import RESTART, PipeWireConnection, find_socket
from sana_vcam.lib.pipewire.library import PipeWireAbsent, PipeWireError, library
from sana_vcam.lib.pipewire.source import VideoFormat, VideoSource
from sana_vcam.lib.polling import POLLIN, Poller
from sana_vcam.lib.threads import start_soon
from sana_vcam.media.pixels import Pixels, i420_to_yuy2
from sana_vcam.media.sinks.virtualcamera import LONGEST_WAIT_S, VirtualCameraStatus
from sana_vcam.media.sinks.wake import WakePipe

log = logging.getLogger(__name__)

NODE: Final = "sana_vcam"
"""`node.name`, which session managers remember: never another one."""
DEVICE: Final = "PipeWire"
"""What the state calls the place of this camera."""
ANSWER_S = 5.0
"""How long the server may take to answer; one that is well takes milliseconds."""
NOTE_S = 0.1
"""How long what the library notes for itself may wait: longer than frames are apart."""
ASK_EVERY_S = 5.0
"""How often it is asked whether it is still well."""
CLOSE_S = 5.0


class CameraNode:
    """A node that lives from `open` to `close`, whatever becomes of the server meanwhile.

    `open`, `send` and `close` belong to one thread; `status` and `readers` are for every thread.
    """

    def __init__(self, name: str, size: tuple[int, int], fps: float) -> None:
        """Make a node that is not there yet: `name` is what applications list, `size` (w, h)."""
        self.readers: tuple[str, ...] = ()
        """What each program that reads now calls itself."""
        self.on_readers: Callable[[], None] | None = None
        """Called on the node's thread after each change of `readers` or `appeared`."""
        self.appeared = False
        """Whether there was a PipeWire at `open` or has been since."""
        self.dropped = 0
        """Frames that came while every buffer was in readers' hands."""
        self._name = name
        self._size = size
        self._fps = fps
        self._error: str | None = None
        self._frames = 0
        self._frame: tuple[int, Pixels] | None = None
        """The newest frame, and its number."""
        self._reading = False
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._waker: WakePipe | None = None

    @property
    def status(self) -> VirtualCameraStatus:
        """Where the node is; from any thread. `frames` are those that somebody has read."""
        error = self._error
        return VirtualCameraStatus(self._name, DEVICE, error is None, error, self._frames)

    def open(self) -> None:
        """Begin to publish the node, as soon as there is a PipeWire; `status` says what is missing.

        Raises `SinkError` where none can come: for a process outside a user's session, or with
        another user's socket.
        """
        try:
            library()
            find_socket()
        except PipeWireAbsent as error:
            self._error = str(error)
        except PipeWireError as error:
            raise SinkError(f"no virtual camera through PipeWire: {error}") from error
        else:
            self.appeared = True
        self._waker = WakePipe()
        self._thread = threading.Thread(target=self._run, name="pipewire", daemon=True)
        start_soon(self._thread, self._not_started)

    def send(self, frame: Pixels) -> None:
        """Leave a frame of I420, (h * 3 / 2, w), to be sent if somebody reads; waits for nothing.

        Nobody may write to it afterwards.
        """
        self._frame = ((self._frame[0] if self._frame else 0) + 1, frame)
        if self._reading and self._waker is not None:
            self._waker.set()

    def close(self) -> None:
        """Take the node away. May be called twice."""
        thread, self._thread = self._thread, None
        waker, self._waker = self._waker, None
        if thread is None or waker is None:
            return
        self._stop.set()
        waker.set()
        if not self._ended.wait(CLOSE_S):
            log.warning("PipeWire's library does not let go of the node; it ends with the process")
            return
        if thread.ident is not None:
            thread.join()
        waker.close()

    # -- on the node's own thread ----------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._keep_publishing(self._waker)
        except Exception:
            log.exception("a defect ends the virtual camera through PipeWire")
            self._error = (
                "a defect has ended the virtual camera through PipeWire, see the log: restart "
                "sana-vcam"
            )
        finally:
            self._tell(())
            self._ended.set()

    def _keep_publishing(self, waker: WakePipe | None) -> None:
        waits = backoff(longest_s=LONGEST_WAIT_S)
        while waker is not None and not self._stop.is_set():
            try:
                self._publish(waker)
            except PipeWireError as error:
                if self._error is None:
                    waits = backoff(longest_s=LONGEST_WAIT_S)
                self._lost(error)
                Poller({waker.fileno(): POLLIN}).poll(next(waits))
                waker.clear()

    def _publish(self, waker: WakePipe) -> None:
        """Have the node there until told to stop. Raises `PipeWireError`."""
        about = {"application.name": "SANA VCam"}
        with closing(PipeWireConnection(library(), find_socket(), about)) as connection:
            source = VideoSource(connection, self._properties(), self._size, self._fps)
            feeding = _Feeding(source)
            followed: tuple[object, ...] = ()
            news = _News(waker, connection)
            asked_at = time.monotonic()
            there = False
            while not self._stop.is_set():
                connection.turn()
                now = time.monotonic()
                if connection.ready and not there and source.node is not None:
                    there = True
                    self._found(source.node)
                if not (connection.ready and there) and now - asked_at > ANSWER_S:
                    raise PipeWireError(f"PipeWire does not answer: {RESTART}")
                if connection.ready and there and now - asked_at > ASK_EVERY_S:
                    asked_at = now
                    connection.ask()
                self._reading = source.streaming
                if followed != (follow := (source.streaming, connection.graph.version)):
                    followed = follow
                    self._follow(connection, source)
                fed = self._frame is not None and feeding.feed(*self._frame)
                self._frames += fed
                self.dropped = source.dropped
                if fed:
                    news.wait_after_frame()
                else:
                    news.wait(ANSWER_S)

    def _follow(self, connection: PipeWireConnection, source: VideoSource) -> None:
        """Tell who reads, if that has changed.

        A link alone is none who watches: a program may hold it and have stopped.
        """
        if not source.streaming or source.node is None:
            self._tell(())
            return
        found = connection.graph.readers(source.node)
        # The state may come before the link.
        self._tell(tuple(reader.name for reader in found) or ("an application",))

    def _tell(self, readers: tuple[str, ...]) -> None:
        if readers != self.readers:
            self.readers = readers
            if self.on_readers is not None:
                self.on_readers()

    def _found(self, node: int) -> None:
        back = " again" if self._error is not None and self.appeared else ""
        self._error = None
        if not self.appeared:
            self.appeared = True
            if self.on_readers is not None:
                self.on_readers()
        log.info('PipeWire offers the camera "%s"%s: node %s, %s', self._name, back, NODE, node)

    def _lost(self, error: PipeWireError) -> None:
        level = logging.WARNING if self._error is None else logging.DEBUG
        log.log(level, "%s: %s", self._name, error)
        self._error = str(error)
        self._reading = False
        self._tell(())

    def _not_started(self, error: Exception) -> None:
        self._error = f"no thread for the virtual camera through PipeWire: {error}"
        log.warning("%s", self._error)
        self._ended.set()

    def _properties(self) -> dict[str, str]:
        """Describe the node; `media.role` is what the camera portal looks for."""
        return {
            "media.class": "Video/Source",
            "media.type": "Video",
            "media.category": "Capture",
            "media.role": "Camera",
            "node.name": NODE,
            "node.description": self._name,
            "node.nick": self._name,
        }


class _Feeding:
    """What of the frames has been sent through a source: each once, the newest to a new reader."""

    def __init__(self, source: VideoSource) -> None:
        self._source = source
        self._sent = 0

    def feed(self, number: int, frame: Pixels) -> bool:
        """Send the frame, unless nobody reads or it has been sent."""
        layout = self._source.layout
        if not self._source.streaming or layout is None:
            # Who reads next is shown the present frame at once, however long ago it came.
            self._sent = 0
            return False
        if number == self._sent:
            return False
        self._sent = number
        pixels = frame if layout.format is VideoFormat.I420 else i420_to_yuy2(frame)
        address: int = pixels.__array_interface__["data"][0]
        return self._source.send(address)


class _News:
    """What the node's thread waits for: a frame, a word of the server, the library's own notes."""

    def __init__(self, waker: WakePipe, connection: PipeWireConnection) -> None:
        self._waker = waker
        self._frame = waker.fileno()
        self._any = Poller({self._frame: POLLIN, connection.fileno(): POLLIN})
        self._foreign = Poller({self._frame: POLLIN, connection.server_descriptor: POLLIN})

    def wait(self, timeout_s: float) -> None:
        """Wait for anything, at most for so long."""
        self._clear(self._any.poll(timeout_s))

    def wait_after_frame(self) -> None:
        """Wait for all but the library's notes, of which there is one after each frame.

        To be woken for it alone costs as much as half a frame. They wait for the next frame.
        """
        self._clear(self._foreign.poll(NOTE_S))

    def _clear(self, ready: Mapping[int, int]) -> None:
        if self._frame in ready:
            self._waker.clear()
