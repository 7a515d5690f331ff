"""Every model that the library knows: what it shows, and what a press of it does."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sana_vcam.clients.daemonstate import DaemonState
from sana_vcam.clients.deck.linux.keys import board, status
from sana_vcam.clients.deck.linux.layout import Act, Layout, Slot, lay_out
from sana_vcam.clients.deck.linux.paint import paint, paint_segment, paint_strip
from sana_vcam.clients.deck.linux.surface import shape_of
from sana_vcam.config.preset import BUILTIN_PRESETS
from tests.unit.clients.deck.linux.hid import (
    PRODUCTS,
    Bus,
    Device,
    Model,
    screen_image,
    strip_image,
)
from tests.unit.clients.deck.linux.rig import (
    Controls,
    controls_with,
    is_ready,
    model_of,
    serving_daemon,
    serving_decks,
    until,
)

VISUAL = [name for name in PRODUCTS if name != "PEDAL"]
WITH_STRIP = ["PLUS", "PLUS_XL"]


@pytest.fixture
def bus(name: str) -> Bus:
    bus = Bus()
    bus.plug(PRODUCTS[name])
    return bus


@pytest.fixture
def device(bus: Bus) -> Device:
    return bus.devices[0]


@pytest.fixture
def model(bus: Bus) -> Model:
    return model_of(bus)


def scene_of(controls: Controls) -> DaemonState:
    """What the deck knows once it is connected."""
    presets = [look.model_dump(mode="json") for look in controls.looks]
    return DaemonState().with_state(controls.current.model_dump(mode="json")).with_presets(presets)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean of 255."""
    return float(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).mean())


def layout_of(model: Model, controls: Controls) -> Layout:
    return lay_out(shape_of(model.deck), len(controls.looks), 0)


@pytest.mark.parametrize("name", VISUAL)
async def test_every_key_shows_its_face_the_right_way_round(bus: Bus, device: Device, model: Model):
    controls = controls_with(30)
    layout = layout_of(model, controls)
    wanted = model.deck.key_image_format()
    faces = board(scene_of(controls), layout, 80, grid=model.grid, dial_count=0).keys

    def is_painted() -> bool:
        shown = model.key_images(device.reports())
        last = shown.get(model.grid - 1)
        if len(shown) < model.grid or last is None:
            return False
        return all(
            difference(model.upright(shown[key], wanted), paint(face, wanted["size"])) < 6
            for key, face in enumerate(faces)
        )

    async with serving_daemon(controls), serving_decks(bus):
        await until(is_painted, "a deck painted as its faces say")
    for key, image in model.key_images(device.reports()).items():
        upright = model.upright(image, wanted)
        assert upright.size == wanted["size"], key


@pytest.mark.parametrize("name", PRODUCTS)
async def test_each_key_does_what_it_shows(bus: Bus, device: Device, model: Model):
    controls = controls_with(30)
    layout = layout_of(model, controls)
    async with serving_daemon(controls), serving_decks(bus) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        for key, place in enumerate(layout.places):
            if place is None or place in {Act.PAGE_UP, Act.PAGE_DOWN, Act.STATUS}:
                continue
            before = len(controls.done)
            model.tap_key(device, key)
            await until(lambda before=before: len(controls.done) > before, f"a command: {place}")
            match place:
                case Slot(look):
                    assert controls.done[-1] == ("apply_preset", BUILTIN_PRESETS[look].id)
                case Act.PRIVACY | Act.FREEZE:
                    switch = "blank" if place is Act.PRIVACY else "freeze"
                    assert controls.done[-1] == (switch, True)
                case _:
                    assert controls.done[-1] == ("step_preset", 1 if place is Act.NEXT else -1)


@pytest.mark.parametrize("name", VISUAL)
async def test_pages_are_turned(bus: Bus, device: Device, model: Model):
    more = [look.model_copy(update={"id": f"{look.id}-2"}) for look in BUILTIN_PRESETS]
    controls = Controls([*BUILTIN_PRESETS, *more])
    layout = layout_of(model, controls)
    per_page = sum(isinstance(place, Slot) for place in layout.places)
    assert layout.pages > 1
    async with serving_daemon(controls), serving_decks(bus) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        if Act.PAGE_DOWN in layout.places:
            model.tap_key(device, layout.places.index(Act.PAGE_DOWN))
        else:
            model.turn_dial(device, 1, 1)
        model.tap_key(device, layout.places.index(Slot(0)))
        await controls.wait_done("apply_preset", controls.looks[per_page].id)


@pytest.mark.parametrize("name", ["PLUS", "PLUS_XL", "STUDIO"])
async def test_dials(bus: Bus, device: Device, model: Model):
    controls = controls_with(30)
    async with serving_daemon(controls), serving_decks(bus) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        model.turn_dial(device, 0, 2)
        await controls.wait_done("step_preset", 2)
        model.turn_dial(device, 0, -1)
        await controls.wait_done("step_preset", -1)
        model.push_dial(device, 0)
        await controls.wait_done("blank", True)
        model.push_dial(device, 1)
        await controls.wait_done("freeze", True)
        assert len(controls.done) == 4


@pytest.mark.parametrize("name", WITH_STRIP)
async def test_the_strip_is_painted_and_a_tap_is_a_push_of_the_dial_below(
    bus: Bus, device: Device, model: Model
):
    controls = controls_with(30)
    wanted = model.deck.touchscreen_image_format()
    segments = board(
        scene_of(controls),
        layout_of(model, controls),
        80,
        grid=model.grid,
        dial_count=model.deck.dial_count(),
    ).strip

    def is_painted() -> bool:
        image = strip_image(device.reports())
        if image is None:
            return False
        return difference(model.upright(image, wanted), paint_strip(segments, wanted["size"])) < 4

    async with serving_daemon(controls), serving_decks(bus):
        await until(is_painted, "the strip")
        width = wanted["size"][0] // model.deck.dial_count()
        model.tap_strip(device, width + 5)
        await controls.wait_done("freeze", True)


@pytest.mark.parametrize("name", ["NEO"])
async def test_the_small_screen_and_the_lamps_of_the_touch_keys(
    bus: Bus, device: Device, model: Model
):
    controls = controls_with(30)
    wanted = model.deck.screen_image_format()
    faces = board(scene_of(controls), layout_of(model, controls), 80, grid=model.grid, dial_count=0)
    assert faces.screen is not None
    expected = paint_segment(faces.screen, wanted["size"])

    def is_painted() -> bool:
        image = screen_image(device.reports())
        return image is not None and difference(model.upright(image, wanted), expected) < 4

    def lamps() -> dict[int, tuple[int, ...]]:
        return {f[2]: tuple(f[3:6]) for f in device.settings() if f[:2] == b"\x03\x06"}

    async with serving_daemon(controls), serving_decks(bus):
        await until(is_painted, "the small screen")
        await until(lambda: set(lamps().values()) == {(28, 92, 178)}, "glowing touch keys")
        assert set(lamps()) == {8, 9}


@pytest.mark.parametrize("name", VISUAL)
async def test_offline_is_shown_on_the_keys(bus: Bus, device: Device, model: Model):
    shape = shape_of(model.deck)
    key = (shape.rows - 1) * shape.columns
    wanted = model.deck.key_image_format()
    offline = board(DaemonState(), lay_out(shape, 0, 0), 80, grid=model.grid, dial_count=0)

    def shows_offline() -> bool:
        image = model.key_images(device.reports()).get(key)
        face = paint(offline.keys[key], wanted["size"])
        return image is not None and difference(model.upright(image, wanted), face) < 4

    async with serving_decks(bus):
        await until(shows_offline, "offline on the key for privacy")
    assert status(DaemonState()).words[0] == "OFFLINE"


@pytest.mark.parametrize("name", ["ORIGINAL", "MK2"])
def test_pictures_are_files_that_a_device_can_read(model: Model):
    native = model.deck.key_image_format()
    image = io.BytesIO()
    paint(status(DaemonState()), native["size"]).save(image, native["format"])
    assert Image.open(image).size == (72, 72)


@pytest.mark.parametrize(
    ("said", "words"),
    [({"billable": True}, "still billed"), ({"billable": False}, "free"), ({}, "still billed")],
    ids=["billed", "free", "an older daemon"],
)
def test_a_pause_says_what_it_costs(said, words):
    state = {"output": "slate", "session": "paused", **said}
    assert status(DaemonState().with_state(state)).words == ("PAUSED", words)
