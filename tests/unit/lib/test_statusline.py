"""The line at the bottom: as wide as the terminal at most, below whatever else is said."""

from __future__ import annotations

import io
import logging
import os
import pty

import pytest

from sana_vcam.lib import statusline
from sana_vcam.lib.screen import cells
from sana_vcam.lib.statusline import ERASE, StatusLine

ADDRESS = "http://127.0.0.1:7262/?token=secret"


class Screen(io.StringIO):
    """A terminal of a width, whose rows are what a person sees; it wraps as terminals do."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def isatty(self) -> bool:
        return True

    @property
    def rows(self) -> list[str]:
        rows = [""]
        text = self.getvalue()
        while text:
            if text.startswith(ERASE):
                rows[-1], text = "", text[len(ERASE) :]
                continue
            char, text = text[0], text[1:]
            if char == "\n":
                rows.append("")
            elif cells(rows[-1] + char) > self.width:
                rows.append(char)
            else:
                rows[-1] += char
        return rows


@pytest.fixture(autouse=True)
def _terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(statusline, "columns", lambda stream: getattr(stream, "width", None))


@pytest.mark.parametrize("width", [20, 21, 40, 60, 79, 80, 300])
@pytest.mark.parametrize("text", ["x" * 400, "\u732b" * 200, "\U0001f3a8 a" * 99, "short"])
def test_the_line_never_takes_another_row(width, text):
    screen = Screen(width)
    with StatusLine(screen) as line:
        line.write("dashboard\n")
        for _ in range(30):
            line.show(text)
        assert len(screen.rows) == 2
        assert cells(screen.rows[1]) < width
    assert screen.rows == ["dashboard", ""]


def test_it_follows_a_resize_and_the_address_stays():
    screen = Screen(300)
    line = StatusLine(screen)
    line.write(f"{ADDRESS}\n")
    for screen.width in (300, 120, 60, 40, 200):
        line.show("y" * 500)
        assert cells(screen.rows[-1]) == screen.width - 1
    assert "".join(screen.rows).startswith(ADDRESS)


def test_what_is_logged_goes_above_the_line():
    screen = Screen(60)
    line = StatusLine(screen)
    line.show("live")
    log = logging.Logger("test")
    log.addHandler(logging.StreamHandler(line))
    log.warning("the camera is gone")
    print("and", "back", file=line)
    line.show("card")
    assert screen.rows == ["the camera is gone", "and back", "card"]


def test_half_a_line_is_not_lost():
    screen = Screen(60)
    with StatusLine(screen) as line:
        line.show("live")
        line.write("half")
        assert screen.rows == ["live"]
    assert screen.rows == ["half"]


def test_in_the_background_of_a_shell_the_line_is_not_drawn(monkeypatch):
    owner, inside = pty.openpty()
    screen = Screen(60)
    monkeypatch.setattr(screen, "fileno", lambda: inside)
    line = StatusLine(screen)
    in_front = os.getpgrp()
    monkeypatch.setattr(statusline.os, "tcgetpgrp", lambda _: in_front)
    line.show("live")
    assert screen.rows == ["live"]
    in_front += 1
    line.show("card")
    line.write("said\n")
    assert "card" not in screen.getvalue()
    assert screen.getvalue().endswith("said\n")
    os.close(owner)
    os.close(inside)


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_without_a_terminal_there_is_no_line(monkeypatch, term):
    monkeypatch.setenv("TERM", term)
    stream = Screen(80) if term == "dumb" else io.StringIO()
    with StatusLine(stream) as line:
        line.show("live")
        line.write("said\n")
    assert stream.getvalue() == "said\n"
