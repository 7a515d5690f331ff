"""One page at every size: the first screen has what a call needs, the picture keeps its place."""

import pytest
from playwright.async_api import expect

from sana_vcam.presets.suggestions import Suggestion

pytestmark = pytest.mark.asyncio(loop_scope="package")

LONG = "a long prompt of many words, " * 40
ALWAYS = ("#badge", "#sentence", "#frame", "#blank-button", "#freeze-button", "#pause-button")
DESK = ("#grid .look >> nth=5", "#prompt-send", "#evolve", "#tuning-summary", "#figures")
WIDE = [(1280, 720), (1440, 900), (1024, 700), (900, 620)]
NARROW = {(380, 500): 6, (360, 640): 6, (600, 800): 6, (640, 400): 0}
"""Sizes of one column, and how many looks their first screen has."""


SEEN = """(one) => {
    const {left, top, right, bottom, width, height} = one.getBoundingClientRect();
    const at = document.elementFromPoint(left + width / 2, top + height / 2);
    const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
    return inside && width * height > 0 && at !== null && (one.contains(at) || at.contains(one));
}"""
LINES = """(box) => [
    box.clientHeight / parseFloat(getComputedStyle(box).lineHeight),
    box.scrollHeight > box.clientHeight,
]"""
FONTS = """[...document.querySelectorAll('body *')]
    .filter((one) => one.checkVisibility() && one.textContent.trim())
    .map((one) => parseFloat(getComputedStyle(one).fontSize))"""


async def resize(desk, size):
    await desk.page.set_viewport_size({"width": size[0], "height": size[1]})
    await desk.page.evaluate("scrollTo(0, 0)")


async def box(desk, selector):
    """The place of an element, once the page is drawn: x, y, width and height."""
    found = await desk.find(selector).bounding_box()
    assert found is not None, selector
    return found


async def seen_whole(desk, selectors):
    """Which of them are not wholly in the window, or below something else."""
    found = {selector: await desk.find(selector).evaluate(SEEN) for selector in selectors}
    return [selector for selector, seen in found.items() if not seen]


async def direction(desk, selector):
    """Which way the text of an element runs."""
    return await desk.find(selector).evaluate("one => getComputedStyle(one).direction")


async def test_the_first_screen_has_what_a_call_needs(open_desk, controls):
    async with open_desk() as desk:
        await desk.say(voice=None)
        await expect(desk.find("#voice-keys")).to_be_visible()
        for size in WIDE:
            await resize(desk, size)
            assert await seen_whole(desk, (*ALWAYS, *DESK)) == [], size
            frame, look = await box(desk, "#frame"), await box(desk, "#grid .look >> nth=0")
            assert frame["width"] / frame["height"] == pytest.approx(16 / 9, abs=0.02)
            assert frame["height"] >= 0.3 * size[1]
            assert look["x"] > frame["x"] + frame["width"], "two columns"
            tops = {(await box(desk, f"#figure-{name}"))["y"] for name in ("glass", "viewers")}
            assert len(tops) == 1, "the figures are in one row"
        for size, count in NARROW.items():
            await resize(desk, size)
            looks = [f"#grid .look >> nth={place}" for place in range(count)]
            assert await seen_whole(desk, (*ALWAYS, "#voice-button", *looks)) == [], size
            sideways = "document.documentElement.scrollWidth - innerWidth"
            assert await desk.page.evaluate(sideways) == 0
            order = [
                (await box(desk, one))["y"]
                for one in ("#frame", "#blank-button", "#grid", "#prompt", "#figures")
            ]
            assert order == sorted(order), "looks before the prompt, the prompt before figures"
            await desk.find("#log").scroll_into_view_if_needed()
            assert await seen_whole(desk, ("#blank-button", "#log summary")) == [], size


async def test_nothing_that_comes_and_goes_moves_the_picture(open_desk, controls):
    async with open_desk() as desk:
        for size in ((1280, 720), (380, 500)):
            await resize(desk, size)
            before = await box(desk, "#frame"), await box(desk, "#prompt-form")
            controls.ideas = (Suggestion(label="Golden hour", prompt="at the golden hour"),)
            await desk.say(prompt=f"in {size}", error="the camera is gone", budget="80 %")
            await expect(desk.find("#evolve")).to_be_visible()
            await expect(desk.find("#error-banner")).to_be_visible()
            assert (await box(desk, "#frame"), await box(desk, "#prompt-form")) == before
            evolve = (await box(desk, "#evolve"))["y"]
            controls.ideas = ()
            await desk.say(prompt=LONG, error=None, budget=None)
            await expect(desk.find("#prompt")).to_have_value(LONG)
            await expect(desk.find("#evolve")).to_be_hidden()
            assert await box(desk, "#frame") == before[0]
            text = await desk.find("#prompt").evaluate(LINES)
            assert 4 <= text[0] <= 5.5, "four lines, and the padding"
            assert text[1], "the rest scrolls"
            await desk.say(prompt="noir")
            await expect(desk.find("#prompt")).to_have_value("noir")
            assert (await box(desk, "#evolve"))["y"] == evolve, "its row is kept"


async def test_the_browsers_text_size_counts(open_desk):
    async with open_desk(viewport={"width": 1280, "height": 720}) as desk:
        smallest = min(await desk.page.evaluate(FONTS))
        browser = await desk.page.context.new_cdp_session(desk.page)
        await browser.send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
        await desk.until("getComputedStyle(document.documentElement).fontSize === '32px'")
        assert min(await desk.page.evaluate(FONTS)) == 2 * smallest
        assert await seen_whole(desk, ALWAYS) == []
        assert await desk.page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


async def test_prompts_stand_in_their_own_direction(open_desk, controls):
    controls.looks = (
        controls.looks[0].model_copy(update={"name": "ציור שמן", "prompt": "ציור שמן"}),
        *controls.looks[1:],
    )
    controls.ideas = (Suggestion(label="שקיעה", prompt="ציור שמן בשקיעה"),)
    async with open_desk() as desk:
        await desk.find("#prompt").fill("ציור שמן של ואן גוך")
        await expect(desk.find("#evolve .chip")).to_be_visible()
        for selector in ("#prompt", "#grid .card-name >> nth=0", "#evolve .chip"):
            assert await direction(desk, selector) == "rtl"
        await desk.find("#prompt").fill("an oil painting")
        assert await direction(desk, "#prompt") == "ltr"
