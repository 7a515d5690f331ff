"""The page on the real daemon with the stand-in model: its pixels are the ones viewers get."""

from __future__ import annotations

import asyncio
import base64
import json
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from playwright.async_api import Browser, Page, expect

from tests.system.browser.dashboard.rig import PATIENCE_S
from tests.system.daemon import HEIGHT, WIDTH, Bridge, View, running_daemon, running_standin

pytestmark = pytest.mark.asyncio(loop_scope="package")

NEON = "Neon line art on a dark background, glowing magenta and cyan outlines"
GRAB = """() => {
    const video = document.getElementById('preview-video');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext('2d').drawImage(video, 0, 0);
    return canvas.toDataURL('image/png');
}"""

type Pixels = npt.NDArray[np.uint8]


async def previewed(page: Page) -> Pixels:
    """The picture in the page's video, (h, w, 3) BGR."""
    data = base64.b64decode((await page.evaluate(GRAB)).partition(",")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def seen(view: View, like: Pixels) -> Pixels:
    """What viewers got, in the preview's size, (h, w, 3) BGR."""
    bgr = cv2.cvtColor(view.data.reshape(HEIGHT * 3 // 2, WIDTH), cv2.COLOR_YUV2BGR_I420)
    return cv2.resize(bgr, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_AREA)


def psnr(one: Pixels, other: Pixels) -> float:
    return float(cv2.PSNR(one, other))


def address(bridge: Bridge) -> str:
    control_file = json.loads(bridge.control_file.read_text())
    return f"http://{urlsplit(control_file['url']).netloc}/?token={control_file['token']}"


async def test_a_call_is_run_and_the_preview_shows_what_viewers_get(
    chromium: Browser, tmp_path: Path
):
    problems: list[str] = []
    async with (
        running_standin("--chunk-time", "0.3") as standin,
        running_daemon(tmp_path, standin.url, "--prompt", NEON) as bridge,
        await chromium.new_context(viewport={"width": 1280, "height": 800}) as context,
    ):
        page = await context.new_page()
        page.on(
            "console",
            lambda said: problems.append(said.text) if said.type in {"error", "warning"} else None,
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        await page.goto(address(bridge))
        await expect(page.locator("#badge-label")).to_have_text("Streaming")
        await expect(page.locator("#preview-mode")).to_have_text("Live video")
        await expect(page.locator("#preview-still")).to_be_hidden()

        # A frozen picture is the same one for both; the encoder needs a moment to make it sharp.
        await page.keyboard.press("f")
        await expect(page.locator("#tally")).to_have_text("Still")
        frozen = (await bridge.viewer.take(12))[-1]
        async with asyncio.timeout(PATIENCE_S):
            while psnr(shown := await previewed(page), seen(frozen, shown)) < 30:
                await asyncio.sleep(0.1)
        assert shown.shape == (360, 640, 3)
        assert shown.std() > 20, "a picture, not a surface"

        # It lives again, and it is not the same picture any more.
        await page.keyboard.press("f")
        await expect(page.locator("#tally")).to_have_text("Live")
        async with asyncio.timeout(PATIENCE_S):
            while psnr(shown, await previewed(page)) > 28:
                await asyncio.sleep(0.1)

        await page.keyboard.press("b")
        await bridge.viewer.until(lambda view: view.is_black, "black")
        async with asyncio.timeout(PATIENCE_S):
            while (await previewed(page)).max() > 12:
                await asyncio.sleep(0.1)
        await page.keyboard.press("b")

        # A look, by a click on its preset and by words, reaches the viewers.
        await page.locator("#grid").get_by_role("button", name="Film noir", exact=True).click()
        await bridge.viewer.until(lambda view: view.colourfulness < 3, "the noir look")
        await expect(page.locator("#grid [aria-pressed=true] .card-name")).to_have_text("Film noir")
        await page.locator("#prompt").fill(NEON)
        await page.keyboard.press("Enter")
        await bridge.viewer.until(lambda view: view.colourfulness > 6, "the neon look")
        assert await page.locator("#evolve-list button").count() > 0

        # A try reaches the viewers as well, and goes with its dialog.
        await page.locator("#add-button").click()
        await page.locator("#editor-prompt").fill("a black-and-white photograph")
        await page.locator("#editor-try").click()
        await bridge.viewer.until(lambda view: view.colourfulness < 3, "the look that is tried")
        await page.keyboard.press("Escape")
        await bridge.viewer.until(lambda view: view.colourfulness > 6, "the neon look again")
        await page.get_by_role("button", name="Throw it away", exact=True).click()

        # A preset that is made here stands in the user's own file.
        await page.locator("#keep-button").click()
        await page.locator("#editor-name").fill("Neon night")
        await page.keyboard.press("Enter")
        grid = page.locator("#grid")
        await expect(grid.get_by_role("button", name="Neon night", exact=True)).to_be_visible()
        (written,) = (tmp_path / "xdg_config_home").rglob("presets.toml")
        kept = tomllib.loads(written.read_text())["presets"]
        assert [one["prompt"] for one in kept if one["id"] == "neon-night"] == [NEON]

        await page.locator("#session-button").click()
        await page.get_by_role("button", name="Now", exact=True).click()
        await expect(page.locator("#badge-label")).to_have_text("Off")
        await standin.until_session("ready")
        await expect(page.locator("#session-label")).to_have_text("Connect")
        await page.locator("#session-button").click()
        await expect(page.locator("#badge-label")).to_have_text("Streaming")
        await page.close()
    assert problems == []
