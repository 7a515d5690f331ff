"""Looks as a file: dropped on the page, looked at, taken, taken back; and written for others."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.async_api import expect

from sana_vcam.config.preset import Preset
from sana_vcam.presets.looksfile import SharedLook, read_looks, write_looks
from tests.system.browser.dashboard.rig import drop

pytestmark = pytest.mark.asyncio(loop_scope="package")

PICTURE = cv2.imencode(".png", np.full((90, 160, 3), 90, np.uint8))[1].tobytes()
CAPE = Preset(id="cape", name="<b>Cape</b>", prompt="a red cape\nin the wind", evolve=("On.",))
NOIR = Preset(id="van-gogh", name="Van Gogh", prompt="another one")


async def test_a_file_of_looks_is_dropped_looked_at_and_taken(open_desk, controls, tmp_path: Path):
    file = write_looks([SharedLook(CAPE, PICTURE), SharedLook(NOIR)])
    before = controls.looks
    async with open_desk() as desk:
        dialog = desk.find("#sharing")
        await drop(desk, b"no such file")
        await expect(desk.find("#sharing-error")).to_contain_text("no file of looks")
        await expect(desk.find("#sharing-take")).to_be_disabled()
        await desk.find("#sharing-cancel").click()

        await drop(desk, file)
        await expect(dialog.locator(".shared")).to_have_count(2)
        cape, noir = dialog.locator(".shared").first, dialog.locator(".shared").last
        await expect(cape.locator("label")).to_have_text("<b>Cape</b>")
        await expect(cape).to_contain_text(re.compile("Reference image: 160.90"))
        await expect(noir).to_contain_text("this one becomes “Van Gogh 2” (van-gogh-2)")
        await desk.until("document.querySelector('.shared img').naturalWidth === 160")
        await desk.page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        assert controls.looks == before

        await drop(desk, file)
        await desk.find("#sharing-replace").check()
        await expect(noir).to_contain_text("takes the place of your “Van Gogh”")
        await cape.get_by_role("checkbox").uncheck()
        await desk.find("#sharing-take").click()
        await desk.done("import_presets", ("van-gogh",))
        await expect(dialog).to_be_hidden()
        assert [look.id for look in controls.looks] == [look.id for look in before]
        await desk.find("#toasts").get_by_role("button", name="Undo").click()
        await desk.done("save_preset", "van-gogh")
        assert controls.looks == before

        await desk.find("#share summary").click()
        async with desk.page.expect_file_chooser() as choosing:
            await desk.find("#import-button").click()
        given = tmp_path / "given.jsonl"
        given.write_bytes(file)
        await (await choosing.value).set_files(given)
        await desk.find("#sharing-take").click()
        await desk.done("import_presets", ("cape", "van-gogh"))
        await expect(desk.preset("<b>Cape</b>")).to_be_visible()
        await desk.find("#toasts").get_by_role("button", name="Undo").click()
        await desk.done("remove_preset", "cape")
        assert controls.looks == before

        async with desk.page.expect_download() as saving:
            await desk.find("#export-button").click()
        await (await saving.value).save_as(given)
        saved = given.read_bytes()
        assert [look.preset.id for look in read_looks(saved)] == [look.id for look in before]
        assert json.loads(saved.splitlines()[0])["format"] == "sana-vcam looks"
