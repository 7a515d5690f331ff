"""A hotkey that is held counts once; what the desktop gives is said; the way from the bus."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sana_vcam.clients.keys.actions import ACTIONS
from sana_vcam.clients.keys.calls import PortalFailed, session_bus
from sana_vcam.clients.keys.portal import BoundHotkey
from sana_vcam.clients.keys.run import REPEAT_S, Hotkeys, Surroundings
from sana_vcam.clients.terminal import Failure


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def no_daemon() -> Any:
    raise Failure("no daemon runs")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hotkeys(clock: Clock) -> Hotkeys:
    return Hotkeys(Surroundings(no_daemon, clock=clock), ACTIONS, "")


@pytest.fixture
def sent(hotkeys: Hotkeys, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(hotkeys.link, "send", lambda name, **_: names.append(name))
    return names


def test_a_held_hotkey_counts_once(hotkeys: Hotkeys, clock: Clock, sent: list[str]):
    for _ in range(50):
        hotkeys.press("blank")
        clock.now += 0.5
    assert sent == ["blank"]
    hotkeys.release("blank")
    hotkeys.press("blank")
    hotkeys.press("freeze")
    assert sent == ["blank", "blank", "freeze"]


def test_where_releases_are_told_no_time_makes_a_repeat_a_press(
    hotkeys: Hotkeys, clock: Clock, sent: list[str]
):
    hotkeys.release("freeze")
    hotkeys.press("blank")
    clock.now += 10 * REPEAT_S
    hotkeys.press("blank")
    assert sent == ["blank"]


def test_where_they_are_not_told_a_later_press_counts(
    hotkeys: Hotkeys, clock: Clock, sent: list[str]
):
    hotkeys.press("blank")
    clock.now += REPEAT_S
    hotkeys.press("blank")
    assert sent == ["blank", "blank"]


def test_a_hotkey_of_somebody_else_does_nothing(hotkeys: Hotkeys, sent: list[str]):
    hotkeys.press("disconnect")
    assert sent == []


def test_a_look_without_a_daemon_is_told(
    hotkeys: Hotkeys, sent: list[str], caplog: pytest.LogCaptureFixture
):
    hotkeys.press("look-1")
    assert sent == []
    assert "look-1 has no effect: the daemon is not connected" in caplog.text


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ([BoundHotkey("blank", "", "Ctrl+Alt+B")], "hotkeys: blank Ctrl+Alt+B"),
        ([BoundHotkey("blank", "", "")], "give them some in the desktop's settings"),
        ([], "the desktop bound no hotkey"),
    ],
)
def test_what_the_desktop_gave_is_said(
    hotkeys: Hotkeys, bound: list[BoundHotkey], said: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    hotkeys._take(bound)
    assert said in caplog.text


def test_the_bus_of_the_session_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/somewhere")
    assert session_bus() == "unix:path=/somewhere"
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(PortalFailed, match="neither over ssh nor with sudo"):
        session_bus()
