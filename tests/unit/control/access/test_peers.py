import os
import socket
import sys

import pytest

from sana_vcam.control.access import peers
from sana_vcam.control.access.peers import endpoint, find_listener, find_peer_uid, parse_table

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
def test_the_owner_of_the_other_end(table, peer, server, uid):
    assert find_peer_uid(table, peer, server) == uid


def test_a_socket_that_its_process_let_go_of_proves_nothing(table):
    assert find_peer_uid(table, endpoint("127.0.0.1", 50001), SERVER) is None


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


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_real_table():
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as client,
    ):
        accepted, _ = listening.accept()
        with accepted:
            server = endpoint(*listening.getsockname())
            assert peers.peer_uid(endpoint(*client.getsockname()), server) == os.geteuid()
            assert peers.listener_uid(server) == os.geteuid()
            holder = peers.listener(server)
            assert holder is not None
            assert holder.pid == os.getpid()
            assert holder.command


def test_a_port_that_nobody_has():
    assert peers.listener(endpoint("127.0.0.1", 1)) is None
