"""Camera, publisher and mixer, wired: frames go out to the sessions and come back to the playout.

Frames pass through here on the camera's, the publisher's, the SDK's and the playout's threads;
the event loop only says which sessions they go to, and whose pictures are on air.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sana_vcam.config.schema import Config
from sana_vcam.lib.mailbox import Mailbox
from sana_vcam.lib.meter import Meter
from sana_vcam.media.camera.capture import Camera
from sana_vcam.media.frames import BypassGrant, CameraFrame, ModelFrame
from sana_vcam.media.latency.meter import LatencyMeter
from sana_vcam.media.playout.cadence import Cadence
from sana_vcam.media.playout.mixer import Mixer
from sana_vcam.media.playout.program import BypassSource
from sana_vcam.media.publisher import Publisher
from sana_vcam.media.states import CameraState


class Pipeline:
    """A camera, a publisher and a mixer, wired: what the engine is given."""

    def __init__(self, config: Config, on_change: Callable[[], None]) -> None:
        """`on_change` is called on the camera thread when the camera's status changes."""
        track = (config.reactor.track_width, config.reactor.track_height)
        self.camera_frames: Mailbox[CameraFrame] = Mailbox()
        self.camera = Camera(config.camera, track, self.camera_frames, on_change)
        self.latency = LatencyMeter()
        """Notes every picture that is sent, and every one that viewers see."""
        self.publisher = Publisher(self.camera_frames, self.latency.sent)
        self.buffer = Mixer(fps=config.sink.fps, max_delay_s=config.playout.max_delay_ms / 1000)
        self.received = Meter()
        """Counts the frames of the session on air."""
        grant = BypassGrant.from_config(config.privacy)
        self.bypass = BypassSource(grant, self.camera_frames) if grant is not None else None

    def camera_ready(self) -> bool:
        """Whether the camera delivers frames now."""
        return self.camera.status.state is CameraState.CAPTURING

    def open_feed(self) -> Feed:
        """Make a place for one more session; off air."""
        return Feed(self)


class Feed:
    """One session's place in the pipeline; off air at first."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._buffer = pipeline.buffer.open()
        self._cadence = Cadence()
        self._push: Callable[[bytes], bool] | None = None

    def attach(self, push: Callable[[bytes], bool]) -> None:
        """Send the camera's frames to `push` as well."""
        self.detach()
        self._push = push
        self._pipeline.publisher.targets += (push,)

    def detach(self) -> None:
        """Send this session no more frames."""
        publisher = self._pipeline.publisher
        publisher.targets = tuple(push for push in publisher.targets if push is not self._push)
        self._push = None

    def model_frame(self, frame: ModelFrame) -> None:
        """Take an edited frame; on an SDK thread."""
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

    def close(self) -> None:
        """Give up the place."""
        self.detach()
        self._pipeline.buffer.close(self._buffer)
        # Session, feed and buffer refer to each other in a circle, which may stay in memory until
        # a late garbage collection; their frames, some 70 MB, must not.
        self._buffer.clear()
