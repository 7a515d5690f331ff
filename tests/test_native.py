"""What the allocator is told, in a process of its own: it holds for the whole process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from sana_vcam.allocator import ARENAS

# Threads that all hold memory at once: without the limit each gets a heap of its own.
PROGRAM = """
import ctypes, threading
from sana_vcam.allocator import share_arenas
assert share_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
all_hold = threading.Barrier(8)
def hold():
    for _ in range(1000):
        libc.malloc(4096)
    all_hold.wait()
threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the option is glibc's")
def test_threads_share_a_few_heaps():
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert 1 <= told.stdout.count("<heap nr=") <= ARENAS
