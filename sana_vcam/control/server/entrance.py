"""Whose a new TCP connection is: found out before a byte of it is read, and off the event loop.

Every user of the machine can connect, as often as they like. What is done before it is known who
asks is small: a look-up by the kernel. Then the daemon's own user goes on; others have a share of
what may wait, and a rate at which they are read. One that has gone meanwhile is of nobody known.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

from sana_vcam.control.access import peers, sockdiag
from sana_vcam.control.server import limits
from sana_vcam.control.server.ratelimit import TokenBucket
from sana_vcam.lib.threads import run_blocking

TELL_EVERY_S = 60.0
_NO_ROOM = "socket.accept() out of system resource"
"""What asyncio's selector event loop says."""

log = logging.getLogger(__name__)

type Ends = sockdiag.Connection
type LookUp = Callable[[Sequence[Ends]], Sequence[int | None]]
"""Names the user of each connection's far end, or None; blocks."""


class Arrival(Protocol):
    """A new connection, as far as it matters here."""

    uid: int | None
    """The user at its other end; None while that is not known."""

    @property
    def ends(self) -> Ends | None:
        """The far and the near end; None for one that is closed."""

    @property
    def is_gone(self) -> bool:
        """Whether it is closed, or will be in a moment."""

    def hold(self) -> None:
        """Read nothing of it for now."""

    def bound_share(self) -> None:
        """Have its user not keep more waiting than one may."""

    def let_in(self) -> None:
        """Begin to read."""


class Entrance:
    """Holds new connections back until it is known whose they are; on the event loop.

    Args:
        own_uid: Who need not wait for others.
        look_up: Finds out whose they are.
    """

    def __init__(self, own_uid: int | None, *, look_up: LookUp = peers.peer_uids) -> None:
        self._own_uid = own_uid
        self._look_up = look_up
        self._unknown: deque[Arrival] = deque()
        self._strangers: deque[Arrival] = deque()
        self._asking: asyncio.Task[None] | None = None
        self._bucket: TokenBucket | None = None
        self._next_turn: asyncio.TimerHandle | None = None

    def arrive(self, connection: Arrival) -> None:
        """Read nothing of a connection that was just made until it is known whose it is."""
        connection.hold()
        self._unknown.append(connection)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask(), name="control-entrance")

    async def close(self) -> None:
        """Let nobody in any more."""
        if self._next_turn is not None:
            self._next_turn.cancel()
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _ask(self) -> None:
        """Look up all that wait, many at a time, until none does."""
        try:
            while self._unknown:
                count = min(len(self._unknown), limits.LOOKUPS_AT_ONCE)
                taken = [self._unknown.popleft() for _ in range(count)]
                waiting = [(each, ends) for each in taken if (ends := each.ends) is not None]
                look_up = partial(self._look_up, [ends for _, ends in waiting])
                uids = await run_blocking(look_up, name="look-up-users")
                for (connection, _), uid in zip(waiting, uids, strict=True):
                    self._sort(connection, uid)
        finally:
            self._asking = None

    def _sort(self, connection: Arrival, uid: int | None) -> None:
        """Let our own user's connection in, and have another's wait for its turn."""
        connection.uid = uid
        if connection.is_gone:
            return
        if uid is not None and uid == self._own_uid:
            connection.let_in()
            return
        connection.bound_share()
        self._strangers.append(connection)
        self._take_turns()

    def _take_turns(self) -> None:
        """Let in as many strangers as the rate allows now, and come back for the others."""
        if self._next_turn is not None:
            return
        if self._bucket is None:
            clock = asyncio.get_running_loop().time
            self._bucket = TokenBucket(limits.STRANGERS_HZ, limits.STRANGERS_BURST, clock)
        while self._strangers:
            if self._strangers[0].is_gone:
                self._strangers.popleft()
            elif self._bucket.take():
                self._strangers.popleft().let_in()
            else:
                wait_s = 1 / limits.STRANGERS_HZ
                loop = asyncio.get_running_loop()
                self._next_turn = loop.call_later(wait_s, self._come_back)
                return

    def _come_back(self) -> None:
        self._next_turn = None
        self._take_turns()


@contextmanager
def quiet_accept() -> Iterator[None]:
    """Say once a minute, and in a sentence, that connections cannot be taken in, while it lasts.

    asyncio tries again each second, and would write a traceback each time.
    """
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    told_at = -math.inf

    def tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal told_at
        if context.get("message") != _NO_ROOM:
            if before is None:
                loop.default_exception_handler(context)
            else:
                before(loop, context)
        elif loop.time() - told_at >= TELL_EVERY_S:
            told_at = loop.time()
            log.warning(
                "the control API cannot take connections in: the system has no more descriptors "
                "for this process, or none at all (%s); it is tried again each second",
                context.get("exception"),
            )

    loop.set_exception_handler(tell)
    try:
        yield
    finally:
        loop.set_exception_handler(before)
