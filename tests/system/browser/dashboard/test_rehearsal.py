"""A look that only the page's preview shows, and before and after beside each other."""

import asyncio

import numpy as np
import pytest
from playwright.async_api import expect

from sana_vcam.control.preview.comparison import Compared
from sana_vcam.control.preview.previews import PreviewServer
from sana_vcam.control.protocol.rehearsal import RehearsalStage
from sana_vcam.media.pixels import to_i420
from sana_vcam.media.states import ProgramSource
from tests.system.browser.dashboard.rig import PATIENCE_S
from tests.system.browser.dashboard.test_preview import Source

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def until(wanted):
    async with asyncio.timeout(PATIENCE_S):
        while not wanted():
            await asyncio.sleep(0.02)


async def test_a_look_is_rehearsed_from_its_card_and_taken(open_desk, controls):
    async with open_desk() as desk:
        banner = desk.find("#rehearsal-banner")
        await expect(banner).to_be_hidden()
        await desk.preset("Anime").click(button="right")
        await desk.page.get_by_role("menuitem", name="Rehearse: only you see it").click()
        await desk.done("apply_preset", "anime")
        assert controls.off_air.until is None
        await desk.say(rehearsal=RehearsalStage.COMING, output=ProgramSource.FREEZE)
        await expect(banner).to_contain_text("on its way to your preview; viewers keep a still")
        await desk.say(rehearsal=RehearsalStage.READY)
        await expect(banner).to_contain_text("Only you see this look")
        await expect(banner).to_contain_text("Billed as ever")
        await desk.button("Take").click()
        await until(lambda: controls.off_air.until is not None)
        await desk.say(rehearsal=RehearsalStage.TAKING)
        await expect(desk.button("Take")).to_be_hidden()
        await desk.say(rehearsal=None, output=ProgramSource.LIVE)
        await expect(banner).to_be_hidden()


async def test_with_a_second_session_viewers_stay_live_and_the_price_is_said(open_desk):
    async with open_desk() as desk:
        await desk.say(second_session=True, price_per_min=0.05, currency="EUR")
        await desk.button("New").click()
        await expect(desk.find("#editor-live")).to_contain_text(
            "viewers stay live; a second session, billed besides (0.05 EUR a minute)"
        )
        await desk.page.keyboard.press("Escape")
        live = {"output": ProgramSource.LIVE, "on_air_preset": "anime"}
        await desk.say(rehearsal=RehearsalStage.READY, **live)
        banner = desk.find("#rehearsal-banner")
        await expect(banner).to_contain_text("viewers stay live on “Anime”")
        await expect(banner).to_contain_text("Both sessions are billed (0.05 EUR a minute each).")
        await expect(desk.find("#tally")).to_have_text("Viewers: Live")
        await desk.say(rehearsal=None, rehearsal_error="its session failed: no GPU became free")
        await expect(desk.find("#rehearsal_error-banner")).to_contain_text("no GPU became free")
        await expect(desk.find("#tally")).to_have_text("Live")


@pytest.mark.parametrize("end", ["Cancel", "leaving", "Save"])
async def test_a_look_is_rehearsed_while_it_is_written(open_desk, controls, end):
    async with open_desk() as desk:
        await desk.preset("Anime").click()
        await desk.done("apply_preset", "anime")
        await desk.say(model_prompt=controls.current.prompt)
        await desk.button("New").click()
        line = desk.find("#editor-live")
        await expect(line).to_contain_text(
            "viewers keep a still; nothing billed besides the session"
        )
        await desk.find("#editor-name").fill("Mine")
        await desk.find("#editor-prompt").fill("as a clay figure")
        await desk.button("Rehearse").click()
        await expect(line).to_contain_text("Only you see this, in the preview")
        assert (controls.current.prompt, controls.off_air.until) == ("as a clay figure", None)
        await desk.say(rehearsal=RehearsalStage.READY)
        if end == "leaving":
            await desk.page.goto("about:blank")
        else:
            await desk.find("#editor").get_by_role("button", name=end).click()
        if end == "Save":
            await desk.done("apply_preset", "mine")
            assert controls.off_air.until is None
        else:
            await until(lambda: controls.off_air.until is not None)
            assert controls.current.preset == "anime"


async def test_before_and_after_are_shown_while_a_key_is_held(open_desk):
    compared = []
    previews = PreviewServer(Source(), compare=compared.append)
    async with open_desk(previews=previews) as desk:
        button = desk.find("#compare-button")
        await expect(desk.find("#preview-mode")).to_have_text("Live video")
        await expect(button).to_be_visible()
        await desk.page.keyboard.down("c")
        await until(lambda: compared and compared[-1])
        await expect(button).to_have_attribute("aria-pressed", "true")
        await desk.page.keyboard.up("c")
        await until(lambda: not compared[-1])
        await button.hover()
        await desk.page.mouse.down()
        await until(lambda: compared[-1])
        await desk.page.mouse.up()
        await until(lambda: not compared[-1])
        await expect(button).to_have_attribute("aria-pressed", "false")


class Beside(Source):
    """What viewers see; while it is compared, red before and green after, beside each other."""

    compares = False

    def __call__(self):
        if not self.compares:
            return super().__call__()
        bgr = np.zeros((360, 640, 3), np.uint8)
        bgr[90:270, :320], bgr[90:270, 320:] = (0, 0, 220), (0, 160, 0)
        return Compared(), to_i420(bgr)


COLOUR_AT = """(canvas, x) => {
  const dot = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  dot.drawImage(canvas, canvas.width * x, canvas.height / 2, 1, 1, 0, 0, 1, 1);
  const [red, green] = dot.getImageData(0, 0, 1, 1).data;
  return red > 150 && green < 80 ? "before" : green > 100 && red < 80 ? "after" : "none";
}"""


async def test_before_is_wiped_against_after_and_the_line_can_be_moved(open_desk):
    source = Beside()
    previews = PreviewServer(source, compare=lambda on: setattr(source, "compares", on))
    async with open_desk(previews=previews) as desk:
        canvas, line, wipe = (
            desk.find(f"#{name}") for name in ("wipe", "wipe-line", "wipe-button")
        )
        await expect(wipe).to_be_visible()
        await wipe.click()
        await expect(wipe).to_have_attribute("aria-pressed", "true")

        async def seen(*places):
            return [await canvas.evaluate(COLOUR_AT, place) for place in places]

        await desk.page.keyboard.down("c")
        await expect(canvas).to_be_visible()
        assert await seen(0.4, 0.6) == ["before", "after"]
        for _ in range(5):
            await desk.page.keyboard.press("ArrowRight")
        assert await seen(0.6, 0.8) == ["before", "after"]
        box = await desk.find("#frame").bounding_box()
        await desk.page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
        assert await line.evaluate("line => parseFloat(line.style.left)") == pytest.approx(
            25, abs=1
        )
        assert await seen(0.1, 0.4) == ["before", "after"]
        await desk.page.keyboard.up("c")
        await expect(canvas).to_be_hidden()
        await expect(line).to_be_hidden()
