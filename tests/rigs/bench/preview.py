"""What a viewer of the preview costs the daemon, in turns: without, with, without, with.

The viewer is in this process, so its decoding is not counted. At 640x352, where two cores are not
saturated. Also what each codec takes per picture by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from statistics import median

import numpy as np
from av import CodecContext, VideoFrame
from av.video.codeccontext import VideoCodecContext

from sana_vcam.control.preview import encoder
from sana_vcam.media.camera.testscene import TestScene
from sana_vcam.media.pixels import Pixels, fit, fit_i420, to_i420
from tests.fakes.viewers import Viewer
from tests.rigs.bench.figures import cpu_seconds, rss_mb
from tests.system.daemon import Bridge, running_daemon, running_standin

SETTLE_S = 3.0
PICTURES = 96


async def measure(home: Path, long: bool) -> dict[str, object]:
    """CPU of one daemon that streams, with and without somebody who looks."""
    turns, seconds = (8, 15.0) if long else (4, 8.0)
    without, looked_at = [], []
    async with (
        running_standin("--edit", "copy", "--chunk-frames", "1") as standin,
        running_daemon(home, standin.url, SINK__KIND="preview") as bridge,
    ):
        await bridge.control.live()
        pid = bridge.process.pid
        resident_mb: list[float] = []
        opened: list[float] = []
        for _ in range(turns):
            without.append(await _cores(pid, seconds))
            resident_mb.append(rss_mb(pid))
            async with looking(bridge, opened) as frames:
                seen = len(frames)
                looked_at.append(await _cores(pid, seconds))
                rate = (len(frames) - seen) / (seconds + SETTLE_S)
    more = [b - a for a, b in zip(without, looked_at, strict=True)]
    return {
        "daemon without a viewer, cores": [round(value, 3) for value in without],
        "daemon with a viewer, cores": [round(value, 3) for value in looked_at],
        "a viewer, cores, pair by pair": [round(value, 3) for value in more],
        "a viewer, cores, median": round(median(more), 3),
        "pictures a second": round(rate, 1),
        "command to answer, first and median of the others, ms": [
            round(opened[0] * 1e3, 1),
            round(median(opened[1:]) * 1e3, 1),
        ],
        "resident MB, before the first viewer and after each but the last": [
            round(value, 1) for value in resident_mb
        ],
        "one picture, CPU ms": _per_picture(),
    }


async def _cores(pid: int, seconds: float) -> float:
    await asyncio.sleep(SETTLE_S)
    before = cpu_seconds(pid)
    await asyncio.sleep(seconds)
    return (cpu_seconds(pid) - before) / seconds


@contextlib.asynccontextmanager
async def looking(bridge: Bridge, opened: list[float]) -> AsyncIterator[list[None]]:
    """Look at the preview; yields a list that grows with each picture."""
    viewer = Viewer()
    frames: list[None] = []

    async def look() -> None:
        while True:
            await viewer.frame()
            frames.append(None)

    offer = await viewer.offer()
    began = time.monotonic()
    answer = await bridge.control.ok("preview", sdp=offer)
    opened.append(time.monotonic() - began)
    await viewer.take(answer["sdp"])
    looking = asyncio.create_task(look())
    try:
        yield frames
    finally:
        looking.cancel()
        await asyncio.wait({looking})
        await bridge.control.ok("stop_preview")
        await viewer.close()


def _per_picture() -> dict[str, float]:
    """CPU milliseconds for scaling and for each codec, on the test scene."""
    scene = TestScene(fps=1000)
    scene.open()
    large = [to_i420(fit(scene.read(), 1280, 720, "crop")) for _ in range(PICTURES)]
    scene.close()
    began = time.process_time()
    small = [fit_i420(picture, 640, 360, "stretch") for picture in large]
    scaled = time.process_time() - began
    return {
        "scale 1280x720 to 640x360": round(scaled / PICTURES * 1e3, 2),
        "VP8": _encoded(encoder._codec(640, 360), small),
        "H.264": _encoded(_h264(640, 360), small),
    }


def _h264(width: int, height: int) -> VideoCodecContext:
    codec = CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base = Fraction(1, encoder.CLOCK_HZ)
    codec.framerate = Fraction(int(encoder.FPS))
    codec.bit_rate = encoder.BITRATE_BPS
    codec.gop_size = int(encoder.FPS * encoder.KEYFRAME_EVERY_S)
    codec.thread_count = 1
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
    return codec


def _encoded(codec: VideoCodecContext, pictures: list[Pixels]) -> float:
    began = time.process_time()
    for number, picture in enumerate(pictures):
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="yuv420p")
        frame.pts = round(number / encoder.FPS * encoder.CLOCK_HZ)
        frame.time_base = Fraction(1, encoder.CLOCK_HZ)
        codec.encode(frame)
    return round((time.process_time() - began) / len(pictures) * 1e3, 2)
