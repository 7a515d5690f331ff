"""Every limit and waiting time of the control API's server, in one place."""

from __future__ import annotations

from sana_vcam.lib import descriptors

MAX_CLIENTS = 32
"""Open WebSockets on the TCP port; on the Unix socket as many again, so that it stays a way in."""
MAX_CLIENTS_OF_ANOTHER_USER = 8
"""Of those, how many may belong to one other user of this machine, who has the token."""
MAX_MESSAGE_BYTES = 64 * 1024
MESSAGES_HZ = 50
MESSAGES_BURST = 100
"""For each WebSocket by itself, and for all GETs of a listener together."""
REFUSED_PAUSE_S = 1 / MESSAGES_HZ
"""How long a WebSocket that sends too much waits for each refusal: it slows down only itself."""
READ_BYTES = 2 * 1024
"""How much of one connection is read at once: many small messages in it take long to answer."""
FILES_HZ = 200
FILES_BURST = 400
"""For the dashboard's files and the presets' stills, of which one load of the page takes dozens."""
MAX_WAITING = 256
"""Messages queued for one client before it counts as too slow."""

MAX_OPENING = 256
"""Connections that may wait to be let in, if the process may have enough descriptors."""
ACCEPTED_AT_ONCE = 4
"""Connections that are taken in before the event loop turns to the others."""
BACKLOG = 128
"""Connections that the system keeps until they are taken in."""
STRANGERS_OF_ONE_USER = 32
"""Connections of one other user that may wait to be let in; as many for all that are unknown."""
STRANGERS_HZ = 100
STRANGERS_BURST = 50
"""How many connections of other users, and of those that have gone, are read in a second."""
LOOKUPS_AT_ONCE = 64
"""Connections whose users are looked up together."""
MAX_SERVED = 64
"""GETs whose commands may run at the same time."""
HEAD_TIMEOUT_S = 5.0
"""How long a client may take for its request's head."""
ANSWER_TIMEOUT_S = 10.0
"""How long a client may take to read an HTTP answer and to close."""
CLOSE_GRACE_S = 2.0
"""How long a client, and the command that it runs, may take to end before it is cut off."""

STATE_EVERY_S = 0.05
"""The shortest time from one `state` event to the next."""
STATS_EVERY_S = 1.0
TOKEN_EVERY_S = 1.0
"""How often the token's file is looked at."""


def max_opening() -> int:
    """Choose how many connections of a listener may wait: a quarter of the descriptors at most.

    There are two listeners, and the picture needs the rest.
    """
    return max(8, min(MAX_OPENING, descriptors.limit() // 4))
