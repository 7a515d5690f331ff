"""Plays rows in processes of their own, two at a time; what was only too slow, twice more alone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tests.rigs.faults import clip
from tests.rigs.faults.row import Result, Row

ROOT = Path(__file__).parents[3]
AT_ONCE = 2
MORE = 2
"""How many times a row that was only too slow is played again."""
LONGEST_S = 260.0
CANNOT = 2
"""The exit status of a row's process that could not make itself alone."""


class CannotPlay(Exception):
    """This machine does not let the suite run; the text says why."""


class Runner:
    """Plays the rows that it is given, from the first one on, in the background."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._stack = contextlib.ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        clip.make(self._folder / "clip.avi")
        # A copy: a test's fixtures change this process's environment while rows are being started,
        # and exec fails with EFAULT where the C library's own array moves under it.
        self._environment = dict(os.environ)
        self._turns = Turns(AT_ONCE)
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._results: dict[str, Future[Result]] = {
            row.name: self._pool.submit(self._play, number, row) for number, row in enumerate(rows)
        }

    def result(self, row: Row) -> Result:
        """Wait for a row's result. Raises `CannotPlay`."""
        return self._results[row.name].result()

    def close(self) -> None:
        """Play no more, and end what plays."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for process in self._running:
                os.killpg(process.pid, signal.SIGKILL)
        self._pool.shutdown()
        self._stack.close()

    def _play(self, number: int, row: Row) -> Result:
        with self._turns.one():
            result = self._run(number, row)
        for _ in range(MORE):
            if not result.slow or result.faults:
                break
            # A real delay shows each time; that of a machine with too much to do does not.
            with self._turns.all():
                first, result = result, self._run(number, row)
                result.before = [*first.before, "; ".join(first.slow)]
                result.log = [*first.log, *first.slow, "once more, alone:", *result.log]
        return result

    def _run(self, number: int, row: Row) -> Result:
        out = self._folder / f"{number}.json"
        out.unlink(missing_ok=True)
        command = (sys.executable, "-m", "tests.rigs.faults.play", row.name)
        process = subprocess.Popen(
            (*command, "--clip", str(self._folder / "clip.avi"), "--out", str(out)),
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        with self._lock:
            self._running.add(process)
        try:
            said, _ = process.communicate(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
        finally:
            with self._lock:
                self._running.discard(process)
        if process.returncode == CANNOT:
            raise CannotPlay(said.strip())
        if out.exists():
            return Result(**json.loads(out.read_text()))
        fault = f"the row's process ended with status {process.returncode}"
        return Result(row.name, row.cause, row.program, faults=[fault], log=said.splitlines())


class Turns:
    """So many at once, or one that has the machine to itself; who wants that goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._playing = 0
        self._waiting_alone = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """A turn beside others."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting_alone and self._playing < self._most)
            self._playing += 1
        try:
            yield
        finally:
            self._done(1)

    @contextlib.contextmanager
    def all(self) -> Iterator[None]:
        """A turn with nobody beside."""
        with self._changed:
            self._waiting_alone += 1
            self._changed.wait_for(lambda: self._playing == 0)
            self._waiting_alone -= 1
            self._playing = self._most
        try:
            yield
        finally:
            self._done(self._most)

    def _done(self, count: int) -> None:
        with self._changed:
            self._playing -= count
            self._changed.notify_all()
