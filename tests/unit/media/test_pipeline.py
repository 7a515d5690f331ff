"""The media path with two sessions: the camera to both, the picture from one."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from sana_vcam.config.schema import CameraConfig, Config, PrivacyConfig, SinkConfig
from sana_vcam.media.frames import CameraFrame, ModelFrame
from sana_vcam.media.pipeline import Pipeline

SIZE = (64, 64)
FULL, SMALL = (1280, 704), (640, 352)


@pytest.fixture
def media() -> Pipeline:
    return Pipeline(Config(), lambda: None)


def model_frame(value: int, at: float = 1.0) -> ModelFrame:
    return ModelFrame(np.full((96, 64), value, np.uint8), value, at)


def shown(media: Pipeline, now: float) -> int | None:
    frame = media.buffer.take(now)
    return None if frame is None else frame.sequence


def send(media: Pipeline, value: int = 7, size: tuple[int, int] = SIZE) -> bool:
    """One turn of the publisher."""
    frame = CameraFrame(np.full((size[1], size[0], 3), value, np.uint8), 1, 1.0)
    return media.publisher._push(media.publisher.targets, frame)


def bgra(value: int, size: tuple[int, int] = SIZE) -> bytes:
    return bytes([value, value, value, 255]) * (size[0] * size[1])


def test_the_camera_goes_to_every_session_that_wants_it(media):
    got: dict[str, list[bytes]] = {"old": [], "next": []}
    old, coming = media.open_feed(SIZE), media.open_feed(SIZE)
    old.attach(lambda bgra: not got["old"].append(bgra))
    coming.attach(lambda bgra: not got["next"].append(bgra))
    assert send(media, 1)
    old.detach()
    assert send(media, 2)
    coming.close()
    assert media.publisher.targets == ()
    assert got == {"old": [bgra(1)], "next": [bgra(1), bgra(2)]}


def test_a_session_that_takes_none_keeps_none_from_the_other(media):
    taken: list[bytes] = []
    media.open_feed(SIZE).attach(lambda _: False)
    media.open_feed(SIZE).attach(lambda bgra: not taken.append(bgra))
    assert send(media, 3)
    assert taken == [bgra(3)]


def test_attaching_again_takes_the_place_of_the_former_connection(media):
    feed = media.open_feed(SIZE)
    feed.attach(lambda _: False)
    feed.attach(lambda _: True)
    assert len(media.publisher.targets) == 1
    assert send(media)


def test_only_the_session_on_air_is_seen_and_counted(media):
    old, coming = media.open_feed(SIZE), media.open_feed(SIZE)
    old.go_on_air()
    old.model_frame(model_frame(1))
    coming.model_frame(model_frame(2))
    assert shown(media, 1.0) == 1
    assert media.received.total == 1
    coming.go_on_air()
    old.model_frame(model_frame(3))
    assert shown(media, 1.1) == 2
    assert media.received.total == 1
    old.close()
    assert shown(media, 1.2) == 2
    coming.close()
    assert shown(media, 1.3) is None


def test_a_frame_that_comes_after_the_end_is_nobody_s(media):
    feed = media.open_feed(SIZE)
    feed.go_on_air()
    feed.close()
    feed.model_frame(model_frame(1))
    assert shown(media, 1.0) is None


def test_a_session_that_has_ended_holds_no_pictures(media):
    feed = media.open_feed(SIZE)
    feed.go_on_air()
    frame = model_frame(1)
    pixels = weakref.ref(frame.i420)
    feed.model_frame(frame)
    del frame
    assert pixels() is not None
    feed.close()
    assert pixels() is None, "at once, though the feed itself is still known"


def test_a_new_run_forgets_the_old_one_s_frames(media):
    feed = media.open_feed(SIZE)
    feed.go_on_air()
    feed.model_frame(model_frame(1))
    feed.run_began()
    assert shown(media, 1.0) is None
    assert not feed.plays_on()


def test_the_raw_camera_has_no_way_into_a_feed(media):
    feed = media.open_feed(SIZE)
    feed.go_on_air()
    media.camera_frames.put(CameraFrame(np.zeros((64, 64, 3), np.uint8), 1, 1.0))
    assert shown(media, 1.0) is None


# -- sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("camera", [FULL, SMALL, (1280, 720), (640, 480), (65, 37)])
def test_each_session_gets_frames_of_its_own_size_whatever_the_camera_s(media, camera):
    """Also at a renewal, where the old one and the next may have two sizes."""
    sent: dict[str, set[int]] = {"old": set(), "next": set()}
    old, coming = media.open_feed(FULL), media.open_feed(SMALL)
    old.attach(lambda bgra: sent["old"].add(len(bgra)) or True)
    coming.attach(lambda bgra: sent["next"].add(len(bgra)) or True)
    assert send(media, size=camera)
    assert sent == {"old": {1280 * 704 * 4}, "next": {640 * 352 * 4}}


def test_two_sessions_of_one_size_get_the_very_same_bytes(media):
    got: list[bytes] = []
    for _ in range(2):
        media.open_feed(SMALL).attach(lambda bgra: not got.append(bgra))
    send(media, size=FULL)
    assert got[0] is got[1]


def test_the_camera_is_fitted_to_the_largest_size_that_is_wanted(media):
    sizes = [media.camera.size]
    feeds = [media.open_feed(SMALL)]
    sizes.append(media.camera.size)
    feeds.append(media.open_feed(FULL))
    sizes.append(media.camera.size)
    feeds[1].close()
    feeds[1].close()
    sizes.append(media.camera.size)
    feeds[0].close()
    sizes.append(media.camera.size)
    assert sizes == [(1280, 720), SMALL, FULL, SMALL, (1280, 720)]


@pytest.mark.parametrize(
    ("sent", "camera"), [(SMALL, FULL), (FULL, FULL), ((640, 360), (1280, 720)), ((426, 240), None)]
)
def test_where_the_raw_camera_may_be_shown_it_fills_the_sink(sent, camera):
    media = Pipeline(Config(privacy=PrivacyConfig(allow_bypass=True)), lambda: None)
    media.open_feed(sent)
    width, height = media.camera.size
    assert (width, height) == (camera or (1704, 960))
    assert width * sent[1] == height * sent[0], "the shape is that of what is sent"


def test_what_is_sent_of_another_shape_follows_the_camera_s_fit():
    media = Pipeline(Config(camera=CameraConfig(fit="pad")), lambda: None)
    got: list[bytes] = []
    media.open_feed((64, 64)).attach(lambda bgra: not got.append(bgra))
    send(media, 200, size=(128, 64))
    rows = np.frombuffer(got[0], np.uint8).reshape(64, 64, 4)
    assert not rows[:15, :, :3].any()
    assert (rows[32, :, :3] == 200).all()


@pytest.mark.parametrize(
    ("model", "held"),
    [
        (FULL, FULL),
        ((952, 544), (952, 544)),
        ((1664, 960), (1664, 960)),
        ((2560, 1536), (1280, 768)),
        ((1536, 2560), (1536, 2560)),
    ],
)
def test_what_is_much_larger_than_the_sink_is_not_held_so(media, model, held):
    feed = media.open_feed(SIZE)
    feed.go_on_air()
    feed.model_frame(ModelFrame(np.full((model[1] * 3 // 2, model[0]), 99, np.uint8), 1, 1.0))
    frame = media.buffer.take(1.0)
    assert frame is not None
    assert frame.i420.shape == (held[1] * 3 // 2, held[0])
    assert (frame.i420 == 99).all()


def test_pictures_of_two_sizes_follow_each_other_at_a_cut(media):
    old, coming = media.open_feed(FULL), media.open_feed(SMALL)
    old.go_on_air()
    for number, feed, (width, height) in ((1, old, FULL), (2, coming, (952, 544))):
        feed.model_frame(ModelFrame(np.full((height * 3 // 2, width), 50, np.uint8), number, 1.0))
    before = media.buffer.take(1.0)
    coming.go_on_air()
    after = media.buffer.take(1.05)
    assert before is not None
    assert after is not None
    assert (before.i420.shape, after.i420.shape) == ((1056, 1280), (816, 952))


@pytest.mark.parametrize("chunk", [24, 33, 48])
def test_a_buffer_has_room_for_the_model_s_own_chunk(chunk):
    media = Pipeline(Config(sink=SinkConfig(fps=24)), lambda: None)
    feed = media.open_feed(SIZE, chunk_frames=chunk)
    feed.go_on_air()
    for number in range(int(1.5 * 24) + chunk + 1):
        feed.model_frame(model_frame(number % 256, at=1.0))
    assert media.buffer.dropped == 0
