"""Webcams: which one is opened, kept to, and what is said when it is not there."""

import dataclasses

import numpy as np
import pytest

from sana_vcam.config.schema import CameraConfig
from sana_vcam.errors import CameraError, CameraFault, CameraWords
from sana_vcam.media.camera import opencv
from sana_vcam.media.camera.v4l2capture import V4l2Capture
from sana_vcam.media.camera.webcam import Webcam
from sana_vcam.media.v4l2 import devices
from tests.unit.media.camera.driver import CaptureDriver

PICTURE = np.zeros((4, 4, 3), np.uint8)


class FakeCapture:
    """An open camera."""

    def __init__(self, device):
        self.device = device
        self.is_open = True

    def read(self):
        return PICTURE

    def close(self):
        self.is_open = False


class Rig:
    """A webcam, and the cameras that are plugged in."""

    def __init__(self, monkeypatch, device=""):
        self.cameras = []
        self.asked = []
        self.captures = []
        monkeypatch.setattr(devices, "find_camera", self._find)
        self.webcam = Webcam(CameraConfig(device=device), connect=self._connect)

    def plug_in(self, number=0, name="HD Webcam", **more):
        device = devices.Device(f"/dev/video{number}", number, name, "camera", **more)
        self.cameras.append(device)
        return device

    def _find(self, wanted, system):
        self.asked.append(wanted)
        for one in self.cameras:
            if wanted in {"", one.name, *one.stable_ids}:
                return one
        raise CameraFault("there is no camera", CameraWords.NONE)

    def _connect(self, device, config):
        capture = FakeCapture(device)
        self.captures.append(capture)
        return capture


@pytest.fixture
def rig(monkeypatch):
    return Rig(monkeypatch)


def test_the_first_camera_is_opened_and_read(rig):
    rig.plug_in()
    rig.webcam.open()

    assert rig.webcam.read() is PICTURE
    assert rig.webcam.name == "HD Webcam"
    rig.webcam.close()
    rig.webcam.close()
    assert not rig.captures[0].is_open
    with pytest.raises(CameraError, match="closed"):
        rig.webcam.read()


def test_a_webcam_is_kept_to_by_its_stable_id(rig):
    rig.plug_in(stable_ids=("/dev/v4l/by-id/usb-HD", "/dev/v4l/by-path/pci-1"))
    rig.webcam.open()
    rig.webcam.open()
    rig.webcam.close()

    assert rig.asked == ["", "/dev/v4l/by-id/usb-HD"]
    assert not rig.captures[0].is_open


def test_without_a_stable_id_it_is_kept_to_by_its_name(rig):
    rig.plug_in()
    rig.webcam.open()
    rig.cameras.clear()
    rig.plug_in(1, "Another Camera")
    with pytest.raises(CameraFault) as caught:
        rig.webcam.open()

    assert 'the camera "HD Webcam" was unplugged: plug it in again' in str(caught.value)
    assert caught.value.words is CameraWords.UNPLUGGED
    rig.plug_in(4)
    rig.webcam.open()
    assert rig.captures[-1].device.number == 4
    rig.webcam.close()


def test_a_camera_that_never_was_there_is_not_called_unplugged(rig):
    with pytest.raises(CameraFault) as caught:
        rig.webcam.open()

    assert caught.value.words is CameraWords.NONE


def test_on_linux_the_camera_is_read_through_v4l2(tmp_path, monkeypatch):
    driver = CaptureDriver(tmp_path)
    monkeypatch.setattr(devices, "find_camera", lambda wanted, system: driver.device)
    webcam = Webcam(CameraConfig(), system=driver.system)
    webcam.open()
    capture = webcam._capture
    webcam.close()

    assert isinstance(capture, V4l2Capture)
    assert driver.asked == (b"MJPG", 1280, 720)


# Elsewhere, through OpenCV


class FakeVideoCapture:
    """cv2.VideoCapture, as far as it is used."""

    opens = True
    made: "FakeVideoCapture"

    def __init__(self, number, api):
        self.number, self.api = number, api
        self.settings = []
        self.pictures = [np.zeros((720, 1280, 3), np.uint8)]
        self.released = False
        FakeVideoCapture.made = self

    def isOpened(self):
        return self.opens

    def set(self, key, value):
        self.settings.append((key, value))
        return True

    def grab(self):
        return bool(self.pictures)

    def retrieve(self):
        picture = self.pictures.pop(0)
        return picture is not None, picture

    def release(self):
        self.released = True


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """A machine that is no Linux, with one camera."""
    import cv2

    monkeypatch.setattr(cv2, "VideoCapture", FakeVideoCapture)
    device = devices.Device("0", 0, "camera 0", "camera")
    monkeypatch.setattr(devices, "find_camera", lambda wanted, system: device)
    level = cv2.utils.logging.getLogLevel()
    system = dataclasses.replace(devices.System(), platform="darwin")
    yield Webcam(CameraConfig(), system=system)
    cv2.utils.logging.setLogLevel(level)


def test_mjpg_is_asked_for_before_size_and_rate(elsewhere):
    import cv2

    elsewhere.open()
    capture = FakeVideoCapture.made
    picture = elsewhere.read()
    elsewhere.close()

    assert (capture.number, capture.api) == (0, cv2.CAP_ANY)
    assert capture.settings == [
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 24.0),
    ]
    assert picture.shape == (720, 1280, 3)
    assert capture.released


def test_some_bad_pictures_are_passed_over_and_many_are_not(elsewhere):
    elsewhere.open()
    bad = [None] * opencv.MOST_BAD_PICTURES
    FakeVideoCapture.made.pictures = [None, None, PICTURE, *bad, PICTURE]

    assert elsewhere.read() is PICTURE
    with pytest.raises(CameraFault, match="gives no picture"):
        elsewhere.read()
    elsewhere.close()


def test_an_error_of_opencv_is_a_fault_of_the_camera(elsewhere, monkeypatch):
    import cv2

    def fail(self):
        raise cv2.error("a codec that is not there")

    elsewhere.open()
    monkeypatch.setattr(FakeVideoCapture, "retrieve", fail)
    with pytest.raises(CameraFault, match="gives no picture: a codec"):
        elsewhere.read()
    elsewhere.close()


@pytest.mark.parametrize("shape", [(47, 85), (47, 85, 1)])
def test_a_grey_picture_is_given_three_colours(elsewhere, shape):
    elsewhere.open()
    FakeVideoCapture.made.pictures = [np.full(shape, 90, np.uint8)]
    picture = elsewhere.read()
    elsewhere.close()

    assert picture.shape == (47, 85, 3)
    assert (picture == 90).all()


def test_a_camera_that_does_not_open_may_be_in_use(elsewhere, monkeypatch):
    monkeypatch.setattr(FakeVideoCapture, "opens", False)
    with pytest.raises(CameraFault, match="another program may use it") as caught:
        elsewhere.open()

    assert caught.value.words is CameraWords.BUSY
