"""The process's descriptors: the three standard ones are there, and there are as many as may be."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

if sys.platform != "win32":
    import resource

STANDARD = (0, 1, 2)
_USUAL = 1024


def fill_standard_streams() -> None:
    """Open the null device in the place of each standard stream that the process was not given.

    Else the next socket gets the number 2, and everything that is said on standard error goes into
    it. To be called before anything is opened. What Python has as None becomes a stream.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) in STANDARD:
        os.set_inheritable(number, True)
    os.close(number)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # It stays open as long as the process lives.
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def raise_limit() -> None:
    """Have as many descriptors as the system lets us; what forbids it changes nothing."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != hard:
            # macOS says that there is no limit, and then does not take that.
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def are_spare(count: int) -> bool:
    """Whether the process may open so many more now; takes a microsecond for each."""
    opened: list[int] = []
    try:
        opened.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(count - 1):
            opened.append(os.dup(opened[0]))
    except OSError:
        return False
    finally:
        for one in opened:
            os.close(one)
    return True


def limit() -> int:
    """Read how many descriptors the process may have; a usual number where that is not known."""
    if sys.platform != "win32":
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if soft != resource.RLIM_INFINITY:
            return soft
    return _USUAL
