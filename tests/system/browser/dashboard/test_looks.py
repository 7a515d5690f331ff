"""Choosing among many looks: favourites, groups, copies; and photographing them."""

import pytest
from playwright.async_api import expect

from sana_vcam.engine.states import SessionState
from tests.system.browser.dashboard.rig import looks
from tests.system.browser.dashboard.test_presets import menu

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_favourites_and_groups_show_fewer(open_desk, controls):
    mine = controls.looks[0].model_copy(update={"id": "mine", "name": "Mine"})
    controls.looks = (*looks(30), mine)
    async with open_desk() as desk:
        group = desk.page.get_by_role("combobox", name="Which looks are shown")
        await group.select_option("Favourites")
        await expect(desk.find("#grid-empty")).to_contain_text("No favourites yet")
        await group.select_option("All looks")
        for name in ("Anime", "Mine"):
            await menu(desk, name, "Add to the favourites")
        await group.select_option("Places")
        assert (await desk.names())[:3] == ["Bright office", "Library", "Brick loft"]
        await group.select_option("Your own")
        assert await desk.names() == ["Mine"]
        await group.select_option("Favourites")
        assert await desk.names() == ["Anime", "Mine"]
        # Remembered, also under another short name; the number keys are those of the whole list.
        await menu(desk, "Mine", "Edit…")
        await desk.find("#editor-id").fill("my-own")
        await desk.page.keyboard.press("Enter")
        await expect(desk.find("#toasts")).to_contain_text("Changed “Mine”")
        await desk.open()
        await group.select_option("Favourites")
        assert await desk.names() == ["Anime", "Mine"]
        await desk.page.evaluate("document.activeElement.blur()")
        await desk.page.keyboard.press("1")
        await desk.done("apply_preset", "natural")
        await menu(desk, "Anime", "Remove from the favourites")
        await expect(desk.preset("Anime")).to_have_count(0)


async def test_a_group_of_ones_own_has_its_favourites_first(open_desk, controls):
    async with open_desk() as desk:
        group = desk.page.get_by_role("combobox", name="Which looks are shown")
        await menu(desk, "Anime", "Edit…")
        await desk.find("#editor-group").fill("Favourites")
        await desk.page.keyboard.press("Enter")
        await expect(desk.find("#editor-error")).to_contain_text("is there already")
        await desk.find("#editor-group").fill("Work")
        await desk.page.keyboard.press("Enter")
        await desk.done("save_preset", "anime")
        await menu(desk, "Watercolor", "Edit…")
        assert await desk.find("#editor-groups option").get_attribute("value") == "Work"
        await desk.find("#editor-group").fill("Work")
        await desk.page.keyboard.press("Enter")
        await desk.done("save_preset", "watercolor")
        assert [look.group for look in controls.looks if look.id == "anime"] == ["Work"]
        await group.select_option("Work")
        await expect(desk.find("#grid .card")).to_have_count(2)
        assert await desk.names() == ["Watercolor", "Anime"]
        await menu(desk, "Anime", "Add to the favourites")
        assert await desk.names() == ["Anime", "Watercolor"]
        await group.select_option("Drawn and painted")
        await expect(desk.preset("Anime")).to_have_count(0)


async def test_a_look_is_duplicated_and_its_prompt_copied(open_desk, controls):
    async with open_desk() as desk:
        await desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await menu(desk, "Anime", "Copy the prompt")
        await expect(desk.find("#toasts")).to_contain_text("Copied the prompt of “Anime”")
        prompt = next(look.prompt for look in controls.looks if look.id == "anime")
        assert await desk.page.evaluate("navigator.clipboard.readText()") == prompt
        await menu(desk, "Anime", "Duplicate…")
        await expect(desk.find("#editor-title")).to_have_text("New preset")
        await expect(desk.find("#editor-name")).to_have_value("Anime (copy)")
        await expect(desk.find("#editor-prompt")).to_have_value(prompt)
        await desk.page.keyboard.press("Enter")
        await desk.done("save_preset", "anime-copy")
        assert controls.looks[-1].prompt == prompt
        assert "anime" in controls.ids


async def test_escape_asks_before_it_throws_away_what_was_written(open_desk):
    async with open_desk() as desk:
        await desk.button("New").click()
        await desk.page.keyboard.press("Escape")
        await expect(desk.find("#editor")).to_be_hidden()
        await desk.button("New").click()
        await desk.find("#editor-name").fill("Mine")
        await desk.page.keyboard.press("Escape")
        await expect(desk.find("#confirm-title")).to_have_text("Throw away what you wrote?")
        await desk.find("#confirm-no").click()
        await expect(desk.find("#editor-name")).to_have_value("Mine")
        await desk.find("#editor-name").focus()
        await desk.page.keyboard.press("Escape")
        await desk.button("Throw it away").click()
        await expect(desk.find("#editor")).to_be_hidden()


async def test_a_box_that_is_nearly_full_says_so(open_desk):
    async with open_desk() as desk:
        count = desk.find("#prompt-count")
        await desk.find("#prompt").fill("x" * 3599)
        await expect(count).to_be_hidden()
        await desk.find("#prompt").fill("x" * 3600)
        await expect(count).to_have_text("3,600 of 4,000 characters")
        await desk.find("#prompt").fill("x" * 4000)
        await expect(count).to_have_text("4,000 of 4,000 characters: no more fit")


def photographed(controls, server, preset_id):
    """The daemon has taken a still of a look."""
    path = f"/v1/thumbnail.jpg?id={preset_id}&v=1"
    controls.looks = tuple(
        look.model_copy(update={"thumbnail": path}) if look.id == preset_id else look
        for look in controls.looks
    )
    server.notify_presets()


async def begin(desk):
    await desk.preset("Anime").click()
    await desk.done("apply_preset", "anime")
    await desk.say()
    await expect(desk.preset("Anime")).to_have_attribute("aria-pressed", "true")
    desk.controls.done.clear()
    await desk.button("Photograph my looks…").click()


async def test_looks_are_photographed_one_after_the_other(open_desk, controls):
    controls.looks = tuple(one for one in looks(12) if one.id in {"natural", "van-gogh", "anime"})
    async with open_desk() as desk:
        await desk.say(billed_day_s=100.0, cost_day=10.0, currency="EUR")
        await begin(desk)
        said = desk.find("#confirm-text")
        await expect(said).to_contain_text("The 3 looks without a still of you")
        await expect(said).to_contain_text("about 24 seconds. Viewers see every one of them.")
        await expect(said).to_contain_text("billed meanwhile: about €2.40.")
        await desk.button("Photograph them").click()
        for number, preset_id in enumerate(("natural", "van-gogh", "anime"), 1):
            await desk.done("apply_preset", preset_id)
            await expect(desk.find("#photo-words")).to_contain_text(f"{number} of 3")
            photographed(controls, desk.server, preset_id)
        await expect(desk.find("#toasts")).to_contain_text("3 of 3 looks photographed")
        ids = [value for name, value in controls.done if name == "apply_preset"]
        assert ids == ["natural", "van-gogh", "anime", "anime"], "at the end, what was on before"
        await expect(desk.find("#photo-button")).to_be_hidden()


@pytest.mark.parametrize("end", ["Stop", "another look", "the session ends", "leaving"])
async def test_photographing_can_be_stopped(open_desk, controls, end):
    async with open_desk() as desk:
        await begin(desk)
        await desk.button("Photograph them").click()
        await desk.done("apply_preset", "natural")
        await desk.say()
        await expect(desk.preset("Natural (no prompt)")).to_have_attribute("aria-pressed", "true")
        if end == "leaving":
            await desk.page.goto("about:blank")
            await desk.done("apply_preset", "anime")
            return
        if end == "Stop":
            await desk.find("#photo-stop").click()
        elif end == "another look":
            await desk.say(preset="clay")
        else:
            await desk.say(session=SessionState.IDLE, session_s=None)
        await expect(desk.find("#photo-row")).to_be_hidden()
        await expect(desk.find("#toasts")).to_contain_text("0 of 12 looks photographed")
        ids = [value for name, value in controls.done if name == "apply_preset"]
        assert ids == (["natural"] if end == "another look" else ["natural", "anime"])


async def test_without_a_session_nothing_is_photographed(open_desk):
    async with open_desk() as desk:
        await desk.say(session=SessionState.IDLE, session_wanted=False, session_s=None)
        await expect(desk.find("#badge-label")).to_have_text("Off")
        await desk.button("Photograph my looks…").click()
        await expect(desk.find("#toasts")).to_contain_text("connect first")
        assert desk.controls.done == []
