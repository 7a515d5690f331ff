"""The arithmetic on what contenders deliver, and the virtual cameras that are made up for them."""

import json
import threading
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

from sana_vcam.config.schema import SinkConfig
from sana_vcam.media.camera.timecode import encode_counter, read_counter
from sana_vcam.media.frames import ModelFrame, Picture
from sana_vcam.media.pixels import to_i420
from sana_vcam.media.sinks.canvas import Canvas
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.sinks.viewers import Viewers
from tests.fakes import jssdk
from tests.rigs.bench import pipeline
from tests.rigs.bench.contenders import browser
from tests.rigs.bench.contenders.cameras import VirtualCameras
from tests.rigs.bench.contenders.clip import Clip
from tests.rigs.bench.contenders.watcher import (
    HEIGHT,
    WIDTH,
    delays,
    judder,
    likeness,
    ramp_s,
    slates,
    stalls,
)

FRAME = 1 / 24
SIZE = (320, 176)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return Clip(tmp_path_factory.mktemp("clip"), SIZE, 24)


def test_an_even_picture_has_no_judder_and_an_uneven_one_has_its_spread():
    even = [(n, n * FRAME) for n in range(100)]
    uneven = [(n, (n + (0.5 if n % 2 else 0)) * FRAME) for n in range(101)]

    assert judder(even) == pytest.approx(0, abs=1e-9)
    assert judder(uneven) == pytest.approx(0.5)


def test_a_delay_is_from_the_newest_read_of_that_picture(tmp_path):
    stamps = tmp_path / "stamps.json"
    stamps.write_text(json.dumps([[1, 0.0], [2, 0.1], [1, 5.0]]))

    found = delays(stamps, [(1, 0.25), (2, 0.3), (1, 5.5), (7, 6.0)])

    assert found == pytest.approx([0.25, 0.2, 0.5])


def test_the_ramp_ends_when_the_quality_stays_and_not_at_one_hard_picture():
    course = [30, 30, 31, 30, 38, 38, 38, 30, 38, 38, 38, 38]
    quality = [(10 + n / 2, float(value)) for n, value in enumerate(course)]

    assert ramp_s(quality, 37) == 1.0  # three of the five from the third on are good
    assert ramp_s(quality, 20) == 0.0
    assert ramp_s(quality, 50) == 5.5


def test_the_page_counts_from_its_own_picture_of_the_camera():
    sent = [(n, n * 40.0) for n in range(50)]
    came = [(n, n * 40.0 + 90.0) for n in range(48)]

    found = browser.seen_by_page(sent, came, [at for _, at in came], 2.0)

    assert set(found["delays, ms"]) == {90.0}
    assert (found["pictures"], len(found["delays, ms"])) == (48, 48)
    assert set(found["intervals, ms"]) == {40.0}
    assert found["stalls"] == 0
    assert browser.seen_by_page(sent, came, [0.0, 40.0], 6.0)["stalls"] == 1


def test_a_picture_that_stands_as_long_as_a_card_would_take_is_a_stall():
    assert stalls([0.0, 1.0, 2.0, 3.0]) == 0
    assert stalls([0.0, 1.0, 4.0, 4.5, 9.0]) == 2


def test_a_card_is_some_frames_without_a_number_and_one_is_a_bad_picture():
    assert slates([]) == 0
    assert slates([4, 9]) == 0
    assert slates([4, 5, 6, 7, 9, 20, 21, 22]) == 2


def test_without_chromium_the_browser_is_left_out_with_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))

    assert pipeline._page(tmp_path, pipeline.SETTINGS) == (
        None,
        "there is no chromium on this machine",
    )
    assert "no browser: there is no chromium" in capsys.readouterr().err


def test_bursts_need_no_browser(tmp_path):
    assert pipeline._page(tmp_path, pipeline.IN_BURSTS) == (None, None)


def test_a_page_that_cannot_be_built_is_left_out_with_its_reason(tmp_path, monkeypatch):
    for tool in ("chromium", "npm"):
        (tmp_path / tool).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / tool).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(jssdk, "CACHE", tmp_path / "never before")

    page, lack = pipeline._page(tmp_path, pipeline.SETTINGS)
    assert page is None
    assert lack.startswith("its page could not be built: ")


def test_what_the_sink_makes_of_a_picture_is_its_reference(clip):
    number = 3
    picture = clip.pictures[number].copy()
    encode_counter(picture, number)
    shown = Canvas(WIDTH, HEIGHT, "crop", "I420").convert(
        Picture.from_model(ModelFrame(to_i420(picture), 0, 0.0))
    )

    reference = clip.reference(number, (WIDTH, HEIGHT), "crop")
    assert np.array_equal(shown[:HEIGHT], reference)
    assert read_counter(reference[:, :, None]) == number


def test_a_picture_that_is_a_little_off_is_a_little_less_alike(clip):
    reference = clip.reference(0, (WIDTH, HEIGHT), "stretch")
    blurred = cv2.GaussianBlur(reference, (0, 0), 3)

    psnr, ssim = likeness(cv2.GaussianBlur(reference, (0, 0), 1), clip, 0, "stretch")
    worse_psnr, worse_ssim = likeness(blurred, clip, 0, "stretch")
    assert psnr > worse_psnr > 20
    assert 1 > ssim > worse_ssim


def test_the_uncompressed_clip_is_what_its_header_says(clip):
    with clip.y4m().open("rb") as file:
        assert file.readline() == b"YUV4MPEG2 W320 H176 F24:1 Ip A1:1 C420\n"
        picture = SIZE[0] * SIZE[1] * 3 // 2
        for number in range(3):
            assert file.readline() == b"FRAME\n"
            luma = np.frombuffer(file.read(picture), np.uint8)[: SIZE[0] * SIZE[1]]
            assert read_counter(luma.reshape(SIZE[1], SIZE[0], 1)) == number


@pytest.mark.parametrize("count", [1, 4])
def test_every_made_up_camera_takes_its_frames_and_tells_its_viewers(tmp_path, count):
    machine = VirtualCameras(tmp_path, count, viewers=2)
    sink = Sink.open(SinkConfig(kind="v4l2loopback", width=64, height=64), system=machine.system)
    with viewers(sink, machine) as watching:
        sink.send(Picture.black(64, 64))
        sink.send(Picture.black(64, 64))

        assert [one.frames for one in sink.status.cameras] == [2] * count
        assert watching.count == 2 * count
    sink.close()


@contextmanager
def viewers(sink, machine):
    """What counts them, from its first look on."""
    stop, looked = threading.Event(), threading.Event()
    watching = Viewers(lambda: sink.devices, looked.set, system=machine.system)
    thread = threading.Thread(target=watching.run, args=(stop,))
    thread.start()
    try:
        assert looked.wait(30)
        yield watching
    finally:
        stop.set()
        watching.wake()
        thread.join()
