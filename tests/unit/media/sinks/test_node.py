"""The camera as a PipeWire node: what comes of a server that is absent, hangs, goes or fails us."""

import select
import socket
import threading
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.config.schema import SinkConfig
from sana_vcam.errors import SinkError
from sana_vcam.lib.pipewire.library import PipeWireAbsent, PipeWireError
from sana_vcam.lib.pipewire.source import layouts
from sana_vcam.media.frames import Picture
from sana_vcam.media.sinks import canvas, node
from sana_vcam.media.sinks.node import CameraNode
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.sinks.viewers import Viewers
from tests.unit.media.sinks.fakenode import SIZE, until
from tests.unit.media.sinks.fakes import Machine


@pytest.fixture
def camera(server):
    made = CameraNode("SANA VCam", SIZE, 24.0)
    made.open()
    until(lambda: server.connections)
    yield made
    made.close()
    assert all(one.closed for one in server.connections)


def frame(level):
    return np.full((96, 64), level, np.uint8)


def test_the_node_is_what_the_configuration_says(server, camera):
    assert server.connections[0].published == ("SANA VCam", SIZE, 24.0)
    assert camera.status.open
    assert camera.status.device == "PipeWire"


def test_nothing_is_sent_while_nobody_reads(server, camera):
    for level in range(50):
        camera.send(frame(level))
    assert server.frames == []
    assert camera.readers == ()


def test_a_new_reader_is_shown_the_present_frame_at_once(server, camera):
    camera.send(frame(1))
    camera.send(frame(2))
    server.streams("Firefox")
    until(lambda: server.frames)
    assert server.frames == [frame(2).tobytes()]


def test_each_frame_is_sent_once_and_the_newest_wins(server, camera):
    server.streams("Firefox")
    until(lambda: camera.readers)
    for level in range(5):
        camera.send(frame(level))
        until(lambda level=level: server.frames and server.frames[-1][0] == level)
    assert [one[0] for one in server.frames] == [0, 1, 2, 3, 4]
    assert camera.status.frames == 5


def test_who_reads_is_told_by_name(server, camera):
    told = []
    camera.on_readers = lambda: told.append(camera.readers)
    server.streams("Firefox", "OBS")
    until(lambda: told)
    server.streams()
    until(lambda: len(told) == 2)
    assert told == [("Firefox", "OBS"), ()]


def test_a_reader_of_packed_pixels_gets_them(server, camera):
    server.layout = layouts(*SIZE)[1]
    camera.send(frame(80))
    server.streams("OBS")
    until(lambda: server.frames)
    assert server.frames[0] == bytes([80]) * (64 * 64 * 2)


def test_a_server_that_goes_is_found_again(server, camera, caplog):
    server.streams("Firefox")
    until(lambda: camera.readers)
    server.fault = PipeWireError("PipeWire has gone")
    server.refuses = True
    camera.send(frame(1))
    until(lambda: camera.status.error)
    assert not camera.status.open
    assert camera.readers == ()

    server.fault, server.refuses = None, False
    until(lambda: camera.status.open)
    assert len(server.connections) == 2
    assert caplog.text.count("WARNING") == 1, "the first failure of a cycle, and no repeats"


def test_a_server_that_stops_answering_is_lost(server, camera, monkeypatch):
    monkeypatch.setattr(node, "ANSWER_S", 0.02)
    monkeypatch.setattr(node, "ASK_EVERY_S", 0.01)
    server.silent = True
    server.streams("Firefox")
    until(lambda: camera.status.error)
    assert camera.status.error == "PipeWire does not answer: systemctl --user restart pipewire"


def test_a_defect_ends_the_camera_and_not_the_process(server, camera, caplog):
    server.fault = ZeroDivisionError("in a callback")
    server.streams("Firefox")
    until(lambda: camera.status.error)
    assert "a defect has ended the virtual camera" in camera.status.error
    assert "in a callback" in caplog.text
    camera.send(frame(1))
    assert len(server.connections) == 1, "a defect is not tried again"


def test_closing_twice_or_before_opening_is_fine(camera):
    camera.close()
    camera.close()
    CameraNode("SANA VCam", SIZE, 24.0).close()


# Beside v4l2loopback


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


AUTO = SinkConfig(width=64, height=64)


def test_auto_feeds_both_with_one_conversion(server, machine, monkeypatch):
    converted = []
    real = canvas.fit_i420
    monkeypatch.setattr(canvas, "fit_i420", lambda *how: converted.append(1) or real(*how))
    device = machine.add(10)
    sink = Sink.open(AUTO, system=machine.system)
    until(lambda: server.connections)
    server.streams("Firefox")
    until(lambda: sink.readers)
    before = len(converted)
    sink.send(Picture.black(64, 64))
    until(lambda: server.frames)
    sink.close()

    assert (sink.kind, sink.devices) == ("v4l2loopback", (machine.path(10),))
    assert sink.name == f"SANA VCam ({machine.path(10)}), SANA VCam (PipeWire)"
    assert server.frames[0] == device.written[0]
    assert len(converted) == before + 1


def test_auto_is_the_node_alone_without_the_module(server, machine, caplog):
    sink = Sink.open(AUTO, system=machine.system)
    sink.close()
    assert (sink.kind, sink.name) == ("pipewire", "SANA VCam (PipeWire)")
    assert (sink.devices, sink.readers, sink.tells_viewers) == ((), (), True)
    assert "WARNING" not in caplog.text


def test_auto_is_a_preview_without_either(machine):
    sink = Sink.open(AUTO, system=machine.system)
    sink.close()
    assert (sink.kind, sink.readers, sink.tells_viewers) == ("preview", None, False)


def test_a_kind_that_is_chosen_is_fed_alone(server, machine):
    machine.add(10)
    config = SinkConfig(kind="v4l2loopback", width=64, height=64)
    sink = Sink.open(config, system=machine.system)
    sink.close()
    assert sink.readers is None
    assert server.connections == []


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ("find_socket", "the PipeWire at /run/other/pipewire-0 belongs to user 7"),
        ("library", "libpipewire-0.3.so.0 has no pw_init, so it is older than 0.3.40"),
    ],
)
def test_a_pipewire_that_is_not_for_us_leaves_the_device_alone(
    server, machine, monkeypatch, caplog, part, why
):
    def refuse():
        raise PipeWireError(why)

    monkeypatch.setattr(node, part, refuse)
    caplog.set_level("INFO")
    device = machine.add(10)
    sink = Sink.open(AUTO, system=machine.system)
    sink.send(Picture.black(64, 64))
    assert (len(device.written), sink.status.error, sink.readers) == (1, None, None)
    sink.close()
    assert f"no virtual camera through PipeWire: {why}" in caplog.text
    assert "WARNING" not in caplog.text
    assert server.connections == []
    with pytest.raises(SinkError, match=why):
        Sink.open(SinkConfig(kind="pipewire", width=64, height=64))


def test_a_server_of_other_objects_is_told_beside_the_device(server, machine):
    server.refuses = True
    device = machine.add(10)
    sink = Sink.open(AUTO, system=machine.system)
    until(lambda: sink.status.error)
    sink.send(Picture.black(64, 64))
    assert sink.status.error == "PipeWire does not run"
    assert len(device.written) == 1
    server.refuses = False
    until(lambda: not sink.status.error)
    sink.close()


def test_a_node_that_fails_harms_no_device(server, machine):
    device = machine.add(10)
    sink = Sink.open(AUTO, system=machine.system)
    until(lambda: server.connections)
    server.fault = ZeroDivisionError("in a callback")
    server.streams("Firefox")
    until(lambda: sink.status.error)
    for _ in range(3):
        sink.send(Picture.black(64, 64))
    assert len(device.written) == 3
    assert [one.open for one in sink.status.cameras] == [True, False]
    assert sink.devices == (machine.path(10),)
    sink.close()


def test_viewers_of_both_are_counted_and_named(server, machine):
    machine.add(10)
    machine.hold(77, "obs", 10)
    sink = Sink.open(AUTO, system=machine.system)
    until(lambda: server.connections)
    told = threading.Event()
    viewers = Viewers(
        lambda: sink.devices, told.set, readers=lambda: sink.readers, system=machine.system
    )
    sink.follow_readers(viewers.wake)
    stop = threading.Event()
    thread = threading.Thread(target=viewers.run, args=(stop,))
    thread.start()
    try:
        until(lambda: viewers.known)
        assert (viewers.count, viewers.names) == (0, ()), "who has it open does not watch"
        server.streams("Firefox")
        until(lambda: viewers.count == 1)
        assert viewers.names == ("Firefox",)
        machine.viewers(10, 1)
        until(lambda: viewers.count == 2)
        assert viewers.names == ("OBS", "Firefox")
        server.streams()
        machine.viewers(10, 0)
        until(lambda: viewers.count == 0)
        assert viewers.names == ()
    finally:
        stop.set()
        viewers.wake()
        thread.join()
        sink.close()


# Before there is a PipeWire


@pytest.fixture
def installed(server, monkeypatch):
    """Clear it, and the library is missing until it is set."""
    there = threading.Event()

    def library():
        if not there.is_set():
            raise PipeWireAbsent("libpipewire-0.3.so.0 is not installed: sudo apt install it")

    monkeypatch.setattr(node, "library", library)
    return there


@pytest.fixture
def come(server, request):
    """What has to happen for PipeWire to be there; until then it is not."""
    if request.param == "the server":
        server.absent = True
        return lambda: setattr(server, "absent", False)
    return request.getfixturevalue("installed").set


MISSING = pytest.mark.parametrize("come", ["the server", "the library"], indirect=True)


@MISSING
def test_what_is_missing_at_the_start_is_told_once_and_found_later(server, come, caplog):
    sink = Sink.open(SinkConfig(kind="pipewire", width=64, height=64))
    assert "PipeWire does not run" in sink.status.error or "sudo apt" in sink.status.error
    assert not sink.status.cameras[0].open
    assert (sink.kind, sink.readers) == ("pipewire", ())
    sink.send(Picture.black(64, 64))
    come()
    until(lambda: sink.status.cameras[0].open)
    server.streams("Firefox")
    until(lambda: server.frames)
    assert sink.status.error is None
    sink.close()
    assert caplog.text.count("WARNING") == 1
    assert "again" not in caplog.text, "it was never there before"


@MISSING
def test_auto_waits_beside_a_device_without_a_word_of_error(server, machine, come, caplog):
    device = machine.add(10)
    sink = Sink.open(AUTO, system=machine.system)
    assert (sink.kind, sink.status.error, sink.readers) == ("v4l2loopback", None, None)
    assert sink.name == f"SANA VCam ({machine.path(10)})"
    assert len(sink.status.cameras) == 1
    come()
    until(lambda: sink.readers == ())
    assert sink.name == f"SANA VCam ({machine.path(10)}), SANA VCam (PipeWire)"
    until(lambda: len(sink.status.cameras) == 2 and sink.status.cameras[1].open)
    server.streams("Firefox")
    sink.send(Picture.black(64, 64))
    until(lambda: server.frames)
    sink.close()
    assert server.frames[0] == device.written[0]
    assert "WARNING" not in caplog.text


@MISSING
def test_auto_is_a_preview_until_there_is_a_pipewire(server, machine, come):
    sink = Sink.open(AUTO, system=machine.system)
    told = threading.Event()
    sink.follow_readers(told.set)
    assert (sink.kind, sink.name) == ("preview", "preview (no virtual camera)")
    assert (sink.readers, sink.tells_viewers, sink.status.error) == (None, False, None)
    sink.send(Picture.black(64, 64))
    come()
    assert told.wait(30), "whoever counts viewers is told"
    assert (sink.kind, sink.name) == ("pipewire", "SANA VCam (PipeWire)")
    assert (sink.readers, sink.tells_viewers) == ((), True)
    assert [one.device for one in sink.status.cameras] == ["PipeWire"]
    server.streams("Firefox")
    until(lambda: server.frames)
    sink.close()


# With the real library, and no server that is one


@pytest.fixture
def real(monkeypatch, require_tools):
    try:
        node.library()
    except PipeWireError as error:
        if require_tools:
            raise
        pytest.skip(str(error))


@pytest.mark.usefixtures("real")
def test_without_a_server_there_is_one_sentence(caplog):
    sink = Sink.open(SinkConfig(kind="pipewire"))
    sink.close()
    (said,) = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert said.startswith("no virtual camera through PipeWire: PipeWire does not run")
    assert said.endswith("systemctl --user start pipewire.socket")


@pytest.mark.usefixtures("real")
def test_outside_a_session_nothing_is_waited_for(monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("PIPEWIRE_RUNTIME_DIR", raising=False)
    with pytest.raises(SinkError, match="XDG_RUNTIME_DIR is not set"):
        Sink.open(SinkConfig(kind="pipewire"))


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("hangs_up", [True, False])
def test_a_server_that_is_none_costs_the_camera_only(tmp_path, monkeypatch, hangs_up):
    """It accepts, and says nothing, or goes at once: no thread of the library's is left."""
    monkeypatch.setenv("PIPEWIRE_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(node, "ANSWER_S", 0.3)
    before = library_threads()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("pipewire-0")
        listener.listen(50)
        monkeypatch.setenv("PIPEWIRE_REMOTE", "pipewire-0")
        sink = Sink.open(SinkConfig(kind="pipewire", width=64, height=64))
        assert select.select([listener], [], [], 30)[0]
        accepted, _ = listener.accept()
        if hangs_up:
            accepted.close()
        until(lambda: sink.status.error)
        sink.send(Picture.black(64, 64))
        sink.close()
        accepted.close()
    assert "PipeWire" in sink.status.error
    assert "systemctl --user" in sink.status.error
    until(lambda: library_threads() <= before)


def library_threads():
    """The threads of this process that Python knows nothing of: the library gives them no name."""
    every = {int(thread.name) for thread in Path("/proc/self/task").iterdir()}
    return every - {thread.native_id for thread in threading.enumerate()}
