"""Files of every orientation, shape, name and damage, read picture by picture."""

import os
import wave
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from sana_vcam.media.camera.clip import ClipReader, NotPlayable
from sana_vcam.media.camera.upright import View
from tests.unit.media.camera.clips import (
    CORNERS,
    EXIF,
    MATRICES,
    MS,
    corner_of,
    make_clip,
    make_gif,
    make_photo,
    number_of,
)


def first_of(path):
    with ClipReader(path) as clip:
        return next(clip.pictures()).pixels()


def all_of(path):
    with ClipReader(path) as clip:
        return [(picture.at_s, number_of(picture.pixels())) for picture in clip.pictures()]


# Orientation


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_a_clip_is_turned_and_mirrored_as_its_track_says(tmp_path, matrix, ending):
    picture = first_of(make_clip(tmp_path / f"clip.{ending}", matrix=matrix))

    assert picture.shape[:2] == ((64, 48) if "quarter" in matrix else (48, 64))
    assert corner_of(picture) == CORNERS[matrix]


@pytest.mark.parametrize("orientation", EXIF)
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
def test_a_photo_is_turned_and_mirrored_as_its_exif_says(tmp_path, orientation, ending):
    picture = first_of(make_photo(tmp_path / f"photo.{ending}", orientation=orientation))

    assert picture.shape[:2] == ((64, 48) if orientation > 4 else (48, 64))
    assert corner_of(picture) == CORNERS[EXIF[orientation]]


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_none(tmp_path, orientation):
    picture = first_of(make_photo(tmp_path / "photo.jpg", orientation=orientation))

    assert corner_of(picture) == "top left"


@pytest.mark.parametrize("matrix", [None, b"", bytes(36), b"\1" * 36, b"\1" * 8])
def test_a_matrix_that_is_damaged_turns_nothing(matrix):
    assert View.of(matrix) == View()


def test_a_turn_by_an_odd_angle_goes_to_the_nearest_quarter():
    tilted = np.array([60000, 26000, 0, -26000, 60000, 0, 0, 0, 1 << 30], np.int32).tobytes()
    steep = np.array([26000, 60000, 0, -60000, 26000, 0, 0, 0, 1 << 30], np.int32).tobytes()

    assert View.of(tilted) == View()
    assert View.of(steep) == View(transpose=True, left_right=True)


# The pixels' shape


@pytest.mark.parametrize(
    ("ending", "codec"), [("mp4", "mpeg4"), ("mkv", "mpeg4"), ("avi", "mpeg4"), ("ts", "mpeg4")]
)
def test_pixels_that_are_not_square_are_made_square(tmp_path, ending, codec):
    path = make_clip(tmp_path / f"dvd.{ending}", size=(180, 144), sar=Fraction(64, 45), codec=codec)

    assert first_of(path).shape == (144, 256, 3)


def test_pixels_taller_than_wide_are_made_square_before_the_turn(tmp_path):
    path = make_clip(tmp_path / "dv.mp4", size=(72, 48), sar=Fraction(8, 9), matrix="quarter")
    picture = first_of(path)

    assert picture.shape == (64, 48, 3)
    assert corner_of(picture) == "top right"


def test_a_shape_that_changes_within_the_file_is_followed(tmp_path):
    parts = [
        make_clip(tmp_path / f"{n}.mpg", size=(96, 96), codec="mpeg2video", fps=25, sar=sar)
        for n, sar in enumerate([Fraction(4, 3), Fraction(16, 9)])
    ]
    path = tmp_path / "both.mpg"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with ClipReader(path) as clip:
        widths = [picture.pixels().shape[1] for picture in clip.pictures()]

    assert len(set(widths)) == 2, "4:3 pixels first, 16:9 ones then"
    assert widths == sorted(widths)


@pytest.mark.parametrize("aspect", [0.0, 1e-6, 1e6, float("nan"), float("inf"), -1.0])
def test_a_shape_that_cannot_be_is_none(aspect):
    assert View.of(None, aspect).aspect == 1.0


# Pace


def test_a_jump_in_the_stamps_of_either_container_is_passed_over(tmp_path):
    stamps = [*range(0, 500, 42), *range(600_000, 600_500, 42)]
    for ending in ("mkv", "mp4"):
        path = make_clip(tmp_path / f"jump.{ending}", stamps=stamps, time_base=MS)
        places = [at_s for at_s, _ in all_of(path)]
        longest = max(b - a for a, b in pairwise(places))
        assert len(places) == len(stamps)
        assert 0.9 < longest < 1.1


def test_a_cartoon_and_a_slide_show_keep_their_pace(tmp_path):
    quick = make_gif(tmp_path / "quick.gif", ms=100)
    slow = make_gif(tmp_path / "slow.gif", ms=3000)

    assert all_of(quick) == [(0.0, 0), (pytest.approx(0.1), 3), (pytest.approx(0.2), 6)]
    assert all_of(slow) == [(0.0, 0), (3.0, 3), (6.0, 6)]


def test_two_recordings_in_one_file_follow_each_other(tmp_path):
    path = make_clip(tmp_path / "a.ts", codec="mpeg2video", fps=25)
    path.write_bytes(path.read_bytes() * 2)
    places = [at_s for at_s, _ in all_of(path)]

    assert len(places) == 12
    assert places == pytest.approx([number / 25 for number in range(12)], abs=0.05)


# Names


@pytest.mark.parametrize(
    "name",
    [
        "12:30 call.mp4", "concat:x.mp4", "pipe:", "file:x.mp4", "-x.mp4", "%03d.mp4", "a[1-3].mp4",
        "*.mp4", "rtsp:.mp4", "café 猫 🎥.mp4", "a\nb.mp4", "'\"$(x)`.mp4", "no ending", "x.m3u8",
        os.fsdecode(b"caf\xe9.mp4"), os.fsdecode(b"\xff\xfe.mp4"),
    ],
)  # fmt: skip
def test_a_file_of_any_name_is_read(tmp_path, monkeypatch, name):
    made = make_clip(tmp_path / "made.mp4")
    folder = tmp_path / os.fsdecode(b"folder \xe9")
    folder.mkdir()
    made.rename(folder / name)
    monkeypatch.chdir(folder)

    assert corner_of(first_of(Path(name))) == "top left"
    assert corner_of(first_of(folder / name)) == "top left"


def test_a_photo_named_like_a_pattern_is_read_itself(tmp_path):
    make_photo(tmp_path / "5.jpg", size=(16, 16))
    photo = make_photo(tmp_path / "%d.jpg", orientation=6)

    assert first_of(photo).shape == (64, 48, 3)


def test_a_file_that_would_have_others_opened_is_refused(tmp_path):
    make_clip(tmp_path / "other.ts", codec="mpeg2video", fps=25)
    lists = {
        "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nother.ts\n#EXT-X-ENDLIST\n",
        "list.ffconcat": "ffconcat version 1.0\nfile other.ts\n",
        "list.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    }
    for name, text in lists.items():
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(NotPlayable):
            all_of(path)


# Contents


def test_a_photo_is_one_picture(tmp_path):
    for ending in ("jpg", "png", "webp", "tif", "bmp", "gif"):
        assert len(all_of(make_photo(tmp_path / f"photo.{ending}"))) == 1


def test_the_cover_of_a_song_is_one_picture(tmp_path):
    path = tmp_path / "song.mp3"
    cover = make_photo(tmp_path / "cover.jpg").read_bytes()
    body = b"\0image/jpeg\0\3\0" + cover
    frame = b"APIC" + len(body).to_bytes(4) + b"\0\0" + body
    size = len(frame)
    synchsafe = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    silence = b"\xff\xfb\x90\x00" + bytes(413)
    path.write_bytes(b"ID3\3\0\0" + synchsafe + frame + silence * 20)

    assert [number for _, number in all_of(path)] == [6]


def test_what_is_transparent_is_black(tmp_path):
    rgba = np.full((48, 64, 4), 200, np.uint8)
    rgba[:, :32, 3] = 0
    rgba[:, 32:, 3] = 255
    Image.fromarray(rgba).save(tmp_path / "logo.png")
    picture = first_of(tmp_path / "logo.png")

    assert picture[:, :32].max() == 0
    assert picture[:, 32:].min() == 200


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "size"),
    [
        ("ffv1", "yuv444p", (85, 47)),
        ("ffv1", "yuv444p", (1, 1)),
        ("ffv1", "gray", (64, 48)),
        ("ffv1", "yuv420p10le", (64, 48)),
        ("ffv1", "yuva420p", (64, 48)),
        ("mjpeg", "yuvj420p", (64, 48)),
        ("rawvideo", "bgr24", (63, 47)),
    ],
)
def test_any_coding_becomes_bgr(tmp_path, codec, pix_fmt, size):
    path = make_clip(
        tmp_path / ("clip.avi" if codec == "rawvideo" else "clip.mkv"),
        codec=codec,
        pix_fmt=pix_fmt,
        size=size,
        frames=3,
    )
    with ClipReader(path) as clip:
        pictures = [picture.pixels() for picture in clip.pictures()]

    assert [picture.shape for picture in pictures] == [(size[1], size[0], 3)] * 3
    assert all(picture.dtype == np.uint8 for picture in pictures)


@pytest.mark.parametrize(("space", "limits"), [(1, 1), (6, 1), (1, 2), (6, 2)])
def test_colours_are_those_of_the_files_own_space(tmp_path, space, limits):
    """BT.709 and BT.601, limited and full range: the same red whatever it is coded as."""
    path = tmp_path / "red.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p"
        context = stream.codec_context
        context.colorspace, context.color_range = space, limits
        red = np.zeros((48, 64, 3), np.uint8)
        red[:, :, 0] = 200
        frame = av.VideoFrame.from_ndarray(red, "rgb24").reformat(
            format="yuv444p", dst_colorspace={1: 1, 6: 5}[space], dst_color_range=limits
        )
        frame.colorspace, frame.color_range, frame.pts = space, limits, 0
        file.mux(stream.encode(frame))
        file.mux(stream.encode())

    assert first_of(path)[24, 32].tolist() == pytest.approx([0, 0, 200], abs=4)


def test_a_file_that_ends_early_shows_what_it_has(tmp_path):
    whole = make_clip(tmp_path / "whole.mkv", frames=12).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) * 2 // 3])

    assert 1 <= len(all_of(tmp_path / "cut.mkv")) < 12


def test_a_file_without_a_picture_says_so(tmp_path):
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("this is no video\n" * 100)
    for name in ("sound.wav", "empty.mp4", "text.mp4"):
        with pytest.raises(NotPlayable):
            all_of(tmp_path / name)


def test_a_picture_too_large_to_decode_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sana_vcam.media.camera.clip.MOST_PIXELS", 64 * 48 - 1)
    with pytest.raises(NotPlayable):
        all_of(make_photo(tmp_path / "large.png"))


def test_a_clip_that_is_closed_reads_no_further(tmp_path):
    path = make_clip(tmp_path / "long.avi", frames=60, codec="rawvideo", pix_fmt="bgr24")
    closed = []
    with ClipReader(path, closed=lambda: bool(closed)) as clip:
        pictures = clip.pictures()
        next(pictures)
        closed.append(True)
        assert len(list(pictures)) < 58
