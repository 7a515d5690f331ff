"""The camera thread against a scripted camera, on a clock that the test moves."""

import contextlib
import itertools
import logging
import threading
import time

import numpy as np
import pytest

from sana_vcam.config.schema import CameraConfig
from sana_vcam.errors import CameraFault, CameraWords
from sana_vcam.lib.mailbox import Mailbox
from sana_vcam.media.camera import capture
from sana_vcam.media.camera.capture import Camera, CameraStatus, camera_frame, waits
from sana_vcam.media.camera.testscene import TestScene
from sana_vcam.media.frames import CameraFrame
from sana_vcam.media.states import CameraKind, CameraState
from tests.unit.media.camera.fakes import Hang, Lost, ScriptedSource

TRACK = (64, 36)


class RecordingMailbox(Mailbox):
    """Remembers everything that was ever posted."""

    def __init__(self):
        super().__init__()
        self.posted = []
        self.cleared = 0

    def put(self, item):
        self.posted.append(item)
        super().put(item)

    def clear(self):
        self.cleared += 1
        super().clear()


class Rig:
    """A camera thread on a scripted source."""

    def __init__(self, *sources, config=None):
        self.sources = list(sources)
        self.made = []
        self.mailbox = RecordingMailbox()
        self.states = []
        self.stop = threading.Event()
        self.failure = None
        self.nodes = frozenset()
        ticks = itertools.count()
        self.camera = Camera(
            config or CameraConfig(),
            TRACK,
            self.mailbox,
            self._note,
            make_source=self._make,
            clock=lambda: next(ticks) / 10,
            nodes=lambda: self.nodes,
        )
        self._thread = threading.Thread(target=self._run, name="camera")

    def _note(self):
        self.states.append(self.camera.status.state)

    def _make(self, config):
        self.made.append(config)
        return self.sources.pop(0) if len(self.sources) > 1 else self.sources[0]

    def _run(self):
        try:
            self.camera.run(self.stop)
        except Exception as error:
            self.failure = error

    @contextlib.contextmanager
    def running(self, *, wanted=True):
        self.camera.set_wanted(wanted)
        self._thread.start()
        try:
            yield self
        finally:
            self.stop.set()
            self.camera.wake()
            for source in self.sources:
                getattr(source, "go_on", threading.Event()).set()
            self._thread.join(20)
            assert not self._thread.is_alive()

    def wait_for(self, reached):
        deadline = time.monotonic() + 20
        while not reached():
            assert time.monotonic() < deadline, "the camera did not get there"
            time.sleep(0.005)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch):
    monkeypatch.setattr(capture, "FIRST_WAIT_S", 0.01)
    monkeypatch.setattr(capture, "LONGEST_WAIT_S", 0.02)
    monkeypatch.setattr(capture, "LOOK_EVERY_S", 0.005)
    monkeypatch.setattr(capture, "SETTLE_S", 0.005)


def test_every_frame_has_the_size_of_the_track_whatever_the_device_gives():
    sizes = [(64, 36), (1280, 720), (36, 64), (640, 480), (1, 1), (65, 37)]
    source = ScriptedSource(*sizes)
    rig = Rig(source)
    with rig.running():
        rig.wait_for(lambda: len(rig.mailbox.posted) == len(sizes))

    for frame in rig.mailbox.posted:
        assert type(frame) is CameraFrame
        assert frame.bgr.shape == (36, 64, 3)
        assert frame.bgr.flags.c_contiguous
    assert [frame.sequence for frame in rig.mailbox.posted] == list(range(len(sizes)))
    moments = [frame.captured_at for frame in rig.mailbox.posted]
    assert moments == sorted(moments)


def test_the_status_tells_the_size_of_the_device():
    source = ScriptedSource((640, 480), Hang, (1280, 720), Hang)
    rig = Rig(source)
    with rig.running():
        rig.wait_for(source.hanging.is_set)
        assert rig.camera.status == CameraStatus(
            CameraState.CAPTURING, "scripted camera", 640, 480, CameraKind.WEBCAM
        )
        source.go_on.set()
        rig.wait_for(lambda: rig.camera.status.width == 1280)

    assert rig.camera.status == CameraStatus()
    assert rig.states[:3] == [CameraState.OPENING, CameraState.CAPTURING, CameraState.CAPTURING]
    assert rig.states[-1] is CameraState.OFF


def test_a_camera_that_fails_comes_back():
    first = ScriptedSource((64, 36), Lost, Lost, (64, 36), (64, 36), Hang)
    rig = Rig(first)
    with rig.running():
        rig.wait_for(lambda: len(rig.mailbox.posted) == 3)
        assert rig.camera.status.state is CameraState.CAPTURING
        assert rig.camera.status.error is None

    assert first.opened == 3
    assert not first.is_open
    assert rig.states == [
        CameraState.OPENING,
        CameraState.CAPTURING,
        CameraState.LOST,
        CameraState.CAPTURING,
        CameraState.OFF,
    ]


def test_a_lost_camera_leaves_no_old_picture_behind(monkeypatch):
    monkeypatch.setattr(capture, "FIRST_WAIT_S", 60.0)
    rig = Rig(ScriptedSource((64, 36), Lost))
    with rig.running():
        rig.wait_for(lambda: rig.camera.status.state is CameraState.LOST)
        assert rig.mailbox.peek()[0] is None
        assert rig.camera.status.error == "gives no picture"
        assert rig.camera.status.name == "scripted camera"


def test_the_status_has_words_for_viewers(monkeypatch):
    monkeypatch.setattr(capture, "FIRST_WAIT_S", 60.0)
    fault = CameraFault('the camera "HD" (/dev/video0) was unplugged', CameraWords.UNPLUGGED)
    for error, words in ((fault, "The camera was unplugged"), (Lost, CameraWords.SILENT)):
        rig = Rig(ScriptedSource((64, 36), error))
        with rig.running():
            rig.wait_for(lambda rig=rig: rig.camera.status.state is CameraState.LOST)
            assert rig.camera.status.words == words
            assert rig.camera.status.error


def test_a_camera_that_comes_ends_the_wait(monkeypatch):
    monkeypatch.setattr(capture, "FIRST_WAIT_S", 3600.0)
    source = ScriptedSource((64, 36), Hang, fail_opens=1)
    rig = Rig(source)
    with rig.running():
        rig.wait_for(lambda: rig.camera.status.state is CameraState.LOST)
        rig.nodes = frozenset({"video0"})
        rig.wait_for(lambda: rig.camera.status.state is CameraState.CAPTURING)


def test_a_camera_that_is_not_there_is_tried_again_with_one_warning(caplog):
    source = ScriptedSource((64, 36), Lost, (64, 36), Hang, fail_opens=4)
    rig = Rig(source)
    with caplog.at_level(logging.DEBUG, capture.__name__), rig.running():
        rig.wait_for(lambda: len(rig.mailbox.posted) == 2)

    assert source.opened == 6
    failures = [record for record in caplog.records if record.message.startswith("camera: ")]
    assert [record.levelno for record in failures] == [
        logging.WARNING,
        logging.DEBUG,
        logging.DEBUG,
        logging.DEBUG,
        logging.WARNING,
    ]
    assert rig.states[:3] == [CameraState.OPENING, CameraState.LOST, CameraState.LOST]


def test_every_failed_attempt_is_followed_by_a_wait(monkeypatch):
    waits = []
    monkeypatch.setattr(Camera, "_pause", lambda self, wait_s, stop: waits.append(wait_s))
    source = ScriptedSource((64, 36), Lost, Hang, fail_opens=3)
    rig = Rig(source)
    with rig.running():
        rig.wait_for(source.hanging.is_set)

    assert waits[:4] == [0.01, 0.02, 0.02, 0.01], "doubled, and short again after a picture"


def test_the_wait_ends_with_the_program(monkeypatch):
    monkeypatch.setattr(capture, "FIRST_WAIT_S", 3600.0)
    rig = Rig(ScriptedSource(Lost))
    with rig.running():
        rig.wait_for(lambda: rig.camera.status.state is CameraState.LOST)

    assert rig.camera.status.state is CameraState.OFF


def test_the_wait_ends_when_the_camera_is_not_wanted_any_more(monkeypatch):
    monkeypatch.setattr(capture, "FIRST_WAIT_S", 3600.0)
    rig = Rig(ScriptedSource(Lost))
    with rig.running():
        rig.wait_for(lambda: rig.camera.status.state is CameraState.LOST)
        rig.camera.set_wanted(False)
        rig.wait_for(lambda: rig.camera.status.state is CameraState.OFF)
        assert rig.camera.status.error is None


def test_a_camera_is_not_opened_before_it_is_wanted():
    source = ScriptedSource((64, 36), Hang)
    rig = Rig(source)
    with rig.running(wanted=False):
        rig.stop.wait(0.05)
        assert (source.opened, rig.made) == (0, [])
        rig.camera.set_wanted(True)
        rig.wait_for(lambda: rig.mailbox.posted)


def test_a_camera_that_is_not_wanted_is_closed_and_can_be_opened_again():
    source = ScriptedSource(*[(64, 36)] * 3, Hang, *[(64, 36)] * 500)
    rig = Rig(source)
    with rig.running():
        rig.wait_for(source.hanging.is_set)
        rig.camera.set_wanted(False)
        source.go_on.set()
        rig.wait_for(lambda: rig.camera.status.state is CameraState.OFF)
        assert not source.is_open
        assert rig.mailbox.peek()[0] is None
        rig.camera.set_wanted(True)
        rig.wait_for(lambda: source.opened == 2)


def test_a_blocked_camera_does_not_hold_up_others():
    source = ScriptedSource((64, 36), Hang)
    rig = Rig(source)
    with rig.running():
        rig.wait_for(source.hanging.is_set)
        assert rig.camera.status.state is CameraState.CAPTURING
        assert rig.mailbox.get(0, timeout_s=1) is not None
        assert rig.mailbox.get(1, timeout_s=0.01) is None
        rig.camera.set_wanted(False)
        assert not rig.camera.wanted


def test_what_nobody_expected_ends_the_thread_with_the_camera_closed():
    source = ScriptedSource((64, 36), RuntimeError("a defect"))
    rig = Rig(source)
    with rig.running():
        rig.wait_for(lambda: rig.failure is not None)

    assert isinstance(rig.failure, RuntimeError)
    assert not source.is_open
    assert rig.mailbox.peek()[0] is None
    assert rig.camera.status.state is CameraState.OFF


def test_a_faster_device_is_thinned_out():
    """The clock of the rig gives the device ten frames a second, or fewer."""
    source = ScriptedSource(*[(64, 36)] * 100, Hang)
    rig = Rig(source, config=CameraConfig(fps=2))
    with rig.running():
        rig.wait_for(source.hanging.is_set)

    assert len(rig.mailbox.posted) == pytest.approx(20, abs=1)


def test_mirror_and_fit_reach_the_frame():
    picture = np.zeros((72, 128, 3), np.uint8)
    picture[:, :64] = 200
    source = ScriptedSource(picture, Hang)
    rig = Rig(source, config=CameraConfig(mirror=True))
    with rig.running():
        rig.wait_for(lambda: rig.mailbox.posted)

    frame = rig.mailbox.posted[0].bgr
    assert frame[18, 5].tolist() == [0, 0, 0]
    assert frame[18, 60].tolist() == [200, 200, 200]
    padded = camera_frame(picture, (64, 64), CameraConfig(fit="pad"), 0, 0.0).bgr
    assert not padded[:13].any()
    assert padded[32, 5].tolist() == [200, 200, 200]


def test_a_grey_picture_is_a_defect_of_the_source():
    with pytest.raises(ValueError, match="pixels"):
        camera_frame(np.zeros((36, 64), np.uint8), TRACK, CameraConfig(), 0, 0.0)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("mirror", [False, True])
def test_a_frame_is_contiguous_for_every_way_to_fit(fit, mirror):
    config = CameraConfig(fit=fit, mirror=mirror)
    for width, height in [(64, 36), (64, 48), (80, 36), (200, 100), (30, 30)]:
        frame = camera_frame(np.zeros((height, width, 3), np.uint8), TRACK, config, 0, 0.0)
        assert frame.bgr.shape == (36, 64, 3)
        assert frame.bgr.flags.c_contiguous


def test_auto_looks_for_a_webcam_again_after_the_test_scene():
    scene, webcam = TestScene(64, 36, 120), ScriptedSource((64, 36), Hang)
    rig = Rig(scene, webcam)
    with rig.running():
        rig.wait_for(lambda: rig.mailbox.posted)
        rig.camera.set_wanted(False)
        rig.wait_for(lambda: rig.camera.status.state is CameraState.OFF)
        rig.camera.set_wanted(True)
        rig.wait_for(lambda: webcam.opened)


def test_a_webcam_is_kept_when_it_was_off_for_a_while():
    webcam, other = ScriptedSource((64, 36), Hang), ScriptedSource((64, 36))
    webcam.go_on.set()
    rig = Rig(webcam, other)
    with rig.running():
        rig.wait_for(lambda: rig.mailbox.posted)
        rig.camera.set_wanted(False)
        rig.wait_for(lambda: rig.camera.status.state is CameraState.OFF)
        rig.camera.set_wanted(True)
        rig.wait_for(lambda: webcam.opened >= 2)

    assert other.opened == 0
    assert len(rig.made) == 1


def test_backoff_doubles_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(capture, "FIRST_WAIT_S", 0.5)
    monkeypatch.setattr(capture, "LONGEST_WAIT_S", 5.0)

    assert list(itertools.islice(waits(), 6)) == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


# A source that is stuck, and one whose picture stands


class StuckSource:
    """Is stuck in one of its calls, as if the system did not come back, until it is freed."""

    kind = CameraKind.FILE
    name = "a disk in the network"

    def __init__(self, stuck_in, after=0):
        self.stuck_in = stuck_in
        self.after = after
        """So many calls of that kind come back before one is stuck."""
        self.freed = threading.Event()
        self.reached = threading.Event()
        self.closed = 0

    def _enter(self, call):
        if call != self.stuck_in:
            return
        self.after -= 1
        if self.after < 0:
            self.reached.set()
            assert self.freed.wait(20)

    def open(self):
        self._enter("open")

    def read(self):
        self._enter("read")
        time.sleep(0.001)
        return np.full((36, 64, 3), 128, np.uint8)

    def close(self):
        self.closed += 1
        self._enter("close")


@pytest.fixture
def _soon_stuck(monkeypatch):
    monkeypatch.setattr(capture, "STALLED_S", 0.02)
    monkeypatch.setattr(capture, "OPENS_S", 0.03)
    monkeypatch.setattr(capture, "LEAVE_S", 0.02)
    monkeypatch.setattr(capture, "SUPERVISE_EVERY_S", 0.005)


@pytest.mark.usefixtures("_soon_stuck")
@pytest.mark.parametrize("call", ["open", "read"])
def test_a_source_that_does_not_come_back_is_lost_by_its_name_and_found_again(call):
    source = StuckSource(call)
    rig = Rig(source)
    with rig.running():
        rig.wait_for(lambda: rig.camera.status.state is CameraState.LOST)
        assert "a disk in the network does not answer" in rig.camera.status.error
        assert rig.camera.status.words == CameraWords.SILENT
        assert rig.mailbox.peek()[0] is None
        source.stuck_in = None
        source.freed.set()
        rig.wait_for(lambda: rig.camera.status.state is CameraState.CAPTURING)
        assert rig.camera.status.error is None


@pytest.mark.usefixtures("_soon_stuck")
@pytest.mark.parametrize("after", [1, 7, 60])
def test_a_source_that_is_stuck_after_a_while_is_noticed_as_well(after):
    source = StuckSource("read", after)
    rig = Rig(source)
    with rig.running():
        rig.wait_for(lambda: rig.camera.status.state is CameraState.LOST)
        assert len(rig.mailbox.posted) == after
        source.stuck_in = None
        source.freed.set()
        rig.wait_for(lambda: rig.camera.status.state is CameraState.CAPTURING)


@pytest.mark.usefixtures("_soon_stuck")
@pytest.mark.parametrize("call", ["open", "read", "close"])
def test_the_end_does_not_wait_for_a_source_that_does_not_come_back(call, caplog):
    source = StuckSource(call)
    rig = Rig(source)
    before = set(threading.enumerate())
    with rig.running():
        rig.wait_for(lambda: rig.camera.status.state is not CameraState.OFF)
        if call == "close":
            rig.wait_for(lambda: rig.mailbox.posted)
        else:
            assert source.reached.wait(20)
    assert rig.failure is None
    assert rig.camera.status == CameraStatus()
    assert rig.mailbox.peek()[0] is None
    assert any("left to the system" in record.message for record in caplog.records)
    posted = len(rig.mailbox.posted)

    source.freed.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
    assert len(rig.mailbox.posted) == posted, "what was left behind shows nothing any more"
    assert rig.camera.status == CameraStatus()
    assert rig.mailbox.peek()[0] is None


def test_no_picture_that_comes_after_the_camera_is_not_wanted_is_posted():
    source = ScriptedSource((64, 36), Hang, (64, 36), (64, 36))
    rig = Rig(source)
    with rig.running():
        rig.wait_for(source.hanging.is_set)
        rig.camera.set_wanted(False)
        source.go_on.set()
        rig.wait_for(lambda: rig.camera.status.state is CameraState.OFF)

    assert len(rig.mailbox.posted) == 1


def test_a_picture_that_stands_is_posted_again_with_its_number_and_is_fitted_once():
    picture = np.full((72, 128, 3), 90, np.uint8)
    source = ScriptedSource(picture, picture, picture, (64, 36), picture, Hang)
    rig = Rig(source)
    with rig.running():
        rig.wait_for(source.hanging.is_set)

    posted = rig.mailbox.posted
    assert [frame.sequence for frame in posted] == [0, 0, 0, 1, 2]
    assert posted[0].bgr is posted[1].bgr is posted[2].bgr
    moments = [frame.captured_at for frame in posted]
    assert moments == sorted(set(moments)), "each is as fresh as the source says"


def test_a_picture_that_stands_is_fitted_anew_for_another_size():
    picture = np.full((72, 128, 3), 90, np.uint8)
    source = ScriptedSource(picture, Hang, picture, Hang)
    rig = Rig(source)
    with rig.running():
        rig.wait_for(source.hanging.is_set)
        rig.camera.size = (32, 18)
        source.go_on.set()
        rig.wait_for(lambda: len(rig.mailbox.posted) >= 2)

    assert rig.mailbox.posted[1].bgr.shape == (18, 32, 3)
