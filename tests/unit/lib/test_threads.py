"""Blocking work beside the loop: what it raises comes out, and its end is waited for."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading

import pytest

from sana_vcam.lib.mailbox import Closed, Mailbox
from sana_vcam.lib.threads import (
    SWITCH_S,
    end_task,
    run_blocking,
    run_loop,
    short_switch_interval,
    supervise_optional,
    wait_out,
)

# -- run_loop --------------------------------------------------------------------------------------


async def test_a_body_that_ends_ends_the_task():
    names: list[str] = []
    await run_loop(lambda _: names.append(threading.current_thread().name), name="worker")
    assert names == ["worker"]


@pytest.mark.parametrize("error", [ValueError("a defect"), SystemExit(3)], ids=repr)
async def test_what_the_thread_raises_is_raised_here(error):
    def body(stop: threading.Event) -> None:
        raise error

    with pytest.raises(type(error)):
        await run_loop(body, name="worker")


async def test_the_error_of_a_thread_ends_its_task_group():
    def fail(stop: threading.Event) -> None:
        raise ValueError("a defect")

    async def both() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run_loop(_wait, name="other"))
            tasks.create_task(run_loop(fail, name="worker"))

    with pytest.raises(ExceptionGroup) as group:
        await both()
    assert group.group_contains(ValueError, match="a defect")


def _wait(stop: threading.Event) -> None:
    stop.wait()


class Body:
    """A loop whose end can be held up."""

    def __init__(self, error: Exception | None = None) -> None:
        self.began = asyncio.Event()
        self.stopping = asyncio.Event()
        self.may_end = threading.Event()
        self.ended = False
        self._loop = asyncio.get_running_loop()
        self._error = error

    def run(self, stop: threading.Event) -> None:
        self._loop.call_soon_threadsafe(self.began.set)
        stop.wait()
        self._loop.call_soon_threadsafe(self.stopping.set)
        assert self.may_end.wait(20)
        self.ended = True
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize("cancellations", [1, 2, 5])
async def test_every_cancellation_waits_for_the_thread(cancellations):
    body = Body()
    task = asyncio.ensure_future(run_loop(body.run, name="worker"))
    await body.began.wait()
    for _ in range(cancellations):
        task.cancel()
        await body.stopping.wait()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert not task.done()
    body.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert body.ended


async def test_a_cancellation_before_the_thread_has_run_stops_it_as_well():
    body = Body()
    body.may_end.set()
    task = asyncio.ensure_future(run_loop(body.run, name="worker"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert body.ended


async def test_an_error_on_the_way_out_is_not_lost():
    body = Body(ValueError("while stopping"))
    body.may_end.set()
    task = asyncio.ensure_future(run_loop(body.run, name="worker"))
    await body.began.wait()
    task.cancel()
    with pytest.raises(ValueError, match="while stopping"):
        await task


async def test_wake_ends_a_wait_that_does_not_look_at_stop():
    box: Mailbox[int] = Mailbox()
    ended = threading.Event()
    waiting = asyncio.Event()
    loop = asyncio.get_running_loop()

    def body(stop: threading.Event) -> None:
        loop.call_soon_threadsafe(waiting.set)
        with pytest.raises(Closed):
            box.get(0)
        assert stop.is_set(), "stop comes before the wake"
        ended.set()

    task = asyncio.ensure_future(run_loop(body, name="worker", wake=box.close))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


# -- wait_out --------------------------------------------------------------------------------------


async def test_wait_out_gives_what_the_future_gives():
    future = asyncio.get_running_loop().create_future()
    future.set_result(7)
    assert await wait_out(future) == 7
    failing = asyncio.get_running_loop().create_future()
    failing.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        await wait_out(failing)


@pytest.mark.parametrize("error", [None, ValueError("no")], ids=repr)
async def test_wait_out_passes_a_cancellation_on_only_at_the_end(error):
    future = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(wait_out(future))
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
    with pytest.raises(asyncio.CancelledError if error is None else ValueError):
        await task


# -- run_blocking ----------------------------------------------------------------------------------


async def test_a_call_returns_its_result_from_a_thread_of_its_own():
    assert await run_blocking(lambda: threading.current_thread().name, name="call") == "call"


@pytest.mark.parametrize(
    ("error", "kind"), [(KeyError("k"), KeyError), (StopIteration(), RuntimeError)]
)
async def test_a_call_raises_its_error(error, kind):
    def call() -> None:
        raise error

    with pytest.raises(kind):
        await run_blocking(call, name="call")


@pytest.mark.parametrize("ending", ["returns", "raises"])
async def test_a_call_that_was_given_up_ends_unheard(ending):
    may_end, ended = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def call() -> None:
        assert may_end.wait(20)
        loop.call_soon_threadsafe(ended.set)
        if ending == "raises":
            raise ValueError("nobody cares")

    task = asyncio.ensure_future(run_blocking(call, name="call"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    may_end.set()
    await ended.wait()


def test_a_call_that_never_returns_does_not_hold_up_the_end_of_the_process():
    code = """
import asyncio, threading
from sana_vcam.lib.threads import run_blocking

async def main():
    try:
        await asyncio.wait_for(run_blocking(threading.Event().wait, name="stuck"), 0.05)
    except TimeoutError:
        print("given up")

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("given up\n", "")


def test_a_call_that_ends_after_its_loop_disturbs_nobody():
    may_end = threading.Event()
    threads: list[threading.Thread] = []

    async def give_up() -> None:
        began = asyncio.Event()
        loop = asyncio.get_running_loop()

        def call() -> None:
            threads.append(threading.current_thread())
            loop.call_soon_threadsafe(began.set)
            assert may_end.wait(20)

        task = asyncio.ensure_future(run_blocking(call, name="late"))
        await began.wait()
        task.cancel()

    asyncio.run(give_up())
    may_end.set()
    # An exception in the thread would be a warning, and so an error.
    threads[0].join()


def test_threads_switch_sooner_inside_and_as_before_after():
    before = sys.getswitchinterval()
    with short_switch_interval():
        assert sys.getswitchinterval() == pytest.approx(SWITCH_S)
    assert sys.getswitchinterval() == pytest.approx(before)


async def test_an_optional_task_is_started_again_after_a_defect(caplog):
    starts = asyncio.Semaphore(0)

    async def work():
        starts.release()
        raise ValueError("a defect")

    with caplog.at_level(logging.ERROR):
        task = asyncio.create_task(supervise_optional("the latency", work, again_s=0.001))
        async with asyncio.timeout(30):
            for _ in range(3):
                await starts.acquire()
        assert not task.done()
        task.cancel()
        await asyncio.wait({task})
    assert task.cancelled()
    assert "the latency cannot be told" in caplog.text
    assert "ValueError: a defect" in caplog.text


async def test_a_process_without_threads_left_says_so(monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start"):
        await run_blocking(lambda: 1, name="one")
    with pytest.raises(RuntimeError, match="can't start"):
        await run_loop(lambda _: None, name="two")


async def test_the_loop_does_not_wait_for_a_thread_to_begin(monkeypatch):
    begin, start = threading.Event(), threading.Thread.start

    def held_up(thread):
        begin.wait(30)
        start(thread)

    await run_blocking(lambda: 0, name="first")
    monkeypatch.setattr(threading.Thread, "start", held_up)
    task = asyncio.create_task(run_blocking(lambda: 1, name="one"))
    await asyncio.sleep(0.01)
    assert not task.done(), "the loop went on, the thread did not"
    begin.set()
    assert await task == 1


async def test_a_task_that_is_ended_raises_what_it_has_raised_and_not_that_it_was_ended():
    async def fails_at_the_end() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("gone")

    async def waits() -> None:
        await asyncio.Event().wait()

    await end_task(None)
    await end_task(asyncio.create_task(waits()))
    failing = asyncio.create_task(fails_at_the_end())
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="gone"):
        await end_task(failing)
