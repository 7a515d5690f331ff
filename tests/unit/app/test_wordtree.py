"""The tree of words: everything that the parsers know, and nothing that they do not."""

from __future__ import annotations

import pytest

from sana_vcam.app.cli import FLAG_KEYS, make_parser
from sana_vcam.app.completion import word_tree
from sana_vcam.app.shells import SHELLS
from sana_vcam.app.topics import topics
from sana_vcam.app.wordtree import Branch, Values
from sana_vcam.clients.ctl.shortwords import OWN_OPTIONS
from sana_vcam.clients.ctl.words import usages
from sana_vcam.config.schema import leaves


@pytest.fixture(scope="module")
def tree() -> Branch:
    return word_tree(make_parser(), FLAG_KEYS)


def branch(tree: Branch, path: str) -> Branch:
    for word in path.split():
        tree = tree.verbs[word]
    return tree


def values(tree: Branch, path: str, flag: str) -> Values | None:
    return next(one.values for one in branch(tree, path).flags if flag in one.names)


def test_every_command_and_verb_is_there(tree):
    paths = {" ".join(path) for path, _ in tree.walk()}
    assert {"run", "config init", "presets add", "service install", "deck run", "doctor"} <= paths
    assert {"standin", "completion", "man", "help", "version", "edit", "demo", "usage"} <= paths
    assert {f"ctl {word}" for word in usages()} <= paths
    for path, below in tree.walk():
        assert not path or below.about, f"{path} says nothing of itself"
        for flag in below.flags:
            assert flag.about, f"{path} {flag.names} says nothing of itself"


@pytest.mark.parametrize(
    ("path", "flag", "found"),
    [
        ("run", "--camera", Values(("auto", "webcam", "file", "test"))),
        ("run", "--log-level", Values(("debug", "info", "warning", "error"))),
        ("config show", "--preset", Values(presets=True)),
        ("edit", "--preset", Values(presets=True)),
        ("edit", "--mode", Values(("auto", "file", "live"))),
        ("run", "--video", Values(files=True)),
        ("run", "--config", Values(files=True)),
        ("presets add", "--image", Values(files=True)),
        ("demo", "--model", Values(("sana-streaming", "x2", "joyai", "vidu", "helios"))),
        ("standin", "--model", Values(("sana-streaming", "x2", "joyai", "vidu", "helios"))),
        ("service install", "--driver", None),
        ("ctl wait", "--timeout", Values()),
        ("ctl connect", "--wait", None),
        ("ctl voice", "--microphone", Values()),
    ],
)
def test_what_follows_an_option(tree, path, flag, found):
    assert values(tree, path, flag) == found


def test_every_key_of_the_configuration_can_be_set(tree):
    found = values(tree, "run", "--set")
    assert found.unfinished
    assert set(found.words) == {f"{key}=" for key in leaves() if "." in key}


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("ctl preset", (Values(presets=True),)),
        ("ctl blank", (Values(("on", "off")),)),
        ("ctl voice", (Values(("on", "off")),)),
        ("ctl snapshot", (Values(files=True),)),
        ("ctl url", (Values(("dashboard", "websocket")),)),
        ("presets move", (Values(presets=True), Values(("first", "last")))),
        ("presets remove", (Values(presets=True),)),
        ("presets add", (Values(),)),
        ("edit", (Values(files=True), Values(files=True))),
        ("completion", (Values(("bash", "zsh", "fish")),)),
        ("help", (Values(tuple(topics())),)),
    ],
)
def test_what_follows_a_command(tree, path, places):
    assert branch(tree, path).places == places


def test_every_option_of_a_word_of_ctl_is_there(tree):
    for name, option in OWN_OPTIONS.items():
        for word in option.words:
            assert any(name in flag.names for flag in branch(tree, f"ctl {word}").flags)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_holds_every_word(tree, shell):
    text = SHELLS[shell](tree)
    for path, below in tree.walk():
        assert not path or f"/{'/'.join(path)}" in text
        for flag in below.flags:
            assert all(name.lstrip("-") in text for name in flag.names)
