"""Files as the camera: pace, end and stills, and what is said of those that do not play."""

import os
import threading
from pathlib import Path

import pytest

from sana_vcam.config.schema import CameraConfig
from sana_vcam.errors import CameraError
from sana_vcam.media.camera import clip, videofile
from sana_vcam.media.camera.source import open_source
from sana_vcam.media.camera.videofile import VideoFile
from tests.unit.media.camera.clips import MS, make_clip, make_gif, make_photo, number_of
from tests.unit.media.camera.fakes import Clock


@pytest.fixture
def opened(monkeypatch):
    """How often a file was opened to be decoded."""
    paths = []
    real = clip.ClipReader

    def counted(path, **options):
        paths.append(path)
        return real(path, **options)

    monkeypatch.setattr(videofile, "ClipReader", counted)
    return paths


@pytest.fixture
def play():
    """Makes a file that plays on a clock of its own; closed after the test."""
    playing = []

    def start(path, **options):
        clock = Clock()
        source = clock.drive(VideoFile(path, clock=clock, **options))
        source.open()
        playing.append(source)
        return source, clock

    yield start
    for source in playing:
        source.close()


def watch(source, clock, seconds):
    """What is on show, and since when, for so long: [(second, number)]."""
    seen = []
    while clock.now - 1000 < seconds:
        picture = source.read()
        number = number_of(picture)
        if not seen or seen[-1][1] != number:
            seen.append((round(clock.now - 1000, 2), number))
    return seen


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_a_gap_of_ten_minutes_is_passed_over_within_a_second(tmp_path, play, ending):
    stamps = [0, 42, 84, 600_000, 600_042]
    path = make_clip(tmp_path / f"jump.{ending}", stamps=stamps, time_base=MS)
    source, clock = play(path)

    assert watch(source, clock, 1.0) == [(0, 0), (0.04, 1), (0.08, 2), (1.08, 3)]


def test_no_read_waits_for_longer_than_half_a_second(tmp_path, play):
    """So whoever reads can end soon, whatever the file says, and knows that it is not stuck."""
    for path in (
        make_gif(tmp_path / "slides.gif", ms=60_000),
        make_clip(tmp_path / "slow.mkv", stamps=[0, 9000], time_base=MS),
        make_photo(tmp_path / "photo.png"),
    ):
        source, clock = play(path)
        before = clock.now
        for _ in range(20):
            source.read()
            assert clock.now - before <= videofile.STANDS_S + 0.001
            before = clock.now


def test_a_picture_that_stands_is_given_again_as_the_same_array(tmp_path, play):
    source, clock = play(make_gif(tmp_path / "slides.gif", numbers=(0, 3), ms=3000))
    pictures = [source.read() for _ in range(5)]

    assert all(picture is pictures[0] for picture in pictures)
    assert watch(source, clock, 12.5) == [(2.5, 0), (3, 3), (6, 0), (9, 3), (12, 0)]


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: make_photo(folder / "photo.jpg"),
        lambda folder: make_photo(folder / "photo.gif"),
        lambda folder: make_clip(folder / "one.mp4", frames=1),
        lambda folder: make_clip(folder / "short.mp4", frames=5),
        lambda folder: make_gif(folder / "cartoon.gif", ms=20),
    ],
)
def test_a_still_and_a_short_loop_are_decoded_once(tmp_path, play, opened, make):
    source, clock = play(make(tmp_path))
    while clock.now < 1010:
        source.read()

    assert len(opened) == 1


def test_a_single_picture_is_kept_however_large_it_is(tmp_path, play, opened, monkeypatch):
    monkeypatch.setattr(videofile, "KEPT_BYTES", 10)
    source, clock = play(make_photo(tmp_path / "photo.jpg"))
    first = source.read()
    while clock.now < 1005:
        assert source.read() is first

    assert len(opened) == 1


def test_a_long_loop_is_not_kept(tmp_path, play, opened, monkeypatch):
    monkeypatch.setattr(videofile, "KEPT_BYTES", 3 * 64 * 48 * 4)
    source, clock = play(make_clip(tmp_path / "long.mp4", frames=6))
    seen = watch(source, clock, 1.0)

    assert [number for _, number in seen] == [*range(6), *range(6), *range(6), *range(6), 0]
    assert len(opened) == 5


def test_a_still_that_is_replaced_is_shown_anew(tmp_path, play):
    path = make_gif(tmp_path / "photo.gif", numbers=(3,))
    source, clock = play(path)
    assert number_of(source.read()) == 3
    make_gif(tmp_path / "new.gif", numbers=(9,)).replace(path)
    seen = watch(source, clock, 2.0)

    assert seen[-1][1] == 9


def test_a_file_that_goes_away_plays_to_its_end(tmp_path, play, monkeypatch):
    path = make_clip(tmp_path / "clip.mp4")
    monkeypatch.setattr(videofile, "KEPT_BYTES", 0)
    source, _ = play(path)
    source.read()
    path.unlink()
    pictures = [source.read() for _ in range(5)]
    assert number_of(pictures[-1]) == 5
    with pytest.raises(CameraError, match="does not exist"):
        source.read()


def test_a_slide_that_is_a_little_late_is_not_left_out(tmp_path, play):
    source, clock = play(make_gif(tmp_path / "slides.gif", numbers=(0, 3, 6), ms=3000))
    watch(source, clock, 2.9)
    clock.now += 0.6

    assert number_of(source.read()) == 3


def test_a_machine_too_slow_for_a_file_shows_some_of_it(tmp_path):
    path = make_clip(tmp_path / "clip.mp4", frames=12)
    clock = Clock()
    source = VideoFile(path, clock=clock)

    advance = source._advance

    def slow_advance():
        clock.now += 0.06
        return advance()

    source._advance = slow_advance
    clock.drive(source)
    source.open()
    begun = clock.now
    shown = 0
    while clock.now < begun + 3:
        source.read()
        shown += 1
    source.close()

    assert shown >= 3 / (videofile.SEARCH_S + 0.06) * 0.8


def test_a_very_fast_file_is_thinned_before_it_is_converted(tmp_path, play):
    path = make_clip(tmp_path / "fast.mkv", fps=500, frames=100, codec="ffv1", pix_fmt="yuv444p")
    source, clock = play(path, most_fps=24)
    shown = 0
    while clock.now < 1001:
        source.read()
        shown += 1

    assert 40 <= shown <= 52


def test_a_name_that_is_no_text_plays_and_is_told_as_text(tmp_path, play):
    path = make_clip(tmp_path / "made.mp4").rename(tmp_path / os.fsdecode(b"caf\xe9.mp4"))
    source, _ = play(path)

    assert number_of(source.read()) == 0
    assert source.name == "caf\N{REPLACEMENT CHARACTER}.mp4"
    missing = VideoFile(tmp_path / os.fsdecode(b"no\xe9/such\xff.mp4"))
    with pytest.raises(CameraError, match="does not exist") as caught:
        missing.open()
    assert "no\N{REPLACEMENT CHARACTER}/such" in str(caught.value)
    str(caught.value).encode("utf-8")


@pytest.mark.parametrize("address", ["rtsp:/127.0.0.1:8554/cam", "http:/x/y", "srt:/h", "udp:/h:9"])
def test_an_address_is_told_from_a_file(tmp_path, monkeypatch, address):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CameraError, match=r"camera\.path.*is an address.*v4l2loopback.*ffmpeg -i"):
        VideoFile(Path(address)).open()
    folder, name = address.split("/", 1)
    (tmp_path / folder / Path(name).parent).mkdir(parents=True)
    make_clip(tmp_path / "made.mp4").rename(tmp_path / address)
    source = VideoFile(Path(address))
    source.open()
    source.close()


def test_what_is_no_file_is_said(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path, what in (
        (tmp_path / "fifo", "is not a file"),
        (Path("/dev/null"), "is not a file"),
        (tmp_path, "is not a file"),
        (tmp_path / "none", "does not exist"),
        (tmp_path / ("x" * 300), "cannot play"),
        (tmp_path / "nul\0.mp4", "does not exist"),
    ):
        with pytest.raises(CameraError, match=what):
            VideoFile(path).open()


def test_the_rate_of_the_configuration_reaches_the_file(tmp_path):
    path = make_clip(tmp_path / "fast.mkv", fps=500, frames=100, codec="ffv1", pix_fmt="yuv444p")
    source = open_source(CameraConfig(source="file", path=path, fps=5))
    source.open()
    first, second = source.read(), source.read()
    source.close()

    assert number_of(first) == 0
    assert number_of(second) >= 10


def test_closing_leaves_the_file_closed_also_in_the_middle(tmp_path, monkeypatch):
    monkeypatch.setattr(videofile, "KEPT_BYTES", 0)
    path = make_clip(tmp_path / "clip.mp4", frames=30)
    source = VideoFile(path)
    source.open()
    source.read()
    source.read()
    source.close()

    held = [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.exists()]
    assert str(path) not in held
    with pytest.raises(CameraError, match="closed"):
        source.read()


def test_closing_ends_a_read_on_another_thread(tmp_path):
    source = VideoFile(make_photo(tmp_path / "photo.png"))
    source.open()
    failures = []

    def read():
        try:
            while True:
                source.read()
        except CameraError as error:
            failures.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    source.close()
    reader.join(20)

    assert failures == ["photo.png: closed"]
