"""SIGHUP: a service reads its configuration again, a lost terminal stops the daemon in order."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import sys

from sana_vcam.app.signals import Hangup, on_hangup


async def test_the_signal_reloads_a_service():
    stop, reloaded = asyncio.Event(), asyncio.Event()
    with on_hangup(Hangup(stop, reloaded.set, has_terminal=lambda: False)):
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.wait_for(reloaded.wait(), 20)
    assert not stop.is_set()
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


async def test_in_a_terminal_that_is_there_it_reloads_too():
    stop, calls = asyncio.Event(), []
    Hangup(stop, lambda: calls.append(1), has_terminal=lambda: True)()
    assert calls == [1]
    assert not stop.is_set()


async def test_a_terminal_that_goes_stops_the_daemon_in_order():
    stop, calls = asyncio.Event(), []
    answers = iter([True, False])
    Hangup(stop, lambda: calls.append(1), has_terminal=lambda: next(answers))()
    assert stop.is_set()
    assert calls == []


async def test_under_nohup_a_terminal_that_goes_stops_nothing():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop, calls = asyncio.Event(), []
        answers = iter([True, False])
        Hangup(stop, lambda: calls.append(1), has_terminal=lambda: next(answers))()
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    assert not stop.is_set()
    assert calls == [1]


IN_A_TERMINAL = """
import asyncio, os, sys
from sana_vcam.app.signals import Hangup, on_hangup

terminal = os.open(sys.argv[1], os.O_RDWR)

async def main():
    stop = asyncio.Event()
    with on_hangup(Hangup(stop, lambda: print("reloaded", flush=True))):
        print("ready", flush=True)
        await stop.wait()
    print("stopped in order", flush=True)

asyncio.run(main())
"""


def test_a_real_terminal_that_is_closed():
    ours, theirs = pty.openpty()
    # The leader of a new session takes the first terminal that it opens.
    child = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, os.ttyname(theirs)],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGHUP)
        assert child.stdout.readline() == "reloaded\n"
        os.close(theirs)
        os.close(ours)
        assert child.stdout.readline() == "stopped in order\n"
    assert child.returncode == 0
