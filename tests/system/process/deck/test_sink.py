"""The whole way: a key goes down in a report, and the picture that viewers get changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sana_vcam.clients.deck.linux.layout import Act, Slot
from tests.system.daemon import View, running_daemon, running_standin
from tests.unit.clients.deck.linux.hid import PRODUCTS, Bus
from tests.unit.clients.deck.linux.rig import is_ready, model_of, serving_decks, until

NEON = "neon cyberpunk city lights"


def grey(view: View) -> bool:
    """A picture of the noir edit: no colour, and not a flat card."""
    return view.colourfulness < 2.5 and view.luma.std() > 25


async def test_a_key_changes_the_picture_at_the_sink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    bus = Bus()
    device = bus.plug(PRODUCTS["XL"])
    model = model_of(bus)
    async with (
        running_standin() as standin,
        running_daemon(tmp_path / "home", standin.url, "--prompt", NEON) as bridge,
    ):
        await bridge.control.live()
        await bridge.viewer.until(lambda view: view.colourfulness > 8, "the neon edit")
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(bridge.control_file.parent.parent))
        async with serving_decks(bus) as station:
            await until(lambda: is_ready(station, device.path()), "a deck that listens")
            places = station.decks[device.path()].layout.places
            noir = [look.id for look in station.link.daemon.presets].index("noir")
            model.tap_key(device, places.index(Slot(noir)))
            await bridge.viewer.until(grey, "the noir edit")
            await until(lambda: station.link.daemon.state["preset"] == "noir", "the lit key")
            model.tap_key(device, places.index(Act.PRIVACY))
            await bridge.viewer.until(lambda view: view.is_black, "black")
            model.tap_key(device, places.index(Act.PRIVACY))
            await bridge.viewer.until(grey, "the noir edit again")
