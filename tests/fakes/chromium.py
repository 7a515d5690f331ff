"""A headless Chromium, driven over its DevTools protocol."""

import asyncio
import json
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from websockets.asyncio.client import connect

FLAGS = [
    "--headless",
    # The tests may run as root, where Chromium's own sandbox refuses to start.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-proxy-server",
    "--remote-debugging-port=0",
    # A name that an attacker has pointed at this machine.
    "--host-resolver-rules=MAP rebound.example 127.0.0.1",
]
START_S = 60


class Page:
    """One tab."""

    def __init__(self, connection) -> None:
        self._connection = connection
        self._numbers = count(1)
        self._session: str | None = None

    async def open(self) -> None:
        target = await self.send("Target.createTarget", url="about:blank")
        attached = await self.send(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = attached["sessionId"]

    async def send(self, method: str, **parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        await self._connection.send(json.dumps(message))
        async with asyncio.timeout(60):
            while (answer := json.loads(await self._connection.recv())).get("id") != number:
                pass
        assert "error" not in answer, answer
        return answer["result"]

    async def run(self, script: str):
        """Run the body of an async function in the page and return its value."""
        result = await self.send(
            "Runtime.evaluate",
            expression=f"(async () => {{ {script} }})()",
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def go(self, url: str) -> None:
        """Open a page by its address, as if it were typed, and wait until it is there."""
        await self.send("Page.navigate", url=url)
        async with asyncio.timeout(60):
            while not await self.run(
                f"return document.readyState === 'complete' && location.href === {url!r}"
            ):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def chromium(binary: str, folder: Path, *flags: str):
    """Start Chromium with an empty profile in `folder` and more flags, and yield a tab."""
    process = await asyncio.create_subprocess_exec(
        binary,
        *FLAGS,
        *flags,
        f"--user-data-dir={folder}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        address = folder / "DevToolsActivePort"
        async with asyncio.timeout(START_S):
            while not address.exists() or len(address.read_text().split()) < 2:
                assert process.returncode is None, "chromium has ended"
                await asyncio.sleep(0.05)
        port, path = address.read_text().split()
        async with connect(
            f"ws://127.0.0.1:{port}{path}", proxy=None, max_size=None, compression=None
        ) as connection:
            page = Page(connection)
            await page.open()
            yield page
            page._session = None
            await page.send("Browser.close")
        async with asyncio.timeout(20):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
