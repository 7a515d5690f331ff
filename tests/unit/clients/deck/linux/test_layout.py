from __future__ import annotations

import pytest

from sana_vcam.clients.deck.linux.layout import (
    Act,
    Dial,
    Layout,
    SettingPlace,
    Shape,
    Slot,
    dials,
    lay_out,
)
from sana_vcam.clients.deck.linux.surface import shape_of
from tests.unit.clients.deck.linux.hid import PRODUCTS, Bus

MINI, ORIGINAL, XL = Shape(2, 3), Shape(3, 5), Shape(4, 8)
NEO, PLUS = Shape(2, 4, touch_keys=2), Shape(2, 4, dials=4)


def shape(pid: int) -> Shape:
    bus = Bus()
    bus.plug(pid)
    return shape_of(bus.find()[0])


def looks_on(layout: Layout) -> list[int]:
    return [place.preset for place in layout.places if isinstance(place, Slot)]


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("looks", [0, 1, 6, 8, 30, 100])
def test_every_model_reaches_every_look_once(name: str, looks: int):
    model = shape(PRODUCTS[name])
    first = lay_out(model, looks, 0)
    pages = [lay_out(model, looks, page) for page in range(first.pages)]
    assert all(len(page.places) == model.keys + model.touch_keys for page in pages)
    if model.has_display:
        assert [look for page in pages for look in looks_on(page)] == list(range(looks))
        turns = model.turns_pages_otherwise or Act.PAGE_DOWN in first.places
        assert turns or first.pages == 1


@pytest.mark.parametrize("name", PRODUCTS)
def test_no_key_but_the_looks_moves(name: str):
    model = shape(PRODUCTS[name])
    acts = {
        tuple(
            (key, p) for key, p in enumerate(lay_out(model, 30, page).places) if isinstance(p, Act)
        )
        for page in range(4)
    }
    assert len(acts) == 1
    assert Act.PRIVACY in lay_out(model, 30, 0).places


@pytest.mark.parametrize("looks", [0, 5, 100])
def test_privacy_is_bottom_left(looks: int):
    for model in (MINI, ORIGINAL, XL, NEO, PLUS):
        key = (model.rows - 1) * model.columns
        assert lay_out(model, looks, 1).places[key] is Act.PRIVACY


def test_the_first_model_with_many_looks():
    places = lay_out(ORIGINAL, 30, 0).places
    assert looks_on(lay_out(ORIGINAL, 30, 0)) == list(range(8))
    assert places[4] is Act.PAGE_UP
    assert places[9] is Act.PAGE_DOWN
    assert places[10:] == (Act.PRIVACY, Act.FREEZE, Act.PREVIOUS, Act.NEXT, Act.STATUS)


def test_few_looks_need_no_keys_for_pages():
    assert looks_on(lay_out(ORIGINAL, 10, 0)) == list(range(10))
    assert looks_on(lay_out(MINI, 5, 0)) == list(range(5))
    assert lay_out(MINI, 6, 0).places == (
        *(Slot(0), Slot(1), Slot(2)),
        *(Act.PRIVACY, Slot(3), Act.PAGE_DOWN),
    )


def test_touch_keys_and_dials_turn_pages_instead():
    assert lay_out(NEO, 30, 0).places[8:] == (Act.PAGE_UP, Act.PAGE_DOWN)
    for model in (NEO, PLUS):
        assert looks_on(lay_out(model, 30, 0)) == list(range(6))


def test_pages_wrap_around():
    assert lay_out(ORIGINAL, 30, 4) == lay_out(ORIGINAL, 30, 0)
    assert lay_out(ORIGINAL, 30, -1).page == 3


def test_keys_on_demand_come_backwards_from_the_end_and_do_not_move():
    extras = (Act.VOICE, SettingPlace("scale"))
    for looks in (3, 8, 30):
        places = lay_out(ORIGINAL, looks, 0, extras).places
        assert (places[8], places[7]) == extras
        pages = [lay_out(ORIGINAL, looks, page, extras) for page in range(8)]
        shown = [look for page in pages[: pages[0].pages] for look in looks_on(page)]
        assert shown == list(range(looks))
    assert lay_out(XL, 30, 0, extras).places[30] is Act.VOICE
    assert lay_out(PLUS, 30, 0, extras).places[7] is Act.VOICE


def test_one_key_is_left_to_the_looks_however_many_are_wanted():
    extras = tuple(SettingPlace(f"number {number}") for number in range(40))
    for model in (MINI, ORIGINAL, XL, NEO, PLUS):
        layout = lay_out(model, 30, 0, extras)
        assert len(looks_on(layout)) == 1
        assert layout.pages == 30


def test_pedals():
    pedal = Shape(1, 3, has_display=False)
    assert lay_out(pedal, 30, 0).places == (Act.PREVIOUS, Act.PRIVACY, Act.NEXT)


def test_dials():
    assert dials(2) == (Dial.LOOK, Dial.PAGE)
    assert dials(6) == (*Dial, None, None)
