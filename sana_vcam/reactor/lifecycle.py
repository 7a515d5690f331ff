"""The SDK's life-cycle calls: one at a time, and given up when they make no progress."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from sana_vcam.lib.descriptors import are_spare
from sana_vcam.reactor import faults
from sana_vcam.reactor.errors import SessionGone, Unavailable
from sana_vcam.reactor.faults import FaultKind

DESCRIPTORS = 24
"""What a connection opens (20, measured with reactor-sdk 1.13), and some more. Where one cannot be
had, the SDK's native code ends the whole process, with the session open."""


class NoProgress(Exception):
    """A call that was given up; the message says what was not done, and for how long."""

    def __init__(self, message: str, fault: FaultKind) -> None:
        super().__init__(message)
        self.fault = fault


class LifeCycle:
    """Runs connect and reconnect of one session. On the event loop.

    A call that is given up, or whose await is cancelled, goes on at the SDK until the client is
    closed: it may yet bring the id of a session that has to be ended.
    """

    def __init__(
        self, step_timeout_s: float, gpu_timeout_s: float, waits_for_gpu: Callable[[], bool]
    ) -> None:
        """Set how long one step may stay without progress, and how long the wait for a GPU."""
        self.lock = asyncio.Lock()
        self.in_flight: asyncio.Task[None] | None = None
        self.session_known = asyncio.Event()
        """Set by whoever learns the id of the session."""
        self._step_timeout_s = step_timeout_s
        self._gpu_timeout_s = gpu_timeout_s
        self._waits_for_gpu = waits_for_gpu
        self._has_gpu = False
        self._progress_at = time.monotonic()

    def progress(self) -> None:
        """Take note of progress."""
        self._progress_at = time.monotonic()

    def gpu_given(self, _capabilities: object = None) -> None:
        """Take note that the wait for a GPU is over."""
        self._has_gpu = True
        self.progress()

    @property
    def may_open_a_session(self) -> bool:
        """Whether a create request is under way: only its answer has the id of what it opens."""
        return self.in_flight is not None and not self.session_known.is_set()

    async def answered(self, timeout_s: float) -> bool:
        """Wait for the answer to a create request under way; whether none is unanswered now."""
        if self.in_flight is not None and self.may_open_a_session:
            known = asyncio.ensure_future(self.session_known.wait())
            try:
                await asyncio.wait(
                    {self.in_flight, known},
                    timeout=timeout_s,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                known.cancel()
        return not self.may_open_a_session

    async def run(self, call: Callable[[], Awaitable[None]]) -> None:
        """Run one call. Raises what it raises, `NoProgress`, or `SessionGone` beside another.

        Raises `Unavailable` where the process may not open what a connection needs.
        """
        if self.in_flight is not None:
            raise SessionGone("an earlier call has not come back; the client can only be closed")
        if not are_spare(DESCRIPTORS):
            raise Unavailable(
                "there are no descriptors left for a connection; see `ulimit -n`",
                fault=faults.NO_DESCRIPTORS,
            )
        self.progress()
        operation = self.in_flight = asyncio.ensure_future(call())
        operation.add_done_callback(self._done)
        while not operation.done():
            await asyncio.wait({operation}, timeout=0.2)
            waiting = self._waits_for_gpu() and not self._has_gpu
            limit = self._gpu_timeout_s if waiting else self._step_timeout_s
            if not operation.done() and time.monotonic() - self._progress_at > limit:
                what = "gave no GPU" if waiting else "did not answer"
                fault = faults.NO_GPU if waiting else faults.NO_ANSWER
                raise NoProgress(f"{what} within {limit:.0f} s", fault)
        operation.result()

    def _done(self, operation: asyncio.Future[None]) -> None:
        self.in_flight = None
        if not operation.cancelled():
            # Marks it as seen: nobody else looks at it once its caller was cancelled.
            operation.exception()
