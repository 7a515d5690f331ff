"""Coming, going and coming back: the connection, and a preview that never pretends."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from sana_vcam.media.states import ProgramSource
from tests.system.browser.dashboard.rig import HIDE, PATIENCE_S, Desk, served

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def more_stills(controls):
    """Wait until the page has asked for another still."""
    before = controls.snapshots
    async with asyncio.timeout(PATIENCE_S):
        while controls.snapshots == before:
            await asyncio.sleep(0.02)


async def test_a_restart_of_the_daemon_is_said_and_survived(chromium, controls, tmp_path):
    async with await chromium.new_context() as context:
        page = await context.new_page()
        async with served(controls, tmp_path) as server:
            desk = Desk(page, server, controls)
            await desk.open()
            port = server.port
            await desk.find("#prompt").fill("a draft that stays")
            await expect(desk.find("#preview-still")).to_be_visible()
            await desk.preset("Pencil sketch").focus()
            await desk.page.keyboard.press("Shift+Home")
            await desk.done("move_preset", ("pencil", 0))
        await expect(desk.find("#badge-label")).to_have_text("Offline")
        await expect(desk.find("#sentence")).to_contain_text("sana-vcam run")
        await expect(desk.find("#badge-elapsed")).to_be_visible()
        assert desk.problems, "only the failed tries"
        # Nothing old is shown as if it were live, and nothing can be pressed in vain.
        await expect(desk.find("#preview-still")).to_be_hidden()
        await expect(desk.find("#preview-mode")).to_have_text("Not live")
        await expect(desk.find("#tally")).to_be_hidden()
        await expect(desk.find("#figure-chunk dd").first).to_have_text("\N{EN DASH}")
        await expect(desk.find("#blank-button")).to_have_attribute("aria-disabled", "true")
        await desk.find("#blank-button").click(force=True)
        await expect(desk.find("#announcer")).to_contain_text("Offline")
        # Whatever can be undone waits, however often it is asked for.
        for _ in range(3):
            await desk.page.keyboard.press("u")
            await expect(desk.find("#toasts")).to_contain_text("Offline: it can be undone when")
        controls.done.clear()
        async with served(controls, tmp_path, port=port):
            await expect(desk.find("#badge-label")).to_have_text("Streaming")
            await expect(desk.find("#prompt")).to_have_value("a draft that stays")
            await expect(desk.find("#preview-still")).to_be_visible()
            assert await desk.find("#blank-button").get_attribute("aria-disabled") is None
            await desk.find("#blank-button").click()
            await desk.done("blank", True)
            await desk.page.keyboard.press("u")
            await desk.done("move_preset", ("pencil", 3))
            assert controls.done == [("blank", True), ("move_preset", ("pencil", 3))]
            await page.close()


async def test_a_token_that_is_void_is_said(open_desk, controls, tmp_path):
    async with open_desk(quiet=False) as desk:
        desk.server._take_token("another-token-that-is-valid-from-now-on")
        await expect(desk.find("#badge-label")).to_have_text("Not let in")
        await expect(desk.find("#sentence")).to_contain_text("sana-vcam ctl url")


async def test_another_version_asks_for_a_reload(open_desk):
    version = ["1.0"]

    def other(message):
        if message["type"] == "hello":
            message["data"]["version"] = version[0]

    async with open_desk() as desk:
        await desk.as_other_daemon(other)
        await desk.open()
        assert await desk.find("#update-banner").is_hidden()
        version[0] = "2.0"
        for client in desk.server._clients:
            client.connection.transport.abort()
        await expect(desk.find("#update-banner")).to_be_visible()
        await desk.find("#update-reload").click()
        await desk.page.wait_for_selector("#grid .card")
        await expect(desk.find("#update-banner")).to_be_hidden()
        desk.problems = [one for one in desk.problems if "WebSocket" not in one]


async def test_a_daemon_that_hangs_is_offline(open_desk):
    hung = []

    async with open_desk() as desk:
        await desk.page.clock.install()
        await desk.page.route_web_socket(
            "**/ws?*",
            lambda route: route.connect_to_server().on_message(
                lambda message: None if hung else route.send(message)
            ),
        )
        await desk.open()
        hung.append(True)
        await desk.page.clock.fast_forward(2000)
        await expect(desk.find("#badge-label")).to_have_text("Streaming")
        await desk.page.clock.fast_forward(2000)
        await expect(desk.find("#badge-label")).to_have_text("Not known")
        await expect(desk.find("#sentence")).to_contain_text("is not known here")
        await expect(desk.find("#tally")).to_be_hidden()
        assert await desk.page.title() == "Not known \N{EN DASH} SANA VCam"
        assert await desk.find("#tab-icon").get_attribute("data-output") == "unknown"
        # A key still reaches a daemon that goes on later.
        assert await desk.find("#blank-button").get_attribute("aria-disabled") is None
        hung.clear()
        await desk.say(chunk=900)
        await expect(desk.find("#badge-label")).to_have_text("Streaming")
        hung.append(True)
        await desk.page.clock.fast_forward(13000)
        await expect(desk.find("#badge-label")).to_have_text("Offline")


async def test_stills_stop_while_the_tab_is_hidden(open_desk, controls):
    async with open_desk() as desk:
        await desk.page.clock.install()
        await desk.open()
        still = desk.find("#preview-still")
        await expect(still).to_be_visible()
        await expect(desk.find("#preview-mode")).to_have_text("Stills, one a second")
        assert await still.evaluate("still => [still.naturalWidth, still.naturalHeight]") == [
            320,
            180,
        ]
        await more_stills(controls)
        await desk.page.evaluate(HIDE, True)
        await expect(desk.find("#screen")).to_have_attribute("data-preview", "off")
        await expect(desk.find("#screen-note")).to_have_text("Stopped while this tab is hidden")
        taken = controls.snapshots
        # The page lives on, but for all the seconds that go by it takes no still.
        await desk.page.clock.fast_forward(5000)
        await desk.say(chunk=990)
        await expect(desk.find("#figure-chunk")).to_contain_text("990")
        assert controls.snapshots == taken
        await desk.page.evaluate(HIDE, False)
        await more_stills(controls)
        await expect(still).to_be_visible()


async def test_no_picture_yet_and_a_picture_that_gets_old(open_desk, controls):
    async with open_desk() as desk:
        await desk.page.clock.install()
        await desk.open()
        await expect(desk.find("#preview-still")).to_be_visible()
        # The made-up daemon has no picture then, as a real one before its first frame.
        await desk.say(output=ProgramSource.BLANK)
        await expect(desk.find("#preview-mode")).to_have_text("No picture")
        await expect(desk.find("#screen-note")).to_have_text("No picture yet")
        await expect(desk.find("#preview-still")).to_be_hidden()
        await desk.say(output=ProgramSource.LIVE)
        await expect(desk.find("#preview-mode")).to_have_text("Stills, one a second")
        # From now on a still takes for ever.
        held = asyncio.Event()
        plain = controls.snapshot

        async def slow():
            await held.wait()
            return await plain()

        controls.snapshot = slow
        await desk.page.clock.fast_forward(5000)
        await expect(desk.find("#preview-mode")).to_have_text(re.compile(r"Not live: \d+ s old"))
        held.set()
        await expect(desk.find("#preview-mode")).to_have_text("Stills, one a second")
