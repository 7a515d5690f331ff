"""What every test may lean on: a marker of its layer; no file, thread or task outlives it."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from sana_vcam.lib.threads import STARTER

pytest_plugins = ["tests.fakes.controlserver", "tests.rigs.slowcalls.plugin"]

TESTS = Path(__file__).parent

FOLDERS = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")

LIBRARY_THREADS = ("Dummy-", "asyncio_", "ThreadPoolExecutor", STARTER)
"""Threads that live as long as the process: the SDK's native ones are Dummy-N."""


def layer(path: Path) -> str:
    """Name the layer of a test by its folder, which is also its marker."""
    match path.relative_to(TESTS).parts:
        case "unit", *_:
            return "unit"
        case "system", kind, _, *_:
            return kind
        case "rigs", *_:
            return "rig"
    raise pytest.UsageError(f"{path} is in no layer: tests/unit, tests/system/KIND or tests/rigs")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(layer(item.path))


@pytest.fixture(scope="session")
def pristine_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Gives a home with empty folders: the same one until a test has left something there."""
    home: Path | None = None

    def give() -> Path:
        nonlocal home
        if home is None or not all(_is_pristine(home / name.lower()) for name in FOLDERS):
            home = tmp_path_factory.mktemp("home")
            for name in FOLDERS:
                (home / name.lower()).mkdir(mode=0o700)
        return home

    return give


def _is_pristine(folder: Path) -> bool:
    return (
        folder.is_dir()
        and stat.S_IMODE(folder.stat().st_mode) == 0o700
        and not any(folder.iterdir())
    )


@pytest.fixture(autouse=True)
def _no_real_folders(pristine_home: Callable[[], Path]) -> Iterator[None]:
    """Point every per-user folder at a temporary one, and clear what would configure us."""
    home = pristine_home()
    patch = pytest.MonkeyPatch()
    for name in FOLDERS:
        patch.setenv(name, str(home / name.lower()))
    for name in list(os.environ):
        ours = name.startswith(("SANA_VCAM_", "REACTOR_", "NOTIFY_", "JOURNAL_", "CREDENTIALS_"))
        if ours and name != "SANA_VCAM_REQUIRE_TOOLS":
            patch.delenv(name)
    # A test never meets the developer's own sound server.
    for name in ("PIPEWIRE_RUNTIME_DIR", "PIPEWIRE_REMOTE", "PULSE_RUNTIME_PATH", "PULSE_SERVER"):
        patch.delenv(name, raising=False)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _no_changed_log() -> Iterator[None]:
    """What a command of ours sets for its process is not what the next test has."""
    loggers = logging.getLogger(), logging.getLogger("sana_vcam")
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(autouse=True)
def _no_threads_left() -> Iterator[None]:
    """Fail a test that leaves a thread of ours behind."""
    before = set(threading.enumerate())
    yield
    left = _ours(before)
    deadline = time.monotonic() + 10
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = _ours(before)
    assert not left, f"threads left behind: {left}"


def _ours(before: set[threading.Thread]) -> list[threading.Thread]:
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and not thread.name.startswith(LIBRARY_THREADS)
    ]


@pytest_asyncio.fixture(autouse=True)
async def _no_tasks_left(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fail a test that leaves a task behind on its loop."""
    yield
    for _ in range(100):
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        if not left:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{request.node.nodeid} left tasks behind: {left}")


@pytest.fixture
def require_tools() -> bool:
    """Whether a missing tool is a failure, as in CI, instead of a reason to skip."""
    return os.environ.get("SANA_VCAM_REQUIRE_TOOLS") == "1"
