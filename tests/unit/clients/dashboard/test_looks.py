"""The pictures that ship with the built-in looks: there for each, small, and of its prompt."""

import json
import re
import struct
from pathlib import Path

import sana_vcam
from sana_vcam.config.preset import BUILTIN_PRESETS

DASHBOARD = Path(sana_vcam.__file__).parent / "clients" / "dashboard"


def test_each_built_in_look_has_its_picture():
    found = {path.stem: path.read_bytes() for path in (DASHBOARD / "looks").iterdir()}
    assert set(found) == {preset.id for preset in BUILTIN_PRESETS}
    for name, webp in found.items():
        assert (webp[:4], webp[8:15]) == (b"RIFF", b"WEBPVP8"), name
        assert 500 < len(webp) <= 12_000, name
        assert struct.unpack_from("<HH", webp, 26) == (320, 180), name
    assert len(set(found.values())) == len(found)


def test_the_page_knows_which_prompts_they_show():
    text = (DASHBOARD / "builtin.js").read_text()
    prompts = json.loads(text[text.index("PROMPTS = ") + len("PROMPTS = ") : text.rindex(";")])
    assert prompts == {preset.id: preset.prompt for preset in BUILTIN_PRESETS}, (
        "python -m tests.system.browser.dashboard.looks"
    )


def test_each_built_in_look_but_the_plain_one_is_of_one_kind():
    text = (DASHBOARD / "groups.js").read_text()
    kinds = text[text.index("KINDS = ") : text.index("};")]
    assert sorted(re.findall(r'"([a-z0-9-]+)"', kinds)) == sorted(
        preset.id for preset in BUILTIN_PRESETS if preset.id != "natural"
    )
