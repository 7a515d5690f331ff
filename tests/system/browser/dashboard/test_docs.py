"""The docs page shows what there is: its pictures exist, and its keys are the sheet's."""

import re
from pathlib import Path

import pytest

import sana_vcam
from tests.system.browser.dashboard.screenshots import MOST_BYTES, SHOTS

pytestmark = pytest.mark.asyncio(loop_scope="package")

DOCS = Path(sana_vcam.__file__).parent / "docs"
PAGE = (DOCS / "dashboard.md").read_text()


async def test_every_picture_is_there_and_small():
    named = set(re.findall(r"\]\((pictures/[^)]+)\)", PAGE))
    assert named == {f"pictures/dashboard-{shot.name}.webp" for shot in SHOTS}
    for name in named:
        size = len((DOCS / name).read_bytes())
        assert 10_000 < size <= MOST_BYTES, name


async def test_the_keys_are_those_of_the_sheet(open_desk):
    async with open_desk() as desk:
        await desk.page.keyboard.press("?")
        sheet = [
            (" ".join(row.split("\n")[:-1]), row.split("\n")[-1])
            for row in await desk.find("#shortcut-list > div").all_inner_texts()
        ]
    keys = PAGE.partition("## Keys")[2]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", keys, re.MULTILINE)
    listed = [(key, words) for key, words in rows if key != "key" and "---" not in key]
    tidy = [(re.sub(r"\s+", " ", key).strip(), words) for key, words in sheet]
    assert tidy == listed


async def test_every_badge_is_explained():
    words = (Path(sana_vcam.__file__).parent / "clients" / "dashboard" / "words.js").read_text()
    badges = set(re.findall(r'said\(\s*"([^"]+)"', words)) - {"Opening"}
    assert len(badges) >= 12
    table = PAGE.partition("| badge |")[2].partition("\n\n")[0]
    assert {badge for badge in badges if badge not in table} == set()
