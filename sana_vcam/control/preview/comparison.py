"""The camera's picture beside the edited one, for the preview of whoever compares them.

It is made on the encoder's thread and only while somebody compares: the camera's pictures are kept
small from then on, for as long as an edited picture takes. It is no `Picture`, so no sink takes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sana_vcam.config.kinds import Fit, Size
from sana_vcam.lib.mailbox import Mailbox
from sana_vcam.media.frames import CameraFrame
from sana_vcam.media.pixels import Pixels, black_i420, fit, fit_i420, place_i420, to_i420

MOST = 240
"""Small pictures of the camera that are kept at most: six seconds at 30 fps and more, 70 MB."""


class Compared:
    """What the encoder asks of a picture: which one it is, and from where."""

    __slots__ = ()
    source = "comparison"


class Comparison:
    """Puts the camera's picture of the right time beside the edited one; one thread's."""

    def __init__(
        self,
        camera: Mailbox[CameraFrame],
        latency_s: Callable[[], float | None],
        size: Size,
        mode: Fit,
    ) -> None:
        """`latency_s` is how late the edited picture is; `size` (width, height) is the sink's.

        `mode` is how pictures of another shape become the sink's.
        """
        self._camera = camera
        self._latency_s = latency_s
        self._known_s = 0.0
        self._size = size
        self._half: Size = (size[0] // 4 * 2, size[1] // 4 * 2)
        self._mode: Fit = mode
        self._sequence = -1
        self._before: deque[tuple[float, Pixels]] = deque(maxlen=MOST)
        self._made: tuple[Pixels, Pixels | None, Compared, Pixels] | None = None

    def beside(self, edited: Pixels, now: float) -> tuple[Compared, Pixels]:
        """Make the picture of both, I420 of the sink's size: before is on the left.

        The camera's first picture stands until the edited one has caught up with it.
        """
        self._take()
        before = self._due(now)
        if self._made is None or self._made[0] is not edited or self._made[1] is not before:
            both = black_i420(*self._size)
            width, height = self._half
            top = (self._size[1] - height) // 4 * 2
            if before is not None:
                place_i420(both, before, 0, top)
            place_i420(both, fit_i420(edited, width, height, "stretch"), self._size[0] - width, top)
            self._made = edited, before, Compared(), both
        return self._made[2], self._made[3]

    def _take(self) -> None:
        """Keep the camera's newest picture, small."""
        frame, _ = self._camera.peek()
        if frame is not None and frame.sequence != self._sequence:
            self._sequence = frame.sequence
            small = fit(frame.bgr, *self._half, self._mode)
            self._before.append((frame.captured_at, to_i420(small)))

    def _due(self, now: float) -> Pixels | None:
        """Find the camera's picture that the edited one was made of, by the measured latency."""
        measured_s = self._latency_s()
        if measured_s is not None:
            self._known_s = measured_s
        wanted = now - self._known_s
        while len(self._before) > 1 and self._before[1][0] <= wanted:
            self._before.popleft()
        return self._before[0][1] if self._before else None
