"""What native libraries are told, in processes of their own: it holds for the whole process."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from sana_vcam.app.native import ARENAS, BLAS_THREADS, OPENCV_THREADS, limit_threads

# Threads that all hold memory at once: without the limit each gets a heap of its own.
PROGRAM = """
import ctypes, threading
from sana_vcam.app.native import set_up_malloc
assert set_up_malloc()
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


MULTIPLY = """
import os, sys
from sana_vcam.__main__ import main
sys.argv = ["sana-vcam", "presets"]
assert main() == 0
import cv2, numpy as np
some = np.ones((700, 700), np.float32)
some @ some
cv2.cvtColor(np.zeros((704, 1280, 3), np.uint8), cv2.COLOR_BGR2BGRA)
print("threads:", len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_products_and_conversions_start_no_helpers(tmp_path):
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", MULTIPLY],
        capture_output=True, text=True, check=True, timeout=60, env=environ,
    )  # fmt: skip
    assert told.stdout.endswith("threads: 1\n")


def test_a_users_own_number_of_threads_holds():
    environ = {BLAS_THREADS: "4"}
    limit_threads(environ)
    assert environ == {BLAS_THREADS: "4", OPENCV_THREADS: "1"}
