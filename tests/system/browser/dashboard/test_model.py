"""The form of what the model takes: exactly what is declared, sent as typed, refused in words."""

import cv2
import numpy as np
import pytest
from playwright.async_api import expect

from sana_vcam.config.preset import Preset
from sana_vcam.errors import CommandFailed
from sana_vcam.presets.catalog import ListedPreset
from sana_vcam.reactor.models.helios import HELIOS
from sana_vcam.reactor.models.joyai import JOYAI
from sana_vcam.reactor.models.sana import SANA
from sana_vcam.reactor.models.vidu import VIDU
from sana_vcam.reactor.models.x2 import X2

pytestmark = pytest.mark.asyncio(loop_scope="package")


def png(size=(64, 36)):
    """A PNG of noise, as large as it looks."""
    pixels = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def upload(name, data, kind="image/png"):
    return {"name": name, "mimeType": kind, "buffer": data}


@pytest.mark.parametrize(
    ("model", "rows", "own"),
    [
        (SANA, [], ["seed", "anchor"]),
        (
            HELIOS,
            ["image-file", "setting-image_strength", "setting-sr_scale", "schedule"],
            ["seed"],
        ),
        (VIDU, ["image-file", "setting-editing_type"], []),
        (JOYAI, ["image-file"], ["seed"]),
        (
            X2,
            [
                "image-file",
                "setting-keep_backlog",
                "setting-pointer_x",
                "setting-pointer_y",
                "setting-pointer_active",
            ],
            [],
        ),
    ],
    ids=lambda value: getattr(value, "short_name", ""),
)
async def test_the_form_has_exactly_what_the_model_takes(open_desk, controls, model, rows, own):
    controls.model = model
    async with open_desk() as desk:
        shown = desk.find("#model-grid > .field-row")
        await expect(shown).to_have_count(len(rows))
        ids = await shown.evaluate_all("rows => rows.map(row => row.id)")
        assert ids == [f"row-{row}" for row in rows]
        assert await desk.find("#model-form").is_visible() == bool(rows)
        words = ", ".join([*own, "reset"])
        await expect(desk.find("#tuning-summary")).to_have_text(words[0].upper() + words[1:])
        await desk.find("#tuning summary").click()
        for name in ("seed", "anchor"):
            assert await desk.find(f"#{name}-form").is_visible() == (name in own)
        assert await desk.find("#prompt-form").is_visible() == (model.prompt is not None)
        assert await desk.find("#no-prompt").is_visible() == (model.prompt is None)


async def test_a_model_that_comes_in_another_session_changes_the_form(open_desk, controls):
    async with open_desk() as desk:
        assert not await desk.find("#model-form").is_visible()
        controls.model = VIDU
        await desk.say()
        await expect(desk.find("#model-summary")).to_have_text("Vidu S2-Editing: image, settings")
        await expect(desk.find("#image-file-hint")).to_contain_text("shows nothing without one")
        assert await desk.find("#image-file").is_visible(), "what is needed is not folded away"
        controls.model = SANA
        await desk.say()
        await expect(desk.find("#model-form")).to_be_hidden()
        await expect(desk.find("#prompt")).to_have_attribute("maxlength", "4000")


async def test_each_kind_of_setting_is_sent_as_its_own_type(open_desk, controls):
    controls.model = HELIOS
    async with open_desk() as desk:
        await desk.find("#model-summary").click()
        await expect(desk.find("#row-setting-image_strength output")).to_have_text("not set")
        await desk.find("#setting-image_strength").fill("0.25")
        await desk.done("set_setting", ("image_strength", 0.25))
        await desk.say()
        await expect(desk.find("#row-setting-image_strength output")).to_have_text("0.25")
        await desk.find("#setting-sr_scale").select_option("4x")
        await desk.done("set_setting", ("sr_scale", "4x"))
        hint = desk.find("#setting-image_strength-hint")
        await expect(hint).to_contain_text("A number from 0 to 1. Taken on at once.")
        controls.model = X2
        await desk.say()
        await desk.find("#setting-pointer_active").check()
        await desk.done("set_setting", ("pointer_active", True))


async def test_what_somebody_else_has_set_is_followed(open_desk, controls):
    controls.model = HELIOS
    async with open_desk() as desk:
        await desk.find("#model-summary").click()
        await expect(desk.find("#setting-sr_scale")).to_have_value("off")
        await controls.set_setting("sr_scale", "2x")
        await desk.say()
        await expect(desk.find("#setting-sr_scale")).to_have_value("2x")


async def test_a_refused_setting_says_why_beside_it(open_desk, controls, monkeypatch):
    controls.model = HELIOS

    async def refuse(name, value):
        raise CommandFailed("rejected", f"the model refused {name} = {value}")

    monkeypatch.setattr(controls, "set_setting", refuse)
    async with open_desk() as desk:
        await desk.find("#model-summary").click()
        await desk.find("#setting-sr_scale").select_option("2x")
        error = desk.find("#row-setting-sr_scale .form-error")
        await expect(error).to_have_text("The model refused sr_scale = 2x")
        await desk.say()
        await expect(desk.find("#setting-sr_scale")).to_have_value("off")


async def test_an_image_is_looked_at_before_it_is_sent(open_desk, controls):
    controls.model = HELIOS
    data = png((320, 240))
    assert len(data) > 4 * 45_000, "more than a few pieces"
    async with open_desk() as desk:
        await desk.find("#model-summary").click()
        await desk.find("#image-file").set_input_files(upload("cape.png", data))
        await expect(desk.find("#image-note")).to_contain_text(
            "cape.png, 320\N{MULTIPLICATION SIGN}240, "
        )
        await expect(desk.find("#image-note")).to_contain_text("Not sent yet")
        assert controls.done == []
        await desk.button("Use it").click()
        await desk.done("set_image", ("cape.png", len(data)))
        await expect(desk.find("#image-note")).to_have_text("The model is shown cape.png.")
        await desk.say()
        await expect(desk.find("#image-preview")).to_be_visible()
        await desk.button("Remove").click()
        await desk.done("set_image")
        await desk.say()
        await expect(desk.find("#image-note")).to_have_text("None.")
        await expect(desk.find("#image-preview")).to_be_hidden()


@pytest.mark.parametrize(
    ("name", "data", "kind", "words"),
    [
        ("notes.txt", b"x", "text/plain", "notes.txt is no PNG, JPEG or WebP image."),
        ("empty.png", b"", "image/png", "empty.png is empty."),
        ("large.png", bytes(8_100_000), "image/png", "has 8.1 MB; at most 8 MB are sent."),
        ("broken.png", b"x" * 100, "image/png", "Broken.png cannot be read as an image."),
    ],
)
async def test_what_is_no_image_is_never_sent(open_desk, controls, name, data, kind, words):
    controls.model = HELIOS
    async with open_desk() as desk:
        await desk.find("#model-summary").click()
        await desk.find("#image-file").set_input_files(upload(name, data, kind))
        error = desk.find("#row-image-file .form-error")
        await expect(error).to_contain_text(words[1:])
        assert not await desk.find("#image-use").is_visible()
        assert controls.done == []


async def test_a_planned_prompt(open_desk, controls):
    controls.model = HELIOS
    async with open_desk() as desk:
        await desk.find("#model-summary").click()
        await expect(desk.find("#schedule-hint")).to_contain_text("the last that is done is 731")
        await desk.button("Plan").click()
        await expect(desk.find("#row-schedule .form-error")).to_contain_text("Write a prompt")
        await desk.find("#schedule").fill("a storm comes up")
        await desk.find("#schedule-chunk").fill("740")
        await desk.button("Plan").click()
        await desk.done("schedule_prompt", ("a storm comes up", 740))
        await expect(desk.find("#schedule")).to_have_value("")


async def test_what_the_model_does_not_take_of_a_look_is_said(open_desk, controls):
    async with open_desk() as desk:
        assert not await desk.find("#left-out").is_visible()
        await desk.say(left_out=("image", "sr_scale"))
        await expect(desk.find("#left-out")).to_have_text(
            "SANA-Streaming does not take this of the present look: image, sr_scale."
        )


async def test_a_presets_image_and_settings_are_kept_and_changed(open_desk, controls):
    cape = Preset(id="cape", name="Cape", prompt="", image="cape.jpg", settings={"sr_scale": "2x"})
    controls.looks = (ListedPreset(**dict(cape)), *controls.looks[:3])
    controls.model = HELIOS
    async with open_desk() as desk:
        await desk.find("#grid .card").first.hover()
        await desk.button("Menu of Cape").click()
        await desk.page.get_by_role("menuitem", name="Edit…").click()
        await expect(desk.find("#editor-image")).to_have_value("cape.jpg")
        await expect(desk.find("#editor-settings")).to_have_value("sr_scale=2x")
        await desk.find("#editor-settings").fill("image_strength = 0.5\nsr_scale=4x\nkeep=true")
        await desk.find("#editor-form button[type=submit]").click()
        await desk.done("save_preset", "cape")
        saved = controls.looks[0]
        assert saved.image == "cape.jpg"
        assert saved.settings == {"image_strength": 0.5, "sr_scale": "4x", "keep": True}
        await desk.find("#grid .card").first.hover()
        await desk.button("Menu of Cape").click()
        await desk.page.get_by_role("menuitem", name="Remove").click()
        await desk.done("remove_preset", "cape")
        await desk.button("Undo").click()
        await desk.done("move_preset", ("cape", 0))
        assert controls.looks[0].settings == saved.settings


async def test_a_daemon_without_settings_leaves_the_page_as_it_was(open_desk, controls):
    async with open_desk() as desk:

        def older(message):
            if message["type"] == "hello":
                message["data"]["events"].remove("settings")
                message["data"]["commands"].remove("list_settings")

        await desk.as_other_daemon(older)
        await desk.open()
        await desk.find("#tuning summary").click()
        await expect(desk.find("#anchor-form")).to_be_visible()
        assert not await desk.find("#model-form").is_visible()


@pytest.mark.parametrize("width", [1280, 380])
async def test_nothing_is_wider_than_the_window(open_desk, controls, width):
    controls.model = HELIOS
    async with open_desk(viewport={"width": width, "height": 800}) as desk:
        await desk.find("#model-summary").click()
        await desk.find("#image-file").set_input_files(upload("a" * 90 + ".png", png()))
        await expect(desk.find("#image-use")).to_be_visible()
        wide = await desk.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
