"""A thread that comes before others, where the system lets it."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from sana_vcam.lib import priority
from sana_vcam.lib.priority import NICE, REAL_TIME, prefer_this_thread

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="of Linux")


def in_a_thread(call):
    """What `call` gives in a thread of its own, whose priority ends with it."""
    found = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


def refused(*_):
    raise PermissionError(1, "Operation not permitted")


def test_what_it_says_is_so():
    before = os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)

    def prefer():
        said = prefer_this_thread()
        policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
        return said, policy, os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    said, policy, nice = in_a_thread(prefer)
    assert {
        f"real time, priority {REAL_TIME}": policy == os.SCHED_RR,
        f"nice {NICE}": nice == NICE,
    }.get(said, said.startswith("ordinary"))
    assert (os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)) == before


def test_threads_that_it_starts_are_ordinary():
    def prefer():
        said = prefer_this_thread()
        return said, in_a_thread(lambda: os.sched_getscheduler(0))

    said, policy = in_a_thread(prefer)
    assert policy == os.SCHED_OTHER, said


def test_without_real_time_it_is_nicer_to_itself(monkeypatch):
    asked = []
    monkeypatch.setattr(priority.os, "sched_setscheduler", refused)
    monkeypatch.setattr(priority.os, "setpriority", lambda *words: asked.append(words))
    assert in_a_thread(prefer_this_thread) == f"nice {NICE}"
    ((which, thread, value),) = asked
    assert (which, value) == (os.PRIO_PROCESS, NICE)
    assert thread not in {0, threading.get_native_id()}, "its own, and of no other thread"


def test_a_refusal_is_told_and_raises_nothing(monkeypatch):
    monkeypatch.setattr(priority.os, "sched_setscheduler", refused)
    monkeypatch.setattr(priority.os, "setpriority", refused)
    said = in_a_thread(prefer_this_thread)
    assert said == "ordinary: the system allows no other (Operation not permitted)"


def test_elsewhere_nothing_is_asked_for(monkeypatch):
    monkeypatch.setattr(priority.sys, "platform", "darwin")
    monkeypatch.setattr(priority.os, "sched_setscheduler", refused)
    assert prefer_this_thread().startswith("ordinary")
