"""One TCP connection's owner, asked of the Linux kernel by netlink (sock_diag(7)).

The kernel finds it in a hash table: that takes 20 microseconds (measured), however many sockets
the machine has. To read the 15,000 of /proc/net/tcp takes 200 milliseconds.
"""

from __future__ import annotations

import errno
import functools
import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

type IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
type Endpoint = tuple[IPAddress, int]
type Connection = tuple[Endpoint, Endpoint]
"""The end whose owner is asked for, and the other end."""

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST = 1
NLMSG_ERROR = 2
LISTEN = 10
ALL_STATES = 0xFFFFFFFF
NO_COOKIE = b"\xff" * 8
"""Numbers of linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h."""

_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")
_PORTS = struct.Struct("!HH")
_SOCKET = struct.Struct("=2s2s16s16sI8s")
_ANSWER = struct.Struct("=BBBB48sIIIII")
_ERROR = struct.Struct("=i")
_ANSWER_BYTES = 4096
_PATIENCE_S = 1.0
"""The kernel answers before it returns from the question; this is for one that does not."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the kernel tells of a socket."""

    ends: Connection
    state: int
    uid: int
    inode: int


def endpoint(host: str, port: int) -> Endpoint:
    """Make an address comparable: an IPv4 address is the same when written as IPv6."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address, port


@functools.cache
def is_there() -> bool:
    """Whether the kernel answers: it is asked about a socket of ours. Blocks at the first call."""
    if not hasattr(socket, "AF_NETLINK"):
        return False
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as listening,
            socket.create_connection(listening.getsockname()) as client,
        ):
            ends = endpoint(*client.getsockname()), endpoint(*listening.getsockname())
            return ends in owners([ends])
    except OSError:
        return False


def owners(connections: Sequence[Connection]) -> dict[Connection, int]:
    """Ask for the user of each connection's first end; one that is gone is left out.

    Where the kernel refuses to be asked at all, the answer is empty.
    """
    found: dict[Connection, int] = {}
    with suppress(OSError), _kernel() as kernel:
        for number, connection in enumerate(connections, 1):
            told = _ask(kernel, connection, number)
            # Without that very connection the kernel tells of whoever listens on its port. And a
            # socket without an inode is one that its process has let go of: it is shown as root's.
            if told is not None and told.ends == connection and told.inode:
                found[connection] = told.uid
    return found


def listener(server: Endpoint) -> Told | None:
    """Ask who listens on `server`, or on that port of every address; None if nobody does.

    Raises `OSError` where the kernel refuses to be asked.
    """
    address, _ = server
    nobody = ipaddress.ip_address(0 if address.version == 4 else b"\0" * 16), 0
    with _kernel() as kernel:
        told = _ask(kernel, (server, nobody), 1)
    return told if told is not None and told.state == LISTEN else None


def _kernel() -> socket.socket:
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    kernel = socket.socket(
        socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, NETLINK_SOCK_DIAG
    )
    kernel.settimeout(_PATIENCE_S)
    return kernel


def _question(connection: Connection, number: int) -> bytes:
    (address, port), (other, other_port) = connection
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    ports = _PORTS.pack(port, other_port)
    ends = _SOCKET.pack(ports[:2], ports[2:], address.packed, other.packed, 0, NO_COOKIE)
    body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, ALL_STATES) + ends
    head = _HEADER.pack(_HEADER.size + len(body), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, number, 0)
    return head + body


def _ask(kernel: socket.socket, connection: Connection, number: int) -> Told | None:
    """Ask for one connection; None if there is none. Raises `OSError` without an answer."""
    kernel.sendto(_question(connection, number), (0, 0))
    while True:
        data = kernel.recv(_ANSWER_BYTES)
        _, kind, _, answered, _ = _HEADER.unpack_from(data)
        if answered == number:
            break
    if kind == NLMSG_ERROR:
        code = -_ERROR.unpack_from(data, _HEADER.size)[0]
        if code == errno.ENOENT:
            return None
        raise OSError(code, "the kernel refuses to tell")
    family, state, _, _, ends, _, _, _, uid, inode = _ANSWER.unpack_from(data, _HEADER.size)
    return Told(_ends(family, ends), state, uid, inode)


def _ends(family: int, packed: bytes) -> Connection:
    port, other_port, address, other, _, _ = _SOCKET.unpack(packed)
    size = 4 if family == socket.AF_INET else 16
    return (
        endpoint(str(ipaddress.ip_address(address[:size])), int.from_bytes(port)),
        endpoint(str(ipaddress.ip_address(other[:size])), int.from_bytes(other_port)),
    )
