"""Set-up of native libraries (numpy, OpenCV, glibc), before they start threads."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import MutableMapping

M_ARENA_MAX = -8
"""The option's number in glibc's malloc.h."""
ARENAS = 2
"""How many heaps glibc may keep."""
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


def limit_arenas() -> bool:
    """Have glibc keep few heaps instead of up to eight per core; call before any thread starts.

    A picture that one thread has freed is then used by the next one: 31 MB less at 1280x704 for the
    same CPU time (measured). Returns whether the C library knows the option.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(M_ARENA_MAX, ARENAS) == 1


def freeze_heap() -> None:
    """Have Python's collector never look again at what is there now; call after the imports.

    A full collection goes through every object of every library, and holds the thread that it
    falls upon, the event loop's or the playout's, for 50 to 80 ms (measured).
    """
    gc.collect()
    gc.freeze()
