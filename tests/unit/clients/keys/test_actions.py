"""What hotkeys are called, and the keys that people would like for them."""

from __future__ import annotations

import re

import pytest

from sana_vcam.clients.daemonstate import DaemonState
from sana_vcam.clients.keys.actions import (
    ACTIONS,
    command_of,
    parse_bind,
    parse_trigger,
    with_triggers,
)
from sana_vcam.control.protocol.messages import COMMANDS

LOOKS = [{"id": f"look{n}", "name": f"Look {n}"} for n in range(3)]


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("CTRL+ALT+b", "CTRL+ALT+b"),
        ("ctrl + alt + B", "CTRL+ALT+b"),
        ("control+control+7", "CTRL+7"),
        ("super+F9", "LOGO+F9"),
        ("win+shift+XF86Launch1", "LOGO+SHIFT+XF86Launch1"),
        ("Pause", "Pause"),
    ],
)
def test_keys_are_written_as_the_specification_does(text: str, trigger: str):
    assert parse_trigger(text) == trigger


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("crtl+b", "'crtl' is no modifier; did you mean CTRL?"),
        ("fn+b", "CTRL, ALT, SHIFT, NUM, LOGO"),
        ("ctrl+", "has no key at its end"),
        ("", "has no key at its end"),
        ("ctrl+ä", "has no key at its end"),
        ("ctrl+alt", "has modifiers only"),
    ],
)
def test_keys_that_are_none_are_refused_in_words(text: str, said: str):
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_trigger(text)


def test_a_bind_names_an_action():
    assert parse_bind("blank=F9") == ("blank", "F9")
    assert parse_bind("look-3=") == ("look-3", None)
    for text, said in (("blnk=F9", "did you mean blank?"), ("blank", "write it as blank=KEYS")):
        with pytest.raises(ValueError, match=re.escape(said)):
            parse_bind(text)


def test_keys_that_somebody_names_are_taken_from_where_they_are_by_default():
    named = {action.id: action.trigger for action in with_triggers({"take": "CTRL+ALT+b"})}
    assert (named["take"], named["blank"], named["freeze"]) == ("CTRL+ALT+b", None, "CTRL+ALT+f")
    with pytest.raises(ValueError, match="blank and freeze cannot both have F9"):
        with_triggers({"blank": "F9", "freeze": "F9"})


def test_no_two_actions_would_like_the_same_keys():
    triggers = [action.trigger for action in ACTIONS if action.trigger]
    assert len(triggers) == len(set(triggers))
    assert [parse_trigger(trigger) for trigger in triggers] == triggers


def test_each_action_is_a_command_of_the_api():
    daemon = DaemonState().with_presets([*LOOKS] * 3)
    for action in ACTIONS:
        found = command_of(action.id, daemon)
        assert found is not None
        name, data = found
        COMMANDS[name].model_validate(data)


def test_a_look_is_one_of_the_daemons():
    daemon = DaemonState().with_presets(LOOKS)
    assert command_of("look-3", daemon) == ("apply_preset", {"id": "look2"})
    assert command_of("look-4", daemon) is None
