"""Where a run takes its frames from: the published camera, or an uploaded clip."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Protocol

import numpy as np
from reactor_runtime.interface import InputBuffer, ReadMode

from sana_vcam.standin.clip import Clip, Frame, decode

POLL_S = 0.2
"""Longest wait for camera frames before the run is looked at again."""


class SizeChanged(Exception):
    """A camera frame of another size than the first one of the run."""


class FrameSource(Protocol):
    """The frames of one run, in order."""

    async def next_frames(self, count: int) -> list[Frame] | None:
        """Fetch the next `count` frames, fewer at the end, [] after it, None if none came yet."""
        ...


class LiveSource:
    """The camera track. Never ends; when it falls two reads behind, it drops to the newest.

    It drops nothing as long as `keeps_backlog` says so.
    """

    def __init__(
        self, camera: InputBuffer, keeps_backlog: Callable[[], bool] = lambda: False
    ) -> None:
        self._camera = camera
        self._keeps_backlog = keeps_backlog
        self._shape: tuple[int, ...] | None = None

    async def next_frames(self, count: int) -> list[Frame] | None:
        """Wait up to POLL_S for `count` frames; fewer than that stay in the buffer.

        Raises:
            SizeChanged: the size of a frame differs from that of the run's first frame.
        """
        behind = self._camera.available >= 2 * count and not self._keeps_backlog()
        mode = ReadMode.LATEST if behind else ReadMode.FIFO
        try:
            frames = await self._camera.read(count, timeout=POLL_S, mode=mode)
        except TimeoutError:
            return None
        return [self._checked(frame.data) for frame in frames]

    def _checked(self, frame: Frame) -> Frame:
        if self._shape is None:
            self._shape = frame.shape
        if frame.shape != self._shape:
            was, now = self._shape, frame.shape
            raise SizeChanged(
                f"the camera changed from {was[1]}x{was[0]} to {now[1]}x{now[0]} during a run"
            )
        return frame


class ClipSource:
    """An uploaded clip, decoded chunk by chunk in a worker thread."""

    def __init__(self, clip: Clip) -> None:
        self._frames = decode(clip)

    async def next_frames(self, count: int) -> list[Frame] | None:
        """Decode the next `count` frames, fewer at the end of the clip, [] after it."""
        return await asyncio.to_thread(lambda: list(islice(self._frames, count)))


class NoSource:
    """What a model without an input track has: as many empty frames as it asks for."""

    def __init__(self) -> None:
        self._empty = np.zeros((1, 1, 3), np.uint8)

    async def next_frames(self, count: int) -> list[Frame] | None:
        """Give `count` frames of one black pixel."""
        return [self._empty] * count
