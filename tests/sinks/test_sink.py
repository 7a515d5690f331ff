"""The sink: what it takes, what viewers get, and which virtual camera is chosen."""

import sys
from typing import ClassVar

import numpy as np
import pytest
import pyvirtualcam

from sana_vcam import devices, pixels
from sana_vcam.config import PrivacyConfig, SinkConfig
from sana_vcam.errors import SinkError
from sana_vcam.frames import BypassGrant, CameraFrame, Card, ModelFrame, Picture
from sana_vcam.sinks import sink as sink_module
from sana_vcam.sinks.sink import Sink
from sana_vcam.slate import Slate, draw

PREVIEW = SinkConfig(kind="preview", width=320, height=180)


@pytest.fixture
def preview():
    sink = Sink.open(PREVIEW)
    yield sink
    sink.close()


def model_picture(level, width=1280, height=704):
    raw = bytes([level]) * (width * height * 4)
    return Picture.from_model(ModelFrame.from_sdk(raw, width, height, sequence=0, received_at=0.0))


def raw_frame():
    return CameraFrame(np.full((704, 1280, 3), 99, np.uint8), 0, 0.0)


def in_backend(sink):
    return sink._camera._backend.latest()


def test_viewers_get_the_picture_in_the_sinks_size_and_format(preview):
    preview.send(model_picture(200))

    i420 = in_backend(preview).reshape(270, 320)
    assert np.all(i420[:180] == 188), "Y of grey 200 in limited range"
    assert np.all(np.abs(i420[180:].astype(int) - 128) <= 1)
    assert preview.latest_pixels().shape == (180, 320, 3)
    assert np.all(preview.latest_pixels() == 200)
    assert (preview.kind, preview.size, preview.frames_sent) == ("preview", (320, 180), 1)


@pytest.mark.parametrize(
    "picture",
    [
        Picture.black(640, 352),
        Picture.from_card(draw(Slate("Paused"), 320, 180)),
        model_picture(7),
        model_picture(7, 1280, 720),
        Picture.from_bypass(BypassGrant.from_config(PrivacyConfig(allow_bypass=True)), raw_frame()),
    ],
    ids=lambda picture: picture.source,
)
def test_every_kind_of_picture_is_shown(preview, picture):
    preview.send(picture)

    expected = pixels.to_i420(pixels.to_bgr(pixels.fit(picture.pixels, 320, 180, "crop")))
    assert np.abs(in_backend(preview).astype(int) - expected.reshape(-1)).max() <= 1


class Disguised(Picture):
    """A subclass, which could return other pixels at each look."""

    __slots__ = ()


class Lookalike:
    pixels = np.full((704, 1280, 3), 99, np.uint8)
    source = "model"


def disguised():
    fake = Disguised.__new__(Disguised)
    fake.pixels, fake.source = Lookalike.pixels, "model"
    return fake


@pytest.mark.parametrize(
    "intruder",
    [
        raw_frame(),
        raw_frame().bgr,
        disguised(),
        Lookalike(),
        Card(Lookalike.pixels),
        ModelFrame(np.zeros((704, 1280, 4), np.uint8), 0, 0.0),
        Lookalike.pixels.tobytes(),
        None,
    ],
    ids=lambda intruder: type(intruder).__name__,
)
def test_nothing_but_a_picture_gets_in(preview, intruder):
    preview.send(Picture.black(64, 64))
    before = in_backend(preview).copy()

    with pytest.raises(TypeError, match="takes a Picture only"):
        preview.send(intruder)

    assert np.array_equal(in_backend(preview), before)
    assert preview.frames_sent == 1
    assert not preview.latest_pixels().any()


def test_the_same_picture_is_converted_once(preview, monkeypatch):
    converted = []
    real = pixels.to_i420
    monkeypatch.setattr(pixels, "to_i420", lambda one: converted.append(1) or real(one))
    picture, other = model_picture(5), model_picture(6)
    for shown in (picture, picture, other, other, picture):
        preview.send(shown)

    assert len(converted) == 3
    assert preview.frames_sent == 5


def test_nothing_is_to_be_seen_before_the_first_picture(preview):
    assert preview.latest_pixels() is None


def test_closing_twice_is_fine():
    sink = Sink.open(PREVIEW)
    sink.close()
    sink.close()


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize(("pixel_format", "bytes_each"), [("I420", 1.5), ("BGR24", 3)])
def test_raw_frames_have_the_format_asked_for(tmp_path, pixel_format, bytes_each, fit):
    path = tmp_path / "frames"
    config = SinkConfig(
        kind="raw", path=str(path), width=320, height=180, pixel_format=pixel_format, fit=fit
    )
    sink = Sink.open(config)
    sink.send(model_picture(50))
    sink.send(model_picture(51))
    sink.close()

    data = path.read_bytes()
    assert len(data) == 2 * 320 * 180 * bytes_each
    if pixel_format == "BGR24":
        second = np.frombuffer(data, np.uint8).reshape(2, 180, 320, 3)[1]
        assert np.all(second[90] == 51)
    assert (sink.kind, sink.name) == ("raw", str(path))
    assert sink.latest_pixels().shape == (180, 320, 3)


def test_a_raw_sink_that_cannot_be_opened_says_why_in_plain_words(tmp_path):
    with pytest.raises(SinkError) as caught:
        Sink.open(SinkConfig(kind="raw", path=str(tmp_path / "no" / "where")))

    assert str(caught.value).startswith("sink.path: cannot write to ")


def test_a_sink_that_refuses_frames_is_a_sink_error(preview, monkeypatch):
    def refuse(frame):
        raise RuntimeError("the driver is gone")

    monkeypatch.setattr(preview._camera, "send", refuse)
    with pytest.raises(SinkError, match="refused a frame: the driver is gone"):
        preview.send(Picture.black(64, 64))
    assert preview.frames_sent == 0


# Which virtual camera


class FakeLoopback:
    """A v4l2loopback backend of pyvirtualcam without a driver."""

    made: ClassVar[list] = []

    def __init__(self, *, width, height, fps, fourcc, device):
        if device == "/dev/video66":
            raise RuntimeError("not a video output device")
        self.arguments = (width, height, fps, device)
        self.frames = 0
        FakeLoopback.made.append(self)

    def send(self, frame):
        assert frame.ndim == 1
        self.frames += 1

    def close(self):
        pass

    def device(self):
        return self.arguments[3]

    def native_fourcc(self):
        return None


@pytest.fixture
def linux(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(FakeLoopback, "made", [])
    monkeypatch.setitem(pyvirtualcam.camera.BACKENDS, "v4l2loopback", FakeLoopback)
    said = []
    monkeypatch.setattr(sink_module.loopback, "declare_rate", lambda *rate: said.append(rate))
    return said


def has_loopback(monkeypatch, path):
    found = devices.Device(path, 10, "SANA VCam", "virtual camera")
    asked = []

    def find(label, device):
        asked.append((label, device))
        return found

    monkeypatch.setattr(devices, "find_virtual_camera", find)
    return asked


@pytest.mark.parametrize("kind", ["auto", "v4l2loopback"])
def test_the_virtual_camera_is_found_by_its_label(linux, monkeypatch, kind):
    asked = has_loopback(monkeypatch, "/dev/video10")
    sink = Sink.open(SinkConfig(kind=kind))
    sink.send(Picture.black(1280, 720))
    sink.close()

    assert asked == [("SANA VCam", "")]
    assert (sink.kind, sink.name) == ("v4l2loopback", "SANA VCam (/dev/video10)")
    assert FakeLoopback.made[0].arguments == (1280, 720, 24.0, "/dev/video10")
    assert FakeLoopback.made[0].frames == 1
    assert linux == [("/dev/video10", 24.0)]


def test_auto_without_a_virtual_camera_is_preview_and_says_so(linux, monkeypatch, caplog):
    def find(label, device):
        raise SinkError("there is no virtual camera. sudo modprobe …")

    monkeypatch.setattr(devices, "find_virtual_camera", find)
    sink = Sink.open(SinkConfig())
    sink.close()

    assert sink.kind == "preview"
    assert "sudo modprobe" in caplog.text


def test_a_virtual_camera_asked_for_by_name_has_no_stand_in(linux, monkeypatch):
    def find(label, device):
        raise SinkError("there is no virtual camera")

    monkeypatch.setattr(devices, "find_virtual_camera", find)
    with pytest.raises(SinkError, match="there is no virtual camera"):
        Sink.open(SinkConfig(kind="v4l2loopback"))


def test_a_virtual_camera_that_cannot_be_opened_is_said_with_the_mend(linux, monkeypatch):
    has_loopback(monkeypatch, "/dev/video66")
    with pytest.raises(SinkError) as caught:
        Sink.open(SinkConfig(kind="v4l2loopback"))

    message = str(caught.value)
    assert "SANA VCam (/dev/video66): not a video output device" in message
    assert "sana-vcam devices" in message
    assert "backend" not in message


def test_a_kind_of_another_system_is_refused():
    if "obs" in pyvirtualcam.camera.BACKENDS:
        pytest.skip("this system has it")
    with pytest.raises(SinkError, match=r"sink\.kind: obs does not exist on this system"):
        Sink.open(SinkConfig(kind="obs"))
