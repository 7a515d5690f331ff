"""Draw the docs' pictures of decks: `python -m tests.unit.clients.deck.linux.pictures`.

They are put together from what `deck run` writes to stand-in decks. The stills are the stand-in
model's edits of a photograph that is in the public domain (the cat of scikit-image, CC0).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import skimage.data
from PIL import Image, ImageDraw

import sana_vcam
from sana_vcam.clients.deck.linux.layout import Act, RehearsalPlace
from sana_vcam.config.preset import BUILTIN_PRESETS
from sana_vcam.control.protocol.keeping import RecordingState
from sana_vcam.control.protocol.rehearsal import RehearsalStage
from sana_vcam.engine.states import SessionState
from sana_vcam.media.states import ProgramSource
from sana_vcam.standin.looks import edit
from tests.unit.clients.deck.linux.hid import (
    PRODUCTS,
    Bus,
    Device,
    Model,
    screen_image,
    strip_image,
)
from tests.unit.clients.deck.linux.rig import Controls, serving_daemon, serving_decks, until

PICTURES = Path(sana_vcam.__file__).parent / "docs" / "pictures"
GAP = 14
CASE = (28, 29, 33)
ACTIVE = "van-gogh"
WITHOUT_STILL = ("stained-glass", "loft")
"""Left without, to show what that looks like."""


def stills() -> dict[str, bytes]:
    """A still of each look, as the daemon would have taken it."""
    cat = cv2.resize(skimage.data.cat(), (541, 360), interpolation=cv2.INTER_CUBIC)
    # Only the square in the middle comes onto a key.
    portrait = cv2.copyMakeBorder(cat, 0, 0, 38, 61, cv2.BORDER_REFLECT)
    pictures = {}
    for look in BUILTIN_PRESETS:
        if look.id in WITHOUT_STILL:
            continue
        edited = cv2.cvtColor(edit(portrait, look.prompt, 0), cv2.COLOR_RGB2BGR)
        small = cv2.resize(edited, (320, 180), interpolation=cv2.INTER_AREA)
        pictures[look.id] = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    return pictures


def on_air(controls: Controls, **changes: object) -> None:
    live = {
        "output": ProgramSource.LIVE,
        "session": SessionState.STREAMING,
        "session_s": 754.0,
        "preset": ACTIVE,
        "fps_model": 23.8,
    }
    controls.current = controls.current.model_copy(update={**live, **changes})


def draw_deck(model: Model, device: Device) -> Image.Image:
    """The device as one sees it: its keys, and its strip or small screen below."""
    rows, columns = model.deck.key_layout()
    wanted = model.deck.key_image_format()
    width, height = wanted["size"]
    pitch = width + GAP, height + GAP
    keys = {
        key: model.upright(image, wanted)
        for key, image in model.key_images(device.reports()).items()
    }
    below = _below(model, device)
    size = columns * pitch[0] + GAP, rows * pitch[1] + GAP
    extra = (below.height + GAP) if below else 0
    picture = Image.new(
        "RGB", (max(size[0], below.width + 2 * GAP if below else 0), size[1] + extra)
    )
    picture.paste(CASE, (0, 0, *picture.size))
    left = (picture.width - size[0]) // 2
    for key, image in keys.items():
        at = (left + GAP + key % columns * pitch[0], GAP + key // columns * pitch[1])
        picture.paste(image, at, _rounded(image))
    if below:
        picture.paste(below, ((picture.width - below.width) // 2, size[1]), _rounded(below))
    return picture


def _below(model: Model, device: Device) -> Image.Image | None:
    strip, screen = strip_image(device.reports()), screen_image(device.reports())
    if strip is not None:
        return model.upright(strip, model.deck.touchscreen_image_format())
    if screen is not None:
        return model.upright(screen, model.deck.screen_image_format())
    return None


def _rounded(image: Image.Image) -> Image.Image:
    mask = Image.new("L", image.size, 0)
    box = (0, 0, image.width - 1, image.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, min(image.size) // 9, 255)
    return mask


async def draw(names: Sequence[str]) -> Mapping[str, Image.Image]:
    bus = Bus()
    devices = {name: bus.plug(PRODUCTS[name]) for name in names}
    decks = {deck.id(): deck for deck in bus.find()}
    models = {name: Model(decks[device.path()]) for name, device in devices.items()}
    controls = Controls()
    controls.stills = stills()
    controls.offer(controls.looks)
    on_air(controls)
    drawn = {}

    async def settled() -> None:
        before = -1
        while before != sum(len(device.reports()) for device in devices.values()):
            before = sum(len(device.reports()) for device in devices.values())
            await asyncio.sleep(1.5)

    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving_daemon(controls))
        station = await stack.enter_async_context(serving_decks(bus))
        await until(lambda: len(station.link.daemon.stills) == len(controls.stills), "all stills")
        await settled()
        for name in names:
            drawn[f"deck-linux-{name.lower().replace('_', '-')}"] = draw_deck(
                models[name], devices[name]
            )
        on_air(controls, output=ProgramSource.BLANK, blank=True, freeze=True)
        server.notify_state()
        await settled()
        drawn["deck-linux-private"] = draw_deck(models["MK2"], devices["MK2"])
        await server.stop()
        await until(lambda: not station.link.daemon.online, "offline")
        await settled()
        drawn["deck-linux-offline"] = draw_deck(models["MK2"], devices["MK2"])
    return drawn


async def draw_on_demand() -> Image.Image:
    """A deck with keys that are there on demand, while a look is rehearsed and it records."""
    bus = Bus()
    device = bus.plug(PRODUCTS["MK2"])
    (deck,) = bus.find()
    controls = Controls()
    controls.stills = stills()
    controls.offer(controls.looks)
    recording = RecordingState(path="recording.mp4", seconds=67.0)
    on_air(
        controls,
        output=ProgramSource.FREEZE,
        rehearsal=RehearsalStage.READY,
        clips=True,
        recording=recording,
    )
    extras = (Act.RECORD, Act.CLIP, RehearsalPlace(ACTIVE))
    async with serving_daemon(controls), serving_decks(bus, extras=extras) as station:
        await until(lambda: len(station.link.daemon.stills) == len(controls.stills), "all stills")
        await asyncio.sleep(3)
        return draw_deck(Model(deck), device)


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_RUNTIME_DIR"] = os.environ["XDG_STATE_HOME"] = home
        drawn = {**asyncio.run(draw(["MK2", "MINI", "PLUS", "NEO"]))}
        drawn["deck-linux-demand"] = asyncio.run(draw_on_demand())
    PICTURES.mkdir(exist_ok=True)
    for name, picture in drawn.items():
        small = picture.quantize(128, dither=Image.Dither.FLOYDSTEINBERG)
        small.save(PICTURES / f"{name}.png", optimize=True)
        print(PICTURES / f"{name}.png", picture.size)


if __name__ == "__main__":
    main()
