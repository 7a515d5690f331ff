"""One stand-in per module for the tests that leave it as they found it, and clients for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.system.webrtc.standin.harness import Client, Process, client, standin


@pytest.fixture(scope="module")
def live() -> Iterator[Process]:
    """A stand-in that speaks today's wire, as it does unless told otherwise."""
    with standin() as process:
        yield process


@pytest.fixture(scope="module")
def npm() -> Iterator[Process]:
    """A stand-in that speaks the wire of the npm package."""
    with standin("--wire", "npm") as process:
        yield process


@pytest.fixture(scope="module")
def page() -> Iterator[Process]:
    """A stand-in that speaks the wire of the API page."""
    with standin("--wire", "page") as process:
        yield process


@pytest_asyncio.fixture
async def live_client(live: Process) -> AsyncIterator[Client]:
    async with client(live.url) as connected:
        yield connected


@pytest_asyncio.fixture
async def npm_client(npm: Process) -> AsyncIterator[Client]:
    async with client(npm.url) as connected:
        yield connected


@pytest_asyncio.fixture
async def page_client(page: Process) -> AsyncIterator[Client]:
    async with client(page.url) as connected:
        yield connected
