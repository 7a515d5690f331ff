"""The encoder by itself: sizes, keyframes, its bitrate."""

import subprocess
import sys
import threading

import numpy as np
import pytest
from av import CodecContext

from sana_vcam.control.preview.comparison import Compared
from sana_vcam.control.preview.encoder import BITRATE_BPS, FPS, Encoder, fitting
from sana_vcam.media.frames import Picture, SlateImage
from sana_vcam.media.pixels import to_i420


def picture(width=1280, height=720, seed=0):
    """Noise, the hardest there is to encode."""
    bgr = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    return Picture.from_slate(SlateImage(bgr)), to_i420(bgr)


def taker(packets):
    return lambda packet, _: packets.append(packet)


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (1280, 720, (640, 360)),
        (1920, 1080, (640, 360)),
        (640, 480, (480, 360)),
        (640, 360, (640, 360)),
        (320, 240, (320, 240)),
        (1080, 1920, (202, 360)),
        (1280, 704, (640, 352)),
        (2, 2, (2, 2)),
        (3840, 16, (640, 2)),
    ],
)
def test_the_size(width, height, size):
    assert fitting(np.zeros((height * 3 // 2, width), np.uint8)) == size


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 480), (322, 242), (1080, 1920)])
def test_every_size_can_be_encoded_and_decoded(width, height):
    packets = []
    _, frame = shown = picture(width, height)
    encoder = Encoder(lambda: shown, taker(packets))
    encoder._tick(0.0)
    decoded = CodecContext.create("libvpx", "r").decode(packets[0])
    assert (decoded[0].width, decoded[0].height) == fitting(frame)


def test_keyframes_come_first_and_when_wanted():
    packets = []
    pictures = iter([picture(seed=number) for number in range(5)])
    encoder = Encoder(lambda: next(pictures), taker(packets))
    for number in range(5):
        if number == 3:
            encoder.want_keyframe()
        encoder._tick(number / FPS)
    assert [one.is_keyframe for one in packets] == [True, False, False, True, False]
    assert [one.pts for one in packets] == [number * 3750 for number in range(5)]


def test_a_cut_to_another_kind_of_picture_is_a_whole_one():
    packets = []
    shown = picture()
    encoder = Encoder(lambda: shown, taker(packets))
    encoder._tick(0.0)
    black = Picture.black(1280, 720)
    shown = black, black.i420
    encoder._tick(1 / FPS)
    encoder._tick(2)
    assert [one.is_keyframe for one in packets] == [True, True, False]


def test_a_comparison_is_marked_and_leaves_no_trace_in_the_picture_after_it():
    sent = []
    shown = picture()
    encoder = Encoder(lambda: shown, lambda packet, private: sent.append((packet, private)))
    encoder._tick(0.0)
    live, shown = shown, (Compared(), shown[1])
    encoder._tick(1 / FPS)
    shown = live
    encoder._tick(2 / FPS)
    assert [private for _, private in sent] == [False, True, False]
    assert all(packet.is_keyframe for packet, _ in sent)


def test_the_bitrate_is_bounded():
    packets = []
    pictures = iter([picture(seed=number) for number in range(72)])
    encoder = Encoder(lambda: next(pictures), taker(packets))
    for number in range(72):
        encoder._tick(number / FPS)
    # Even for noise. The first picture alone takes about a second's worth.
    assert sum(one.size for one in packets[1:]) * 8 / (71 / FPS) < 1.5 * BITRATE_BPS


def test_a_picture_that_stays_is_repeated_now_and_then():
    packets = []
    shown = picture()
    encoder = Encoder(lambda: shown, taker(packets))
    for number in range(48):
        encoder._tick(number / FPS)
    assert 7 <= len(packets) <= 9


def test_a_slow_preview_shows_every_third_picture():
    pictures = ((picture(64, 64, number)) for number in range(100))
    packets = []
    encoder = Encoder(lambda: next(pictures), taker(packets), lambda: True)
    for tick in range(24):
        encoder._tick(1.0 + tick / 24)
    assert len(packets) == 8


def test_before_the_first_picture():
    packets = []
    encoder = Encoder(lambda: None, taker(packets))
    encoder._tick(0.0)
    assert packets == []


def test_run_ends_when_told():
    stop = threading.Event()

    def send(*_):
        stop.set()

    shown = picture(64, 64)
    Encoder(lambda: shown, send).run(stop)
    assert stop.is_set()


def test_a_daemon_without_viewers_does_not_load_the_library():
    script = (
        "import sys, sana_vcam.app.daemon, sana_vcam.control.preview.previews as s; "
        "s.PreviewServer(lambda: None); "
        "print([name for name in ('aiortc', 'aioice', 'av') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert out.stdout.strip() == "[]"
