"""Which requests go to the proxy that the environment names: the cloud's, and none to loopback.

The SDK reads the environment in native code, so each case is a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.system.webrtc.reactor.rig import PATIENCE_S

REFUSAL = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
ASK = """
import asyncio, sys
from reactor_sdk import Reactor
from sana_vcam.reactor import OpenSession, Platform, SessionError

async def main(urls):
    for url, local in ((url, not url.endswith(".invalid")) for url in urls):
        platform = Platform(url, local, "m", "rk_test")
        reactor = Reactor("m", jwt=None if local else "a.b.c", api_url=url, local=local)
        for ask in (
            reactor.connect,
            lambda: Platform(url, False, "m", "rk_test").mint(),
            lambda: platform.end(OpenSession("an-id", url, local, "m"), token="a.b.c"),
        ):
            try:
                await ask()
            except Exception as error:
                print(url, type(error).__name__, error, file=sys.stderr)
        reactor.close()

asyncio.run(main(sys.argv[1:]))
"""
CLOUD = "http://api.reactor.invalid"
"""Plain HTTP, which a proxy is asked for in its first line; no resolver knows the name."""


class Listener:
    """Refuses every request, and keeps the first line of each."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.append((await reader.readline()).decode(errors="replace"))
        with contextlib.suppress(OSError):
            writer.write(REFUSAL)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def listening(host: str = "127.0.0.1") -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener.answer, host, 0)
    async with server:
        listener.port = server.sockets[0].getsockname()[1]
        yield listener


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


@pytest_asyncio.fixture
async def here() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


async def ask(environ: dict[str, str], *urls: str) -> str:
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ASK, *urls),
        env={**clean, **environ},
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        said = (await process.communicate())[1].decode()
    assert process.returncode == 0, said
    return said


CASES: list[Callable[[str], dict[str, str]]] = [
    lambda proxy: {"http_proxy": f"http://{proxy}"},
    lambda proxy: {"HTTP_PROXY": f"http://{proxy}", "NO_PROXY": "", "no_proxy": "a.example"},
    lambda proxy: {
        "all_proxy": f"http://{proxy}",
        "NO_PROXY": "a.example",
        "no_proxy": "127.0.0.1",
    },
    lambda proxy: {"http_proxy": f"http://{proxy}", "no_proxy": "caf\udce9"},
]


@pytest.mark.parametrize("variables", CASES)
async def test_loopback_is_never_asked_of_a_proxy_and_the_cloud_is(
    proxy: Listener, here: Listener, variables: Callable[[str], dict[str, str]]
) -> None:
    hosts = ("127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]")
    urls = [f"http://{host}:{here.port}" for host in hosts]
    said = await ask(variables(f"127.0.0.1:{proxy.port}"), *urls, CLOUD)
    assert len(here.lines) == 3 * len(urls), said
    assert proxy.lines, said
    assert all(CLOUD in line for line in proxy.lines)


async def test_socks_is_not_asked_either(proxy: Listener, here: Listener) -> None:
    said = await ask(
        {"ALL_PROXY": f"socks5://127.0.0.1:{proxy.port}"}, f"http://127.0.0.1:{here.port}"
    )
    assert len(here.lines) == 3, said
    assert not proxy.lines


async def test_no_proxy_for_anything_means_none(proxy: Listener, here: Listener) -> None:
    said = await ask(
        {"http_proxy": f"http://127.0.0.1:{proxy.port}", "NO_PROXY": "*"},
        *(f"http://127.0.0.1:{here.port}", CLOUD),
    )
    assert len(here.lines) == 3, said
    assert not proxy.lines


async def test_an_address_of_a_proxy_that_is_none_is_no_defect(here: Listener) -> None:
    said = await ask({"http_proxy": "http://[::1"}, f"http://127.0.0.1:{here.port}", CLOUD)
    assert len(here.lines) == 3, said
    assert "ValueError" not in said
