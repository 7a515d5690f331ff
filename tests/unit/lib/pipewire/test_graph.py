"""Who reads a node, of what a server tells of its links, nodes and clients."""

from sana_vcam.lib.pipewire.graph import CLIENT, LINK, NODE, Graph


def graph():
    found = Graph()
    found.add(9, CLIENT, {"application.name": "Firefox"})
    found.add(40, NODE, {"node.name": "sana_vcam"})
    found.add(41, NODE, {"node.name": "firefox", "client.id": "9"})
    found.add(42, NODE, {"node.name": "obs", "application.name": "OBS", "client.id": "10"})
    return found


def link(found, number, output, into):
    found.add(number, LINK, {"link.output.node": str(output), "link.input.node": str(into)})


def names(found, node=40):
    return [reader.name for reader in found.readers(node)]


def test_listing_a_camera_is_not_reading_it():
    assert names(graph()) == []


def test_each_reader_has_its_programs_name():
    found = graph()
    link(found, 50, 40, 41)
    link(found, 51, 40, 42)
    assert names(found) == ["Firefox", "OBS"]
    found.remove(50)
    assert names(found) == ["OBS"]


def test_two_links_into_one_node_are_one_reader():
    found = graph()
    link(found, 50, 40, 41)
    link(found, 51, 40, 41)
    assert names(found) == ["Firefox"]


def test_links_of_other_nodes_do_not_count():
    found = graph()
    link(found, 50, 41, 42)
    found.add(51, LINK, {"link.output.node": "40"})
    found.add(52, LINK, {"link.output.node": "40", "link.input.node": "?"})
    assert names(found) == []


def test_a_reader_through_the_portal_has_its_own_name():
    found = graph()
    found.add(9, CLIENT, {"application.name": "xdg-desktop-portal"})
    link(found, 50, 40, 41)
    assert names(found) == ["firefox"]


def test_a_reader_that_tells_nothing_has_its_number():
    found = graph()
    link(found, 50, 40, 77)
    assert names(found) == ["node 77"]
    found.add(77, NODE, {"node.description": "A recorder"})
    assert names(found) == ["A recorder"]


def test_nodes_are_found_by_name():
    assert list(graph().nodes("sana_vcam")) == [40]
    assert graph().nodes("another") == {}


def test_a_change_is_seen_by_the_version():
    found = graph()
    before = found.version
    found.add(60, "PipeWire:Interface:Port", {})
    found.remove(60)
    assert found.version == before
    found.remove(42)
    assert found.version == before + 1
