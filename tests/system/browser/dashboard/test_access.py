"""Usable by keyboard and screen reader, at 360 px, in the dark and in the light."""

import pytest
from playwright.async_api import expect

from sana_vcam.engine.states import SessionState
from sana_vcam.media.states import ProgramSource

pytestmark = pytest.mark.asyncio(loop_scope="package")

LONG = "supercalifragilistic" * 8
PHONE = {"viewport": {"width": 360, "height": 740}}

# What can be reached with Tab but has no name, in the whole page, as Chromium's own tree has it.
NAMELESS = (
    "button",
    "textbox",
    "searchbox",
    "spinbutton",
    "checkbox",
    "link",
    "DisclosureTriangle",
)

CONTRASTS = """() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], under) => [r, g, b].map((one, i) => one * a + under[i] * (1 - a));
    const ground = (element) => {
        if (!element) return rgba(getComputedStyle(document.body).backgroundColor).slice(0, 3);
        const colour = rgba(getComputedStyle(element).backgroundColor);
        return colour[3] === 1 ? colour.slice(0, 3) : over(colour, ground(element.parentElement));
    };
    const light = (colour) => colour
        .map((one) => one / 255)
        .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
        .reduce((sum, one, i) => sum + one * [0.2126, 0.7152, 0.0722][i], 0);
    const found = [];
    for (const element of document.querySelectorAll('body *')) {
        const text = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        const unseen = element.closest('.visually-hidden, .skip');
        if (!text || unseen || !element.checkVisibility()) continue;
        // Over pictures there is a dark plate of 78 % at least; judged as over white.
        const under = element.closest('.thumb, .tally, .preview-mode') ? [255, 255, 255] : null;
        const style = getComputedStyle(element);
        const plate = under ? over(rgba(style.backgroundColor), under) : ground(element);
        const [a, b] = [light(over(rgba(style.color), plate)), light(plate)].sort((x, y) => y - x);
        const name = `${element.className || element.tagName}: ${element.textContent.trim()}`;
        found.push([(a + 0.05) / (b + 0.05), name.slice(0, 60)]);
    }
    return found.sort((x, y) => x[0] - y[0]);
}"""


async def nameless(page, least):
    session = await page.context.new_cdp_session(page)
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    shown = [node for node in nodes if not node.get("ignored")]
    wanted = [node for node in shown if node["role"]["value"] in NAMELESS]
    assert len(wanted) >= least
    return [node for node in wanted if not node.get("name", {}).get("value")]


async def test_everything_that_can_be_used_has_a_name(open_desk):
    async with open_desk() as desk:
        await desk.find("#tuning summary").click()
        assert await nameless(desk.page, 40) == []
        for opener in (desk.button("New"), desk.button("Help and keyboard shortcuts")):
            await opener.click()
            assert await nameless(desk.page, 2) == []
            await desk.page.keyboard.press("Escape")
        for region in ("What viewers see", "What viewers see, by hand", "Presets", "Live figures"):
            await expect(desk.page.get_by_role("region", name=region, exact=True)).to_have_count(1)
        await expect(desk.page.get_by_role("main")).to_have_count(1)
        await expect(desk.page.get_by_role("heading", level=1)).to_have_text("SANA VCam")


async def test_a_call_by_keyboard_alone(open_desk, controls):
    """From the top of the page with Tab, arrows, Enter and Space; every stop is visible."""
    async with open_desk() as desk:
        press = desk.page.keyboard.press
        walked = []
        for _ in range(40):
            await press("Tab")
            stop = await desk.page.evaluate(
                """() => {
                    const stop = document.activeElement;
                    const {outlineStyle} = getComputedStyle(stop);
                    const box = stop.getBoundingClientRect();
                    const kinds = ['look', 'card-menu'];
                    const name = stop.id || kinds.find((one) => stop.classList.contains(one));
                    return {name: name ?? stop.tagName, marked: outlineStyle !== 'none',
                        inside: box.top >= -1 && box.bottom <= innerHeight + 1};
                }"""
            )
            if stop["name"] == "BODY":
                break
            walked.append(stop["name"])
            assert stop["marked"], stop
            assert stop["inside"], stop
        order = [
            *("session-button", "theme-button", "help-button"),
            *("blank-button", "freeze-button", "pause-button", "bypass-button"),
            *("previous-button", "next-button", "add-button", "search", "look", "card-menu"),
            *("prompt", "history-button", "keep-button", "prompt-send"),
        ]
        assert [name for name in walked if name in order] == order
        assert len(walked) <= 28, "the presets are one stop, not thirty"

        await desk.find("#group").focus()
        await press("Tab")
        await press("ArrowRight")
        await press("Enter")
        await desk.done("apply_preset", "van-gogh")
        await press("ArrowDown")
        await press("Home")
        await press("End")
        await press("Space")
        await desk.done("apply_preset", controls.ids[-1])
        # Its menu is one Tab away; Escape leads back.
        await press("Tab")
        await press("Enter")
        await expect(desk.find("#preset-menu")).to_be_visible()
        assert await desk.page.evaluate("document.activeElement.textContent") == "Edit…"
        await press("ArrowDown")
        assert await desk.page.evaluate("document.activeElement.textContent") == "Duplicate…"
        await press("Escape")
        await desk.until("document.activeElement.matches('.card-menu')")
        # From the top, the prompt is one link away.
        await desk.page.evaluate("document.activeElement.blur()")
        await desk.find(".skip").focus()
        await press("Enter")
        await desk.until("document.activeElement.id === 'prompt'")
        await desk.page.keyboard.type("as a clay figure")
        await press("Enter")
        await desk.done("set_prompt", "as a clay figure")


async def test_the_single_key_shortcuts(open_desk, controls):
    async with open_desk() as desk:
        press = desk.page.keyboard.press
        for key, done in (
            ("b", ("blank", True)),
            ("f", ("freeze", True)),
            ("p", ("pause", None)),
            ("n", ("step_preset", 1)),
            ("Shift+N", ("step_preset", -1)),
            ("3", ("apply_preset", "watercolor")),
        ):
            await press(key)
            await desk.done(*done)
        # With Caps Lock on, the letters are others and the keys the same.
        controls.done.clear()
        await desk.page.evaluate("dispatchEvent(new KeyboardEvent('keydown', {key: 'B'}))")
        await desk.done("blank", True)
        await press("/")
        assert await desk.focused() == "Find a preset"
        await press("Escape")
        await press("t")
        assert await desk.focused() == "prompt"
        await desk.page.evaluate("document.activeElement.blur()")
        await press("?")
        await expect(desk.find("#help")).to_be_visible()
        rows = await desk.find("#shortcut-list > div").all_inner_texts()
        assert len(rows) == 14
        assert any("Blank on or off" in row for row in rows)


async def test_shortcuts_rest_while_somebody_types_or_a_dialog_is_open(open_desk, controls):
    async with open_desk() as desk:
        page = desk.page
        await desk.find("#tuning summary").click()
        for selector in ("#prompt", "#search", "#seed"):
            await desk.find(selector).focus()
            await page.keyboard.type("bfpn1")
        await desk.find("#search").fill("")
        await desk.button("New").click()
        await desk.find("#editor-cancel").focus()
        await page.keyboard.type("bfpn1")
        await page.keyboard.press("Escape")
        for chord in ("Control+b", "Alt+f", "Meta+p"):
            await page.evaluate("document.activeElement.blur()")
            await page.keyboard.press(chord)
        # They can be switched off for good.
        await desk.button("Help and keyboard shortcuts").click()
        await page.keyboard.type("b")
        await desk.find("#shortcuts-on").uncheck()
        await desk.find("#help-close").click()
        await page.keyboard.type("bfpn1")
        await desk.open()
        await page.keyboard.type("bfpn1")
        assert not await desk.find("#shortcuts-on").is_checked()
        await desk.button("Next preset").click()
        await desk.done("step_preset", 1)
        assert controls.done == [("step_preset", 1)]


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_every_text_has_contrast(open_desk, scheme):
    """WCAG AA: 4.5 to 1, for every text that is seen, in the states with the most colours."""
    async with open_desk(color_scheme=scheme, reduced_motion="reduce") as desk:
        await desk.find("#tuning summary").click()
        worst = {}
        for name, changes in {
            "live": {"freeze": True, "bypass_allowed": True, "error": "an error", "budget": "80 %"},
            "waiting": {
                "session": SessionState.WAITING,
                "output": ProgramSource.SLATE,
                "card": "Wait",
            },
            "refused": {
                "session": SessionState.REFUSED,
                "bypass": True,
                "output": ProgramSource.BYPASS,
            },
            "paused": {
                "session": SessionState.PAUSED,
                "paused": True,
                "output": ProgramSource.BLANK,
            },
            "idle": {"session": SessionState.IDLE, "session_wanted": False},
        }.items():
            await desk.say(**changes, sink_name=name)
            await expect(desk.find("#sink-line")).to_contain_text(name)
            worst[name] = await desk.page.evaluate(CONTRASTS)
        for opener in (desk.button("New"), desk.button("Help and keyboard shortcuts")):
            await opener.click()
            worst["dialog"] = await desk.page.evaluate(CONTRASTS)
            await desk.page.keyboard.press("Escape")
        for name, found in worst.items():
            assert len(found) > 40
            assert [one for one in found if one[0] < 4.5] == [], name


async def test_light_and_dark_follow_the_system_until_chosen(open_desk):
    ground = "getComputedStyle(document.body).backgroundColor"
    dark, light = "rgb(12, 15, 19)", "rgb(236, 238, 242)"
    async with open_desk(color_scheme="dark") as desk:
        assert await desk.page.evaluate(ground) == dark
        await desk.page.emulate_media(color_scheme="light")
        assert await desk.page.evaluate(ground) == light
        button = desk.find("#theme-button")
        for theme, colour in (("light", light), ("dark", dark)):
            await button.click()
            await expect(button).to_have_accessible_name(f"Theme: {theme}")
            assert await desk.page.evaluate(ground) == colour
        await desk.open()
        assert await desk.page.evaluate(ground) == dark, "remembered"
        await desk.page.keyboard.press("d")
        await expect(button).to_have_accessible_name("Theme: system")
        assert await desk.page.evaluate(ground) == light


async def overflow(desk):
    """What is wider than the window, besides what scrolls by itself."""
    return await desk.page.evaluate(
        """() => {
            const wide = document.documentElement.scrollWidth - innerWidth;
            const all = [...document.querySelectorAll('body *')];
            const out = all.filter((one) => one.checkVisibility()
                && !one.closest('.visually-hidden, .skip, .sprite')
                && one.getBoundingClientRect().right > innerWidth + 0.5);
            return [wide, out.map((one) => one.id || one.className)];
        }"""
    )


async def test_at_360_pixels_nothing_scrolls_sideways(open_desk, controls):
    controls.looks = tuple(
        look.model_copy(update={"name": LONG[:64] if look.id == "anime" else look.name})
        for look in controls.looks
    )
    async with open_desk(**PHONE) as desk:
        await desk.find("#tuning summary").click()
        await desk.find("#log summary").click()
        for changes in (
            {},
            {
                "session": SessionState.WAITING,
                "output": ProgramSource.SLATE,
                "card": LONG,
                "error": LONG,
                "budget": LONG,
                "camera_name": LONG,
                "sink_name": LONG,
                "prompt": LONG,
                "bypass_allowed": True,
                "billed_month_s": 9e6,
                "cost_day": 1234567.0,
                "currency": "EUR",
            },
        ):
            await desk.say(**changes)
            if changes:
                await expect(desk.find("#error-banner")).to_be_visible()
                await expect(desk.find("#sink-line")).to_contain_text(LONG)
            assert await overflow(desk) == [0, []]
        for name in ("New", "Help and keyboard shortcuts", "Prompt history"):
            await desk.button(name).click()
            assert await overflow(desk) == [0, []]
            await desk.page.keyboard.press("Escape")
        await desk.button(f"Menu of {LONG[:64]}").scroll_into_view_if_needed()
        await desk.preset(LONG[:64]).click(button="right")
        await expect(desk.find("#preset-menu")).to_be_visible()
        assert await overflow(desk) == [0, []]
