"""The preview bus, in the broadcast sense: what the operator sees, beside what viewers see.

It ends at the preview's encoder. A sink takes what the program chooses, and nothing that comes from
here gets there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from sana_vcam.config.kinds import Fit
from sana_vcam.control.preview.comparison import Compared, Comparison
from sana_vcam.lib.mailbox import Mailbox
from sana_vcam.media.frames import CameraFrame, Picture
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.playout.program import Program
from sana_vcam.media.sinks.canvas import Canvas
from sana_vcam.media.sinks.sink import Sink


class PreviewBus:
    """What viewers see, or in its place the look that is rehearsed; on the encoder's thread."""

    def __init__(
        self,
        program: Program,
        sink: Sink,
        fit: Fit,
        *,
        camera: Mailbox[CameraFrame],
        latency_s: Callable[[], float | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Show pictures in the sink's size, fitted to it as the sink does.

        `camera` and `latency_s`, how late the edited picture is, are for comparisons.
        """
        self._program = program
        self._sink = sink
        self._canvas = Canvas(*sink.size, fit, "I420")
        self._make_comparison = partial(Comparison, camera, latency_s, sink.size, fit)
        self._comparison: Comparison | None = None
        """Written by the event loop, and used by the encoder's thread."""
        self._clock = clock

    def compare(self, on: bool) -> None:
        """Have before and after beside each other from the next picture on; on the event loop."""
        if on != (self._comparison is not None):
            self._comparison = self._make_comparison() if on else None

    def newest(self) -> tuple[Picture | Compared, Pixels] | None:
        """Give the newest picture with its I420 frame of the sink's size; None before the first."""
        seen, comparison = self._seen(), self._comparison
        if seen is None or comparison is None:
            return seen
        return comparison.beside(seen[1], self._clock())

    def _seen(self) -> tuple[Picture, Pixels] | None:
        rehearsed = self._program.rehearsed
        if rehearsed is None:
            return self._sink.latest_i420()
        return rehearsed, self._canvas.convert(rehearsed)
