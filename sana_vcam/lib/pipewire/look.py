"""One look at what a server has: connect, be told, and go."""

from __future__ import annotations

import time
from contextlib import closing

from sana_vcam.lib.pipewire.connection import RESTART, PipeWireConnection, find_socket
from sana_vcam.lib.pipewire.graph import Graph
from sana_vcam.lib.pipewire.library import PipeWireError, library
from sana_vcam.lib.polling import POLLIN, poll_descriptors

ANSWER_S = 3.0


def look() -> Graph:
    """Ask the user's server what it has; blocks for milliseconds. Raises `PipeWireError`."""
    deadline = time.monotonic() + ANSWER_S
    with closing(PipeWireConnection(library(), find_socket())) as connection:
        while not connection.ready:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise PipeWireError(f"PipeWire does not answer: {RESTART}")
            poll_descriptors({connection.fileno(): POLLIN}, left_s)
            connection.turn()
        return connection.graph
