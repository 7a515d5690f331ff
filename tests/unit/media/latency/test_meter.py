"""The meter on real pictures: it finds the latency, forgets, and is quiet when nothing comes."""

from __future__ import annotations

import asyncio
import contextlib

import cv2
import numpy as np
import pytest

from sana_vcam.media.frames import CameraFrame, ModelFrame
from sana_vcam.media.latency import watch
from sana_vcam.media.latency.meter import LatencyMeter
from sana_vcam.media.latency.watch import watch_latency
from sana_vcam.media.pixels import coarse_luma, coarse_luma_of_i420, fit, to_i420
from tests.unit.media.latency.material import FPS, HEIGHT, WIDTH, Picture, talking

LATE = 31


class Feed:
    """A meter whose camera shows a person, and whose model hands the pictures back later."""

    def __init__(self, sent: tuple[int, int] | None = None) -> None:
        self.sent = sent
        self.now = 100.0
        self.meter = LatencyMeter(lambda: self.now)
        self.pictures: list[Picture] = list(talking(16 * FPS))
        self.number = 0

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds * FPS)):
            self.now = 100.0 + self.number / FPS
            bgr = np.ascontiguousarray(self.pictures[self.number][:, :, ::-1])
            sent = bgr if self.sent is None else fit(bgr, *self.sent, "crop")
            self.meter.sent(CameraFrame(sent, self.number, self.now))
            if self.number >= LATE:
                # Upside down in brightness, as an edit may be.
                rgb = 255 - self.pictures[self.number - LATE]
                i420 = to_i420(np.ascontiguousarray(rgb[:, :, ::-1]))
                self.meter.shown(ModelFrame(i420, self.number, self.now))
            self.number += 1


def test_the_latency_is_from_the_cameras_read_to_the_write():
    feed = Feed()
    feed.run(11)
    assert feed.meter.measure() is None
    feed.run(1)
    reading = feed.meter.measure()
    assert reading is not None
    assert reading is feed.meter.reading
    assert abs(reading.latency_s * FPS - LATE) < 0.5
    assert reading.confidence > 0.8


@pytest.mark.parametrize(
    "sent",
    [(WIDTH // 2, HEIGHT // 2), (WIDTH // 4 * 2, HEIGHT), (160, 90), (2 * WIDTH, 2 * HEIGHT)],
    ids=["half", "narrower", "wider", "double"],
)
def test_the_latency_is_right_where_what_is_sent_has_another_size(sent):
    feed = Feed(sent)
    feed.run(11)
    feed.meter.measure()
    feed.run(1)
    reading = feed.meter.measure()
    assert reading is not None
    assert abs(reading.latency_s * FPS - LATE) < 0.5
    assert reading.confidence > 0.8


def test_without_new_pictures_it_becomes_unknown():
    feed = Feed()
    feed.run(11)
    feed.meter.measure()
    assert feed.meter.measure() is not None
    feed.now += 7.0
    assert feed.meter.measure() is None


def test_after_a_cut_the_figure_stays_and_after_clear_it_is_gone():
    feed = Feed()
    feed.run(11)
    feed.meter.measure()
    first = feed.meter.measure()
    feed.meter.cut()
    feed.run(1)
    kept = feed.meter.measure()
    assert first is not None
    assert kept is not None
    assert kept.latency_s == first.latency_s
    assert kept.confidence < first.confidence
    feed.meter.clear()
    assert feed.meter.reading is None
    assert feed.meter.measure() is None


def test_the_watch_measures_while_a_session_streams_and_clears_after_it():
    feed = Feed()
    feed.run(12)
    feed.meter.measure()
    assert feed.meter.measure() is not None
    streams = True

    async def body() -> None:
        nonlocal streams
        sessions = [object()]
        always = asyncio.Event()
        always.set()
        watching = asyncio.ensure_future(
            watch_latency(feed.meter, lambda: sessions[0] if streams else None, always)
        )
        async with asyncio.timeout(30):
            await asyncio.sleep(0)
            assert feed.meter.reading is not None
            streams = False
            while feed.meter.reading is not None:
                await asyncio.sleep(0.05)
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching

    asyncio.run(body())


async def test_the_watch_looks_again_sooner_while_a_change_is_possible(monkeypatch):
    """Counted by what it waits for, not by a clock."""
    waits: list[float] = []
    enough = asyncio.Event()

    async def wait(_: asyncio.Event, seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            enough.set()
        await asyncio.sleep(0)

    class Doubting(LatencyMeter):
        looks = 0
        doubts = property(lambda self: self.looks == 1)

        def measure(self) -> None:
            self.looks += 1

    monkeypatch.setattr(watch, "aligned_sleep", wait)
    session = object()
    watching = asyncio.ensure_future(watch_latency(Doubting(), lambda: session, asyncio.Event()))
    await enough.wait()
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    assert waits[:3] == [watch.EVERY_S, watch.SOON_S, watch.EVERY_S]


async def test_a_watch_that_ends_leaves_no_figure() -> None:
    feed = Feed()
    feed.run(12)
    feed.meter.measure()
    assert feed.meter.measure() is not None

    def gone() -> object:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError, match="a defect"):
        await watch_latency(feed.meter, gone, asyncio.Event())
    assert feed.meter.reading is None


def test_coarse_brightness_is_not_rounded_and_the_same_for_both_kinds_of_pixels():
    rgb = next(talking(1 + FPS, seed=3))
    bgr = np.ascontiguousarray(rgb[:, :, ::-1])
    of_bgr = coarse_luma(bgr, 32, 18)
    of_i420 = coarse_luma_of_i420(to_i420(bgr), 32, 18)
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.float32)
    assert of_bgr.shape == (18, 32)
    assert np.abs(of_bgr - of_i420).max() < 1.0, "both on one scale"
    exact = cv2.resize(grey, (32, 18), interpolation=cv2.INTER_AREA)
    assert np.abs(of_bgr - exact).mean() < 2.0
    assert np.any(of_bgr != np.rint(of_bgr))
    assert bgr.shape == (HEIGHT, WIDTH, 3)
