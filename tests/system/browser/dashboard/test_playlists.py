"""The fold with the transition and the playlists."""

import pytest
from playwright.async_api import expect

from sana_vcam.media.playout.transitions import Transition

pytestmark = pytest.mark.asyncio(loop_scope="package")

FILE = """\
[[playlists]]
name = "warm-up"
entries = [{ look = "natural", seconds = 60 }, { look = "van-gogh" }]
[[playlists]]
name = "Bad"
entries = [{ look = "noir" }]
"""


async def test_the_fold_plays_and_sets_the_transition(open_desk, controls, tmp_path):
    controls.playlists_file = tmp_path / "playlists.toml"
    controls.playlists_file.write_text(FILE)
    async with open_desk() as desk:
        fold = desk.find("#playlists")
        await expect(desk.find("#transition")).to_be_hidden()
        await desk.find("#playlists-summary").click()
        await desk.find("#transition").select_option("fade")
        await desk.done("set_transition", Transition("fade", 0.0))
        await desk.say()
        await desk.find("#transition-s").fill("0.5")
        await desk.done("set_transition", Transition("fade", 0.5))
        await expect(desk.find("#playlists-hint")).to_contain_text("playlist 2 (Bad): name")
        await expect(fold.get_by_role("button", name="Play")).to_have_count(1)
        await fold.get_by_role("button", name="Play warm-up").click()
        await desk.done("apply_preset", "natural")
        await desk.say(playlist=controls.playing)
        await expect(desk.find("#playing-words")).to_contain_text("warm-up, 1 of 2: natural, ")
        await expect(desk.find("#playlists-summary")).to_have_text("Plays warm-up")
        await desk.find("#play-next").click()
        await desk.done("apply_preset", "van-gogh")
        await desk.say(playlist=controls.playing)
        await expect(desk.find("#playing-words")).to_contain_text("until you go on")
        await desk.find("#play-stop").click()
        await desk.say(playlist=None)
        await expect(desk.find("#playing")).to_be_hidden()
        assert controls.playing is None
