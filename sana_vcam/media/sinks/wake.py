"""A flag that poll(2) can wait for, beside other descriptors."""

from __future__ import annotations

import contextlib
import os
from typing import Self


class WakePipe:
    """A pipe to oneself. `set` is for every thread; the rest belongs to one."""

    def __init__(self) -> None:
        self._read, self._set = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._set, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """Name the descriptor that is readable while the flag is set."""
        return self._read

    def set(self) -> None:
        """Set the flag."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._set, b"!")

    def clear(self) -> None:
        """Take the flag back."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 4096)

    def close(self) -> None:
        """Release the descriptors."""
        os.close(self._read)
        os.close(self._set)
