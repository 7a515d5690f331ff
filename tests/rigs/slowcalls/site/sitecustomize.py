"""Watches the event loop of each daemon that a test starts; see `tests/rigs/slowcalls/watch.py`."""

import os
import sys

_WORDS = sys.orig_argv[1:]
_IS_DAEMON = ("run" in _WORDS or "demo" in _WORDS) and any(
    word in {"sana_vcam", "tests.rigs.faults.seams"} or word.endswith("/sana-vcam")
    for word in _WORDS
)

if _IS_DAEMON and "SLOW_CALLS_FOLDER" in os.environ:
    # Here, since other commands load nothing slow.
    from pathlib import Path

    sys.path.append(os.environ["SLOW_CALLS_PROJECT"])
    from tests.rigs.slowcalls.watch import watch_this_process

    watch_this_process(Path(os.environ["SLOW_CALLS_FOLDER"]))
