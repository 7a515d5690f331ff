"""Set-up of native libraries (numpy, OpenCV, glibc), before they start threads."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import MutableMapping
from typing import Any

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""The options' numbers in glibc's malloc.h."""
ARENAS = 2
"""How many heaps glibc may keep."""
MAPPED_BYTES = 8 << 20
"""What is larger gets pages of its own: a picture of 1080 lines is not."""
KEPT_BYTES = 24 << 20
"""So much of a heap that is free stays: the pictures of a frame's way."""
BLAS_THREADS = "OPENBLAS_NUM_THREADS"
"""Read by numpy's OpenBLAS when numpy is imported."""
OPENCV_THREADS = "OPENCV_FOR_THREADS_NUM"
"""Read by OpenCV when it is imported."""


def limit_threads(environ: MutableMapping[str, str] = os.environ) -> None:
    """Have numpy and OpenCV work on the thread that asks; to be called before either is imported.

    Their worker threads, one for each core, spin for a while after each picture and each of the
    latency meter's products: 0.02 to 0.04 of a core for OpenBLAS's, 0.03 for OpenCV's one worker
    on two cores (measured). A user's own setting holds.
    """
    for name in (BLAS_THREADS, OPENCV_THREADS):
        environ.setdefault(name, "1")


def set_up_malloc() -> bool:
    """Have glibc keep few heaps, and keep the memory of pictures; call before any thread starts.

    With few heaps, instead of up to eight per core, a picture that one thread has freed is used by
    the next one: 31 MB less at 1280x704 for the same CPU time (measured). Memory that goes back to
    the system at each frame comes anew page by page: 730 to 900 faults a frame at 1280x704 and not
    170, for 6 to 14 MB less (measured). Returns whether the C library knows the options.
    """
    mallopt = _of_libc("mallopt")
    if mallopt is None:
        return False
    options = (
        (M_ARENA_MAX, ARENAS), (M_MMAP_THRESHOLD, MAPPED_BYTES), (M_TRIM_THRESHOLD, KEPT_BYTES)
    )  # fmt: skip
    return bool(sum(mallopt(option, value) for option, value in options) == len(options))


def give_back_memory() -> None:
    """Have glibc give what is free back to the system; for a time without pictures. Blocks."""
    malloc_trim = _of_libc("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


def _of_libc(name: str) -> Any:
    """Find a function that only glibc has; None elsewhere."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


def freeze_heap() -> None:
    """Have Python's collector never look again at what is there now; call after the imports.

    A full collection goes through every object of every library, and holds the thread that it
    falls upon, the event loop's or the playout's, for 50 to 80 ms (measured).
    """
    gc.collect()
    gc.freeze()
