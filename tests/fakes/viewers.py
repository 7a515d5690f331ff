"""Viewers of the preview: the browser's part, played by aiortc over real loopback."""

import asyncio
from contextlib import asynccontextmanager

import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

PATIENCE_S = 60


class Viewer:
    """A peer that offers one video to receive, and looks at what comes."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.addTransceiver("video", direction="recvonly")
        self.track = None
        self.connection.on("track", self._take)
        self.connection.on("connectionstatechange", self._follow)
        self.gone = asyncio.Event()

    def _take(self, track) -> None:
        self.track = track

    def _follow(self) -> None:
        if self.connection.connectionState in {"closed", "failed"}:
            self.gone.set()

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def take(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def frame(self):
        """The next picture, as planar I420 (h * 3 / 2, w)."""
        async with asyncio.timeout(PATIENCE_S):
            frame = await self.track.recv()
        return frame.to_ndarray(format="yuv420p")

    async def until(self, wanted):
        """The first picture that is as wanted."""
        async with asyncio.timeout(PATIENCE_S):
            while not wanted(frame := await self.frame()):
                pass
        return frame

    async def until_like(self, i420, most: float = 3.0):
        """The first picture whose mean difference from `i420` is at most that (of 255)."""
        return await self.until(lambda frame: difference(frame, i420) <= most)

    async def close(self) -> None:
        await self.connection.close()


def difference(one, other) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(np.int16) - other).mean())


@asynccontextmanager
async def viewer():
    """A viewer that has not offered yet."""
    one = Viewer()
    try:
        yield one
    finally:
        await one.close()


@asynccontextmanager
async def looking(preview_server):
    """A viewer who looks, and its preview."""
    async with viewer() as one:
        preview, answer = await preview_server.open(await one.offer(), None)
        try:
            await one.take(answer)
            await one.frame()
            yield one, preview
        finally:
            await preview.close()


async def until(condition) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)
