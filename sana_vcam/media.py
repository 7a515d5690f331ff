"""The media path: the camera's frames to a session, the model's frames to the playout.

Frames pass through here on the camera's, the publisher's, the SDK's and the playout's threads;
the event loop only says which session they go to.
"""

from __future__ import annotations

from collections.abc import Callable

from sana_vcam.camera.capture import Camera
from sana_vcam.config import Config
from sana_vcam.frames import BypassGrant, CameraFrame, ModelFrame
from sana_vcam.mailbox import Mailbox
from sana_vcam.meter import Meter
from sana_vcam.playout.buffer import PlayoutBuffer
from sana_vcam.program import Bypass
from sana_vcam.publisher import Publisher
from sana_vcam.status import CameraState


class MediaPath:
    """Camera, publisher and playout buffer, wired; what the engine knows as `Media`."""

    def __init__(self, config: Config, on_change: Callable[[], None]) -> None:
        """`on_change` is called on the camera thread when the camera's status changes."""
        track = (config.reactor.track_width, config.reactor.track_height)
        self.camera_frames: Mailbox[CameraFrame] = Mailbox()
        self.camera = Camera(config.camera, track, self.camera_frames, on_change)
        self.publisher = Publisher(self.camera_frames)
        self.buffer = PlayoutBuffer(
            fps=config.sink.fps, max_delay_s=config.playout.max_delay_ms / 1000
        )
        self.received = Meter()
        grant = BypassGrant.from_config(config.privacy)
        self.bypass = Bypass(grant, self.camera_frames) if grant is not None else None

    def camera_ready(self) -> bool:
        """Whether the camera delivers frames now."""
        return self.camera.status.state is CameraState.CAPTURING

    def attach(self, push: Callable[[bytes], bool]) -> None:
        """Send the camera's frames to `push`."""
        self.publisher.target = push

    def detach(self) -> None:
        """Send the camera's frames nowhere."""
        self.publisher.target = None

    def model_frame(self, frame: ModelFrame) -> None:
        """Take an edited frame; on an SDK thread."""
        self.received.count(frame.received_at)
        self.buffer.put(frame)

    def run_began(self) -> None:
        """Forget the frames of the former run."""
        self.buffer.clear()
