"""The whole way: a press on a deck changes the picture that viewers get."""

from __future__ import annotations

import os
from pathlib import Path

from tests.system.daemon import View, running_daemon, running_standin
from tests.system.node.streamdeck.host import Flavour, Host

NEON = "neon cyberpunk city lights"
LIT = "#3ddc97"


def grey(view: View) -> bool:
    """A picture of the noir edit: no colour, and not a flat card."""
    return view.colourfulness < 2.5 and view.luma.std() > 25


def coloured(view: View) -> bool:
    return view.colourfulness > 8


async def test_keys_and_dial_change_the_picture_at_the_sink(
    plugin: Path, each_node: str, flavour: Flavour, tmp_path: Path
):
    async with (
        running_standin() as standin,
        running_daemon(tmp_path / "home", standin.url, "--preset", "cyberpunk") as bridge,
    ):
        await bridge.control.live()
        await bridge.viewer.until(coloured, "the neon edit")
        runtime = str(bridge.control_file.parent.parent)
        async with Host(flavour, plugin).running(
            each_node, {**os.environ, "XDG_RUNTIME_DIR": runtime}
        ) as deck:
            noir = await deck.place("preset", preset="noir", off="cyberpunk")
            prompt = await deck.place("prompt", prompt=NEON)
            privacy = await deck.place("privacy")
            freeze = await deck.place("freeze")
            status = await deck.place("status")
            dial = await deck.place("dial", controller="Encoder")
            await deck.until_shown(status, ">LIVE</text>")

            await deck.press(noir)
            await bridge.viewer.until(grey, "the noir edit")
            await deck.until_shown(noir, LIT)

            # A still of the look, once it has been on for some chunks.
            await deck.until_shown(noir, "data:image/jpeg;base64,")

            await deck.press(privacy)
            await bridge.viewer.until(lambda view: view.is_black, "black")
            await deck.until_shown(privacy, ">HIDDEN</text>")
            await deck.press(privacy)
            await bridge.viewer.until(grey, "the noir edit again")

            await deck.press(noir)
            await bridge.viewer.until(coloured, "the look that the second press puts on")
            await deck.press(noir)
            await bridge.viewer.until(grey, "noir")
            await deck.press(prompt)
            await bridge.viewer.until(coloured, "the free prompt")
            await deck.until_shown(prompt, LIT)
            assert bridge.control.state["model_prompt"] == NEON

            await deck.press(freeze)
            await bridge.control.until(lambda state: state["output"] == "freeze")
            await deck.press(freeze)
            await bridge.control.live()

            # The looks in their order: two ticks at once from cyberpunk's neighbour.
            await bridge.control.ok("apply_preset", id="low-poly")
            await deck.rotate(dial, 1)
            await bridge.viewer.until(grey, "noir, one tick from low poly")
            await deck.until(lambda: dial.feedback["name"] == "Film noir", "its name")
            await deck.push(dial)
            await bridge.viewer.until(lambda view: view.is_black, "black")
        assert not deck.alerts
        assert " ERROR " not in deck.log
