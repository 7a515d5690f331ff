"""The property inspectors in a real browser, between the stand-in host and the running plugin."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from urllib.parse import quote

import pytest

from sana_vcam.presets.catalog import ListedPreset
from sana_vcam.reactor.models.x2 import X2
from tests.fakes.chromium import Page, chromium
from tests.system.node.streamdeck.conftest import TOKEN
from tests.system.node.streamdeck.host import Flavour, Host, Key

# Where pictures of the pages go, to be looked at.
PICTURES = os.environ.get("SANA_VCAM_TEST_PICTURES")
CALL = "connectElgatoStreamDeckSocket(...{words})"


class OpenDecksPages(SimpleHTTPRequestHandler):
    """OpenDeck's web server: it adds a script to an inspector that waits for a message."""

    script = (
        "<script>addEventListener('message', ({data}) => "
        "data.event === 'connect' && connectElgatoStreamDeckSocket(...data.payload))</script>"
    )

    def do_GET(self) -> None:
        if not self.path.endswith(".html"):
            super().do_GET()
            return
        page = Path(self.translate_path(self.path)).read_text() + self.script
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_words: object) -> None:
        pass


@asynccontextmanager
async def pages(flavour: Flavour, plugin: Path) -> AsyncIterator[str]:
    """The address of the inspector, as the host loads it."""
    if flavour == "elgato":
        yield f"file://{quote(str(plugin / 'ui' / 'inspector.html'))}"
        return
    # Its pages' names have no other meaning to the server than files.
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(OpenDecksPages, directory=str(plugin)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/ui/inspector.html"
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()


class Inspector:
    """An open inspector, and the eyes and hands of a person at it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def open(self, address: str, host: Host, key: Key) -> None:
        await self.page.go("about:blank")
        await self.page.go(address)
        words = json.dumps(await host.inspect(key))
        if host.flavour == "opendeck":
            call = f'postMessage({{event: "connect", payload: {words}}}, "*")'
        else:
            call = CALL.format(words=words)
        await self.page.run(call)

    async def until(self, script: str) -> None:
        """Wait until an expression is true on the page."""
        async with asyncio.timeout(20):
            while not await self.page.run(f"return Boolean({script})"):
                await asyncio.sleep(0.05)

    async def until_text(self, text: str) -> None:
        try:
            await self.until(f"document.body.innerText.includes({json.dumps(text)})")
        except TimeoutError:
            shown = await self.page.run("return document.body.innerText")
            raise AssertionError(f"{text!r} is not on the page: {shown}") from None

    async def choices(self, field: str) -> list[str]:
        return await self.page.run(f"return [...{by(field)}.options].map((one) => one.text)")

    async def choose(self, field: str, value: str) -> None:
        await self.page.run(
            f"const list = {by(field)}; list.value = {json.dumps(value)};"
            "list.dispatchEvent(new Event('change'))"
        )

    async def type(self, field: str, text: str) -> None:
        await self.page.run(f"const field = {by(field)}; field.focus(); field.select()")
        await self.page.send("Input.insertText", text=text)

    async def click(self, button: str) -> None:
        await self.page.run(f"{by(button)}.click()")

    async def visible(self) -> set[str]:
        """The fields of the action that are to be seen."""
        return set(
            await self.page.run(
                "return [...document.querySelectorAll('#fields :is(input, select, textarea)')]"
                ".filter((field) => field.offsetParent !== null).map((field) => field.id)"
            )
        )

    async def picture(self, name: str) -> None:
        if PICTURES:
            shot = await self.page.send("Page.captureScreenshot")
            (Path(PICTURES) / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def by(field: str) -> str:
    return f"document.getElementById({json.dumps(field)})"


@pytest.fixture
async def inspector(tmp_path: Path, require_tools: bool) -> AsyncIterator[Inspector]:
    binary = which("chromium") or which("chromium-browser") or which("google-chrome")
    if binary is None:
        if require_tools:
            pytest.fail("chromium is needed")
        pytest.skip("no chromium here")
    async with chromium(binary, tmp_path / "profile") as page:
        await page.send(
            "Emulation.setDeviceMetricsOverride",
            width=440, height=420, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        yield Inspector(page)


async def test_a_look_is_chosen_from_the_daemons_live_list(
    inspector, host, daemon, controls, node_20, flavour, plugin
):
    async with daemon() as server, host(flavour, node_20) as deck, pages(flavour, plugin) as page:
        key = await deck.place("preset")
        await deck.until_online(key)
        await inspector.open(page, deck, key)
        await inspector.until_text(f"Connected ({server.url})")
        assert await inspector.visible() == {"preset", "off"}
        await inspector.until(f"{by('preset')}.options.length === 4")
        assert (await inspector.choices("preset"))[1:] == [
            "Natural (no edit)", "Van Gogh", "Film noir",
        ]  # fmt: skip
        await inspector.choose("preset", "noir")
        await deck.until_shown(key, ">Film noir</text>")
        await inspector.choose("off", "van-gogh")
        await deck.until(lambda: key.settings.get("off") == "van-gogh", "the setting")
        assert key.settings == {"preset": "noir", "name": "Film noir", "off": "van-gogh"}

        await controls.library.save(
            ListedPreset(id="late", name="Late <look>", prompt="late"), None
        )
        await inspector.until(f"{by('preset')}.options.length === 5")
        assert (await inspector.choices("preset"))[-1] == "Late <look>"
        assert await inspector.page.run(f"return {by('preset')}.value") == "noir"
        await inspector.picture(f"inspector-preset-{flavour}")

        # What was chosen is there when the inspector is opened again.
        await inspector.open(page, deck, key)
        await inspector.until(f"{by('preset')}.value === 'noir'")
        await inspector.until(f"{by('off')}.value === 'van-gogh'")
    assert TOKEN not in "".join(deck.to_inspectors)


async def test_a_prompt_is_typed(inspector, host, daemon, node_20, flavour, plugin):
    async with daemon(), host(flavour, node_20) as deck, pages(flavour, plugin) as page:
        key = await deck.place("prompt")
        await deck.until_online(key)
        await inspector.open(page, deck, key)
        assert await inspector.visible() == {"prompt", "title", "off"}
        await inspector.type("prompt", 'as a "charcoal"\ndrawing')
        await deck.until_shown(key, ">drawing</text>")
        await inspector.type("title", "Charcoal")
        await deck.until_shown(key, ">Charcoal</text>")
        assert key.settings["prompt"] == 'as a "charcoal"\ndrawing'


async def test_a_setting_of_the_model_is_chosen(
    inspector, host, daemon, controls, node_20, flavour, plugin
):
    controls.model = X2
    async with daemon(), host(flavour, node_20) as deck, pages(flavour, plugin) as page:
        key = await deck.place("setting")
        await deck.until_says(key, "Choose a setting")
        await inspector.open(page, deck, key)
        assert await inspector.visible() == {"setting", "value"}
        await inspector.until(f"{by('setting')}.options.length === 5")
        await inspector.choose("setting", "pointer_x")
        await deck.until_shown(key, ">pointer x</text>")
        await inspector.type("value", "0.5")
        await deck.until(lambda: key.settings.get("value") == "0.5", "the value")
        await deck.press(key)
        await controls.wait_done("set_setting", ("pointer_x", "0.5"))


async def test_the_length_of_a_clip_is_typed(inspector, host, daemon, controls, node_20, plugin):
    controls.current = controls.current.model_copy(update={"clips": True})
    async with daemon(), host("elgato", node_20) as deck, pages("elgato", plugin) as page:
        key = await deck.place("clip")
        await deck.until_shown(key, ">Clip</text>")
        await inspector.open(page, deck, key)
        assert await inspector.visible() == {"seconds"}
        await inspector.type("seconds", "20")
        await deck.until_says(key, "Clip 20 s")


async def test_a_playlist_is_named(inspector, host, daemon, node_20, flavour, plugin):
    async with daemon(), host(flavour, node_20) as deck, pages(flavour, plugin) as page:
        key = await deck.place("playlist")
        await deck.until_says(key, "Playlist")
        await inspector.open(page, deck, key)
        assert await inspector.visible() == {"playlist"}
        await inspector.type("playlist", "warm-up")
        await deck.until(lambda: key.settings.get("playlist") == "warm-up", "the name")


@pytest.mark.parametrize("action", ["privacy", "freeze", "pause", "voice"])
async def test_what_a_switch_does(inspector, host, daemon, node_20, action, plugin):
    async with daemon(), host("elgato", node_20) as deck, pages("elgato", plugin) as page:
        key = await deck.place(action)
        await deck.until_online(key)
        await inspector.open(page, deck, key)
        assert await inspector.visible() == {"does"}
        if action == "pause":
            await inspector.until_text("still billed")
        await inspector.choose("does", "on")
        await deck.until(lambda: key.settings == {"does": "on"}, "the setting")
        await deck.press(key)
        await deck.until(lambda: key.state == 1, "on")
        await deck.press(key)
        await inspector.picture(f"inspector-{action}")
        # Still on: it came to nothing new.
        freeze = await deck.place("status")
        await deck.until_online(freeze)
        assert key.state == 1


async def test_keys_without_settings_say_so(inspector, host, daemon, node_20, plugin):
    async with daemon(), host("elgato", node_20) as deck, pages("elgato", plugin) as page:
        for action in ("next", "previous", "take", "back", "status"):
            key = await deck.place(action)
            await deck.until_online(key)
            await inspector.open(page, deck, key)
            await inspector.until_text("Nothing to set.")
            assert await inspector.visible() == set()
        dial = await deck.place("dial", controller="Encoder")
        await inspector.open(page, deck, dial)
        await inspector.until(f"{by('off-touch')}.options.length === 5")
        assert await inspector.visible() == {"off-touch"}
        await inspector.choose("off-touch", "noir")
        await deck.until(lambda: dial.settings == {"off": "noir"}, "the setting")


async def test_offline_and_the_daemon_of_another_computer(
    inspector, host, daemon, controls, node_20, flavour, plugin, tmp_path
):
    async with host(flavour, node_20) as deck, pages(flavour, plugin) as page:
        key = await deck.place("preset", preset="noir", name="Film noir")
        await deck.until_shown(key, ">offline</text>")
        await inspector.open(page, deck, key)
        await inspector.until_text("Offline: sana-vcam is not running on this computer")
        assert await inspector.choices("preset") == [
            "Choose a look …", "Film noir (not there now)",
        ]  # fmt: skip
        secret = "the-secret-of-another-computer"
        async with daemon(token=secret, folder=tmp_path / "there") as there:
            await inspector.page.run(f"{by('elsewhere')}.open = true")
            await inspector.type("url", there.url.removeprefix("ws://"))
            await inspector.type("token", secret)
            await inspector.picture(f"inspector-elsewhere-{flavour}")
            await inspector.click("use")
            await inspector.until_text(f"Connected ({there.url})")
            assert await inspector.page.run(f"return {by('token')}.type") == "password"
            assert deck.global_settings == {"url": there.url, "token": secret}

            # Neither now nor when it is opened again is the token on the page.
            for again in (False, True):
                if again:
                    await inspector.open(page, deck, key)
                    await inspector.until_text(f"Connected ({there.url})")
                assert await inspector.page.run(f"return {by('url')}.value") == there.url
                assert await inspector.page.run(f"return {by('token')}.value") == ""
                assert "kept" in await inspector.page.run(f"return {by('token')}.placeholder")
                page_text = await inspector.page.run("return document.documentElement.outerHTML")
                assert secret not in page_text
        await inspector.until_text("Offline: nothing answers there")
        await inspector.click("here")
        await inspector.until_text("Offline: sana-vcam is not running on this computer")
        assert deck.global_settings == {"url": "", "token": ""}
    assert secret not in deck.log
    assert not any(secret in text for text in deck.to_inspectors)
