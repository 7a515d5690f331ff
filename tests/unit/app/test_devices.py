"""`sana-vcam devices` about the camera that is a PipeWire node."""

from sana_vcam.app.devices import look_at_nodes, node_lines, render_devices
from sana_vcam.lib.pipewire.graph import LINK, NODE, Graph
from sana_vcam.media.v4l2.devices import System


def test_the_node_is_listed_with_who_reads_it(tmp_path):
    graph = Graph()
    graph.add(40, NODE, {"node.name": "sana_vcam", "node.description": "SANA VCam"})
    graph.add(41, NODE, {"node.name": "firefox-esr"})
    graph.add(50, LINK, {"link.output.node": "40", "link.input.node": "41"})
    text = render_devices([], System(tmp_path, platform="linux"), nodes=node_lines(graph))
    assert "  sana_vcam      SANA VCam  [PipeWire]\n      read by  Firefox" in text
    assert "No virtual camera" not in text


def test_without_pipewire_nothing_is_said():
    assert look_at_nodes() == []
    assert node_lines(Graph()) == []
