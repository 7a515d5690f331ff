"""The webcam on Linux against a made-up driver, on a clock that only its waits move."""

import dataclasses
import errno
import select

import cv2
import numpy as np
import pytest

from sana_vcam.config.schema import CameraConfig
from sana_vcam.errors import CameraFault, CameraWords
from sana_vcam.media.camera import v4l2capture
from sana_vcam.media.camera.v4l2capture import FIRST_PICTURE_S, NEXT_PICTURE_S, V4l2Capture
from sana_vcam.media.v4l2 import ioctl as v4l2
from tests.unit.media.camera.driver import CaptureDriver
from tests.unit.media.sinks.fakes import open_descriptors

CONFIG = CameraConfig()


def jpeg(level):
    return cv2.imencode(".jpg", np.full((36, 64, 3), level, np.uint8))[1].tobytes()


@pytest.fixture
def driver(tmp_path):
    before = open_descriptors()
    yield CaptureDriver(tmp_path)
    assert open_descriptors() == before, "a descriptor was left open"


class Sleep:
    seconds = 5.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def asleep():
    return Sleep()


@pytest.fixture
def opened(driver, asleep):
    one = open_stream(driver, asleep)
    yield one
    one.close()
    assert not driver.streams


def open_stream(driver, asleep=None, config=CONFIG):
    asleep = asleep or (lambda: 0.0)
    return V4l2Capture(
        driver.device, config, system=driver.system, clock=driver.clock, asleep=asleep
    )


def level(picture):
    return round(float(picture.mean()))


def fault_of(call):
    with pytest.raises(CameraFault) as caught:
        call()
    return str(caught.value), caught.value.words


def test_the_best_mode_is_asked_for_and_all_buffers_wait(driver, opened):
    assert driver.asked == (b"MJPG", 1280, 720)
    assert driver.rate == 30.0
    assert driver.free == list(range(v4l2capture.BUFFERS))
    assert driver.streams


def test_pictures_come_one_after_the_other_and_their_buffers_go_back(driver, opened):
    driver.pictures = [jpeg(n) for n in (10, 20, 30, 40, 50, 60)]

    assert [level(opened.read()) for _ in range(6)] == [10, 20, 30, 40, 50, 60]
    assert sorted(driver.free) == list(range(v4l2capture.BUFFERS))


def test_after_a_hold_up_only_the_newest_counts(driver, opened):
    driver.pictures = [jpeg(n) for n in (10, 20, 30)]
    driver.batch = 3

    assert level(opened.read()) == 30
    assert sorted(driver.free) == list(range(v4l2capture.BUFFERS))


def test_a_torn_picture_is_passed_over(driver, opened):
    driver.pictures = [None, b"no jpeg at all", jpeg(99)]

    assert level(opened.read()) == 99


def test_nothing_but_torn_pictures_is_a_fault(driver, opened):
    driver.pictures = [None] * 50
    message, words = fault_of(opened.read)

    assert "gives only torn pictures" in message
    assert words == "The camera gives no picture"
    assert len(driver.pictures) == 50 - v4l2capture.MOST_BAD_PICTURES


def test_a_stalled_camera_is_given_up_after_a_few_seconds(driver, opened):
    start = driver.now
    message, words = fault_of(opened.read)
    first = driver.now - start
    driver.pictures = [jpeg(1)]
    opened.read()
    start = driver.now
    fault_of(opened.read)

    assert "gives no picture: it is opened again" in message
    assert words is CameraWords.SILENT
    assert first == pytest.approx(FIRST_PICTURE_S)
    assert driver.now - start == pytest.approx(NEXT_PICTURE_S)
    assert max(driver.waits) <= v4l2capture.SLICE_S


@pytest.mark.parametrize("events", [select.POLLERR, select.POLLHUP | select.POLLERR])
def test_an_unplugged_camera_is_noticed_at_once(driver, opened, events):
    driver.poll_events = events
    start = driver.now
    fault_of(opened.read)
    driver.refused[v4l2.VIDIOC_DQBUF] = errno.ENODEV
    message, words = fault_of(opened.read)

    assert message == (
        'the camera "HD Webcam" was unplugged: plug it in again; it is opened by itself'
    )
    assert words is CameraWords.UNPLUGGED
    assert driver.now == start


def test_a_broken_stream_is_said(driver, opened):
    driver.poll_events = select.POLLERR
    driver.refused[v4l2.VIDIOC_DQBUF] = errno.EIO

    message, words = fault_of(opened.read)
    assert "fails: Input/output error; it is opened again" in message
    assert words is CameraWords.SILENT


def test_a_camera_is_opened_again_after_the_computer_slept(driver, opened, asleep):
    driver.pictures = [jpeg(1), jpeg(2)]
    opened.read()
    asleep.seconds += 3600

    message, words = fault_of(opened.read)
    assert "the computer was asleep" in message
    assert words is CameraWords.WAKING


def test_a_camera_in_use_names_the_program(driver):
    driver.hold(4711, "zoom")
    for request in (
        v4l2.VIDIOC_S_FMT,
        v4l2.VIDIOC_REQBUFS,
        v4l2.VIDIOC_STREAMON,
    ):
        driver.refused = {request: errno.EBUSY}
        message, words = fault_of(lambda: open_stream(driver))

        assert "is in use by zoom (pid 4711): close it there" in message
        assert words == "Another program uses the camera"


def test_without_a_name_it_is_another_program(driver):
    driver.refused[v4l2.VIDIOC_STREAMON] = errno.EBUSY

    assert "in use by another program" in fault_of(lambda: open_stream(driver))[0]


@pytest.mark.parametrize(
    ("error", "part", "words"),
    [
        (errno.ENOSPC, "the USB bus has no room", CameraWords.SILENT),
        (errno.ENODEV, "was unplugged", CameraWords.UNPLUGGED),
        (errno.EACCES, "usermod -aG video", CameraWords.FORBIDDEN),
        (errno.EPROTO, "unplug it and plug it in again", CameraWords.SILENT),
    ],
)
def test_what_keeps_a_camera_from_starting_is_said_with_the_mend(driver, error, part, words):
    driver.refused[v4l2.VIDIOC_STREAMON] = error

    message, said = fault_of(lambda: open_stream(driver))
    assert part in message
    assert said is words


def test_a_node_that_is_gone_is_an_unplugged_camera(driver):
    driver.node.unlink()

    assert fault_of(lambda: open_stream(driver))[1] is CameraWords.UNPLUGGED


def test_a_format_that_cannot_be_read_is_said(driver):
    driver.gives = (b"H264", 1280, 720)

    message, words = fault_of(lambda: open_stream(driver))
    assert "gives H264 instead of MJPG 1280x720 at 30 fps" in message
    assert "camera.width" in message
    assert words is CameraWords.FORMAT


def test_a_camera_without_a_format_that_can_be_read_is_not_opened(tmp_path):
    driver = CaptureDriver(tmp_path, modes=[("H264", 1280, 720), ("HEVC", 1280, 720)])

    message, words = fault_of(lambda: open_stream(driver))
    assert "gives H264, HEVC, which cannot be read" in message
    assert words is CameraWords.FORMAT
    assert driver.asked is None


def test_another_size_is_taken_as_it_comes(driver):
    driver.gives = (b"YUYV", 64, 36)
    driver.line_bytes = 160
    one = open_stream(driver)
    driver.pictures = [bytes(160 * 36)]
    picture = one.read()
    one.close()

    assert picture.shape == (36, 64, 3)


def test_a_driver_that_knows_no_rates_is_asked_for_none(tmp_path):
    driver = CaptureDriver(tmp_path, modes=[("YUYV", 640, 480)])
    open_stream(driver).close()

    assert driver.rate is None


def test_a_driver_that_refuses_the_rate_still_streams(driver):
    driver.refused[v4l2.VIDIOC_S_PARM] = errno.ENOTTY
    open_stream(driver).close()


@pytest.mark.parametrize("words", CameraWords)
def test_the_words_for_viewers_name_nothing(words):
    """They stand on a card in a meeting."""
    assert not set(words) & set('"/(:;0123456789')
    assert words[0].isupper()


def test_the_time_asleep_is_counted():
    assert v4l2capture.suspended_s() > -1


def test_a_camera_that_leaves_out_the_end_of_its_pictures_is_shown(driver, opened):
    driver.pictures = [jpeg(grey)[:-2] for grey in (10, 20, 30)]

    assert [level(opened.read()) for _ in range(3)] == [10, 20, 30]


def test_a_slow_mode_is_waited_for_as_long_as_its_rate_needs(tmp_path):
    driver = CaptureDriver(tmp_path, modes=(("MJPG", 1280, 720, (0.6,)),))
    one = open_stream(driver)
    driver.pictures = [jpeg(10)]
    one.read()
    begun = driver.now
    fault_of(one.read)
    one.close()

    assert driver.now - begun == pytest.approx(NEXT_PICTURE_S / 0.6)


@pytest.fixture
def fed(driver):
    """A v4l2loopback device that another program feeds, such as the screen of a phone."""
    device = dataclasses.replace(driver.device, kind="virtual camera")
    one = V4l2Capture(device, CONFIG, system=driver.system, clock=driver.clock, asleep=lambda: 0.0)
    yield one
    one.close()


def test_the_picture_of_a_program_that_feeds_a_device_may_stand(driver, fed):
    driver.pictures = [jpeg(10)]
    first = fed.read()
    begun = driver.now
    for number in range(1, 100):
        assert fed.read() is first
        assert driver.now - begun == pytest.approx(number * v4l2capture.STANDS_S)
    driver.pictures = [jpeg(20)]
    assert level(fed.read()) == 20


def test_but_a_program_that_has_gone_is_noticed(driver, fed):
    driver.pictures = [jpeg(10)]
    first = fed.read()
    for _ in range(int(v4l2capture.STANDS_AT_MOST_S / v4l2capture.STANDS_S) - 1):
        assert fed.read() is first
    message, words = fault_of(fed.read)

    assert "gives no picture" in message
    assert words is CameraWords.SILENT


def test_what_never_gave_a_picture_does_not_stand(driver, fed):
    assert fault_of(fed.read)[1] is CameraWords.SILENT


@pytest.mark.parametrize("pixel_format", ["YU12", "NV12", "YUYV", "GREY", "Y16"])
def test_odd_sizes_come_through_the_driver(tmp_path, pixel_format):
    driver = CaptureDriver(tmp_path, modes=((pixel_format, 85, 47, (30.0,)),))
    driver.line_bytes = {"YUYV": 170, "Y16": 170}.get(pixel_format, 85)
    driver.pictures = [bytes(85 * 47 * 2 + 4096)]
    one = open_stream(driver)
    picture = one.read()
    one.close()

    assert picture.shape == (47, 85, 3)
