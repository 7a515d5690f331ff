"""What each thread of a process has used, and what the sum of them is."""

import asyncio
import contextlib
import os
import sys

import pytest

from tests.rigs.bench import threads
from tests.rigs.bench.contenders import browser, telling
from tests.rigs.bench.figures import ANONYMOUS, memory_kinds_mb, memory_parts_mb, rss_mb
from tests.rigs.bench.pipeline import with_pictures
from tests.rigs.bench.threads import (
    CAMERA,
    ENCODER,
    ENDED,
    LATENCY,
    LOOP,
    NETWORK,
    OTHER,
    WORKERS,
    Times,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")

TICK_S = 0.01
WORK_S = 0.3
BUSY = f"""
import sys, threading, time
from pathlib import Path
import numpy as np
from sana_vcam.media.frames import ModelFrame
from tests.rigs.bench.contenders.telling import tell_at_signal

held = [ModelFrame(np.zeros((96, 64), np.uint8), number, 0.0) for number in range(3)]

def burn():
    while time.thread_time() < {WORK_S}:
        pass

def stay():
    burn()
    burned.set()
    threading.Event().wait()

tell_at_signal(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
burned = threading.Event()
threading.Thread(target=stay, name="camera", daemon=True).start()
short = threading.Thread(target=burn, name="latency")
short.start()
short.join()
# Python's end of a thread comes before the kernel's.
while Path(f"/proc/self/task/{{short.native_id}}").exists():
    time.sleep(0.01)
burned.wait()
print("burned", flush=True)
sys.stdin.readline()
"""


@contextlib.asynccontextmanager
async def busy(stamps):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BUSY, str(stamps)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.kill()
        await process.communicate()


async def test_the_threads_add_up_to_what_the_process_used(tmp_path):
    stamps = tmp_path / "stamps.json"
    async with busy(stamps) as process:
        before = threads.read(process.pid)
        process.stdin.write(b"\n")
        assert await process.stdout.readline() == b"burned\n"
        after = threads.read(process.pid)
        told = await telling.ask(process.pid, stamps)

    names = {int(number): name for number, name in told["threads"].items()}
    used = threads.between(before, after, names, told["ended"])
    rounding_s = TICK_S * (len(after.threads) + 2)
    assert sum(used.values()) == pytest.approx(after.total_s - before.total_s)
    assert used[CAMERA, "camera"] == pytest.approx(WORK_S, abs=rounding_s)
    assert used[LATENCY, "latency"] == pytest.approx(WORK_S, abs=rounding_s)
    assert used[LOOP, "MainThread"] >= 0
    assert used[ENDED, ENDED] == pytest.approx(0, abs=rounding_s)
    # Of a thread that has ended the kernel keeps the time only.
    unknown = threads.between(before, after, names)
    assert unknown[ENDED, ENDED] == pytest.approx(WORK_S, abs=rounding_s)
    assert sum(unknown.values()) == pytest.approx(after.total_s - before.total_s)


async def test_a_contender_counts_the_pictures_that_it_holds(tmp_path):
    stamps = tmp_path / "stamps.json"
    async with busy(stamps) as process:
        told = await telling.ask(process.pid, stamps)

    assert told["pictures"]["count"] == 3
    assert told["pictures"]["MB"] == pytest.approx(3 * 96 * 64 / 2**20)


async def test_the_parts_of_the_memory_add_up_to_all_of_it(tmp_path):
    async with busy(tmp_path / "stamps.json") as process:
        parts, kinds = memory_parts_mb(process.pid), memory_kinds_mb(process.pid)
        resident = rss_mb(process.pid)

    # The kernel counts in batches of pages, so its sum is not exact.
    assert sum(parts.values()) == pytest.approx(resident, abs=2)
    assert sum(kinds.values()) == pytest.approx(resident, abs=2)
    assert parts["NumPy's libraries"] > 1
    assert parts[ANONYMOUS] > 1


def test_pictures_are_taken_out_of_the_anonymous_memory():
    parts = with_pictures({ANONYMOUS: 100.0, "OpenCV's libraries": 20.0}, 30.0)

    assert parts[ANONYMOUS] == 70.0
    assert sum(parts.values()) == 120.0


def test_a_thread_is_known_by_the_kernels_name_or_by_pythons():
    comms = {1: "python", 2: "VideoEncoderQue", 3: "Thread 0x0x55b9", 4: "python", 5: "python"}
    comms |= {6: "reactor-host-ev", 7: "python", 8: "av:mjpeg"}
    nothing = Times(1, 0.0, {})
    after = Times(1, 36.0, {number: (comm, float(number)) for number, comm in comms.items()})

    used = threads.between(nothing, after, {1: "MainThread", 4: "camera", 7: "snapshot"})

    assert used == {
        (LOOP, "MainThread"): 1.0,
        (ENCODER, "VideoEncoderQue"): 2.0,
        (NETWORK, "Thread 0x…"): 3.0,
        (CAMERA, "camera"): 4.0,
        (WORKERS, "python (unnamed)"): 5.0,
        (NETWORK, "reactor-host-ev"): 6.0,
        (OTHER, "snapshot"): 7.0,
        (OTHER, "av:mjpeg"): 8.0,
        (ENDED, ENDED): 0.0,
    }


def test_cores_are_by_group_in_their_order_and_by_thread_the_largest_first():
    used = {(LOOP, "MainThread"): 1.0, (NETWORK, "Thread 0x…"): 2.0, (ENCODER, "queue"): 4.0}
    used |= {(NETWORK, "rtc"): 1.0, (OTHER, "idle"): 0.0}

    assert threads.figures(used, 10.0) == {
        "CPU by group, cores": {ENCODER: 0.4, NETWORK: 0.3, LOOP: 0.1},
        "CPU by thread, cores": {"queue": 0.4, "Thread 0x…": 0.2, "MainThread": 0.1, "rtc": 0.1},
    }


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("/usr/bin/chromium --headless --user-data-dir=x", "Chromium: browser"),
        ("chromium --type=renderer --lang=en", "Chromium: renderer"),
        (
            "chromium --type=utility --utility-sub-type=network.mojom.NetworkService",
            "Chromium: network",
        ),
    ],
)
def test_a_process_of_chromium_is_known_by_its_command_line(line, kind):
    assert browser.kind(line) == kind


def test_the_processes_of_chromium_add_up():
    before = {1: Times(1, 1.0, {1: ("chromium", 1.0)}), 2: Times(2, 2.0, {2: ("chromium", 2.0)})}
    after = {
        1: Times(1, 4.0, {1: ("chromium", 2.0), 7: ("Compositor", 2.0)}),
        2: Times(2, 7.0, {2: ("chromium", 7.0)}),
        3: Times(3, 9.0, {3: ("chromium", 9.0)}),  # started meanwhile
    }
    before[4] = Times(4, 5.0, {4: ("chromium", 5.0)})  # ended meanwhile

    used = browser.used_by_thread(before, after, {1: "renderer", 2: "renderer", 3: "gpu", 4: "gpu"})

    assert sum(used.values()) == 8.0
    assert used["renderer", "renderer, Compositor"] == 2.0
    assert {group for group, _ in used} == {"renderer"}


def test_what_waits_for_a_cpu_is_told_by_thread():
    comms = {1: ("python", 0.0), 2: ("VideoEncoderQue", 0.0), 3: ("python", 0.0)}
    before = Times(1, 0.0, comms, {1: 1.0, 2: 0.0})
    after = Times(1, 9.0, comms, {1: 1.00001, 2: 0.5, 3: 1.5})

    found = threads.waiting(before, after, {1: "MainThread", 3: "playout"}, 2.0)
    assert found == {"playout": 0.75, "VideoEncoderQue": 0.25}
    assert list(found) == ["playout", "VideoEncoderQue"]


def test_the_kernel_tells_how_long_each_thread_has_waited():
    found = threads.read(os.getpid())

    assert found.waited.keys() == found.threads.keys()
    assert all(seconds >= 0 for seconds in found.waited.values())
