import threading

import numpy as np
import pytest

from sana_vcam.config.schema import SinkConfig
from sana_vcam.control.preview.previews import PreviewServer
from sana_vcam.media.camera.testscene import TestScene
from sana_vcam.media.frames import ModelFrame, Picture, SlateImage
from sana_vcam.media.pixels import to_i420
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.slate import Slate, draw


class Counted:
    """A sink's pictures, and how often they were asked for."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.asked = 0
        self.threads: set[str] = set()
        self.error: Exception | None = None

    def __call__(self):
        self.asked += 1
        self.threads.add(threading.current_thread().name)
        if self.error is not None:
            raise self.error
        return self.sink.latest_i420()


@pytest.fixture(autouse=True)
def _without_a_network(monkeypatch):
    """Viewers of this machine, whatever network it has; what the daemon's side uses is its own."""
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: ["127.0.0.1"])


@pytest.fixture
def sink():
    sink = Sink.open(SinkConfig(kind="preview", fps=60))
    yield sink
    sink.close()


@pytest.fixture
def source(sink):
    return Counted(sink)


@pytest.fixture
def preview_server(source):
    return PreviewServer(source)


@pytest.fixture
def scene():
    """A picture of the model with much in it."""
    scene = TestScene(fps=1000)
    scene.open()
    bgr = scene.read()
    scene.close()
    return Picture.from_model(ModelFrame(to_i420(bgr), 1, 0.0))


@pytest.fixture
def card():
    return Picture.from_slate(draw(Slate("Camera off", "Back in a moment"), 1280, 720))


@pytest.fixture
def red():
    bgr = np.zeros((720, 1280, 3), np.uint8)
    bgr[..., 2] = 255
    return Picture.from_slate(SlateImage(bgr))


@pytest.fixture
def black():
    return Picture.black(1280, 720)
