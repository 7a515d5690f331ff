"""What each address asks for, and that of many wishes the newest is kept."""

from __future__ import annotations

import pytest

from sana_vcam.clients.daemonstate import DaemonState, KnownPreset, KnownSetting
from sana_vcam.clients.osc.addresses import Wish, wish_of
from sana_vcam.clients.osc.outbox import MOST, Outbox
from sana_vcam.clients.osc.packets import NotUnderstood, ReceivedMessage

DAEMON = DaemonState(
    online=True,
    presets=(KnownPreset("noir", "Film noir"), KnownPreset("clay", "Clay figure")),
    settings=(
        KnownSetting("keep_backlog", (False, True), False),
        KnownSetting("sr_scale", ("1x", "2x"), "1x"),
        KnownSetting("image_strength", (), 0.5),
    ),
)


def asked(address: str, *values: object) -> tuple[str, dict[str, object]] | None:
    wish = wish_of(ReceivedMessage(address, values), DAEMON)
    return wish and (wish.name, dict(wish.data))


@pytest.mark.parametrize(
    ("message", "command"),
    [
        (("/sana/blank",), ("blank", {})),
        (("/sana/blank", 1), ("blank", {"on": True})),
        (("/sana/blank", 0.0), ("blank", {"on": False})),
        (("/sana/freeze", True), ("freeze", {"on": True})),
        (("/sana/freeze", "off"), ("freeze", {"on": False})),
        (("/sana/next",), ("step_preset", {"by": 1})),
        (("/sana/previous", 1.0), ("step_preset", {"by": -1})),
        (("/sana/next", 0.0), None),
        (("/sana/preset", "noir"), ("apply_preset", {"id": "noir"})),
        (("/sana/preset", "FILM NOIR"), ("apply_preset", {"id": "noir"})),
        (("/sana/preset", 2), ("apply_preset", {"id": "clay"})),
        (("/sana/preset", 2.0), ("apply_preset", {"id": "clay"})),
        (("/sana/preset", "nior"), ("apply_preset", {"id": "nior"})),
        (("/sana/preset/clay", 1.0), ("apply_preset", {"id": "clay"})),
        (("/sana/preset/clay", 0.0), None),
        (("/sana/prompt", "as a clay figure"), ("set_prompt", {"prompt": "as a clay figure"})),
        (("/sana/prompt", ""), ("set_prompt", {"prompt": ""})),
        (
            ("/sana/setting/image_strength", 0.25),
            ("set_setting", {"name": "image_strength", "value": 0.25}),
        ),
        (("/sana/setting/steps", 4.0), ("set_setting", {"name": "steps", "value": 4})),
        (
            ("/sana/setting/keep_backlog", 1.0),
            ("set_setting", {"name": "keep_backlog", "value": True}),
        ),
        (("/sana/setting/sr_scale", "2x"), ("set_setting", {"name": "sr_scale", "value": "2x"})),
        (("/sana/pause",), ("pause", {})),
        (("/sana/resume", 1), ("resume", {})),
        (("/sana/clip",), ("clip", {})),
        (("/sana/clip", 0), None),
        (("/sana/take",), ("take", {})),
        (("/sana/back",), ("back", {})),
        (("/sana/play", "warm-up"), ("play", {"name": "warm-up"})),
        (("/sana/play/stop", 1), ("play", {"name": "stop"})),
    ],
)
def test_what_is_asked_for(message: tuple[object, ...], command: object) -> None:
    assert asked(*message) == command


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (("/sana/blnk",), "no address '/sana/blnk'; did you mean blank"),
        (("/sana/",), "no address"),
        (("/sana/bypass", 1), "no address"),
        (("/sana/connect",), "no address"),
        (("/sana/blank/on",), "no address '/sana/blank/on'"),
        (("/sana/*",), r"no address '/sana/\*'"),
        (("/sana/" + "x" * 900,), "no address"),
        (("/sana/\x1b[2J",), r"no address '/sana/\\x1b"),
        (("/sana/blank", 1, 0), "more than one value"),
        (("/sana/blank", "maybe"), "expected 0 or 1, and not 'maybe'"),
        (("/sana/prompt",), "expected a text"),
        (("/sana/prompt", 3), "expected a text"),
        (("/sana/prompt", "x" * 4001), "at most 4000 characters"),
        (("/sana/preset",), "expected a look's name"),
        (("/sana/preset", 1.5), "expected a look's name"),
        (("/sana/preset", float("inf")), "expected a look's name"),
        (("/sana/preset", True), "expected a look's name"),
        (("/sana/preset", 0), "there are 2 looks"),
        (("/sana/preset", 3), "there are 2 looks"),
        (("/sana/setting", 3), "expected /sana/setting/NAME and a value"),
        (("/sana/setting/x",), "expected /sana/setting/NAME and a value"),
        (("/sana/setting/x", float("nan")), "that is no number"),
        (("/sana/next", "x"), "expected 0 or 1"),
    ],
)
def test_what_is_not_understood(message: tuple[object, ...], words: str) -> None:
    with pytest.raises(NotUnderstood, match=words) as caught:
        asked(*message)
    assert len(str(caught.value)) < 200


def through(*wishes: Wish) -> list[tuple[str, dict[str, object]]]:
    outbox = Outbox()
    assert all(map(outbox.put, wishes))
    taken = []
    while (wish := outbox.take()) is not None:
        taken.append((wish.name, dict(wish.data)))
    assert len(outbox) == 0
    return taken


def setting(name: str, value: object) -> Wish:
    return Wish(f"setting {name}", "set_setting", {"name": name, "value": value})


BLANK, NEXT = Wish("blank", "blank"), Wish("step", "step_preset", {"by": 1})
NOIR = Wish("look", "apply_preset", {"id": "noir"})
PROMPT = Wish("look", "set_prompt", {"prompt": "x"})


def test_the_newest_of_each_counts_and_black_goes_first() -> None:
    assert through(
        setting("a", 1), setting("b", 1), setting("a", 2), Wish("blank", "blank", {"on": True})
    ) == [
        ("blank", {"on": True}),
        ("set_setting", {"name": "b", "value": 1}),
        ("set_setting", {"name": "a", "value": 2}),
    ]
    assert through(NOIR, PROMPT) == [("set_prompt", {"prompt": "x"})]


def test_steps_add_up_and_a_look_takes_their_place() -> None:
    assert through(NEXT, NEXT, NEXT) == [("step_preset", {"by": 3})]
    assert through(NEXT, Wish("step", "step_preset", {"by": -1})) == []
    assert through(NEXT, NOIR, NEXT) == [
        ("apply_preset", {"id": "noir"}),
        ("step_preset", {"by": 1}),
    ]
    assert through(NOIR, NEXT, NOIR) == [("apply_preset", {"id": "noir"})]
    many = through(*[NEXT] * 1500)
    assert many == [("step_preset", {"by": 1000})]


def test_toggles_keep_their_parity() -> None:
    assert through(BLANK) == [("blank", {})]
    assert through(BLANK, BLANK) == []
    assert through(BLANK, BLANK, BLANK) == [("blank", {})]
    on = Wish("blank", "blank", {"on": True})
    assert through(on, BLANK) == [("blank", {"on": False})]
    assert through(BLANK, on) == [("blank", {"on": True})]


def test_a_flood_of_different_things_is_bounded() -> None:
    outbox = Outbox()
    assert [outbox.put(setting(f"s{n}", n)) for n in range(MOST + 5)] == [True] * MOST + [False] * 5
    assert outbox.put(setting("s3", 9))
    assert len(outbox) == MOST
