"""What the user asks of each model: checked against its record, whole, and before it is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sana_vcam.engine.desired import DesiredState
from sana_vcam.engine.wishes import Wishes
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor.models import SANA, Image, Look, Model, adapter_for
from sana_vcam.reactor.models.helios import HELIOS
from sana_vcam.reactor.models.vidu import VIDU
from sana_vcam.reactor.models.x2 import X2

PNG = Image(b"\x89PNG\r\n\x1a\n", "cape.png")


class Asked:
    """Wishes that are kept as an engine without a session keeps them."""

    def __init__(self, model: Model) -> None:
        self.desired = DesiredState("", None, 7, 20)
        self.wishes = Wishes(
            self._ask, desired=lambda: self.desired, model=lambda: model, on_air=lambda: None
        )

    async def _ask(self, fields: dict[str, object]) -> None:
        self.desired = self.desired.changed(fields)


def look(**fields: object) -> dict[str, object]:
    return {"prompt": "", "preset": "a", "image": None, "look_settings": {}} | fields


async def test_a_whole_look_is_one_wish() -> None:
    asked = Asked(HELIOS)
    wanted = look(prompt="a fjord", image=PNG, seed=3, look_settings={"image_strength": 0.5})
    assert await asked.wishes.set_look(wanted) == ()
    assert asked.desired.look == Look(
        "a fjord", PNG, {"seed": 3, "anchor_interval": 20, "image_strength": 0.5}
    )


async def test_the_next_look_brings_none_of_the_last_ones_settings_and_leaves_the_users() -> None:
    asked = Asked(HELIOS)
    await asked.wishes.set_setting("sr_scale", "2x")
    await asked.wishes.set_setting("image_strength", 0.9)
    await asked.wishes.set_look(look(image=PNG, look_settings={"image_strength": 0.5}))
    assert asked.desired.look.settings["image_strength"] == 0.5
    await asked.wishes.set_look(look(preset="b"))
    assert asked.desired.image is None
    assert asked.desired.look.settings["image_strength"] == 0.9
    assert asked.desired.look.settings["sr_scale"] == "2x"


async def test_a_value_set_by_hand_goes_before_the_looks_own() -> None:
    asked = Asked(HELIOS)
    await asked.wishes.set_look(look(look_settings={"image_strength": 0.5, "sr_scale": "4x"}))
    await asked.wishes.set_setting("image_strength", 0.1)
    settings = asked.desired.look.settings
    assert (settings["image_strength"], settings["sr_scale"]) == (0.1, "4x")


@pytest.mark.parametrize(
    ("model", "wanted", "left_out"),
    [
        (SANA, look(image=PNG, look_settings={"sr_scale": "2x"}), ("sr_scale", "image")),
        (VIDU, look(prompt="x", image=PNG), ("prompt",)),
        (X2, look(prompt="x", image=PNG, look_settings={"pointer_x": 0.5}), ()),
    ],
)
async def test_what_a_model_does_not_take_is_left_out_with_a_word(model, wanted, left_out) -> None:
    assert await Asked(model).wishes.set_look(wanted) == left_out


@pytest.mark.parametrize(
    ("model", "wanted", "code", "words"),
    [
        (X2, look(prompt="x" * 1001), "invalid_data", "at most 1000 characters; this one has 1001"),
        (HELIOS, look(look_settings={"image_strength": 3}), "invalid_data", "from 0 to 1, not 3"),
        (HELIOS, look(look_settings={"sr_scale": "8x"}), "invalid_data", "off, 2x, 4x, not '8x'"),
        (VIDU, look(prompt="x"), "rejected", "takes its look from a reference image"),
    ],
)
async def test_nothing_of_a_look_is_wanted_if_a_part_is_wrong(model, wanted, code, words) -> None:
    asked = Asked(model)
    before = asked.desired
    with pytest.raises(CommandFailed, match=words) as refused:
        await asked.wishes.set_look(wanted)
    assert refused.value.code == code
    assert asked.desired is before


async def test_a_prompt_is_refused_where_none_is_taken_or_where_it_is_too_long() -> None:
    with pytest.raises(CommandFailed, match=r"takes no prompt; .* ctl set_image FILE"):
        await Asked(VIDU).wishes.set_prompt("x", preset=None, seed=None)
    with pytest.raises(CommandFailed, match="at most 1000 characters"):
        await Asked(X2).wishes.set_prompt("x" * 1001, preset=None, seed=None)
    asked = Asked(X2)
    await asked.wishes.set_prompt("x" * 1000, preset=None, seed=None)
    assert len(asked.desired.prompt) == 1000


@pytest.mark.parametrize(
    ("model", "name", "value", "kept"),
    [
        (HELIOS, "image_strength", "0.25", 0.25),
        (HELIOS, "image_strength", 1, 1),
        (HELIOS, "sr_scale", "2x", "2x"),
        (X2, "pointer_active", "on", True),
        (X2, "pointer_active", "FALSE", False),
        (SANA, "anchor_interval", "3", 3),
        (SANA, "seed", "9", 9),
    ],
)
async def test_a_setting_also_as_text(model, name, value, kept) -> None:
    asked = Asked(model)
    await asked.wishes.set_setting(name, value)
    found = asked.desired.look.settings[name]
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("model", "name", "value", "code", "words"),
    [
        (HELIOS, "strength", 0.5, "not_found", "have: image_strength, "),
        (HELIOS, "image_strength", "much", "invalid_data", "a number from 0 to 1, not 'much'"),
        (HELIOS, "image_strength", float("nan"), "invalid_data", "a number from 0 to 1, not nan"),
        (HELIOS, "sr_scale", 2, "invalid_data", "takes off, 2x, 4x, not 2"),
        (X2, "pointer_active", "perhaps", "invalid_data", "true or false, not 'perhaps'"),
        (SANA, "anchor_interval", "2.5", "invalid_data", "a whole number from 0 to 10000"),
        (SANA, "sr_scale", "2x", "not_found", "SANA-Streaming has no setting 'sr_scale'"),
    ],
)
async def test_settings_that_are_refused(model, name, value, code, words) -> None:
    asked = Asked(model)
    before = asked.desired
    with pytest.raises(CommandFailed, match=words) as refused:
        await asked.wishes.set_setting(name, value)
    assert refused.value.code == code
    assert asked.desired is before


async def test_a_model_that_needs_an_image_keeps_the_one_it_has() -> None:
    asked = Asked(VIDU)
    await asked.wishes.set_image(PNG)
    with pytest.raises(CommandFailed, match="takes its look from a reference image"):
        await asked.wishes.set_image(None)
    assert asked.desired.image == PNG
    with pytest.raises(CommandFailed, match="SANA-Streaming takes no reference image"):
        await Asked(SANA).wishes.set_image(PNG)


def test_a_setting_that_goes_with_its_look_goes_back_to_its_default_at_the_model() -> None:
    adapter = adapter_for(HELIOS)
    given = Look("x", None, {"sr_scale": "4x", "image_strength": 0.5})
    steps = adapter.change(given, replace(given, settings={}))
    again = adapter.prepare(replace(given, settings={}), given=given)
    assert ("set_sr_scale", {"sr_scale": "off"}) in [(step.command, step.data) for step in again]
    # What image_strength is by itself is not known, so nothing is said of it.
    assert [(step.command, step.data) for step in steps] == [("set_sr_scale", {"sr_scale": "off"})]
