"""Camera, publisher and mixer, wired: frames go out to the sessions and come back to the playout.

Frames pass through here on the camera's, the publisher's, the SDK's and the playout's threads;
the event loop only says which sessions they go to, and whose pictures are on air.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from sana_vcam.config.kinds import Size
from sana_vcam.config.schema import CameraConfig, Config
from sana_vcam.lib.mailbox import Mailbox
from sana_vcam.lib.meter import Meter
from sana_vcam.media.camera.capture import Camera
from sana_vcam.media.camera.source import CameraSource, open_source
from sana_vcam.media.frames import BypassGrant, CameraFrame, ModelFrame
from sana_vcam.media.latency.meter import LatencyMeter
from sana_vcam.media.pixels import cover_i420
from sana_vcam.media.playout.buffer import CHUNK_FRAMES
from sana_vcam.media.playout.cadence import Cadence
from sana_vcam.media.playout.mixer import Mixer
from sana_vcam.media.playout.program import BypassSource
from sana_vcam.media.publisher import CameraTarget, Publisher
from sana_vcam.media.shedding import Shedding
from sana_vcam.media.states import CameraState

LEAST_FPS = 12.0
"""A camera that gives fewer frames has its newest one sent again: the model makes its chunk of 24
from two seconds of them, and not from the ten that a camera in a dim room needs for it."""


class Pipeline:
    """A camera, a publisher and a mixer, wired: what the engine is given."""

    def __init__(
        self,
        config: Config,
        on_change: Callable[[], None],
        *,
        make_source: Callable[[CameraConfig], CameraSource] = open_source,
    ) -> None:
        """`on_change` is called when the status of the camera or of `shedding` changes.

        That is on the camera's thread, or on the playout's.
        """
        self.sink_size: Size = (config.sink.width, config.sink.height)
        self.camera_frames: Mailbox[CameraFrame] = Mailbox()
        self.camera = Camera(
            config.camera, self.sink_size, self.camera_frames, on_change, make_source=make_source
        )
        self.latency = LatencyMeter()
        """Notes every picture that is sent, and every one that viewers see."""
        self.shedding = Shedding(on_change)
        """What is left out while this computer is too busy."""
        self.publisher = Publisher(
            self.camera_frames,
            self.latency.sent,
            mode=config.camera.fit,
            least_fps=min(LEAST_FPS, config.camera.fps),
        )
        self.buffer = Mixer(fps=config.sink.fps, max_delay_s=config.playout.max_delay_ms / 1000)
        self.received = Meter()
        """Counts the frames of the session on air."""
        grant = BypassGrant.from_config(config.privacy)
        self.bypass = BypassSource(grant, self.camera_frames) if grant is not None else None
        self._send_sizes: tuple[Size, ...] = ()

    def camera_ready(self) -> bool:
        """Whether the camera delivers frames now."""
        return self.camera.status.state is CameraState.CAPTURING

    def open_feed(self, send_size: Size, *, chunk_frames: int = CHUNK_FRAMES) -> Feed:
        """Make a place for one more session; off air.

        `send_size` is the (width, height) of every frame that it is sent, and `chunk_frames` the
        most that its model gives at once.
        """
        return Feed(self, send_size, chunk_frames)

    def begin_size(self, size: Size) -> None:
        """Have the camera's frames fitted to this size as well; on the event loop."""
        self._follow_sizes((*self._send_sizes, size))

    def end_size(self, size: Size) -> None:
        """Take note that one session less wants this size."""
        sizes = list(self._send_sizes)
        sizes.remove(size)
        self._follow_sizes(tuple(sizes))

    def _follow_sizes(self, sizes: tuple[Size, ...]) -> None:
        """Have the camera fit its frames to the largest size that is wanted.

        Where viewers may be shown the raw camera, to the first multiple of it that fills the sink;
        with no session that is all that they can see of it. What is smaller, the publisher makes.
        """
        self._send_sizes = sizes
        if not sizes:
            self.camera.size = self.sink_size
            return
        width, height = max(sizes, key=lambda size: size[0] * size[1])
        times = 1 if self.bypass is None else max(1, -(-self.sink_size[0] // width))
        self.camera.size = (width * times, height * times)


class Feed:
    """One session's place in the pipeline; off air at first."""

    def __init__(
        self, pipeline: Pipeline, send_size: Size, chunk_frames: int = CHUNK_FRAMES
    ) -> None:
        self.send_size = send_size
        self._pipeline = pipeline
        self._buffer = pipeline.buffer.open(chunk_frames)
        self._cadence = Cadence()
        self._target: CameraTarget | None = None
        self._is_open = True
        pipeline.begin_size(send_size)

    def attach(self, push: Callable[[bytes], bool]) -> None:
        """Send the camera's frames to `push` as well, which takes BGRA of `send_size`."""
        self.detach()
        self._target = CameraTarget(push, self.send_size)
        self._pipeline.publisher.targets += (self._target,)

    def detach(self) -> None:
        """Send this session no more frames."""
        publisher = self._pipeline.publisher
        publisher.targets = tuple(one for one in publisher.targets if one is not self._target)
        self._target = None

    def model_frame(self, frame: ModelFrame) -> None:
        """Take an edited frame of any size; on an SDK thread.

        One that is much larger than viewers get it is made smaller here: many are held.
        """
        held = cover_i420(frame.i420, *self._pipeline.sink_size)
        if held is not frame.i420:
            frame = replace(frame, i420=held)
        if self._pipeline.buffer.is_on_air(self._buffer):
            self._pipeline.received.count(frame.received_at)
        self._cadence.note(frame.received_at)
        self._buffer.put(frame)

    def run_began(self) -> None:
        """Forget the frames of the former run."""
        self._cadence.clear()
        self._buffer.clear()

    def plays_on(self) -> bool:
        """Whether its pictures could be shown from now on without a gap."""
        return self._cadence.is_steady(time.monotonic())

    def go_on_air(self) -> None:
        """Have its pictures shown from the next tick on."""
        self._pipeline.buffer.cut(self._buffer)

    def show_in_preview(self, *, on: bool) -> None:
        """Have the preview show its pictures, or end that; it is off air."""
        self._pipeline.buffer.show_in_preview(self._buffer, on=on)

    def close(self) -> None:
        """Give up the place; twice is fine."""
        self.detach()
        if self._is_open:
            self._is_open = False
            self._pipeline.end_size(self.send_size)
        self._pipeline.buffer.close(self._buffer)
        # Session, feed and buffer refer to each other in a circle, which may stay in memory until
        # a late garbage collection; their frames, some 70 MB, must not.
        self._buffer.clear()
