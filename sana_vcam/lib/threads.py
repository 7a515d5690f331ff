"""Blocking work beside the event loop in threads that are waited for, and optional tasks."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import queue
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

log = logging.getLogger(__name__)

STARTER = "thread starter"
SWITCH_S = 0.0005
"""How long a thread may compute before another one has its turn; Python's own time is 5 ms."""


@contextlib.contextmanager
def short_switch_interval() -> Iterator[None]:
    """Have a thread that computes let the others go on after `SWITCH_S` while the block runs.

    Python's own 5 ms are a long time for a picture that has come: with this, the 99th percentile
    from the SDK's callback to the sink goes from 8.5 to 5 ms for the same CPU time (measured).
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


async def supervise_optional(
    what: str, start: Callable[[], Coroutine[Any, Any, None]], *, again_s: float = 60.0
) -> None:
    """Run a task that the picture can do without: a defect of it costs `what`, and no call.

    A defect is logged with its traceback. `start` is called again `again_s` after each end, until
    this is cancelled.
    """
    while True:
        try:
            await start()
        except Exception:
            log.exception("a defect: %s cannot be told, and is tried again later", what)
        await asyncio.sleep(again_s)


async def run_blocking[T](call: Callable[[], T], *, name: str) -> T:
    """Run `call` once in a daemon thread of its own, and give what it returns.

    Unlike the loop's executor, a call that never returns does not hold up the end of the process:
    for requests to a server that may be frozen. Cancelling the await abandons the thread.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def body() -> None:
        try:
            result = call()
        except BaseException as error:
            _post(loop, _fail, future, error)
        else:
            _post(loop, _resolve, future, result)

    thread = threading.Thread(target=body, name=name, daemon=True)
    start_soon(thread, lambda error: _post(loop, _fail, future, error))
    return await future


async def run_loop(
    body: Callable[[threading.Event], None], *, name: str, wake: Callable[[], None] | None = None
) -> None:
    """Run the blocking loop `body(stop)` in a thread, for as long as this task lives.

    What the thread raises is raised here. On cancellation `stop` is set, `wake` (if any) is
    called to end a blocking wait, and the thread is waited for. A body that returns by itself
    ends the task.
    """
    stop = threading.Event()
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def thread_body() -> None:
        try:
            body(stop)
        except BaseException as error:
            _post(loop, _fail, done, error)
        else:
            _post(loop, _resolve, done, None)

    thread = threading.Thread(target=thread_body, name=name, daemon=True)
    start_soon(thread, lambda error: _post(loop, _fail, done, error))
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        stop.set()
        if wake is not None:
            wake()
        await wait_out(done)
        raise
    finally:
        if thread.ident is not None:
            thread.join()


async def end_task(task: asyncio.Task[None] | None) -> None:
    """Cancel a task, if there is one, and wait until it has ended; raise what it has raised."""
    if task is None:
        return
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()


async def wait_out[T](future: asyncio.Future[T]) -> T:
    """Wait until `future` is done, however often this task is cancelled meanwhile.

    A cancellation is passed on afterwards, unless `future` has failed, which comes first.
    """
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait({future})
        except asyncio.CancelledError as error:
            cancelled = error
    result = future.result()
    if cancelled is not None:
        raise cancelled
    return result


class _Starter:
    """A thread that starts others, as long as the process lives.

    `Thread.start` waits until the new thread runs. On a busy machine that takes 50 ms and more, in
    which the event loop would do nothing (measured at a load of 15 on two cores).
    """

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[tuple[threading.Thread, Callable[[Exception], None]]]
        self._asked = queue.SimpleQueue()
        threading.Thread(target=self._run, name=STARTER, daemon=True).start()

    def start(self, thread: threading.Thread, failed: Callable[[Exception], None]) -> None:
        """Have `thread` started soon; `failed` is called with what forbids it."""
        self._asked.put((thread, failed))

    def _run(self) -> None:
        while True:
            thread, failed = self._asked.get()
            try:
                thread.start()
            except RuntimeError as error:
                # The system has no more threads for this process.
                failed(error)


@functools.cache
def _starter() -> _Starter:
    return _Starter()


def start_soon(thread: threading.Thread, failed: Callable[[Exception], None]) -> None:
    """Have a thread started without waiting until it runs; `failed` is called if it cannot."""
    _starter().start(thread, failed)


def _resolve[T](future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail[T](future: asyncio.Future[T], error: BaseException) -> None:
    if isinstance(error, StopIteration):
        # A future refuses it, and whoever waits would wait for ever.
        error = RuntimeError(repr(error))
    if not future.done():
        future.set_exception(error)


def _post(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *args: object) -> None:
    """Run `call` on the loop; a loop that has closed has nobody left to tell."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *args)
