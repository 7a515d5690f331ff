"""The page in a real Chromium, and the real control server with a daemon that is made up."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
from playwright.async_api import (
    Browser,
    Locator,
    Page,
    Request,
    WebSocketRoute,
    async_playwright,
    expect,
)

from sana_vcam.config.preset import BUILTIN_PRESETS
from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server.server import ControlServer
from sana_vcam.engine.states import SessionState
from sana_vcam.errors import CommandFailed
from sana_vcam.media.states import CameraState, ProgramSource
from sana_vcam.presets.catalog import ListedPreset
from sana_vcam.presets.edits import Move, Remove, Save
from sana_vcam.presets.suggestions import Suggestion
from tests.fakes.controls import FakeControls
from tests.fakes.controlserver import TOKEN

PATIENCE_S = 60.0
# Generous on purpose, also for a machine that does much else.
expect.set_options(timeout=PATIENCE_S * 1000)
ARGUMENTS = (
    # The tests may run as root, where Chromium's own sandbox refuses to start.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
)


HIDE = """(hidden) => {
    Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
    document.dispatchEvent(new Event('visibilitychange'));
}"""
"""Makes the page believe that its tab is hidden, or seen."""


DROP = """([name, data]) => {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name));
    for (const type of ['dragover', 'drop']) {
        const event = new DragEvent(type, {dataTransfer, bubbles: true, cancelable: true});
        document.body.dispatchEvent(event);
        if (!event.defaultPrevented) throw new Error(`${type} is left to the browser`);
    }
}"""
"""Drops a file on the page."""


def picture(colour: tuple[int, int, int] = (60, 140, 40)) -> bytes:
    """A JPEG of one colour (BGR), 320x180, with a lighter square in it."""
    pixels = np.full((180, 320, 3), colour, np.uint8)
    pixels[60:120, 130:190] = 220
    encoded, data = cv2.imencode(".jpg", pixels)
    assert encoded
    return data.tobytes()


class PictureControls(FakeControls):
    """A made-up daemon with a picture that a browser can show; it tells when presets change."""

    def __init__(self) -> None:
        super().__init__()
        self.jpeg = picture()
        self.snapshots = 0
        self.presets_changed: Callable[[], None] = lambda: None
        self.ideas: tuple[Suggestion, ...] = ()
        self.broken_file: str | None = None

    async def snapshot(self) -> bytes:
        self.snapshots += 1
        await super().snapshot()
        return self.jpeg

    async def thumbnail(self, preset_id: str) -> bytes:
        return self.jpeg

    def suggest(self, prompt: str | None) -> Sequence[Suggestion]:
        return self.ideas

    def edit(self, edit: Save | Remove | Move) -> None:
        if self.broken_file is not None:
            raise CommandFailed("rejected", self.broken_file)
        super().edit(edit)
        self.presets_changed()

    @property
    def ids(self) -> list[str]:
        return [look.id for look in self.looks]


def looks(count: int = 12) -> tuple[ListedPreset, ...]:
    """The first of the built-in presets, as clients see them."""
    return tuple(ListedPreset(**preset.model_dump()) for preset in BUILTIN_PRESETS[:count])


LIVE: dict[str, Any] = {
    "output": ProgramSource.LIVE,
    "card": None,
    "session": SessionState.STREAMING,
    "session_wanted": True,
    "viewers": 1,
    "session_s": 754.0,
    "phase_s": 700.0,
    "camera": CameraState.CAPTURING,
    "camera_name": "Studio camera (/dev/video0)",
    "sink": "v4l2loopback",
    "sink_name": "SANA VCam (/dev/video10)",
    "chunk": 731,
    "delay_ms": 182,
    "dropped": 12,
    "repeated": 3,
}
"""Fields of a state in the middle of a call."""


class Desk:
    """An open page and the server behind it."""

    def __init__(self, page: Page, server: ControlServer, controls: PictureControls) -> None:
        self.page = page
        self.server = server
        self.controls = controls
        self.problems: list[str] = []
        self.requests: list[str] = []
        page.set_default_timeout(PATIENCE_S * 1000)
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        page.on("request", self._requested)
        page.on("websocket", lambda socket: self.requests.append(socket.url))

    def _said(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.problems.append(f"{kind}: {text}")

    def _requested(self, request: Request) -> None:
        self.requests.append(request.url)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/?token={TOKEN}"

    @property
    def strangers(self) -> list[str]:
        """Addresses asked for that are not this very server."""
        own = urlsplit(self.address).netloc
        return [
            url
            for url in self.requests
            if urlsplit(url).netloc != own and urlsplit(url).scheme not in {"data", "blob"}
        ]

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def preset(self, name: str) -> Locator:
        return self.find("#grid").get_by_role("button", name=name, exact=True)

    async def as_other_daemon(self, change: Callable[[dict[str, Any]], None]) -> None:
        """From the next opening on, let `change` edit every event, as another version may send."""

        def connect(route: WebSocketRoute) -> None:
            daemon = route.connect_to_server()

            def pass_on(text: str | bytes) -> None:
                message = json.loads(text)
                change(message)
                route.send(json.dumps(message))

            daemon.on_message(pass_on)

        await self.page.route_web_socket("**/ws?*", connect)

    async def open(self) -> None:
        """Open the page and wait until it shows state and presets."""
        await self.page.goto(self.address)
        await self.page.wait_for_selector("body[data-link=open]")
        await self.page.wait_for_selector("#grid .card")

    async def say(self, **changes: Any) -> None:
        """Let the daemon's state be another one."""
        self.controls.current = self.controls.current.model_copy(update=changes)
        self.server.notify_state()
        await asyncio.sleep(0)

    async def until(self, script: str) -> None:
        """Wait until the expression is true in the page; by asking: its policy has no eval."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self.page.evaluate(script):
                await asyncio.sleep(0.02)

    async def done(self, name: str, value: object = None) -> None:
        """Wait until the daemon has run the command."""
        async with asyncio.timeout(PATIENCE_S):
            # Not every command of the made-up daemon tells when it has run.
            while (name, value) not in self.controls.done:
                await asyncio.sleep(0.01)

    async def names(self) -> list[str]:
        """The names of the presets that are shown, in their order."""
        return await self.find("#grid .card-name").all_text_contents()

    async def focused(self) -> str:
        """The accessible name or the id of what has the focus."""
        script = "(document.activeElement.ariaLabel || document.activeElement.id)"
        return str(await self.page.evaluate(script))


async def drop(desk: Desk, data: bytes) -> None:
    """Drop a file on the page."""
    await desk.page.evaluate(DROP, ["given.jsonl", base64.b64encode(data).decode()])


@asynccontextmanager
async def browser(binary: str) -> AsyncIterator[Browser]:
    """A Chromium of its own; nothing of it is left afterwards."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=binary, args=[*ARGUMENTS])
        try:
            yield chromium
        finally:
            await chromium.close()


@asynccontextmanager
async def served(
    controls: PictureControls, folder: Path, *, port: int = 0, **more: Any
) -> AsyncIterator[ControlServer]:
    """The real control server."""
    config = ControlConfig.model_validate({"port": port, "token": TOKEN, "same_user": False})
    async with ControlServer(
        config,
        controls,
        state_dir=folder / "state",
        runtime_dir=folder / "runtime",
        **{"state_every_s": 0.001, "stats_every_s": 0.2} | more,
    ) as server:
        controls.presets_changed = server.notify_presets
        yield server
