"""The sink: what it takes, what viewers get, and which virtual camera is chosen."""

import dataclasses
from typing import ClassVar

import numpy as np
import pytest
import pyvirtualcam

from sana_vcam.config.schema import PrivacyConfig, SinkConfig
from sana_vcam.errors import SinkError
from sana_vcam.media import pixels
from sana_vcam.media.frames import BypassGrant, CameraFrame, ModelFrame, Picture, SlateImage
from sana_vcam.media.sinks import canvas
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.slate import Slate, draw
from sana_vcam.media.v4l2.devices import how_to_make
from tests.unit.media.sinks.fakes import Machine, open_descriptors

PREVIEW = SinkConfig(kind="preview", width=320, height=180)


@pytest.fixture
def preview():
    sink = Sink.open(PREVIEW)
    yield sink
    sink.close()


def model_picture(level, width=1280, height=704):
    bgr = np.full((height, width, 3), level, np.uint8)
    return Picture.from_model(ModelFrame(pixels.to_i420(bgr), 0, 0.0))


def raw_frame():
    return CameraFrame(np.full((704, 1280, 3), 99, np.uint8), 0, 0.0)


def in_backend(sink):
    return sink._cameras[0]._backend.latest


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
        Picture.from_slate(draw(Slate("Paused"), 320, 180)),
        model_picture(7),
        model_picture(7, 1280, 720),
        Picture.from_bypass(BypassGrant.from_config(PrivacyConfig(allow_bypass=True)), raw_frame()),
    ],
    ids=lambda picture: picture.source,
)
def test_every_kind_of_picture_is_shown(preview, picture):
    preview.send(picture)

    expected = pixels.fit_i420(picture.i420, 320, 180, "crop")
    assert np.abs(in_backend(preview).astype(int) - expected).max() <= 1


class Disguised(Picture):
    """A subclass, which could return other pixels at each look."""

    __slots__ = ()


class Lookalike:
    i420 = np.full((704 * 3 // 2, 1280), 99, np.uint8)
    source = "model"


def disguised():
    fake = Disguised.__new__(Disguised)
    fake.i420, fake.source = Lookalike.i420, "model"
    return fake


@pytest.mark.parametrize(
    "intruder",
    [
        raw_frame(),
        raw_frame().bgr,
        disguised(),
        Lookalike(),
        SlateImage(raw_frame().bgr),
        ModelFrame(Lookalike.i420, 0, 0.0),
        Lookalike.i420.tobytes(),
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
    real = canvas.fit_i420
    monkeypatch.setattr(canvas, "fit_i420", lambda *how: converted.append(1) or real(*how))
    picture, other = model_picture(5), model_picture(6)
    for shown in (picture, picture, other, other, picture):
        preview.send(shown)

    assert len(converted) == 3
    assert preview.frames_sent == 5


def test_nothing_is_to_be_seen_before_the_first_picture(preview):
    assert preview.latest_pixels() is None
    assert preview.latest_i420() is None


@pytest.mark.parametrize("pixel_format", ["I420", "BGR24"])
def test_the_latest_picture_as_viewers_get_it(tmp_path, pixel_format):
    config = SinkConfig(
        kind="raw",
        path=str(tmp_path / "frames"),
        width=320,
        height=180,
        pixel_format=pixel_format,
    )
    sink = Sink.open(config)
    sink.send(Picture.black(64, 64))
    picture = model_picture(200)
    sink.send(picture)
    latest, i420 = sink.latest_i420()
    sink.close()
    assert latest is picture
    assert i420.shape == (270, 320)
    assert np.all(i420[:180] == 188), "Y of grey 200 in limited range"
    assert np.all(np.abs(i420[180:].astype(int) - 128) <= 1)


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


def test_a_sink_that_refuses_frames_is_lost_and_tried_again(preview, monkeypatch, caplog):
    def refuse(frame):
        raise RuntimeError("the driver is gone")

    monkeypatch.setattr(preview._cameras[0]._backend, "send", refuse)
    preview.send(Picture.black(64, 64))

    assert "refused a frame: the driver is gone" in preview.status.error
    assert not preview.status.cameras[0].open
    assert "the driver is gone" in caplog.text


# Which virtual cameras


@pytest.fixture
def machine(tmp_path):
    before = open_descriptors()
    yield Machine(tmp_path)
    assert open_descriptors() == before, "a descriptor was left open"


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def open_sink(machine, *, clock=None, slate=None, **keys):
    config = SinkConfig(**{"kind": "v4l2loopback", "width": 320, "height": 180} | keys)
    return Sink.open(config, slate=slate, system=machine.system, clock=clock or Clock())


def luma(frame):
    """The brightness of a frame's first pixel."""
    return frame[0]


@pytest.mark.parametrize("kind", ["auto", "v4l2loopback"])
def test_the_virtual_camera_is_found_by_its_label(machine, kind):
    ours, other = machine.add(10), machine.add(3, "OBS Virtual Camera")
    sink = open_sink(machine, kind=kind)
    sink.send(model_picture(200))
    sink.close()

    assert (sink.kind, sink.name) == ("v4l2loopback", f"SANA VCam ({machine.path(10)})")
    assert luma(ours.written[0]) == 188
    assert ours.rate[3:] == (1, 24)
    assert not other.written


def test_every_device_of_the_label_gets_every_frame(machine):
    """A device takes one viewer only, so several apps need several devices."""
    fed = [machine.add(12), machine.add(10, "SANA VCam 2"), machine.add(11, "SANA VCam 10")]
    others = [machine.add(1, "SANA VCam B"), machine.add(2, "SANA"), machine.add(4, "My SANA VCam")]
    sink = open_sink(machine)
    for level in (10, 20, 30):
        sink.send(model_picture(level))

    assert [one.name for one in sink.status.cameras] == ["SANA VCam", "SANA VCam 2", "SANA VCam 10"]
    assert sink.devices == (machine.path(12), machine.path(10), machine.path(11))
    assert [one.frames for one in sink.status.cameras] == [3, 3, 3]
    assert [len(one.written) for one in fed] == [3, 3, 3]
    assert not any(one.written for one in others)
    assert sink.frames_sent == 3
    sink.close()


def test_the_devices_may_be_listed(machine):
    chosen = [machine.add(20, "A"), machine.add(5, "B")]
    left_out = machine.add(10)
    sink = open_sink(machine, device=f"{machine.path(20)}, 5")
    sink.send(Picture.black(320, 180))
    sink.close()

    assert [len(one.written) for one in chosen] == [2, 2], "the frame, and the slate at the end"
    assert not left_out.written


def test_one_device_of_two_that_is_busy_does_not_stop_the_other(machine, caplog):
    ours, busy = machine.add(10), machine.add(11, "SANA VCam 2")
    busy.producer_elsewhere = True
    clock = Clock()
    sink = open_sink(machine, clock=clock)
    sink.send(Picture.black(320, 180))

    assert [one.open for one in sink.status.cameras] == [True, False]
    assert sink.devices == (machine.path(10),), "who watches the other program is not ours"
    assert "another program feeds" in sink.status.error
    assert "another program feeds" in caplog.text
    busy.producer_elsewhere = False
    clock.now += 1
    sink.send(Picture.black(320, 180))
    assert sink.status.error is None
    assert (len(ours.written), len(busy.written)) == (2, 1)
    sink.close()


def test_a_device_that_goes_comes_back_under_another_number(machine):
    machine.add(10)
    clock = Clock()
    sink = open_sink(machine, clock=clock)
    sink.send(model_picture(200))
    machine.remove(10)
    sink.send(model_picture(201))
    clock.now += 1
    sink.send(model_picture(202))

    assert sink.status.error.endswith("is gone. " + how_to_make(machine.system))
    assert sink.devices == (machine.path(10),)
    assert sink.frames_sent == 3
    back = machine.add(7)
    clock.now += 5
    sink.send(model_picture(200))
    assert sink.status.error is None
    assert sink.devices == (machine.path(7),)
    assert luma(back.written[0]) == 188
    assert machine.image(7)[0] == 16, "the slate is laid down again"
    sink.close()


def test_the_slate_is_given_to_the_driver_and_left_as_the_last_picture(machine):
    device = machine.add(10)
    slate = Picture.from_slate(SlateImage(np.full((180, 320, 3), 255, np.uint8)))
    sink = open_sink(machine, slate=slate)
    sink.send(Picture.black(320, 180))
    sink.close()

    assert machine.image(10)[0] == 235
    assert [luma(frame) for frame in device.written] == [16, 235]


@pytest.mark.parametrize(
    "slate",
    [
        model_picture(9),
        Picture.from_bypass(BypassGrant.from_config(PrivacyConfig(allow_bypass=True)), raw_frame()),
        raw_frame(),
        disguised(),
    ],
    ids=["model", "bypass", "frame", "disguised"],
)
def test_no_picture_of_anybody_outlives_the_process(machine, slate):
    machine.add(10)
    with pytest.raises(TypeError, match="a slate or black"):
        open_sink(machine, slate=slate)


def test_auto_without_a_virtual_camera_is_preview_and_says_so(machine, caplog):
    sink = open_sink(machine, kind="auto")
    sink.close()

    assert sink.kind == "preview"
    assert sink.devices == ()
    assert "on this machine: sana-vcam doctor" in caplog.text
    assert len(caplog.records[0].getMessage().splitlines()) == 1


def test_a_virtual_camera_asked_for_by_name_has_no_stand_in(machine):
    with pytest.raises(SinkError, match="there is no virtual camera"):
        open_sink(machine)


def test_a_virtual_camera_that_cannot_be_opened_is_said_with_the_mend(machine):
    machine.add(10).producer_elsewhere = True
    machine.hold(4711, "obs", 10)
    with pytest.raises(SinkError) as caught:
        open_sink(machine)

    message = str(caught.value)
    assert message.startswith("another program feeds the virtual camera ")
    assert "obs (pid 4711)" in message
    assert "backend" not in message


@pytest.mark.parametrize("kind", ["obs", "unitycapture"])
def test_a_kind_of_another_system_is_refused(machine, kind):
    with pytest.raises(SinkError, match=rf"sink\.kind: {kind} does not exist on this system"):
        open_sink(machine, kind=kind)


class Elsewhere:
    """A backend of pyvirtualcam on another system."""

    made: ClassVar[list] = []

    def __init__(self, *, width, height, fps, fourcc, device):
        if device == "broken":
            raise RuntimeError("extension not installed")
        Elsewhere.made.append((width, height, fps, device))

    def send(self, frame):
        assert frame.ndim == 1

    def close(self):
        pass

    def device(self):
        return "OBS Virtual Camera"

    def native_fourcc(self):
        return None


def test_on_another_system_the_installed_virtual_camera_is_used(machine, monkeypatch):
    monkeypatch.setattr(Elsewhere, "made", [])
    monkeypatch.setitem(pyvirtualcam.camera.BACKENDS, "obs", Elsewhere)
    system = dataclasses.replace(machine.system, platform="darwin")
    sink = Sink.open(SinkConfig(), system=system)
    sink.send(Picture.black(64, 64))
    sink.close()

    assert (sink.kind, sink.name, sink.devices) == ("obs", "OBS Virtual Camera", ())
    assert Elsewhere.made == [(1280, 720, 24.0, None)]
    with pytest.raises(SinkError, match="extension not installed; install OBS Studio"):
        Sink.open(SinkConfig(kind="obs", device="broken"), system=system)


def test_the_reader_of_a_pipe_that_goes_ends_the_sink():
    """Nothing brings standard output's reader back."""
    sink = Sink.open(SinkConfig(kind="preview", width=64, height=64))
    sink._cameras[0]._backend = Broken()
    with pytest.raises(SinkError, match="the reader has gone"):
        sink.send(Picture.black(64, 64))
    sink.close()


class Broken:
    def send(self, frame):
        raise SinkError("the reader has gone")

    def close(self):
        pass
