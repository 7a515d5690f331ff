"""Who owns a TCP socket of this machine, as Linux tells it in /proc.

Everywhere else there is no such table, and every answer is None.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sana_vcam.lib.openfiles import command_of, opened, socket_name, text_of

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_LISTEN = 0x0A

type IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
type Endpoint = tuple[IPAddress, int]


@dataclass(frozen=True, slots=True)
class Socket:
    """One line of /proc/net/tcp or tcp6."""

    local: Endpoint
    remote: Endpoint
    state: int
    uid: int
    inode: int


@dataclass(frozen=True, slots=True)
class PortHolder:
    """Who listens on a port; `pid` and `command` are None for another user's process."""

    uid: int
    pid: int | None
    command: str | None


def endpoint(host: str, port: int) -> Endpoint:
    """Make an address comparable: an IPv4 address is the same when written as IPv6."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address, port


def peer_uid(peer: Endpoint, server: Endpoint) -> int | None:
    """Look up who owns the `peer` end of a connection to `server`; None if that is not known."""
    return find_peer_uid(_sockets(), peer, server)


def find_peer_uid(sockets: Iterable[Socket], peer: Endpoint, server: Endpoint) -> int | None:
    """Find the owner of the `peer` end in a table; None if it is not in there.

    A socket without an inode is one that its process has let go of; the kernel shows it as
    root's, so it proves nothing.
    """
    for row in sockets:
        if row.local == peer and row.remote == server and row.inode:
            return row.uid
    return None


def listener(server: Endpoint) -> PortHolder | None:
    """Look up who listens on `server`, or on that port of every address; None if not known."""
    row = find_listener(_sockets(), server)
    if row is None:
        return None
    for _, pid in opened({socket_name(row.inode)}):
        return PortHolder(row.uid, pid, command_of(pid) or None)
    return PortHolder(row.uid, None, None)


def listener_uid(server: Endpoint) -> int | None:
    """Look up which user listens on `server`; None if that is not known."""
    row = find_listener(_sockets(), server)
    return None if row is None else row.uid


def find_listener(sockets: Iterable[Socket], server: Endpoint) -> Socket | None:
    """Find in a table the socket that listens on that very address, else one that does on all."""
    address, port = server
    rows = [row for row in sockets if row.state == _LISTEN and row.local[1] == port]
    exact = (row for row in rows if row.local[0] == address)
    return next(exact, None) or next((row for row in rows if _covers(row.local[0], address)), None)


def _covers(listening: IPAddress, address: IPAddress) -> bool:
    """Whether a socket on all addresses takes connections to `address`; IPv6's may take both."""
    return listening.is_unspecified and listening.version >= address.version


def parse_table(text: str) -> Iterator[Socket]:
    """Read /proc/net/tcp or tcp6 (the kernel's Documentation/networking/proc_net_tcp.rst)."""
    for line in text.splitlines()[1:]:
        _, local, remote, state, _, _, _, uid, _, inode, *_ = line.split()
        yield Socket(_endpoint(local), _endpoint(remote), int(state, 16), int(uid), int(inode))


def _endpoint(column: str) -> Endpoint:
    # The address is printed as 32-bit words in the byte order of the machine.
    digits, _, port = column.partition(":")
    raw = bytes.fromhex(digits)
    if sys.byteorder == "little":
        raw = b"".join(raw[i : i + 4][::-1] for i in range(0, len(raw), 4))
    return endpoint(str(ipaddress.ip_address(raw)), int(port, 16))


def _sockets() -> Iterator[Socket]:
    for table in _TABLES:
        yield from parse_table(text_of(Path(table)))
