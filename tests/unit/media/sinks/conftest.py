"""What the tests of the sinks share."""

import pytest

from sana_vcam.media.sinks import node
from tests.unit.media.sinks.fakenode import Server


@pytest.fixture
def server(monkeypatch):
    made = Server()
    monkeypatch.setattr(node, "library", lambda: None)
    monkeypatch.setattr(node, "find_socket", made.find_socket)
    monkeypatch.setattr(node, "PipeWireConnection", made.connect)
    monkeypatch.setattr(node, "VideoSource", made.publish)
    monkeypatch.setattr(node, "backoff", lambda **_: iter(lambda: 0.01, None))
    return made
