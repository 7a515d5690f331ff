"""An event loop whose clock jumps to the next timer: tests wait for minutes in no time.

For code without threads and sockets of its own; whoever reads a clock must read `loop.time`.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

# Real seconds; only a test that waits for something that never comes gets there.
DEADLOCK_S = 10.0


TURN_S = 1e-9
"""What a turn of the loop takes; asyncio calls a timer that much early, and would for ever."""


class _JumpingSelector(selectors.SelectSelector):
    """Never sleeps while a timer is set: the clock moves to it instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            events = super().select(DEADLOCK_S)
            assert events, "every task waits, and no timer is set"
            return events
        self.now += max(timeout, 0.0) + TURN_S
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop on virtual time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait for the threads without a time-out, which by this clock is over at once."""
        del timeout
        await super().shutdown_default_executor(None)


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on virtual time. Fails if it leaves a task behind."""

    async def checked() -> T:
        result = await work
        # A task that was cancelled last needs a turn to end.
        await asyncio.sleep(0.001)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks left behind: {left}"
        return result

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(checked())


def virtual_time[**P](test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Make a coroutine test an ordinary one that runs on virtual time."""

    @functools.wraps(test)
    def in_no_time(*args: P.args, **kwargs: P.kwargs) -> None:
        async def body() -> None:
            await test(*args, **kwargs)

        run(body())

    return in_no_time
