"""A thread that comes before ordinary ones, for sound: what it does seldom and in little time."""

from __future__ import annotations

import os
import sys
import threading
from typing import Final

REAL_TIME: Final = 5
"""Of the policy SCHED_RR; sound servers take 5 to 88 for theirs."""
NICE: Final = -11
"""What PulseAudio and PipeWire take for themselves where they get no real time."""


def prefer_this_thread() -> str:
    """Have the calling thread run before ordinary ones, as far as the system lets it.

    Gives what came of it, in words. Ordinary users may do it where a limit of theirs says so
    (RLIMIT_RTPRIO, RLIMIT_NICE; sched(7), setpriority(2)). Threads that it starts are ordinary.
    """
    if sys.platform != "linux":
        return "ordinary: priorities are asked for on Linux only"
    policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(0, policy, os.sched_param(REAL_TIME))
    except OSError as error:
        refusal = error.strerror
    else:
        return f"real time, priority {REAL_TIME}"
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    except OSError:
        return f"ordinary: the system allows no other ({refusal})"
    return f"nice {NICE}"
