"""The open page, and what is demanded of it whatever a test does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from sana_vcam.control.preview.previews import PreviewServer
    from tests.system.browser.dashboard.rig import Desk, PictureControls

REQUIRED = os.environ.get("SANA_VCAM_REQUIRE_TOOLS") == "1"
LACKING = find_spec("playwright") is None and not REQUIRED
collect_ignore_glob = ["test_*.py"] if LACKING else []

type OpenDesk = Callable[..., AbstractAsyncContextManager[Desk]]


def pytest_report_header() -> str | None:
    """Say why the dashboard's tests are not there."""
    return "tests/system/browser is left out: pip install playwright" if LACKING else None


@pytest.fixture(scope="package")
def binary() -> str:
    """Where Chromium is."""
    found = which("chromium") or which("chromium-browser") or which("google-chrome")
    if found is None:
        if REQUIRED:
            pytest.fail("chromium is needed")
        pytest.skip("no chromium here")
    return found


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def chromium(binary: str) -> AsyncIterator[Browser]:
    """One Chromium for all; each page comes with a profile of its own."""
    from tests.system.browser.dashboard.rig import browser

    async with browser(binary) as running:
        yield running


@pytest.fixture
def controls() -> PictureControls:
    """A daemon in the middle of a call, with twelve presets."""
    from tests.system.browser.dashboard.rig import LIVE, PictureControls, looks

    made = PictureControls()
    made.looks = looks()
    made.current = made.current.model_copy(update=LIVE)
    return made


@pytest.fixture
def open_desk(chromium: Browser, controls: PictureControls, tmp_path: Path) -> OpenDesk:
    """Open the page; at the end it must have complained of nothing and asked nobody else."""
    from tests.system.browser.dashboard.rig import Desk, served

    @asynccontextmanager
    async def opened(
        *, quiet: bool = True, previews: PreviewServer | None = None, **options: Any
    ) -> AsyncIterator[Desk]:
        before = asyncio.all_tasks()
        async with served(controls, tmp_path, previews=previews) as server:
            page = await chromium.new_page(**{"viewport": {"width": 1280, "height": 800}} | options)
            try:
                desk = Desk(page, server, controls)
                await desk.open()
                yield desk
            finally:
                await page.close()
        assert desk.strangers == []
        assert not quiet or desk.problems == []
        # The check for all tests sees the loop of one test only; these share theirs.
        await _end_of(before)

    return opened


async def _end_of(before: set[asyncio.Task[Any]]) -> None:
    for _ in range(100):
        left = asyncio.all_tasks() - before
        if not left:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"tasks left behind: {left}")
