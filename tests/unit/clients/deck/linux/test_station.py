"""Decks that come and go, a daemon that comes and goes, and what else happens in a day."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import pytest
from PIL import Image

from sana_vcam.clients.deck.linux.deck import DIM_LIGHT, Deck, Light
from sana_vcam.clients.deck.linux.keys import Icon, Key, SignKey, Tone
from sana_vcam.clients.deck.linux.layout import Act, PlaylistPlace, RehearsalPlace, SettingPlace
from sana_vcam.clients.deck.linux.paint import paint
from sana_vcam.clients.deck.linux.run import TRY_AGAIN_S
from sana_vcam.control.protocol import messages
from sana_vcam.control.protocol.rehearsal import RehearsalStage
from sana_vcam.engine.states import SessionState
from sana_vcam.media.states import ProgramSource
from sana_vcam.reactor.models.x2 import X2
from tests.unit.clients.deck.linux.hid import PRODUCTS, Bus, Device, Model
from tests.unit.clients.deck.linux.rig import (
    Controls,
    controls_with,
    is_ready,
    model_of,
    serving_daemon,
    serving_decks,
    until,
)

MK2, MINI, PEDAL = PRODUCTS["MK2"], PRODUCTS["MINI"], PRODUCTS["PEDAL"]
PRIVACY = 10
STATUS = 14
RESET = b"\x03\x02".ljust(32, b"\0")


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def controls() -> Controls:
    return controls_with(8)


def shown(model: Model, device: Device, key: int) -> Image.Image | None:
    image = model.key_images(device.reports()).get(key)
    return None if image is None else model.upright(image, model.deck.key_image_format())


def face(deck: Deck, key: int) -> Key:
    """What a key is to show."""
    assert deck._shown is not None
    return deck._shown.keys[key]


def is_red(image: Image.Image | None) -> bool:
    if image is None:
        return False
    red, green, blue = image.getpixel((3, 3))
    return red > 150 and green < 60 and blue < 70


def brightness(device: Device) -> int | None:
    """The last one that was set, on the later models."""
    percents = [feature[2] for feature in device.settings() if feature[:2] == b"\x03\x08"]
    return percents[-1] if percents else None


async def test_a_deck_is_unplugged_and_plugged_in_again(bus: Bus, controls: Controls):
    async with serving_daemon(controls), serving_decks(bus) as station:
        for _ in range(2):
            device = bus.plug(MK2, path="1-2:1.0")
            await until(lambda d=device: is_ready(station, d.path()), "a deck that listens")
            done = len(controls.done)
            model_of(bus).tap_key(device, 0)
            await until(lambda done=done: len(controls.done) > done, "a command")
            bus.unplug(device)
            await until(lambda: not is_ready(station, "1-2:1.0"), "a deck that has gone")


async def test_several_decks_are_served_each_with_its_own_page(bus: Bus):
    controls = controls_with(30)
    small, large, pedal = bus.plug(MINI), bus.plug(MK2), bus.plug(PEDAL)
    models = [Model(deck) for deck in sorted(bus.find(), key=lambda deck: deck.id())]
    async with serving_daemon(controls), serving_decks(bus) as station:
        for device in (small, large, pedal):
            await until(lambda d=device: is_ready(station, d.path()), "a deck that listens")
        models[0].tap_key(small, 5)  # its key for the next page
        models[0].tap_key(small, 0)
        await controls.wait_done("apply_preset", controls.looks[4].id)
        models[1].tap_key(large, 0)
        await controls.wait_done("apply_preset", controls.looks[0].id)
        models[2].tap_key(pedal, 1)
        await controls.wait_done("blank", True)


async def test_a_model_that_the_library_lists_twice_is_served_once(bus: Bus, controls: Controls):
    device = bus.plug(PRODUCTS["MK2_V2"])
    assert len(bus.find()) == 2
    async with serving_daemon(controls), serving_decks(bus) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        model_of(bus).tap_key(device, 0)
        await controls.wait_done("apply_preset", controls.looks[0].id)
        model_of(bus).tap_key(device, 1)
        await controls.wait_done("apply_preset", controls.looks[1].id)
        assert len(controls.done) == 2


async def test_fast_presses_all_count_in_order(bus: Bus, controls: Controls):
    device = bus.plug(MK2)
    async with serving_daemon(controls), serving_decks(bus) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        for key in (0, 1, 2, 3) * 5:
            model_of(bus).tap_key(device, key)
        await until(lambda: len(controls.done) == 20, "twenty commands")
        wanted = [controls.looks[key].id for key in (0, 1, 2, 3) * 5]
        assert [value for _, value in controls.done] == wanted


async def test_privacy_is_red_while_it_is_on(bus: Bus, controls: Controls):
    device = bus.plug(MK2)
    model = model_of(bus)
    async with serving_daemon(controls) as server, serving_decks(bus) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        assert not is_red(shown(model, device, PRIVACY))
        model.tap_key(device, PRIVACY)
        await controls.wait_done("blank", True)
        server.notify_state()
        await until(lambda: is_red(shown(model, device, PRIVACY)), "a red key")


async def test_only_what_changes_is_written(bus: Bus, controls: Controls):
    device = bus.plug(MK2)
    model = model_of(bus)
    async with serving_daemon(controls) as server, serving_decks(bus) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        server.notify_state()
        await until(lambda: shown(model, device, STATUS) is not None, "a painted deck")
        model.tap_key(device, PRIVACY)
        await controls.wait_done("blank", True)
        count = len(device.reports())
        server.notify_state()
        await until(lambda: is_red(shown(model, device, PRIVACY)), "a red key")
        reports = device.reports()
        before, written = model.key_images(reports[:count]), model.key_images(reports[count:])
        assert PRIVACY in written
        # On a slow machine a key may only now be painted for the first time.
        assert [key for key, image in written.items() if image == before.get(key)] == []


async def test_the_daemon_goes_and_comes_back_on_another_port(bus: Bus, controls: Controls):
    device = bus.plug(MK2)
    model = model_of(bus)
    async with serving_decks(bus) as station:
        for _ in range(2):
            async with serving_daemon(controls):
                await until(lambda: is_ready(station, device.path()), "the daemon found")
                done = len(controls.done)
                model.tap_key(device, 0)
                await until(lambda done=done: len(controls.done) > done, "a command")
            await until(lambda: not station.link.daemon.online, "offline")
            before = len(controls.done)
            model.tap_key(device, 0)  # has no effect, and does no harm
            assert station.link.daemon.presets
            assert len(controls.done) == before


async def test_stills_come_onto_the_keys_and_follow_their_changes(bus: Bus, controls: Controls):
    device = bus.plug(MK2)
    model = model_of(bus)

    def has_still(red: int) -> bool:
        image = shown(model, device, 0)
        return image is not None and abs(image.getpixel((36, 8))[0] - red) < 12

    controls.stills = {controls.looks[0].id: jpeg((200, 40, 40))}
    controls.offer(controls.looks)
    async with serving_daemon(controls) as server, serving_decks(bus):
        await until(lambda: has_still(round(200 * 0.86)), "the still")
        controls.stills = {controls.looks[0].id: jpeg((90, 40, 40))}
        controls.offer(controls.looks, version=2)
        server.notify_presets()
        await until(lambda: has_still(round(90 * 0.86)), "the new still")
        assert controls.done == [("thumbnail", controls.looks[0].id)] * 2


def jpeg(colour: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 180), colour).save(file, "JPEG", quality=95)
    return file.getvalue()


async def test_a_still_that_cannot_be_had_is_asked_for_once(bus: Bus, controls: Controls):
    first, second = controls.looks[:2]
    controls.stills = {first.id: b"", second.id: jpeg((10, 200, 10))}
    controls.offer(controls.looks)
    del controls.stills[first.id]
    async with serving_daemon(controls), serving_decks(bus) as station:
        await until(lambda: bool(station.link.daemon.stills), "the other still")
        assert list(station.link.daemon.stills) == [second.id]
        assert controls.done == [("thumbnail", first.id), ("thumbnail", second.id)]


async def test_the_page_of_a_look_that_comes_on_is_shown(bus: Bus):
    controls = controls_with(30)
    device = bus.plug(MK2)
    model = model_of(bus)
    async with serving_daemon(controls) as server, serving_decks(bus) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        controls.current = controls.current.model_copy(update={"preset": controls.looks[17].id})
        server.notify_state()
        await until(lambda: station.link.daemon.active is not None, "the look on")
        model.tap_key(device, 0)
        await controls.wait_done("apply_preset", controls.looks[16].id)


async def test_the_status_key_pauses_resumes_and_asks_again(bus: Bus, controls: Controls):
    device = bus.plug(MK2)
    model = model_of(bus)
    async with serving_daemon(controls) as server, serving_decks(bus) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        model.tap_key(device, STATUS)
        await controls.wait_done("pause")
        server.notify_state()
        await until(lambda: bool(station.link.daemon.state["paused"]), "paused")
        model.tap_key(device, STATUS)
        await controls.wait_done("resume")
        controls.current = controls.current.model_copy(update={"session": SessionState.REFUSED})
        server.notify_state()
        await until(lambda: station.link.daemon.state["session"] == "refused", "refused")
        model.tap_key(device, STATUS)
        await controls.wait_done("connect")


async def test_previous_and_next_decide_about_what_is_rehearsed(bus: Bus, controls: Controls):
    device = bus.plug(MK2)
    model = model_of(bus)
    async with serving_daemon(controls) as server, serving_decks(bus) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        deck = station.decks[device.path()]
        back, take = (deck.layout.places.index(act) for act in (Act.PREVIOUS, Act.NEXT))
        streaming = {"session": SessionState.STREAMING, "output": ProgramSource.FREEZE}
        controls.current = controls.current.model_copy(update=streaming)
        await controls.run(messages.Rehearse(preset=controls.looks[0].id))
        ready = {"rehearsal": RehearsalStage.READY}
        controls.current = controls.current.model_copy(update=ready)
        server.notify_state()
        taking = SignKey(Icon.NEXT, ("Take",), Tone.GREEN)
        await until(lambda: face(deck, take) == taking, "a key that takes")
        assert face(deck, back) == SignKey(Icon.PREVIOUS, ("Back",), Tone.AMBER)
        assert face(deck, STATUS).words[0] == "STILL"
        model.tap_key(device, take)
        await until(lambda: controls.off_air.until is not None, "it on air")
        assert "step_preset" not in dict(controls.done)


async def test_keys_on_demand_switch_the_voice_and_step_settings(bus: Bus, controls: Controls):
    controls.model = X2
    device = bus.plug(MK2)
    model = model_of(bus)
    extras = (Act.VOICE, SettingPlace("pointer_active"), SettingPlace("pointer_x"))
    async with serving_daemon(controls) as server, serving_decks(bus, extras=extras) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        await until(lambda: station.link.daemon.setting("pointer_x") is not None, "the settings")
        deck = station.decks[device.path()]
        voice, active, number = (deck.layout.places.index(extra) for extra in extras)
        # Faster than the daemon tells what has become of it.
        for key in (active, active, active, number, voice):
            model.tap_key(device, key)
        await controls.wait_done("set_voice", True)
        assert [value for name, value in controls.done if name == "set_setting"] == [
            ("pointer_active", True), ("pointer_active", False), ("pointer_active", True),
        ]  # fmt: skip
        server.notify_state()
        heard = SignKey(Icon.VOICE, ("VOICE", "1.6 s late"), Tone.GREEN)
        await until(lambda: face(deck, voice) == heard, "the voice on its key")
        assert face(deck, active) == SignKey(Icon.SETTING, ("pointer active", "on"), Tone.BLUE)
        model.tap_key(device, voice)
        await controls.wait_done("set_voice", False)
        server.notify_state()
        await until(lambda: face(deck, voice) == SignKey(Icon.VOICE, ("Voice",)), "it off")


async def test_the_keys_are_dimmed_and_wake(bus: Bus, controls: Controls):
    device = bus.plug(MK2)
    clock = Clock()
    light = Light(percent=60, dim_after_s=300)
    async with (
        serving_daemon(controls) as server,
        serving_decks(bus, light=light, clock=clock) as station,
    ):
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        await until(lambda: brightness(device) == 60, "the brightness that was asked for")
        clock.now += 301
        await until(lambda: brightness(device) == DIM_LIGHT, "dimmed keys")
        model_of(bus).tap_key(device, 0)  # counts although it wakes the keys
        await until(lambda: brightness(device) == 60, "bright keys")
        await controls.wait_done("apply_preset", controls.looks[0].id)
        clock.now += 301
        await until(lambda: brightness(device) == DIM_LIGHT, "dimmed keys")
        controls.current = controls.current.model_copy(update={"output": ProgramSource.LIVE})
        server.notify_state()
        await until(lambda: brightness(device) == 60, "bright keys for a change of the output")


async def test_the_dial_for_light(bus: Bus, controls: Controls):
    device = bus.plug(PRODUCTS["PLUS"])
    model = model_of(bus)
    async with serving_daemon(controls), serving_decks(bus) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        model.turn_dial(device, 2, -3)
        await until(lambda: brightness(device) == 65, "less light")
        model.push_dial(device, 2)
        await until(lambda: brightness(device) == 100, "full light")
        assert controls.done == []


async def test_every_deck_is_reset_at_the_end(bus: Bus, controls: Controls):
    devices = [bus.plug(MK2), bus.plug(PRODUCTS["XL"])]
    async with serving_daemon(controls), serving_decks(bus) as station:
        for device in devices:
            await until(lambda d=device: is_ready(station, d.path()), "a deck that listens")
    for device in devices:
        assert device.handles == 0
        assert device.settings()[-1] == RESET


async def test_a_deck_that_cannot_be_opened_is_told_of_once_and_tried_again(
    bus: Bus, controls: Controls, caplog: pytest.LogCaptureFixture
):
    device = bus.plug(MK2)
    device.may_open = False
    clock = Clock()
    caplog.set_level(logging.INFO, "sana_vcam.clients.deck")

    def told() -> list[str]:
        return [r.getMessage() for r in caplog.records if "cannot open" in r.getMessage()]

    async with serving_daemon(controls), serving_decks(bus, clock=clock) as station:
        for attempts in range(1, 5):
            await until(lambda n=attempts: device.attempts >= n, "an attempt")
            await until(lambda: device.path() not in station.decks, "its end")
            clock.now += TRY_AGAIN_S + 1
        assert len(told()) == 1
        assert "sana-vcam deck udev --print | sudo tee" in told()[0]
        device.may_open = True
        await until(lambda: is_ready(station, device.path()), "an opened deck")


async def test_a_deck_that_another_program_holds(
    bus: Bus, controls: Controls, caplog: pytest.LogCaptureFixture
):
    device = bus.plug(MK2)
    device.is_held = True
    clock = Clock()
    async with serving_daemon(controls), serving_decks(bus, clock=clock) as station:
        for attempts in range(1, 3):
            await until(lambda n=attempts: device.attempts >= n, "an attempt")
            await until(lambda: device.path() not in station.decks, "its end")
            clock.now += TRY_AGAIN_S + 1
        await until(lambda: "another program holds it" in caplog.text, "the reason")
        device.is_held = False
        clock.now += TRY_AGAIN_S + 1
        await until(lambda: is_ready(station, device.path()), "an opened deck")


def test_pictures_are_shared_between_decks():
    assert paint(None, (72, 72)) is paint(None, (72, 72))


async def test_a_key_plays_a_playlist_and_goes_on_in_it(
    bus: Bus, controls: Controls, tmp_path: Path
):
    looks = [look.id for look in controls.looks[:2]]
    entries = ", ".join(f'{{look = "{look}"}}' for look in looks)
    controls.playlists_file = tmp_path / "playlists.toml"
    controls.playlists_file.write_text(f'[[playlists]]\nname = "show"\nentries = [{entries}]\n')
    device = bus.plug(MK2)
    model = model_of(bus)
    extras = (PlaylistPlace("show"),)
    async with serving_daemon(controls) as server, serving_decks(bus, extras=extras) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        deck = station.decks[device.path()]
        key = deck.layout.places.index(extras[0])
        assert face(deck, key) == SignKey(Icon.PLAYLIST, ("show",))
        for number, look in enumerate(looks, 1):
            model.tap_key(device, key)
            await controls.wait_done("apply_preset", look)
            controls.current = controls.current.model_copy(update={"playlist": controls.playing})
            server.notify_state()
            lit = SignKey(Icon.PLAYLIST, ("show", f"{number}/2 {look}"), Tone.GREEN)
            await until(lambda lit=lit: face(deck, key) == lit, "where it is")


async def test_keys_rehearse_a_look_and_take_it_or_go_back(bus: Bus, controls: Controls):
    controls.current = controls.current.model_copy(update={"session": SessionState.STREAMING})
    look = controls.looks[1]
    extras = (RehearsalPlace(look.id), Act.TAKE)
    device = bus.plug(MK2)
    model = model_of(bus)
    async with serving_daemon(controls) as server, serving_decks(bus, extras=extras) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        deck = station.decks[device.path()]
        tried, take = (deck.layout.places.index(extra) for extra in extras)
        assert face(deck, tried) == SignKey(Icon.REHEARSAL, ("Rehearse", look.name))
        assert face(deck, take) == SignKey(Icon.TAKE, ("Take",), Tone.GREY)
        for key, stage in ((tried, RehearsalStage.READY), (take, None)):
            model.tap_key(device, key)
            if stage:
                await controls.wait_done("apply_preset", look.id)
            controls.current = controls.current.model_copy(update={"rehearsal": stage})
            server.notify_state()
            lit = SignKey(Icon.REHEARSAL, (look.name, "ready"), Tone.AMBER)
            dark = SignKey(Icon.REHEARSAL, ("Rehearse", look.name))
            wanted = lit if stage else dark
            await until(lambda wanted=wanted: face(deck, tried) == wanted, "how far it is")
        await until(lambda: controls.off_air.until is not None, "it on air")


async def test_keys_save_a_clip_and_show_the_recording(bus: Bus, controls: Controls):
    controls.current = controls.current.model_copy(update={"clips": True})
    device = bus.plug(MK2)
    model = model_of(bus)
    extras = (Act.RECORD, Act.CLIP)
    async with serving_daemon(controls) as server, serving_decks(bus, extras=extras) as station:
        await until(lambda: is_ready(station, device.path()), "a deck that listens")
        deck = station.decks[device.path()]
        record, clip = (deck.layout.places.index(extra) for extra in extras)
        assert face(deck, clip) == SignKey(Icon.CLIP, ("Clip",))
        model.tap_key(device, clip)
        await controls.wait_done("clip", (None, False))
        model.tap_key(device, record)
        await controls.wait_done("record", True)
        server.notify_state()
        red = SignKey(Icon.RECORD, ("REC", "0:00"), Tone.RED)
        await until(lambda: face(deck, record) == red, "the recording")
        model.tap_key(device, record)
        await controls.wait_done("record", False)
        server.notify_state()
        dark = SignKey(Icon.RECORD, ("Record",))
        await until(lambda: face(deck, record) == dark, "its end")
        controls.current = controls.current.model_copy(update={"clips": False})
        server.notify_state()
        grey = SignKey(Icon.CLIP, ("Clip", "not kept"), Tone.GREY)
        await until(lambda: face(deck, clip) == grey, "that nothing is kept")
