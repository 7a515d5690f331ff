"""The messages that wait to be sent to one client: a bounded number, the newest of each kind."""

from __future__ import annotations

import asyncio
from collections import OrderedDict


class SendQueue:
    """A queue of messages between the event loop and one client's writer.

    Events never wait: a newer one of the same kind takes the place of one that is still queued,
    and when there is no room left the queue overflows. Replies wait for room, which slows down
    only the client that asks and does not read.

    Args:
        limit: How many messages may wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: OrderedDict[str | int, str] = OrderedDict()
        """By kind, where a newer message replaces an older one; else by a number."""
        self._count = 0
        self._closed = False
        self._filled = asyncio.Event()
        self._drained = asyncio.Event()
        self.overflowed = asyncio.Event()
        """Set once an event found no room; from then on nothing is taken."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put_event(self, text: str, *, kind: str | None = None) -> None:
        """Queue an event, in place of a queued one of the same `kind` if there is one."""
        if self._closed:
            return
        if kind not in self._waiting and self._is_full:
            self.overflowed.set()
            self.close()
            return
        self._add(kind, text)

    async def put_reply(self, text: str) -> None:
        """Queue a reply as soon as there is room; drop it once the queue is closed."""
        while self._is_full and not self._closed:
            self._drained.clear()
            await self._drained.wait()
        if not self._closed:
            self._add(None, text)

    async def get(self) -> str:
        """Take the oldest message, waiting for one."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        _, text = self._waiting.popitem(last=False)
        self._drained.set()
        return text

    def close(self) -> None:
        """Take no more messages, and have those who wait for room return."""
        self._closed = True
        self._drained.set()

    @property
    def _is_full(self) -> bool:
        return len(self._waiting) >= self._limit

    def _add(self, kind: str | None, text: str) -> None:
        self._count += 1
        self._waiting[self._count if kind is None else kind] = text
        self._filled.set()
