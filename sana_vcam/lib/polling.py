"""poll(2), by names that every system has, so that its users can be imported on all of them."""

from __future__ import annotations

import errno
import os
import select
import sys
from collections.abc import Callable, Mapping
from typing import Any

type Poll = Callable[[Mapping[int, int], float | None], Mapping[int, int]]
"""Waits for descriptors and their events for so many seconds; which have which."""

POLLIN = getattr(select, "POLLIN", 0x1)
POLLPRI = getattr(select, "POLLPRI", 0x2)
POLLOUT = getattr(select, "POLLOUT", 0x4)
POLLERR = getattr(select, "POLLERR", 0x8)
POLLHUP = getattr(select, "POLLHUP", 0x10)


class Poller:
    """poll(2) for the same descriptors again and again. Belongs to one thread."""

    _poll: Any
    """`select.poll`, which Windows has not."""

    def __init__(self, wanted: Mapping[int, int]) -> None:
        """Prepare to wait for descriptors and their events.

        Raises `OSError` where the system has no poll(2), which is Windows.
        """
        if sys.platform == "win32":
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        self._poll = select.poll()
        for descriptor, events in wanted.items():
            self._poll.register(descriptor, events)

    def poll(self, timeout_s: float | None) -> Mapping[int, int]:
        """Wait until a descriptor has one of its events, at most for so long; None is for ever."""
        return dict(self._poll.poll(None if timeout_s is None else timeout_s * 1000))


def poll_descriptors(wanted: Mapping[int, int], timeout_s: float | None) -> Mapping[int, int]:
    """Wait once until a descriptor has one of its events, at most for so long; None is for ever.

    Raises `OSError` where the system has no poll(2), which is Windows.
    """
    return Poller(wanted).poll(timeout_s)
