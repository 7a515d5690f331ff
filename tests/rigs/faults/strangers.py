"""Another user of the machine, who fills its table of sockets and sends handshakes that vanish.

`python -m tests.rigs.faults.strangers PORT ROWS HANDSHAKES`; it says "ready" once the table is
full, and then goes on with so many handshakes at a time until it is killed.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import sys
import time

NOBODY = 65534
PAUSE_S = 0.2
HEAD = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def become_somebody_else() -> None:
    """Be nobody, where we may; else the daemon's own user is the stranger."""
    # What this loads may be in a folder of the user's before.
    socket.getaddrinfo("127.0.0.1", 1)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def fill(rows: int) -> list[socket.socket]:
    """Open so many sockets, in pairs."""
    ends = []
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        for _ in range(rows // 2):
            ends += [socket.create_connection(listening.getsockname()), listening.accept()[0]]
    return ends


def vanish(port: int) -> None:
    """Ask for a WebSocket, and be gone before the answer."""
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", port), timeout=5) as stranger,
    ):
        stranger.sendall(HEAD)


def main(port: int, rows: int, handshakes: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    become_somebody_else()
    ends = fill(min(rows, hard - 100))
    print("ready", len(ends), flush=True)
    while True:
        for _ in range(handshakes):
            vanish(port)
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
