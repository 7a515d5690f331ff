"""Counting viewers, by the driver's events and by open files."""

import contextlib
import errno
import threading
import time

import pytest

from sana_vcam.media.sinks import viewers as viewers_module
from sana_vcam.media.sinks.viewers import Viewers
from sana_vcam.media.v4l2 import ioctl as v4l2
from tests.unit.media.sinks.fakes import Machine, open_descriptors

UPSTREAM, UBUNTU = viewers_module.CLIENT_USAGE


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Rig:
    """The counting thread on a made-up machine, on a clock that the test moves."""

    def __init__(self, root):
        self.machine = Machine(root)
        self.clock = Clock()
        self.paths = []
        self.seen = []
        self.rounds = 0
        self.viewers = Viewers(
            lambda: self.paths,
            self._note,
            readers=self._no_readers,
            system=self.machine.system,
            clock=self.clock,
        )

    def add(self, number, label="SANA VCam"):
        self.paths.append(self.machine.path(number))
        return self.machine.add(number, label)

    def _note(self):
        self.seen.append(self.viewers.count)

    def _no_readers(self):
        """Asked for in each round, after the devices were counted."""
        self.rounds += 1

    @contextlib.contextmanager
    def running(self):
        stop = threading.Event()
        thread = threading.Thread(target=self.viewers.run, args=(stop,), name="viewers")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            self.viewers.wake()
            thread.join(20)
            assert not thread.is_alive()

    def wait_for(self, count):
        deadline = time.monotonic() + 20
        while self.viewers.count != count:
            assert time.monotonic() < deadline, f"the count stays {self.viewers.count}"
            time.sleep(0.002)

    def looks(self, times=3, after=0.0):
        """Let it look some more times, with so much time in between."""
        deadline = time.monotonic() + 20
        for _ in range(times):
            self.clock.now += after
            # One may have begun at the old time; the next is done once the one after it counts.
            done = self.rounds + 3
            while self.rounds < done:
                assert time.monotonic() < deadline, "it does not look any more"
                self.viewers.wake()
                time.sleep(0.002)


@pytest.fixture
def rig(tmp_path, monkeypatch):
    monkeypatch.setattr(viewers_module, "LOOK_EVERY_S", 0.005)
    before = open_descriptors()
    yield Rig(tmp_path)
    assert open_descriptors() == before, "a descriptor was left open"


@pytest.mark.parametrize("number", [UPSTREAM, UBUNTU])
def test_the_event_counts(rig, number):
    rig.add(10).event = number
    with rig.running():
        rig.wait_for(0)
        rig.machine.viewers(10, 1)
        rig.wait_for(1)
        rig.machine.viewers(10, 0)
        rig.wait_for(0)

    assert rig.seen == [0, 1, 0]
    assert rig.viewers.count is None


def test_a_viewer_from_before_is_counted_at_once(rig):
    rig.add(10).count = 1
    with rig.running():
        rig.wait_for(1)

    assert rig.seen == [1]


def test_only_the_newest_of_several_events_counts(rig):
    rig.add(10)
    with rig.running():
        rig.wait_for(0)
        for count in (1, 0, 1):
            rig.machine.viewers(10, count)
        rig.wait_for(1)


def test_the_devices_are_summed(rig):
    rig.add(10)
    rig.add(11, "SANA VCam 2")
    with rig.running():
        rig.wait_for(0)
        rig.machine.viewers(10, 1)
        rig.machine.viewers(11, 1)
        rig.wait_for(2)
        rig.machine.viewers(10, 0)
        rig.wait_for(1)


def test_a_sink_without_devices_cannot_know(rig):
    assert not rig.viewers.known
    with rig.running():
        rig.looks()
        assert rig.viewers.count is None
        assert rig.viewers.known
    assert rig.seen == [None], "told once, so that nobody waits for it"


def test_the_count_follows_a_device_that_goes_and_comes_back(rig):
    rig.add(10)
    with rig.running():
        rig.wait_for(0)
        rig.machine.viewers(10, 1)
        rig.wait_for(1)
        rig.machine.remove(10)
        rig.wait_for(0)
        device = rig.machine.add(10)
        device.count = 1
        rig.clock.now += 1
        rig.wait_for(1)


def test_a_device_that_goes_while_it_is_opened_is_counted_once_it_is_back(rig):
    device = rig.add(10)
    device.count = 1
    device.refused[v4l2.VIDIOC_SUBSCRIBE_EVENT] = errno.ENODEV
    with rig.running():
        rig.wait_for(0)
        del device.refused[v4l2.VIDIOC_SUBSCRIBE_EVENT]
        rig.clock.now += 1
        rig.wait_for(1)


def test_the_count_follows_the_sink_to_another_device(rig):
    rig.add(10).count = 1
    rig.machine.add(11)
    with rig.running():
        rig.wait_for(1)
        rig.paths[:] = [rig.machine.path(11)]
        rig.clock.now += 1
        rig.wait_for(0)


def test_a_device_that_may_not_be_opened_cannot_be_known(rig, monkeypatch):
    rig.add(10)

    def refuse(path, flags):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(viewers_module.os, "open", refuse)
    with rig.running():
        rig.looks()
        assert rig.viewers.count is None
    monkeypatch.undo()


# Without the event


@pytest.fixture
def old(rig):
    """A driver without the event."""
    rig.add(10).event = None
    return rig


def test_a_program_that_keeps_the_device_open_is_a_viewer(old):
    with old.running():
        old.wait_for(0)
        old.machine.hold(4711, "zoom", 10)
        old.looks(4, after=0.5)
        old.wait_for(1)
        old.machine.release(4711)
        old.looks(2, after=20)
        old.wait_for(0)

    assert old.seen == [0, 1, 0]


def test_listing_cameras_is_not_watching(old):
    with old.running():
        old.wait_for(0)
        for pid in (1001, 1002, 1003):
            old.machine.hold(pid, "firefox", 10)
            old.looks(1, after=1.0)
            old.machine.release(pid)
            old.looks(1, after=1.0)

    assert old.seen == [0]


def test_we_are_no_viewer_of_ourselves(old, monkeypatch):
    monkeypatch.setattr(viewers_module.os, "getpid", lambda: 4711)
    old.machine.hold(4711, "sana-vcam", 10)
    with old.running():
        old.looks(4, after=1.0)
        old.wait_for(0)


def test_hidden_programs_make_it_unknown(old):
    """Of other users' processes only the module's count of open files is to be seen."""
    old.machine.hold(4711, "zoom", 10)
    old.machine.release(4711)
    old.machine.module_uses(0)
    with old.running():
        old.wait_for(0)
        old.machine.module_uses(1)
        old.looks(4, after=1.0)
        old.wait_for(None)
        old.machine.module_uses(0)
        old.looks(4, after=1.0)
        old.wait_for(0)


def test_processes_are_looked_at_only_when_something_may_have_changed(old, monkeypatch):
    looks = []
    real = viewers_module.devices.open_files
    monkeypatch.setattr(
        viewers_module.devices,
        "open_files",
        lambda *more: looks.append(1) or real(*more),
    )
    old.machine.module_uses(0)
    with old.running():
        old.wait_for(0)
        old.looks(5, after=1.0)
        assert len(looks) == 1
        old.machine.module_uses(1)
        old.looks(1, after=1.0)
        assert len(looks) == 2
        old.looks(1, after=viewers_module.SCAN_ANYWAY_S)
        assert len(looks) == 3


def test_the_events_are_those_of_the_driver():
    """From v4l2loopback.c, and Ubuntu's patch of 0.12."""
    assert (UPSTREAM, UBUNTU) == (0x08000000 + 0x08E00000 + 1, 0x08000000)
