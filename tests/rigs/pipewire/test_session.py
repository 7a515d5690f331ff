"""The private session: both versions run, their server can be restarted, and nothing is left."""

from __future__ import annotations

import pytest

from tests.rigs.pipewire import Session
from tests.rigs.pipewire.versions import VERSIONS

NUMBERS = {"debian": "0.3.65", "newer": "1.4."}


def test_a_session_is_of_the_version_asked_for_and_has_a_microphone(pipewire: Session):
    assert NUMBERS[pipewire.version.name] in pipewire.run("pw-cli", "info", "0")
    assert {"test_mic", "test_mic_in"} <= pipewire.nodes().keys()
    assert "test_mic" in pipewire.run("pactl", "list", "short", "sources")


def test_a_restarted_server_is_another_one(pipewire: Session):
    before = pipewire.run("pw-cli", "info", "0")
    pipewire.stop_server()
    assert not pipewire.succeeds("pw-cli", "info", "0")
    pipewire.start_server()
    assert pipewire.run("pw-cli", "info", "0") != before
    pipewire.until("the microphone", lambda: "test_mic" in pipewire.nodes())


def test_a_session_leaves_nothing(pipewire: Session):
    with Session(VERSIONS[pipewire.version.name], microphone=False) as other:
        assert "test_mic" not in other.nodes()
        folder = other.folder
        other.spawn("sleeper", "sleep", "1000")
        sleeper = other._processes["sleeper"]
    assert not folder.exists()
    assert sleeper.returncode is not None
    assert "test_mic" in pipewire.nodes()


def test_a_command_that_fails_says_so(pipewire: Session):
    with pytest.raises(AssertionError, match="pw-link"):
        pipewire.run("pw-link", "nobody:output", "nobody:input")
