"""PipeWire without a server: what it does as far as our node sees it."""

import ctypes
import time

from sana_vcam.lib.pipewire.graph import Graph
from sana_vcam.lib.pipewire.library import PipeWireAbsent, PipeWireError
from sana_vcam.lib.pipewire.source import StreamState, layouts
from sana_vcam.media.sinks.wake import WakePipe

SIZE = (64, 64)


class Server:
    """What PipeWire does, as far as the node sees it."""

    def __init__(self):
        self.connections = []
        self.absent = False
        self.refuses = False
        self.silent = False
        self.layout = layouts(*SIZE)[0]
        self.frames = []
        self.fault = None

    def find_socket(self):
        if self.absent:
            raise PipeWireAbsent("PipeWire does not run: systemctl --user start pipewire.socket")

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

    @property
    def server_descriptor(self):
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

    def send(self, frame):
        self.server.frames.append(ctypes.string_at(frame, self.layout.frame_bytes))
        return True


def until(true):
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.002)
