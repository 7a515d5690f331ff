"""The prompt box: sending, history, the daemon's own prompt, and where a look could go."""

import pytest
from playwright.async_api import expect

from sana_vcam.engine.states import SessionState
from sana_vcam.presets.suggestions import Suggestion

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def send(desk, text):
    await desk.find("#prompt").fill(text)
    await desk.page.keyboard.press("Enter")
    await desk.done("set_prompt", text)
    await desk.say()
    await expect(desk.find("#prompt-state")).not_to_be_empty()


async def test_enter_sends_shift_enter_does_not_and_the_button_does(open_desk, controls):
    async with open_desk() as desk:
        box = desk.find("#prompt")
        await box.fill("as a clay figure")
        await desk.page.keyboard.press("Shift+Enter")
        await desk.page.keyboard.type("in the rain")
        assert controls.done == []
        await desk.find("#prompt-send").click()
        await desk.done("set_prompt", "as a clay figure\nin the rain")
        await send(desk, "film noir")
        assert [name for name, _ in controls.done] == ["set_prompt", "set_prompt"]


async def test_it_tells_where_the_prompt_is(open_desk):
    async with open_desk() as desk:
        told = desk.find("#prompt-state")
        await desk.say(prompt="film noir", model_prompt="oil")
        await expect(told).to_have_text("On its way to the model…")
        await desk.say(model_prompt="film noir")
        await expect(told).to_have_text("Active")
        await desk.say(session=SessionState.IDLE)
        await expect(told).to_have_text("Used when a session runs")


async def test_the_arrow_keys_go_through_the_history(open_desk):
    async with open_desk() as desk:
        for text in ("one", "two", "three", "two"):
            await send(desk, text)
        box, press = desk.find("#prompt"), desk.page.keyboard.press
        await box.fill("a draft")
        # Each prompt once, the newest first; further than the oldest it does not go.
        for value in ("two", "three", "one", "one"):
            await press("ArrowUp")
            await expect(box).to_have_value(value)
        for value in ("three", "two", "a draft", "a draft"):
            await press("ArrowDown")
            await expect(box).to_have_value(value)
        # Inside a text of several lines the arrows move the caret first.
        await box.fill("first line\nsecond line")
        await press("ArrowUp")
        await expect(box).to_have_value("first line\nsecond line")
        await press("ArrowUp")
        await expect(box).to_have_value("two")


async def test_the_history_outlives_the_page_and_can_be_cleared(open_desk, controls):
    async with open_desk() as desk:
        await send(desk, "<i>kept</i>")
        await desk.page.reload()
        await desk.page.wait_for_selector("#grid .card")
        await desk.button("Prompt history").click()
        item = desk.find("#history-list button")
        await expect(item).to_have_text("<i>kept</i>")
        await item.click()
        await expect(desk.find("#history")).to_be_hidden()
        await expect(desk.find("#prompt")).to_have_value("<i>kept</i>")
        assert await desk.focused() == "prompt"
        await desk.button("Prompt history").click()
        await desk.find("#history-clear").click()
        await expect(desk.find("#history-list")).to_have_text("None yet.")
        assert await desk.page.evaluate("localStorage.getItem('sana-vcam.prompts')") == "[]"
        await desk.button("Undo").click()
        await expect(desk.find("#history-list")).to_have_text("<i>kept</i>")


async def test_a_browser_without_storage_still_works(open_desk):
    async with open_desk() as desk:
        await desk.page.add_init_script(
            "Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied') }})"
        )
        await desk.open()
        await send(desk, "one")
        await desk.find("#prompt").fill("")
        await desk.page.keyboard.press("ArrowUp")
        await expect(desk.find("#prompt")).to_have_value("one")


async def test_the_box_follows_the_daemon_but_never_over_a_draft(open_desk):
    async with open_desk() as desk:
        box = desk.find("#prompt")
        await desk.say(prompt="from a hotkey")
        await expect(box).to_have_value("from a hotkey")
        await box.fill("from a hotkey, at night")
        await desk.say(prompt="another one", seed=5)
        await desk.find("#tuning summary").click()
        await expect(desk.find("#seed")).to_have_value("5")
        await expect(box).to_have_value("from a hotkey, at night")


async def test_evolve_offers_and_sends(open_desk, controls):
    controls.ideas = (
        Suggestion("at night", "noir, at night"),
        Suggestion("<b>in rain</b>", "noir, in rain"),
    )
    async with open_desk() as desk:
        await desk.say(prompt="noir")
        group = desk.page.get_by_role("group", name="Evolve")
        await expect(group.get_by_role("button")).to_have_text(["at night", "<b>in rain</b>"])
        await group.get_by_role("button", name="at night").click()
        await desk.done("set_prompt", "noir, at night")
        controls.ideas = ()
        await desk.say(prompt="noir, at night")
        await expect(group).to_be_hidden()
