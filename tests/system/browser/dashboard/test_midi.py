"""A MIDI controller at the page: asked for by a click, learned by example, kept, unplugged."""

import pytest
from playwright.async_api import expect

from sana_vcam.reactor.models.helios import HELIOS
from tests.system.browser.dashboard.midi import KNOB, MIDI, NOTE, send

pytestmark = pytest.mark.asyncio(loop_scope="package")

NONE = """Object.defineProperty(navigator, "requestMIDIAccess", {
    configurable: true,
    value: undefined,
})"""
REFUSED = """Object.defineProperty(navigator, "requestMIDIAccess", {
    configurable: true,
    value: async () => { throw new DOMException("no", "NotAllowedError"); },
})"""


async def test_pads_and_knobs_are_learned_kept_and_come_back(open_desk, controls):
    controls.model = HELIOS
    async with open_desk() as desk:
        await desk.page.add_init_script(MIDI)
        await desk.page.evaluate(MIDI)
        assert not any("pads.js" in url for url in desk.requests), "nobody has asked for it"
        await desk.find("#midi summary").click()
        words, step = desk.find("#midi-words"), desk.find("#midi-step")
        await expect(desk.find("#midi-learn")).to_be_hidden()
        assert await desk.page.evaluate("midi.asked") == []
        await desk.find("#midi-on").click()
        await expect(words).to_contain_text("No controller is plugged in")
        assert await desk.page.evaluate("midi.asked") == [{"sysex": False}]
        await desk.page.evaluate("midi.plug('LPD8')")
        await expect(words).to_have_text("Listening to LPD8.")

        await desk.find("#midi-learn").click()
        await send(desk, NOTE, 40, 100)
        await expect(step).to_contain_text("Click a look or a key")
        await desk.preset("Van Gogh").click()
        await expect(step).to_contain_text("it is to be for “Van Gogh”")
        await send(desk, NOTE, 40, 0)
        await send(desk, NOTE, 40, 100)
        await expect(step).to_contain_text("E2 of LPD8 does “Van Gogh”")
        await desk.find("#blank-button").click()
        await send(desk, NOTE, 41, 100)
        await desk.find("#midi-target").select_option(label="image strength")
        await send(desk, NOTE, 42, 100)
        await expect(step).to_contain_text("is a number: turn a knob")
        await send(desk, KNOB, 21, 3)
        await expect(step).to_contain_text("knob 21 of LPD8 does image strength")
        await desk.page.keyboard.press("Escape")
        await expect(desk.find("#midi-learning")).to_be_hidden()
        assert controls.done == [], "learning does nothing else"

        await send(desk, NOTE, 40, 90)
        await desk.done("apply_preset", "van-gogh")
        await send(desk, NOTE, 41, 90)
        await desk.done("blank", True)
        await desk.say()
        await expect(desk.find("#blank-button")).to_have_attribute("aria-pressed", "true")
        for position in range(0, 128, 4):
            await send(desk, KNOB, 21, position)
        await send(desk, KNOB, 21, 127)
        await desk.done("set_setting", ("image_strength", 1))
        turned = [value for name, value in controls.done if name == "set_setting"]
        assert len(turned) < 32, "it keeps up with the model, not with the knob"

        await desk.page.evaluate("midi.unplug()")
        await expect(words).to_have_text("LPD8 was unplugged: its pads work again when it is back.")
        await desk.page.evaluate("midi.plug('LPD8')")
        await expect(words).to_have_text("Listening to LPD8.")
        controls.done.clear()
        await send(desk, NOTE, 41, 90)
        await desk.done("blank", False)

        await desk.open()
        await desk.until("midi.asked.length === 1")
        await desk.page.evaluate("midi.plug('LPD8')")
        controls.done.clear()
        await send(desk, NOTE, 40, 90)
        await desk.done("apply_preset", "van-gogh")

        await desk.find("#midi summary").click()
        await expect(desk.find("#midi-list li")).to_have_count(3)
        await desk.button("Remove E2 of LPD8: “Van Gogh”").click()
        await expect(desk.find("#midi-list li")).to_have_count(2)
        await desk.find("#midi-on").click()
        await expect(words).to_have_text("Off: pads and knobs do nothing.")
        controls.done.clear()
        await send(desk, NOTE, 41, 90)
        await desk.open()
        await expect(desk.find("#midi-body")).to_be_empty()
        assert controls.done == []


async def test_a_browser_without_midi_and_one_that_refuses_say_so(open_desk):
    async with open_desk() as desk:
        await desk.page.evaluate(NONE)
        await desk.find("#midi summary").click()
        await desk.find("#midi-on").click()
        await expect(desk.find("#midi-words")).to_contain_text("Safari has none. Chrome, Edge")
        await desk.page.evaluate(REFUSED)
        await desk.find("#midi-on").click()
        await expect(desk.find("#midi-words")).to_contain_text("This page may not use MIDI")
        await expect(desk.find("#midi-on")).to_have_text("Use a MIDI controller")


async def test_the_fold_fits_a_phone_and_a_dock(open_desk, controls):
    controls.model = HELIOS
    async with open_desk(viewport={"width": 360, "height": 640}) as desk:
        await desk.page.evaluate(MIDI)
        await desk.page.evaluate("midi.plug('A controller of a long name that wraps')")
        await desk.find("#midi summary").click()
        await desk.find("#midi-on").click()
        await desk.find("#midi-learn").click()
        await desk.find("#midi-target").select_option(label="Blank")
        await send(desk, NOTE, 36, 100)
        await expect(desk.find("#midi-list li")).to_have_count(1)
        for size in ((360, 640), (380, 500), (1280, 720)):
            await desk.page.set_viewport_size({"width": size[0], "height": size[1]})
            sideways = "document.documentElement.scrollWidth - innerWidth"
            assert await desk.page.evaluate(sideways) == 0
            await desk.find("#midi-list").scroll_into_view_if_needed()
            await expect(desk.find("#midi-list")).to_be_in_viewport()
