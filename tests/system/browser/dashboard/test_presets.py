"""The grid of presets: applied, found, stepped through, edited, moved, removed and brought back."""

import pytest
from playwright.async_api import expect

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def menu(desk, name, entry):
    """Choose an entry of a preset's menu."""
    await (
        desk.find(
            "#grid .card",
        )
        .filter(has=desk.page.get_by_text(name, exact=True))
        .hover()
    )
    await desk.button(f"Menu of {name}").click()
    await desk.page.get_by_role("menuitem", name=entry).click()


async def test_one_click_applies_and_the_active_one_is_marked(open_desk):
    async with open_desk() as desk:
        look = desk.preset("Anime")
        await expect(look).to_have_attribute("aria-pressed", "false")
        await look.click()
        await desk.done("apply_preset", "anime")
        await desk.say()
        await expect(look).to_have_attribute("aria-pressed", "true")
        assert await desk.find("#grid [aria-pressed=true]").count() == 1
        await desk.button("Next preset").click()
        await desk.done("step_preset", 1)
        await desk.button("Previous preset").click()
        await desk.done("step_preset", -1)


async def test_a_still_is_shown_where_one_exists(open_desk, controls):
    path = "/v1/thumbnail.jpg?id=anime&v=3"
    controls.looks = tuple(
        look.model_copy(update={"thumbnail": path if look.id == "anime" else None})
        for look in controls.looks
    )
    async with open_desk() as desk:
        await expect(desk.find("#grid img.loaded")).to_have_count(12)
        image = desk.preset("Anime").locator("img")
        assert (await image.get_attribute("src")).startswith(path)
        assert await image.evaluate("image => image.naturalWidth") == 320
        # The name says it all; the picture has none of its own.
        assert await image.get_attribute("alt") == ""


async def test_a_built_in_look_has_a_picture_before_its_first_use(open_desk, controls):
    first, *rest = controls.looks
    controls.looks = (first.model_copy(update={"prompt": "in the rain"}), *rest)
    async with open_desk() as desk:
        await expect(desk.find("#grid img.loaded")).to_have_count(11)
        image = desk.preset("Anime").locator("img")
        assert "/dashboard/looks/anime.webp" in await image.get_attribute("src")
        assert await image.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [
            320,
            180,
        ]
        # What has another prompt by now is not shown as something that it is not.
        assert await desk.preset(first.name).locator("img").get_attribute("src") is None


async def test_search_finds_by_name_prompt_and_id(open_desk):
    async with open_desk() as desk:
        search = desk.page.get_by_role("searchbox", name="Find a preset")
        await search.fill("  GLASS jewel ")
        assert await desk.names() == ["Stained glass"]
        await search.fill("van-gogh")
        assert await desk.names() == ["Van Gogh"]
        await search.fill("<no such>")
        assert await desk.names() == []
        await expect(desk.find("#grid-empty")).to_have_text("No preset has “<no such>”.")
        await search.press("Escape")
        assert len(await desk.names()) == 12
        await search.fill("clay")
        await search.press("Enter")
        await desk.page.keyboard.press("Enter")
        await desk.done("apply_preset", "clay")


async def test_a_new_preset_gets_a_short_name_that_is_free(open_desk, controls):
    async with open_desk() as desk:
        await desk.find("#prompt").fill("as an anime of the 1980s")
        await desk.button("Save this prompt as a preset").click()
        await expect(desk.find("#editor-prompt")).to_have_value("as an anime of the 1980s")
        assert await desk.focused() == "editor-name"
        await desk.page.keyboard.type("Animé")
        await expect(desk.find("#editor-id")).to_have_value("anime-2")
        await desk.find("#editor-seed").fill("7")
        await desk.find("#editor-evolve").fill("first idea\n\n second idea \n")
        await desk.find("#editor").get_by_role("button", name="Save").click()
        await desk.done("save_preset", "anime-2")
        await expect(desk.find("#editor")).to_be_hidden()
        saved = controls.looks[-1]
        assert (saved.name, saved.prompt, saved.seed) == ("Animé", "as an anime of the 1980s", 7)
        assert saved.evolve == ("first idea", "second idea")
        await expect(desk.preset("Animé")).to_be_visible()
        await expect(desk.find("#toasts")).to_contain_text("Saved “Animé”")
        # It is seen where it stands, also if it is far down, and one press away.
        await expect(desk.preset("Animé")).to_be_focused()
        await expect(desk.preset("Animé")).to_be_in_viewport(ratio=0.9)
        await desk.button("Use it").click()
        await desk.done("apply_preset", "anime-2")


async def test_an_edit_keeps_the_place_and_may_change_the_short_name(open_desk, controls):
    async with open_desk() as desk:
        await menu(desk, "Watercolor", "Edit…")
        await expect(desk.find("#editor-title")).to_have_text("Edit “Watercolor”")
        await desk.find("#editor-name").fill("Aquarelle")
        await desk.find("#editor-id").fill("aquarelle")
        await desk.page.keyboard.press("Enter")
        await desk.done("save_preset", "aquarelle")
        assert controls.ids[:4] == ["natural", "van-gogh", "aquarelle", "pencil"]
        await expect(desk.preset("Aquarelle")).to_be_visible()
        assert (await desk.names())[2] == "Aquarelle"


async def test_what_is_wrong_with_a_preset_is_said_in_the_dialog(open_desk, controls):
    async with open_desk() as desk:
        await desk.button("New").click()
        save = desk.find("#editor").get_by_role("button", name="Save")
        await save.click()
        problem = desk.find("#editor-error")
        await expect(problem).to_have_text("Name is missing.")
        assert await desk.focused() == "editor-name"
        await desk.find("#editor-name").fill("Mine")
        await expect(problem).to_be_hidden()
        await desk.find("#editor-id").fill("Not Good")
        await save.click()
        await expect(problem).to_contain_text("begins with a letter or a digit")
        # Another preset is not overwritten by a slip of the pen.
        await desk.find("#editor-id").fill("anime")
        await save.click()
        await expect(problem).to_have_text("“Anime” has this short name; choose another.")
        await desk.find("#editor-id").fill("mine")
        controls.broken_file = "config.toml, line 3: not TOML; mend it, then save again"
        await save.click()
        await expect(problem).to_have_text(
            "config.toml, line 3: not TOML; mend it, then save again"
        )
        await expect(desk.find("#editor")).to_be_visible()
        controls.broken_file = None
        await desk.find("#editor-prompt").fill("as a clay figure")
        await save.click()
        await desk.done("save_preset", "mine")


@pytest.mark.parametrize("end", ["Cancel", "Escape", "leaving", "Save"])
async def test_a_try_is_on_air_and_goes_with_the_dialog(open_desk, controls, end):
    async with open_desk() as desk:
        await desk.preset("Anime").click()
        await desk.done("apply_preset", "anime")
        await desk.say(model_prompt=controls.current.prompt)
        await desk.button("New").click()
        line = desk.find("#editor-live")
        await expect(line).to_contain_text("Trying it shows it to viewers")
        await desk.find("#editor-name").fill("Mine")
        await desk.find("#editor-prompt").fill("as a clay figure")
        await desk.button("Try it live").click()
        await expect(line).to_have_text("Viewers see this in a moment. Cancel puts back “Anime”.")
        assert (controls.current.prompt, controls.current.preset) == ("as a clay figure", None)
        await desk.find("#editor-prompt").fill("as a clay figure in the rain")
        await expect(line).to_contain_text("without your last changes")
        controls.done.clear()
        if end == "leaving":
            await desk.page.goto("about:blank")
        elif end == "Escape":
            await desk.page.keyboard.press("Escape")
            await desk.button("Throw it away").click()
        else:
            await desk.find("#editor").get_by_role("button", name=end).click()
        after = "mine" if end == "Save" else "anime"
        await desk.done("apply_preset", after)
        saved = [("save_preset", "mine")] if end == "Save" else []
        assert controls.done == [*saved, ("apply_preset", after)]
        assert controls.current.preset == after


async def test_a_trial_that_the_connection_ended_is_said(open_desk):
    async with open_desk() as desk:
        await desk.button("New").click()
        await desk.find("#editor-prompt").fill("as a clay figure")
        await desk.button("Try it live").click()
        await desk.done("apply_preset", None)
        desk.controls.done.clear()
        for client in desk.server._clients:
            client.connection.transport.abort()
        await expect(desk.find("#editor-live")).to_contain_text("The connection was lost")
        await desk.done("apply_preset", None)
        await desk.page.wait_for_selector("body[data-link=open]")
        await desk.find("#editor-cancel").click()
        await expect(desk.find("#editor")).to_be_hidden()
        assert desk.controls.done == [("apply_preset", None)]
        desk.problems = [one for one in desk.problems if "WebSocket" not in one]


async def test_moving_by_keys_and_by_the_menu(open_desk, controls):
    async with open_desk() as desk:
        await desk.preset("Van Gogh").focus()
        await desk.page.keyboard.press("Shift+ArrowRight")
        await desk.done("move_preset", ("van-gogh", 2))
        await expect(desk.find("#announcer")).to_have_text("Van Gogh is now number 3 of 12")
        assert controls.ids[:3] == ["natural", "watercolor", "van-gogh"]
        await expect(desk.find("#grid .card-name").nth(2)).to_have_text("Van Gogh")
        # The focus stays on what was moved, so that it can go on.
        assert await desk.page.evaluate("document.activeElement.textContent") == "3Van Gogh"
        await desk.page.keyboard.press("Shift+Home")
        await desk.done("move_preset", ("van-gogh", 0))
        await expect(desk.find("#grid .card-name").first).to_have_text("Van Gogh")
        await menu(desk, "Pencil sketch", "Move to the front")
        await desk.done("move_preset", ("pencil", 0))
        await menu(desk, "Pencil sketch", "Move later")
        await desk.done("move_preset", ("pencil", 1))
        assert controls.ids[:2] == ["van-gogh", "pencil"]


@pytest.mark.parametrize(
    ("side", "order"),
    [
        (0.9, ["natural", "van-gogh", "watercolor", "renaissance", "stained-glass", "pencil"]),
        (0.1, ["natural", "van-gogh", "watercolor", "renaissance", "pencil", "stained-glass"]),
    ],
)
async def test_moving_by_dragging(open_desk, controls, side, order):
    async with open_desk() as desk:
        target = desk.preset("Stained glass")
        box = await target.bounding_box()
        await desk.preset("Pencil sketch").drag_to(
            target, target_position={"x": box["width"] * side, "y": box["height"] / 2}
        )
        await desk.done("move_preset", ("pencil", order.index("pencil")))
        assert controls.ids[:6] == order
        await expect(desk.find("#grid .card-name").nth(order.index("pencil"))).to_have_text(
            "Pencil sketch"
        )
        assert await desk.find(".dragged, .drop-before, .drop-after").count() == 0


@pytest.mark.parametrize("by", ["button", "key"])
async def test_a_removal_can_be_undone(open_desk, controls, by):
    async with open_desk() as desk:
        before = controls.looks
        await menu(desk, "Watercolor", "Remove")
        await desk.done("remove_preset", "watercolor")
        await expect(desk.find("#toasts")).to_contain_text("Removed “Watercolor”")
        await expect(desk.preset("Watercolor")).to_have_count(0)
        # The focus goes to a neighbour instead of getting lost.
        await desk.until("document.activeElement.closest('#grid') !== null")
        if by == "button":
            await desk.button("Undo").click()
        else:
            await desk.page.keyboard.press("u")
        await desk.done("move_preset", ("watercolor", 2))
        assert controls.looks == before
        await expect(desk.preset("Watercolor")).to_be_visible()


async def test_whatever_was_done_to_presets_can_be_undone_one_by_one(open_desk, controls):
    async with open_desk() as desk:
        before, toasts = controls.looks, desk.find("#toasts")
        await desk.page.keyboard.press("u")
        await expect(toasts).to_contain_text("Nothing to undo")
        for name in ("Watercolor", "Pencil sketch"):
            await menu(desk, name, "Remove")
            await expect(toasts).to_contain_text(f"Removed “{name}”")
        await expect(toasts).to_contain_text("1 earlier can be undone, too")
        await menu(desk, "Van Gogh", "Move to the front")
        await desk.done("move_preset", ("van-gogh", 0))
        await expect(desk.find("#grid .card-name").first).to_have_text("Van Gogh")
        await menu(desk, "Van Gogh", "Edit…")
        await desk.find("#editor-name").fill("Vincent")
        await desk.find("#editor-id").fill("vincent")
        await desk.page.keyboard.press("Enter")
        await expect(toasts).to_contain_text("Changed “Vincent”")
        for back in (
            "“Van Gogh” is as it was · next: Moved “Van Gogh”",
            "“Van Gogh” is number 2 again · next: Removed “Pencil sketch”",
            "“Pencil sketch” is back · next: Removed “Watercolor”",
            "“Watercolor” is back",
            "Nothing to undo",
        ):
            await desk.page.keyboard.press("u")
            await expect(toasts).to_contain_text(back)
        assert controls.looks == before


async def test_a_removed_preset_comes_back_beside_a_new_one_of_its_name(open_desk, controls):
    async with open_desk() as desk:
        await menu(desk, "Watercolor", "Remove")
        await desk.done("remove_preset", "watercolor")
        new = controls.looks[0].model_copy(update={"id": "watercolor", "name": "Mine"})
        controls.looks = (*controls.looks, new)
        desk.server.notify_presets()
        await expect(desk.preset("Mine")).to_be_visible()
        await desk.page.keyboard.press("u")
        await desk.done("move_preset", ("watercolor-2", 2))
        assert controls.ids[2] == "watercolor-2"
        assert controls.looks[-1] == new


async def test_when_all_are_removed_the_built_in_ones_can_be_brought_back(open_desk, controls):
    controls.looks = controls.looks[:1]
    async with open_desk() as desk:
        await menu(desk, "Natural (no prompt)", "Remove")
        await expect(desk.find("#grid-empty")).to_have_text("There are no presets yet.")
        await desk.button("Bring back the built-in presets").click()
        await desk.done("reset_presets")
        desk.server.notify_presets()
        await expect(desk.preset("Film noir")).to_be_visible()
        await expect(desk.button("Bring back the built-in presets")).to_be_hidden()


async def test_a_daemon_that_cannot_edit_offers_none_of_it(open_desk):
    def older(message):
        if message["type"] == "hello":
            new = {"save_preset", "remove_preset", "move_preset", "suggest", "renew"}
            message["data"]["commands"] = [
                name for name in message["data"]["commands"] if name not in new
            ]

    async with open_desk() as desk:
        await desk.as_other_daemon(older)
        await desk.open()
        await desk.preset("Anime").click()
        await desk.done("apply_preset", "anime")
        assert await desk.button("New").is_hidden()
        assert await desk.button("Save this prompt as a preset").is_hidden()
        await desk.preset("Anime").hover()
        await desk.button("Menu of Anime").click()
        entries = await desk.page.get_by_role("menuitem").all_inner_texts()
        assert entries[-3:] == ["Add to the favourites", "Copy the prompt", "Save as a file"]
        assert "Edit…" not in entries
        await desk.page.keyboard.press("Escape")
        assert await desk.find("#grid [draggable=true].card").count() == 0
        await desk.preset("Anime").focus()
        await desk.page.keyboard.press("Shift+ArrowLeft")
        await desk.page.keyboard.press("b")
        await desk.done("blank", True)
        assert [name for name, _ in desk.controls.done] == ["apply_preset", "blank"]
