"""Who owns a TCP socket of this machine, as Linux tells it: by netlink, or else in /proc.

Everywhere else nobody tells, and every answer is None.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sana_vcam.control.access import sockdiag
from sana_vcam.control.access.sockdiag import Connection, Endpoint, IPAddress, endpoint
from sana_vcam.lib.openfiles import command_of, opened, socket_name, text_of

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
MAX_TABLE_BYTES = 8 << 20
"""How much of each table is looked at: some 55,000 sockets."""
_LISTEN = 0x0A


@dataclass(frozen=True, slots=True)
class Socket:
    """One line of /proc/net/tcp or tcp6."""

    local: Endpoint
    remote: Endpoint
    state: int
    uid: int
    inode: int

    @property
    def listens(self) -> bool:
        """Whether it waits for connections."""
        return self.state == _LISTEN


@dataclass(frozen=True, slots=True)
class PortHolder:
    """Who listens on a port; `pid` and `command` are None for another user's process."""

    uid: int
    pid: int | None
    command: str | None


def listener(server: Endpoint) -> PortHolder | None:
    """Look up who listens on `server`, or on that port of every address; None if not known."""
    found = _listening(server)
    if found is None:
        return None
    for _, pid in opened({socket_name(found.inode)}):
        return PortHolder(found.uid, pid, command_of(pid) or None)
    return PortHolder(found.uid, None, None)


def listener_uid(server: Endpoint) -> int | None:
    """Look up which user listens on `server`; None if that is not known."""
    found = _listening(server)
    return None if found is None else found.uid


def _listening(server: Endpoint) -> Socket | sockdiag.Told | None:
    if sockdiag.is_there():
        return sockdiag.listener(server)
    return find_listener(_sockets(), server)


def find_listener(sockets: Iterable[Socket], server: Endpoint) -> Socket | None:
    """Find in a table the socket that listens on that very address, else one that does on all."""
    address, port = server
    rows = [row for row in sockets if row.listens and row.local[1] == port]
    exact = (row for row in rows if row.local[0] == address)
    return next(exact, None) or next((row for row in rows if _covers(row.local[0], address)), None)


def _covers(listening: IPAddress, address: IPAddress) -> bool:
    """Whether a socket on all addresses takes connections to `address`; IPv6's may take both."""
    return listening.is_unspecified and listening.version >= address.version


def peer_uids(connections: Sequence[Connection]) -> list[int | None]:
    """Look up who owns the peers' ends; None for one that is gone, or where that is not known.

    Blocks for less than a millisecond, or without the kernel's help for one look at its tables.
    """
    if sys.platform != "linux" or not connections:
        return [None] * len(connections)
    asks = sockdiag.is_there()
    found = sockdiag.owners(connections) if asks else owners_in(_TABLES, connections)
    return [found.get(connection) for connection in connections]


def owners_in(tables: Iterable[str], wanted: Sequence[Connection]) -> dict[Connection, int]:
    """Find owners in the kernel's tables, as far as a bounded look at them goes.

    A socket without an inode is one that its process has let go of; the kernel shows it as
    root's, so it proves nothing.
    """
    keys = {
        (local, remote): connection
        for connection in wanted
        for local, remote in zip(*map(_spellings, connection), strict=True)
    }
    found: dict[Connection, int] = {}
    for table in tables:
        for row in _rows(Path(table)):
            _, local, remote, *_ = columns = row.split(None, 10)
            connection = keys.get((local, remote))
            if connection is not None and len(columns) > 9 and int(columns[9]):
                found[connection] = int(columns[7])
                if len(found) == len(wanted):
                    return found
    return found


def _rows(table: Path) -> Iterator[bytes]:
    """Read the rows of a table up to `MAX_TABLE_BYTES`; nothing where there is none."""
    try:
        with table.open("rb") as file:
            file.readline()
            yield from file.readlines(MAX_TABLE_BYTES)
    except OSError:
        return


def _spellings(end: Endpoint) -> Iterator[bytes]:
    """Write an address as the tables may have it: as IPv4, and as IPv6."""
    address, port = end
    packed = address.packed
    wide = packed if len(packed) == 16 else b"\0" * 10 + b"\xff\xff" + packed
    for raw in (packed, wide):
        words = [raw[at : at + 4] for at in range(0, len(raw), 4)]
        if sys.byteorder == "little":
            words = [word[::-1] for word in words]
        yield f"{b''.join(words).hex().upper()}:{port:04X}".encode()


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
