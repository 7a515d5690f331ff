"""The media path with two sessions: the camera to both, the picture from one."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from sana_vcam.config.schema import Config, ReactorConfig
from sana_vcam.media.frames import CameraFrame, ModelFrame
from sana_vcam.media.pipeline import Pipeline
from sana_vcam.media.publisher import _push


@pytest.fixture
def media() -> Pipeline:
    return Pipeline(Config(reactor=ReactorConfig(track_width=64, track_height=64)), lambda: None)


def model_frame(value: int, at: float = 1.0) -> ModelFrame:
    return ModelFrame(np.full((96, 64), value, np.uint8), value, at)


def shown(media: Pipeline, now: float) -> int | None:
    frame = media.buffer.take(now)
    return None if frame is None else frame.sequence


def test_the_camera_goes_to_every_session_that_wants_it(media):
    got: dict[str, list[bytes]] = {"old": [], "next": []}
    old, coming = media.open_feed(), media.open_feed()
    old.attach(lambda bgra: not got["old"].append(bgra))
    coming.attach(lambda bgra: not got["next"].append(bgra))
    assert _push(media.publisher.targets, b"both")
    old.detach()
    assert _push(media.publisher.targets, b"one")
    coming.close()
    assert media.publisher.targets == ()
    assert got == {"old": [b"both"], "next": [b"both", b"one"]}


def test_a_session_that_takes_none_keeps_none_from_the_other(media):
    taken: list[bytes] = []
    media.open_feed().attach(lambda _: False)
    media.open_feed().attach(lambda bgra: not taken.append(bgra))
    assert _push(media.publisher.targets, b"x")
    assert taken == [b"x"]


def test_attaching_again_takes_the_place_of_the_former_connection(media):
    feed = media.open_feed()
    feed.attach(lambda _: False)
    feed.attach(lambda _: True)
    assert len(media.publisher.targets) == 1
    assert _push(media.publisher.targets, b"x")


def test_only_the_session_on_air_is_seen_and_counted(media):
    old, coming = media.open_feed(), media.open_feed()
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
    feed = media.open_feed()
    feed.go_on_air()
    feed.close()
    feed.model_frame(model_frame(1))
    assert shown(media, 1.0) is None


def test_a_session_that_has_ended_holds_no_pictures(media):
    feed = media.open_feed()
    feed.go_on_air()
    frame = model_frame(1)
    pixels = weakref.ref(frame.i420)
    feed.model_frame(frame)
    del frame
    assert pixels() is not None
    feed.close()
    assert pixels() is None, "at once, though the feed itself is still known"


def test_a_new_run_forgets_the_old_one_s_frames(media):
    feed = media.open_feed()
    feed.go_on_air()
    feed.model_frame(model_frame(1))
    feed.run_began()
    assert shown(media, 1.0) is None
    assert not feed.plays_on()


def test_the_raw_camera_has_no_way_into_a_feed(media):
    feed = media.open_feed()
    feed.go_on_air()
    media.camera_frames.put(CameraFrame(np.zeros((64, 64, 3), np.uint8), 1, 1.0))
    assert shown(media, 1.0) is None
