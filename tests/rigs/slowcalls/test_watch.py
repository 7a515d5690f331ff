"""The watch itself: it finds what computes and what waits, and passes over what is quick."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time

import pytest

from tests.rigs.slowcalls.plugin import PROJECT
from tests.rigs.slowcalls.watch import LIMIT_S, SlowCalls

PATIENCE_S = 30.0
"""How long a call is slow at most: the watch looks from a thread, which a busy machine holds up."""


@pytest.fixture
def watched(tmp_path):
    calls = SlowCalls(tmp_path)
    calls.install()
    yield calls
    calls.remove()


def reports(folder):
    return [
        json.loads(line)
        for file in folder.glob("*.jsonl")
        for line in file.read_text().splitlines()
    ]


def compute(looked_at):
    """Compute past the limit, and on until the watch has looked."""
    begun = time.thread_time()
    while (spent := time.thread_time() - begun) < PATIENCE_S:
        if spent > 3 * LIMIT_S and looked_at():
            return


def wait_for_a_pipe(looked_at):
    """Wait as for a pipe that nobody writes to yet, without Python's lock."""
    reader, writer = os.pipe()

    def write():
        until = time.monotonic() + PATIENCE_S
        time.sleep(6 * LIMIT_S)
        while not looked_at() and time.monotonic() < until:
            time.sleep(LIMIT_S)
        os.write(writer, b"x")

    thread = threading.Thread(target=write)
    thread.start()
    os.read(reader, 1)
    thread.join()
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("slow", [compute, wait_for_a_pipe])
async def test_a_slow_call_is_reported_with_its_place(watched, tmp_path, slow):
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.call_soon(slow, lambda: watched.stack)
    loop.call_soon(done.set)
    await done.wait()
    (call,) = [each for each in reports(tmp_path) if slow.__name__ in each["call"]]
    assert call["own_ms"] > 1000 * LIMIT_S
    assert slow.__name__ in call["stack"]
    assert watched.longest_s > LIMIT_S


async def test_what_is_awaited_is_no_call(watched, tmp_path):
    await asyncio.sleep(4 * LIMIT_S)
    assert reports(tmp_path) == []


def test_a_daemon_is_watched_and_other_programs_are_not(tmp_path):
    site = PROJECT / "tests" / "rigs" / "slowcalls" / "site"
    told = {"SLOW_CALLS_FOLDER": str(tmp_path), "SLOW_CALLS_PROJECT": str(PROJECT)}
    environment = os.environ | told | {"PYTHONPATH": f"{site}{os.pathsep}{PROJECT}"}
    for words in (["presets"], ["run", "--set", "nonsense"]):
        subprocess.run(
            [sys.executable, "-m", "sana_vcam", *words],
            env=environment,
            check=False,
            capture_output=True,
        )
    assert len(list(tmp_path.glob("*.summary"))) == 1
