"""Make the pictures of the built-in looks anew: `python -m tests.system.browser.dashboard.looks`.

The edits are the stand-in's; the person is NASA's portrait of the astronaut Eileen Collins (public
domain), as scikit-image has it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
from PIL import Image

import sana_vcam
from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from tests.system.browser.dashboard.screenshots import portrait

DASHBOARD = Path(sana_vcam.__file__).parent / "clients" / "dashboard"
FOLDER = DASHBOARD / "looks"
MODULE = DASHBOARD / "builtin.js"
SIZE = (320, 180)
MOST_BYTES = 12_000


def picture(preset: Preset) -> bytes:
    """The portrait in a look, 320x180, as WebP of 12 kB at most."""
    bgr = cv2.resize(portrait(preset.prompt, 640, 360), SIZE, interpolation=cv2.INTER_AREA)
    image = Image.fromarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
    for quality in range(80, 20, -4):
        webp = io.BytesIO()
        image.save(webp, "WEBP", quality=quality, method=6)
        if webp.tell() <= MOST_BYTES:
            return webp.getvalue()
    raise ValueError(f"the picture of {preset.id} does not fit into {MOST_BYTES} bytes")


def module(presets: Sequence[Preset]) -> str:
    """The module that tells the page which prompts have pictures."""
    prompts = json.dumps({one.id: one.prompt for one in presets}, indent=2, ensure_ascii=False)
    return (
        "// Made by tests/system/browser/dashboard/looks.py.\n\n"
        "/** The looks that ship with a picture, and the prompts that their pictures show. */\n"
        f"export const PROMPTS = {prompts};\n"
    )


def main() -> None:
    """Write the pictures and the module; what has gone from the built-in looks goes here, too."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    for preset in BUILTIN_PRESETS:
        (FOLDER / f"{preset.id}.webp").write_bytes(picture(preset))
    MODULE.write_text(module(BUILTIN_PRESETS))


if __name__ == "__main__":
    main()
