import os
import socket
import sys

import pytest

from sana_vcam.control.access import peers, sockdiag
from sana_vcam.control.access.peers import endpoint, find_listener, owners_in, parse_table

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1C5E 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 501 1 0
   1: 0100007F:C350 0100007F:1C5E 01 00000000:00000000 00:00000000 00000000  1001        0 502 1 0
   2: 0100007F:1C5E 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 503 1 0
   3: 0100007F:C351 0100007F:1C5E 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0
   4: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 504 1 0
"""
TABLE6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:1C5E 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 601 1 0
   1: 0000000000000000FFFF00000100007F:C352 0000000000000000FFFF00000100007F:1C5E 01 00000000:00000000 00:00000000 00000000  1002        0 602 1 0
   2: 00000000000000000000000001000000:C353 00000000000000000000000001000000:1C5E 01 00000000:00000000 00:00000000 00000000  1003        0 603 1 0
   3: 00000000000000000000000000000000:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 604 1 0
"""  # noqa: E501
SERVER, SERVER6 = endpoint("127.0.0.1", 7262), endpoint("::1", 7262)

pytestmark = pytest.mark.skipif(sys.byteorder == "big", reason="the tables are little-endian")


@pytest.fixture
def table():
    return [*parse_table(TABLE), *parse_table(TABLE6)]


@pytest.fixture
def tables(tmp_path):
    names = []
    for name, text in (("tcp", TABLE), ("tcp6", TABLE6)):
        (tmp_path / name).write_text(text)
        names.append(str(tmp_path / name))
    return [*names, str(tmp_path / "none")]


@pytest.mark.parametrize(
    ("peer", "server", "uid"),
    [
        (endpoint("127.0.0.1", 50000), SERVER, 1001),
        (endpoint("127.0.0.1", 50002), SERVER, 1002),
        (endpoint("::ffff:127.0.0.1", 50002), SERVER, 1002),
        (endpoint("::1", 50003), SERVER6, 1003),
        (endpoint("127.0.0.1", 50004), SERVER, None),
        (endpoint("127.0.0.1", 50000), endpoint("127.0.0.1", 80), None),
    ],
)
def test_the_owner_of_the_other_end(tables, peer, server, uid):
    assert owners_in(tables, [(peer, server)]).get((peer, server)) == uid


def test_one_look_at_the_tables_is_for_many(tables):
    ours = [
        (endpoint("127.0.0.1", 50000), SERVER),
        (endpoint("127.0.0.1", 50009), SERVER),
        (endpoint("::1", 50003), SERVER6),
    ]
    assert owners_in(tables, ours) == {ours[0]: 1001, ours[2]: 1003}


def test_a_socket_that_its_process_let_go_of_proves_nothing(tables):
    assert owners_in(tables, [(endpoint("127.0.0.1", 50001), SERVER)]) == {}


def test_a_table_without_end_is_looked_at_up_to_a_bound(tables, tmp_path, monkeypatch):
    monkeypatch.setattr(peers, "MAX_TABLE_BYTES", 300)
    wanted = (endpoint("127.0.0.1", 50009), SERVER)
    row = "   9: 0100007F:C359 0100007F:1C5E 01 0:0 00:0 0  1001        0 502 1 0\n"
    long = tmp_path / "long"
    long.write_text(TABLE.splitlines()[0] + "\n" + row)
    assert owners_in([str(long)], [wanted]) == {wanted: 1001}
    long.write_text(TABLE + row)
    assert owners_in([str(long)], [wanted]) == {}


@pytest.mark.parametrize(
    ("server", "inode"),
    [
        (SERVER, 501),
        (SERVER6, 601),
        (endpoint("127.0.0.1", 80), 504),
        (endpoint("::1", 80), None),
        (endpoint("127.0.0.1", 81), 604),
        (endpoint("::1", 81), 604),
        (endpoint("127.0.0.1", 50000), None),
    ],
)
def test_who_listens(table, server, inode):
    row = find_listener(table, server)
    assert (row and row.inode) == inode


@pytest.fixture(params=["netlink", "tables"])
def way(request, monkeypatch):
    """Both ways to know: the kernel's answer, and its tables."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells")
    if request.param == "tables":
        monkeypatch.setattr(sockdiag, "is_there", lambda: False)
    elif not sockdiag.is_there():
        pytest.skip("this kernel does not answer")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_real_owners(way, host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as listening,
        socket.create_connection(listening.getsockname()[:2]) as client,
    ):
        accepted, _ = listening.accept()
        with accepted:
            server = endpoint(*listening.getsockname()[:2])
            peer = endpoint(*client.getsockname()[:2])
            nobody = endpoint(host, 1)
            asked = [(peer, server), (nobody, server), (server, nobody), (peer, server)]
            assert peers.peer_uids(asked) == [os.geteuid(), None, None, os.geteuid()]
            assert peers.listener_uid(server) == os.geteuid()
            assert peers.listener_uid(peer) is None, "that is no listener"
            holder = peers.listener(server)
            assert holder is not None
            assert holder.pid == os.getpid()
            assert holder.command


def test_an_ipv4_connection_of_an_ipv6_socket_has_an_owner(way):
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.socket(socket.AF_INET6) as client,
    ):
        client.connect(("::ffff:127.0.0.1", listening.getsockname()[1]))
        ends = endpoint(*client.getsockname()[:2]), endpoint(*listening.getsockname())
        assert peers.peer_uids([ends]) == [os.geteuid()]


def test_a_peer_that_has_gone_has_no_owner(way):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        ends = endpoint(*client.getsockname()), endpoint(*listening.getsockname())
        accepted, _ = listening.accept()
        with accepted:
            client.close()
            assert peers.peer_uids([ends]) == [None]


@pytest.mark.skipif(sys.platform != "linux", reason="has netlink")
def test_a_kernel_that_refuses_is_not_asked_and_the_tables_are_read(monkeypatch):
    def refuse(*_):
        raise OSError(97, "Address family not supported by protocol")

    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as client,
    ):
        ends = endpoint(*client.getsockname()), endpoint(*listening.getsockname())
        with monkeypatch.context() as patch:
            patch.setattr(sockdiag, "_kernel", refuse)
            assert sockdiag.owners([ends]) == {}
            assert not sockdiag.is_there.__wrapped__()
            patch.setattr(sockdiag, "is_there", lambda: False)
            assert peers.peer_uids([ends]) == [os.geteuid()]


def test_a_port_that_nobody_has():
    assert peers.listener(endpoint("127.0.0.1", 1)) is None
