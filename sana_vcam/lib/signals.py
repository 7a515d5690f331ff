"""What ends a process in good order: SIGTERM, Ctrl-C, or its own work."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)


@contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on SIGTERM and SIGINT, as long as the block runs."""
    loop = asyncio.get_running_loop()
    installed = []
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
            installed.append(number)
        except NotImplementedError:
            # Windows: Ctrl-C arrives as KeyboardInterrupt instead.
            log.debug("%s cannot be handled by this event loop", number)
    try:
        yield
    finally:
        for number in installed:
            loop.remove_signal_handler(number)


async def until_stopped(work: Coroutine[Any, Any, object]) -> None:
    """Run it until it ends or a signal ends it; raises what it has raised by itself."""
    stop = asyncio.Event()
    with stop_on_signals(stop):
        await first(work, stop.wait())


async def first(*wanted: Coroutine[Any, Any, object]) -> None:
    """Run them until one ends, and cancel the others; raises what that one has raised."""
    tasks = [asyncio.create_task(each) for each in wanted]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
