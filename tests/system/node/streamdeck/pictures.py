"""Draw the docs' pictures of the keys: `python -m tests.system.node.streamdeck.pictures`.

They are what the packed plugin sends to its host while it controls a real daemon with the
stand-in model, put side by side. Needs what `tests/system/node/streamdeck/test_build.py` installs.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import cv2

import sana_vcam
from sana_vcam.clients.deck.streamdeck import package
from tests.system.daemon import Bridge, running_daemon, running_standin
from tests.system.node.streamdeck.conftest import CACHE, SOURCE
from tests.system.node.streamdeck.host import Host, Key, unpack

PICTURES = Path(sana_vcam.__file__).parent / "docs" / "pictures"
LAYOUT = json.loads((SOURCE / package.BUNDLE / "layouts" / "dial.json").read_text())
LOOKS = ("natural", "van-gogh", "noir", "comic", "stained-glass")
STILL = "data:image/jpeg;base64,"


async def draw(home: Path) -> dict[str, list[str]]:
    """Key pictures by the name of the picture that they belong to."""
    plugin = unpack(package.write(home), home / "plugins")
    node = shutil.which("node")
    assert node is not None
    async with (
        running_standin() as standin,
        running_daemon(home / "daemon", standin.url) as bridge,
    ):
        await bridge.control.live()
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(bridge.control_file.parent.parent)}
        async with Host("elgato", plugin).running(node, environment) as host:
            boards, keys = await _live(host, bridge)
            bridge.process.terminate()
            for key in keys:
                await host.until_shown(key, ">offline</text>")
            return boards | {"stream-deck-offline": [key.svg for key in keys]}


def strip(feedback: dict[str, Any]) -> str:
    """A dial's part of the touch strip, 200 x 100, as its layout has it."""
    parts = []
    for item in LAYOUT["items"]:
        (x, y, width, height), value = item["rect"], feedback[item["key"]]
        match item["type"]:
            case "pixmap":
                size = f'x="{x}" y="{y}" width="{width}" height="{height}" '
                parts.append(re.sub(r'width="\d+" height="\d+"', size, value, count=1))
            case "text":
                font = f'font-family="Arial" font-weight="bold" font-size="{item["font"]["size"]}"'
                fill = item.get("color", "#ffffff")
                at = f'x="{x}" y="{y + height * 0.7}"'
                parts.append(f'<text {at} {font} fill="{fill}">{escape(value)}</text>')
            case "bar":
                for part, colour in ((100, item["bar_bg_c"]), (value, item["bar_fill_c"])):
                    size = f'width="{width * part / 100}" height="{height}" rx="4"'
                    parts.append(f'<rect x="{x}" y="{y}" {size} fill="{colour}"/>')
    head = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {head} width="200" height="100" viewBox="0 0 200 100">{"".join(parts)}</svg>'


async def _live(host: Host, bridge: Bridge) -> tuple[dict[str, list[str]], list[Key]]:
    looks = [await host.place("preset", preset=look) for look in LOOKS]
    prompt = await host.place("prompt", prompt="as a charcoal drawing")
    others = [await host.place(name) for name in ("previous", "next")]
    dial = await host.place("dial", controller="Encoder")
    unset = await host.place("preset")
    status = await host.place("status")
    switches = [await host.place(name) for name in ("privacy", "freeze", "pause")]
    titled = await host.place("prompt", prompt="neon cyberpunk city lights", title="Neon city")
    await host.until_online(*looks)
    for key in looks:
        await host.press(key)
        # The host waits 30 s at most; a look is kept a still of after some chunks.
        await host.until_shown(key, STILL)
    await host.press(looks[2])
    await host.until_shown(others[0], ">Low poly</text>")
    await host.until_shown(others[1], ">Vintage</text>")
    first = [key.svg for key in [*looks, prompt, *others, unset, status, *switches]]
    await host.until(lambda: dial.feedback["name"] == "Film noir", "the dial's look")
    strips = [strip(dial.feedback)]
    await host.press(titled)
    await host.until_shown(titled, "#3ddc97")
    first += [titled.svg]
    await host.press(status)
    await host.until(lambda: " fps" not in status.svg, "the second page")
    first += [status.svg]
    await host.press(status)
    lit = []
    for key, word in zip(switches, ("HIDDEN", "FROZEN", "PAUSED"), strict=True):
        await host.press(key)
        await host.until_shown(key, f">{word}</text>")
        lit.append(key.svg)
        await host.until(lambda word=word: word in dial.feedback["state"], "it on the strip")
        strips.append(strip(dial.feedback))
        if key is not switches[2]:
            await host.until_shown(status, f">{word}</text>")
            lit.append(status.svg)
            await host.press(key)
    await bridge.control.ok("resume")
    boards = {
        "stream-deck-keys": first,
        "stream-deck-switches": lit,
        "stream-deck-strip": strips,
    }
    return boards, [looks[2], looks[3], prompt, switches[0], status]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        boards = asyncio.run(draw(home))
        workshop = home / "workshop"
        shutil.copytree(SOURCE, workshop)
        (workshop / "node_modules").symlink_to(CACHE / "streamdeck" / "node_modules")
        subprocess.run(
            ["node", "images.mjs", "--board", str(PICTURES)],
            cwd=workshop, input=json.dumps(boards), text=True, check=True,
        )  # fmt: skip
    for name in boards:
        # Written again, it is smaller: the tool that drew it takes little time to compress.
        path = PICTURES / f"{name}.png"
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        print(path)


if __name__ == "__main__":
    main()
