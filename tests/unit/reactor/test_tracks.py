"""The way up: what it may take. The way down: which frames are pictures, and which placeholders."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from reactor_sdk import InvalidStateError

from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.pixels import to_i420
from sana_vcam.reactor.tracks import PERSISTS, CameraTrack, VideoTrack, ceiling_bps
from tests.fakes.reactor import FakeReactor

PACER = (16, 8)
MODEL = (8, 4)
OTHER = (4, 4)


class Way:
    """A track, and the sizes of the pictures that it handed on."""

    def __init__(self) -> None:
        self.track = VideoTrack()
        self.track.handler = self._handed_on
        self.sizes: list[tuple[int, int]] = []

    def _handed_on(self, frame: ModelFrame) -> None:
        height, width = frame.i420.shape
        self.sizes.append((width, height * 2 // 3))

    def come(self, *sizes: tuple[int, int], level: int = 90) -> None:
        for width, height in sizes:
            picture = bytes([level, level, level, 255]) * (width * height)
            self.track.frame_arrived(picture, width, height, 0, 0, None)


@pytest.fixture
def way() -> Way:
    return Way()


@pytest.mark.parametrize("size", [PACER, MODEL])
@pytest.mark.parametrize("count", [1, 2, 100])
def test_before_a_run_nothing_counts_whatever_its_size(way, size, count):
    way.come(*[size] * count)
    assert way.sizes == []
    assert (way.track.frames_received, way.track.last_frame_at) == (0, None)
    assert way.track.size is None


def test_the_size_is_the_run_s_own(way):
    way.track.run_began()
    way.come(MODEL, MODEL, MODEL)
    assert way.sizes == [MODEL, MODEL]
    assert way.track.size == MODEL
    assert way.track.frames_received == 2
    assert way.track.last_frame_at is not None


@pytest.mark.parametrize("first", [[PACER], [PACER, OTHER], [OTHER, PACER, OTHER]])
def test_a_stray_frame_before_the_first_neither_counts_nor_fixes_the_size(way, first):
    way.track.run_began()
    way.come(*first)
    assert (way.track.frames_received, way.track.size) == (0, None)
    way.come(MODEL, MODEL)
    assert way.sizes == [MODEL]


def test_a_single_placeholder_of_the_right_size_is_no_picture(way):
    way.track.run_began()
    way.come(MODEL, level=0)
    assert way.track.last_frame_at is None


def test_frames_of_another_size_are_dropped_and_said_once(way, caplog):
    way.track.run_began()
    way.come(MODEL, MODEL)
    with caplog.at_level(logging.INFO, "sana_vcam.reactor"):
        for _ in range(PERSISTS):
            way.come(PACER, PACER, MODEL)
    assert set(way.sizes) == {MODEL}
    assert way.track.frames_received == 1 + PERSISTS, "after a stray one the next counts at once"
    assert caplog.messages == ["ignored frames of 16x8"]


def test_even_a_wrong_size_that_came_twice_cannot_keep_the_picture_out(way):
    way.track.run_began()
    way.come(PACER, PACER)
    assert way.track.size == PACER
    way.come(*[MODEL] * (PERSISTS - 1))
    assert way.track.size == PACER
    way.come(MODEL, MODEL)
    assert way.sizes == [PACER, MODEL, MODEL]
    assert way.track.size == MODEL


def test_the_next_run_may_have_another_size(way):
    way.track.run_began()
    way.come(MODEL, MODEL)
    way.track.run_began()
    assert way.track.size is None
    way.come(OTHER, OTHER)
    assert way.sizes == [MODEL, OTHER]


def test_after_the_run_nothing_counts(way):
    way.track.run_began()
    way.come(MODEL, MODEL)
    at = way.track.last_frame_at
    way.track.run_ended()
    way.come(*[MODEL] * 5, level=0)
    assert (way.track.frames_received, way.track.last_frame_at) == (1, at)


def test_whoever_keeps_every_frame_gets_the_first_and_those_after_the_end(way):
    way.track.keeps_every_frame = True
    way.come(MODEL, MODEL)
    assert way.sizes == []
    way.track.run_began()
    way.come(PACER, MODEL)
    assert way.sizes == []
    way.come(MODEL)
    assert way.sizes == [MODEL, MODEL]
    way.track.run_ended()
    way.come(MODEL)
    assert way.sizes == [MODEL] * 3


@pytest.mark.parametrize("first", [PACER, MODEL, OTHER])
def test_a_run_that_goes_on_over_another_connection_keeps_its_size(way, first):
    """Each connection's pacer begins with one black frame of its own."""
    way.track.run_began()
    way.come(MODEL, MODEL)
    way.track.connection_began()
    assert way.track.size == MODEL
    way.come(first, level=0)
    assert way.track.frames_received == 1, "it is not taken for the model's"
    way.come(MODEL, MODEL, MODEL)
    assert way.track.size == MODEL
    assert way.track.frames_received in {3, 4}
    assert set(way.sizes) == {MODEL}


def test_another_connection_is_no_run(way):
    way.track.connection_began()
    way.come(MODEL, MODEL, MODEL)
    assert way.track.frames_received == 0


def test_an_odd_size_is_a_size(way):
    way.track.run_began()
    way.come((7, 5), (7, 5))
    assert way.track.size == (7, 5)
    assert way.sizes == [(6, 4)]


def test_the_picture_is_what_came(way):
    frames: list[ModelFrame] = []
    way.track.handler = frames.append
    way.track.run_began()
    way.come(MODEL, MODEL, level=120)
    assert np.array_equal(frames[0].i420, to_i420(np.full((4, 8, 4), 120, np.uint8)))
    assert frames[0].sequence == 1
    assert frames[0].received_at == way.track.last_frame_at


def test_frames_without_a_handler_are_counted(way):
    way.track.handler = None
    way.track.run_began()
    way.come(MODEL, MODEL)
    assert way.track.frames_received == 1


# -- the way up ------------------------------------------------------------------------------------


async def published(size: tuple[int, int], refused: Exception | None = None) -> FakeReactor:
    reactor = FakeReactor("sana", jwt=None, api_url="http://127.0.0.1:9", local=True)
    reactor.tracks["camera"].bounds_error = refused
    track = CameraTrack("camera", size, require=lambda: reactor, ready=lambda: None)
    await track.publish()
    assert track.published
    return reactor


@pytest.mark.parametrize(
    ("size", "most_kbps"),
    [
        ((640, 352), 1189),
        ((476, 272), 684),
        ((320, 176), 300),
        ((64, 64), 300),
        ((872, 480), None),
        ((1280, 704), None),
    ],
)
async def test_a_small_picture_takes_no_more_than_makes_it_better(size, most_kbps):
    most_bps = (await published(size)).tracks["camera"].most_bps
    assert (most_bps and round(most_bps / 1000)) == most_kbps
    assert ceiling_bps(size) >= 300_000


async def test_a_bound_that_is_refused_is_no_reason_to_send_nothing():
    reactor = await published((640, 352), InvalidStateError("not now"))
    assert reactor.tracks["camera"].most_bps is None
