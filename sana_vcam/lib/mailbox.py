"""A one-slot mailbox between two threads that keeps the newest item: late is worse than lost."""

from __future__ import annotations

import threading
from typing import overload


class Closed(Exception):
    """The mailbox was closed and holds nothing newer."""


class Mailbox[T]:
    """The newest item, with a sequence number; safe between one writer and any readers."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._item: T | None = None
        self._sequence = 0
        self._closed = False

    def put(self, item: T) -> None:
        """Replace the item and wake every reader. Never blocks on a reader."""
        with self._condition:
            self._item = item
            self._sequence += 1
            self._condition.notify_all()

    def peek(self) -> tuple[T | None, int]:
        """Look at the newest item (None before the first) and its number; does not wait."""
        with self._condition:
            return self._item, self._sequence

    def clear(self) -> None:
        """Forget the item, so that a reader that comes now does not get an old one."""
        with self._condition:
            self._item = None

    @overload
    def get(self, after: int) -> tuple[T, int]: ...
    @overload
    def get(self, after: int, timeout_s: float) -> tuple[T, int] | None: ...
    def get(self, after: int, timeout_s: float | None = None) -> tuple[T, int] | None:
        """Wait for an item newer than `after`.

        Returns the item and its sequence number, or None after `timeout_s`. Raises `Closed`.
        """
        with self._condition:
            self._condition.wait_for(
                lambda: self._closed or (self._sequence > after and self._item is not None),
                timeout_s,
            )
            if self._sequence > after and self._item is not None:
                return self._item, self._sequence
            if self._closed:
                raise Closed
            return None

    def close(self) -> None:
        """Wake every reader for good."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
