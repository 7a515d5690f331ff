"""The two tracks of a session: the camera's pictures to the model, and the edited ones back."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable

from reactor_sdk import Reactor, ReactorError, Track

from sana_vcam.config.kinds import Size
from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.pixels import bgra_bytes_to_i420
from sana_vcam.reactor.errors import Unavailable, from_command
from sana_vcam.reactor.faults import OUT_OF_ORDER
from sana_vcam.reactor.once import Once

log = logging.getLogger(__name__)

PUBLISH_PATIENCE_S = 15.0
"""A publish is refused until the platform has noticed that the former connection is dead, which
takes up to 8 s."""
PUBLISH_RETRY_S = 1.0
CEILING_BITS = 0.22
"""What the encoder may use at most, per pixel and frame: a small picture is no better for more. Of
640x352, with 1700 kbit/s, which WebRTC allows (0.31), 33.7 dB came back, with 1200 the same, with
900 33.2, and with 600 33.0."""
CEILING_FPS = 24.0
LEAST_CEILING_BPS = 300_000
"""The tiniest picture is not starved."""
OWN_CEILING_BPS = 2_000_000
"""From here on WebRTC's own ceiling is lower: 2000 kbit/s up to 960x540, and 2500 above."""


def ceiling_bps(size: Size) -> int:
    """Compute what the camera's encoder may use at most for this (width, height)."""
    return max(LEAST_CEILING_BPS, round(CEILING_BITS * CEILING_FPS * size[0] * size[1]))


class CameraTrack:
    """The way up, of one connection after the other; pushed from any thread, else on the loop."""

    def __init__(
        self,
        name: str | None,
        size: tuple[int, int],
        *,
        require: Callable[[], Reactor],
        ready: Callable[[], Reactor | None],
    ) -> None:
        """Prepare the track `name` for frames of `size`, (width, height).

        Args:
            name: What the model calls it; None: it takes no camera, and nothing is published.
            size: (width, height) of every frame.
            require: Gives the open connection, or raises `SessionLost`.
            ready: Gives the connection if it is ready, else None.
        """
        self.pushing = threading.Lock()
        """Held during a push, so that the native client is not freed under it."""
        self.name = name
        self._size = size
        self._require = require
        self._ready = ready
        self._track: Track | None = None

    async def publish(self) -> None:
        """Activate the track, again and again while the platform holds it for a dead connection.

        Raises `SessionLost` or `Unavailable`.
        """
        if self.name is None:
            return
        track = self._require().track(self.name)
        await self._bound(track)
        deadline = time.monotonic() + PUBLISH_PATIENCE_S
        while True:
            try:
                await track.publish()
            except ReactorError as error:
                if error.code != "publish_refused":
                    raise from_command(error, "publish") from None
                if time.monotonic() > deadline:
                    raise Unavailable(
                        "the platform keeps the camera's track to itself", fault=OUT_OF_ORDER
                    ) from None
                log.debug("publish refused, trying again: %s", error.message)
                # Also our own publish may be in the way: a reconnect that the platform answered
                # with an error before it worked leaves the track published.
                self.unpublish()
                await asyncio.sleep(PUBLISH_RETRY_S)
            else:
                self._require()
                self._track = track
                return

    async def _bound(self, track: Track) -> None:
        """Let a small picture take no more of the way up than makes it better."""
        most_bps = ceiling_bps(self._size)
        if most_bps >= OWN_CEILING_BPS:
            return
        try:
            await track.set_bitrate(max_bps=most_bps)
        except ReactorError as error:
            log.debug("the bitrate is bounded by WebRTC alone: %s", error)

    def unpublish(self) -> None:
        """Stop sending, and tell a connection that is ready."""
        self.stop()
        reactor = self._ready()
        if reactor is not None and self.name is not None:
            reactor.unpublish_track(self.name)

    def stop(self) -> None:
        """Stop sending, and tell nobody."""
        self._track = None

    @property
    def published(self) -> bool:
        """Whether pushed frames reach the model."""
        return self._track is not None and self._track.published

    def push(self, bgra: bytes) -> bool:
        """Send one frame of the track's size as BGRA bytes; from any thread, not the event loop.

        Takes 1.3 ms of CPU at 1280x704. Never blocks on the network. Returns False, and sends
        nothing, while the camera is not published. Raises ValueError for another size. No tag and
        no capture time are sent: either stops decoding on AV1 sessions after one frame.
        """
        width, height = self._size
        if len(bgra) != width * height * 4:
            raise ValueError(f"push takes {width}x{height} BGRA, {width * height * 4} bytes")
        with self.pushing:
            track = self._track
            if track is None or not track.published:
                return False
            try:
                track.push_frame(bgra, width=width, height=height)
            except ReactorError as error:
                # The connection can drop between the check and the push.
                log.debug("a frame was not sent: %s", error.code)
                return False
        return True


FIXES = 2
"""So often in a row a size has to come to be the run's: a placeholder comes once."""
PERSISTS = 24
"""So often in a row another size has to come to take its place: a second of the model's frames, all
of which would be lost otherwise, for as long as the run goes on."""


class RunSize:
    """The one size of a run's frames, found out by the frames themselves; on one thread.

    The size is the first one that comes twice in a row. Neither a placeholder nor the black frame
    of its own size with which the pacer of each connection begins can fix it, or is taken for the
    model's picture; and none of them can keep the model's picture out, since a size that keeps
    coming is taken in the end.
    """

    def __init__(self, size: Size | None = None) -> None:
        """Begin a connection; `size` is known if the run began on another one."""
        self.size = size
        self.held: tuple[bytes, Size, float] | None = None
        """The frame that is of the run if the next one has its size, and when it came."""
        self._settled = False
        self._last: Size | None = None
        self._in_a_row = 0

    def takes(self, size: Size) -> bool:
        """Whether a frame of this size, the next that came, is a picture of the run."""
        self._in_a_row = self._in_a_row + 1 if size == self._last else 1
        self._last = size
        if self.size is None or (size == self.size and not self._settled):
            needed = FIXES
        else:
            needed = 1 if size == self.size else PERSISTS
        if self._in_a_row < needed:
            return False
        self.size, self._settled = size, True
        return True


class VideoTrack:
    """The way down; its numbers are written by the SDK's media thread.

    Frames count while the model has a run, as far as `run_began` and `run_ended` have said: what
    comes before is a placeholder, whatever its size.
    """

    def __init__(self) -> None:
        self.frames_received = 0
        self.last_frame_at: float | None = None
        """When the last one came, of `time.monotonic`."""
        self.handler: Callable[[ModelFrame], None] | None = None
        self.keeps_every_frame = False
        """Whether the handler gets a run's first frame as well, which is known to be of it only
        when the second has come, and what is still played out after the run's end."""
        # Replaced as a whole by the event loop; what is in it belongs to the media thread.
        self._run: RunSize | None = None
        self._once = Once(log)

    @property
    def size(self) -> Size | None:
        """The (width, height) of the present run's frames; None before they are known."""
        run = self._run
        return run.size if run is not None else None

    def run_began(self) -> None:
        """Count frames from now on, of whatever size this run has."""
        self._run = RunSize()

    def run_ended(self) -> None:
        """Count no more frames until the next run."""
        if not self.keeps_every_frame:
            self._run = None

    def connection_began(self) -> None:
        """Expect the first frame of another connection; a run that is on goes on in its size."""
        if self._run is not None:
            self._run = RunSize(self._run.size)

    def frame_arrived(self, bgra: bytes, width: int, height: int, *_: object) -> None:
        """Take one frame of the SDK, on its media thread."""
        run = self._run
        if run is None:
            return
        now = time.monotonic()
        if not run.takes((width, height)):
            if run.size not in {None, (width, height)}:
                self._once.say(f"ignored frames of {width}x{height}")
            elif self.keeps_every_frame:
                run.held = bgra, (width, height), now
            return
        held, run.held = run.held, None
        if held is not None and held[1] == (width, height):
            self._hand_over(held[0], width, height, held[2])
        self._hand_over(bgra, width, height, now)

    def _hand_over(self, bgra: bytes, width: int, height: int, now: float) -> None:
        self.frames_received += 1
        self.last_frame_at = now
        if self.handler is not None:
            i420 = bgra_bytes_to_i420(bgra, width, height)
            self.handler(ModelFrame(i420, self.frames_received, now))


async def start_high(reactor: Reactor, start_bps: int) -> None:
    """Have a connection that is being made begin at `start_bps`, or without if need be."""
    try:
        await reactor.set_bitrate(start_bps=start_bps)
    except (ReactorError, RuntimeError) as error:
        # The second is the SDK's for a client that was closed meanwhile.
        log.debug("the bitrate begins where WebRTC has it: %s", error)
