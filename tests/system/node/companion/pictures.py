"""Draw the docs' picture of Companion's buttons: `python -m tests.system.node.companion.pictures`.

The pictures on them are those that the packed module sends; the names are written onto them here,
as Companion does.
"""

from __future__ import annotations

import asyncio
import base64
import io
import os
import shutil
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from sana_vcam.clients.deck.companion import package
from tests.system.node.companion.host import Host, running_module, unpack
from tests.unit.clients.deck.linux.pictures import ACTIVE, CASE, GAP, PICTURES, on_air, stills
from tests.unit.clients.deck.linux.rig import Controls, serving_daemon

SIDE = 96
COLUMNS, ROWS = 6, 2
RED, BLUE, GREEN, DARK = (160, 20, 30), (25, 80, 160), (20, 110, 60), (24, 26, 32)


async def buttons(home: Path) -> list[Image.Image]:
    node = shutil.which("node")
    assert node is not None
    controls = Controls()
    controls.stills = stills()
    controls.offer(controls.looks)
    on_air(controls)
    looks = controls.looks[: COLUMNS * ROWS - 3]
    async with (
        serving_daemon(controls),
        running_module(unpack(package.pack(), home / "module"), node) as host,
    ):
        await host.until_ok()
        for look in looks:
            await host.put(look.id, "preset_picture", id=look.id)
        await host.until_variable("preset_id", ACTIVE)
        # The last still that is asked for.
        await host.until(lambda host: len(host.values) == len(looks), "pictures")
        await asyncio.sleep(3)
        drawn = [_button(host, look.id, look.name) for look in looks]
        said = host.variables
        status = f"{said['output']}\n{said['fps']} fps\n{said['session_minutes']} min"
    return [*drawn, _plain("PRIVACY", RED), _plain("FREEZE", BLUE), _plain(status, GREEN)]


def _button(host: Host, look_id: str, name: str) -> Image.Image:
    png = base64.b64decode(host.values[look_id]["png64"])
    image = Image.open(io.BytesIO(png)).convert("RGB").resize((SIDE, SIDE))
    return _written(image, name, "md", SIDE - 6)


def _plain(text: str, colour: tuple[int, int, int]) -> Image.Image:
    return _written(Image.new("RGB", (SIDE, SIDE), colour), text, "mm", SIDE // 2)


def _written(image: Image.Image, text: str, anchor: str, y: int) -> Image.Image:
    font = ImageFont.load_default(17)
    words = text if "\n" in text or font.getlength(text) < SIDE - 8 else text.replace(" ", "\n")
    pen = ImageDraw.Draw(image)
    pen.multiline_text((SIDE // 2, y), words, (255, 255, 255), font, anchor, align="center")
    return image


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_RUNTIME_DIR"] = os.environ["XDG_STATE_HOME"] = home
        drawn = asyncio.run(buttons(Path(home)))
    pitch = SIDE + GAP
    sheet = Image.new("RGB", (COLUMNS * pitch + GAP, ROWS * pitch + GAP), CASE)
    for number, image in enumerate(drawn):
        sheet.paste(image, (GAP + number % COLUMNS * pitch, GAP + number // COLUMNS * pitch))
    path = PICTURES / "companion-module.png"
    sheet.quantize(128, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    print(path, sheet.size)


if __name__ == "__main__":
    main()
