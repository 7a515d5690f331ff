"""The camera as a PipeWire node: what comes of a server that is absent, hangs, goes or fails us."""

import ctypes
import select
import socket
import time
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.config.schema import SinkConfig
from sana_vcam.errors import SinkError
from sana_vcam.lib.pipewire.graph import Graph
from sana_vcam.lib.pipewire.library import PipeWireError
from sana_vcam.lib.pipewire.source import StreamState, layouts
from sana_vcam.media.frames import Picture
from sana_vcam.media.sinks import node
from sana_vcam.media.sinks.node import CameraNode
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.sinks.wake import WakePipe

SIZE = (64, 64)


class Server:
    """What PipeWire does, as far as the node sees it."""

    def __init__(self):
        self.connections = []
        self.refuses = False
        self.silent = False
        self.layout = layouts(*SIZE)[0]
        self.frames = []
        self.fault = None

    def connect(self, _library, _path, _properties):
        if self.refuses:
            raise PipeWireError("PipeWire does not run")
        made = FakeConnection(self)
        self.connections.append(made)
        return made

    def publish(self, connection, properties, size, fps):
        connection.source = FakeSource(self)
        connection.published = (properties["node.description"], size, fps)
        return connection.source

    def streams(self, *readers):
        """Have these programs read, or none."""
        connection = self.connections[-1]

        def change():
            graph = connection.graph
            for number in range(60, 70):
                graph.remove(number)
            for number, name in enumerate(readers, 60):
                graph.add(number - 20, node_kind("Node"), {"application.name": name})
                ends = {"link.output.node": "7", "link.input.node": str(number - 20)}
                graph.add(number, node_kind("Link"), ends)
            connection.source.streaming = bool(readers)
            connection.source.layout = self.layout if readers else None

        connection.does(change)


def node_kind(name):
    return f"PipeWire:Interface:{name}"


class FakeConnection:
    def __init__(self, server):
        self.server = server
        self.graph = Graph()
        self.ready = not server.silent
        self.closed = False
        self._news = WakePipe()
        self._news.set()
        self._todo = []

    def fileno(self):
        return self._news.fileno()

    def does(self, what):
        self._todo.append(what)
        self._news.set()

    def turn(self):
        self._news.clear()
        while self._todo:
            self._todo.pop(0)()
        if self.server.fault is not None:
            raise self.server.fault

    def ask(self):
        self.ready = not self.server.silent

    def close(self):
        self.closed = True
        self._news.close()


class FakeSource:
    node = 7

    def __init__(self, server):
        self.server = server
        self.state = StreamState.PAUSED
        self.streaming = False
        self.layout = None
        self.dropped = 0

    def send(self, fill):
        memory = ctypes.create_string_buffer(self.layout.frame_bytes)
        fill(ctypes.addressof(memory))
        self.server.frames.append(memory.raw)
        return True


@pytest.fixture
def server(monkeypatch):
    made = Server()
    monkeypatch.setattr(node, "library", lambda: None)
    monkeypatch.setattr(node, "find_socket", lambda: None)
    monkeypatch.setattr(node, "PipeWireConnection", made.connect)
    monkeypatch.setattr(node, "VideoSource", made.publish)
    monkeypatch.setattr(node, "backoff", lambda **_: iter(lambda: 0.01, None))
    return made


@pytest.fixture
def camera(server):
    made = CameraNode("SANA VCam", SIZE, 24.0)
    made.open()
    until(lambda: server.connections)
    yield made
    made.close()
    assert all(one.closed for one in server.connections)


def until(true):
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.002)


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
def test_without_a_server_there_is_one_sentence():
    with pytest.raises(SinkError) as caught:
        Sink.open(SinkConfig(kind="pipewire"))
    assert "PipeWire does not run" in str(caught.value)
    assert str(caught.value).endswith("systemctl --user start pipewire.socket")


def test_without_the_library_there_is_one_sentence(monkeypatch):
    def missing():
        raise PipeWireError("libpipewire-0.3.so.0 is not installed: sudo apt install it")

    monkeypatch.setattr(node, "library", missing)
    with pytest.raises(SinkError, match="no virtual camera through PipeWire: libpipewire"):
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
    """The threads of this process that do the work of PipeWire's library."""
    found = set()
    for thread in Path("/proc/self/task").iterdir():
        try:
            name = (thread / "comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if name.startswith(("pw-", "data-loop", "pipewire")):
            found.add(thread.name)
    return found
