"""Stand-in runtimes in processes of their own, shared by the tests of this folder."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio

from sana_vcam.reactor import SanaClient
from tests.system.webrtc.reactor.rig import TRACK, Runtime, running_runtime


@pytest.fixture(scope="session")
def npm() -> Iterator[Runtime]:
    with running_runtime("--wire", "npm") as runtime:
        yield runtime


@pytest.fixture(scope="session")
def page() -> Iterator[Runtime]:
    with running_runtime("--wire", "page") as runtime:
        yield runtime


@pytest_asyncio.fixture
async def runtime(npm: Runtime) -> AsyncIterator[Runtime]:
    """The newer wire; every test has to leave it without a session."""
    await npm.until("ready")
    yield npm
    await npm.until("ready")


@pytest_asyncio.fixture(params=["npm", "page"])
async def either(request: pytest.FixtureRequest) -> AsyncIterator[Runtime]:
    """Each of the two wires in turn; every test has to leave it without a session."""
    runtime: Runtime = request.getfixturevalue(request.param)
    await runtime.until("ready")
    yield runtime
    await runtime.until("ready")


@pytest.fixture
def own_runtime() -> Iterator[Runtime]:
    """One that a test may freeze or kill."""
    with running_runtime() as runtime:
        yield runtime


@pytest_asyncio.fixture
async def local() -> AsyncIterator[Callable[..., SanaClient]]:
    """Makes clients of a local runtime; closes those that a test leaves open."""
    async with contextlib.AsyncExitStack() as stack:

        def make(runtime: Runtime, **options: float) -> SanaClient:
            client = SanaClient(api_url=runtime.url, local=True, send_size=TRACK, **options)
            stack.push_async_callback(client.close)
            return client

        yield make
