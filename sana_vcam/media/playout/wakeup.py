"""The end of the playout thread's wait: a frame that has come, or a change that it has to see."""

from __future__ import annotations

import threading


class Wakeup:
    """A wait of one thread that any other can end."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._woken = False

    def notify(self) -> None:
        """End the wait that is on now, since a frame has come."""
        with self._condition:
            self._condition.notify_all()

    def wake(self) -> None:
        """End the wait that is on now, or else the next one."""
        with self._condition:
            self._woken = True
            self._condition.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait for a frame, or at most so long; True if `wake` ended it."""
        with self._condition:
            if not self._woken and seconds > 0:
                self._condition.wait(seconds)
            woken, self._woken = self._woken, False
            return woken
