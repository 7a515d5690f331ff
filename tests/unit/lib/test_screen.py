"""How wide texts are, where they are cut, and who is shown colours."""

from __future__ import annotations

import io
import os
import pty
import struct
import sys
import termios
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sana_vcam.lib import screen
from sana_vcam.lib.screen import Ink, cells, columns, cut, cut_lines, has_colours, is_terminal

if sys.platform != "win32":
    import fcntl


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal() -> Iterator[tuple[int, io.TextIOWrapper]]:
    """The two ends of a pseudo-terminal: the descriptor of its owner, and a stream for programs."""
    owner, inside = pty.openpty()
    stream = os.fdopen(inside, "w", encoding="utf-8")
    yield owner, stream
    stream.close()
    os.close(owner)


def resize(owner: int, width: int) -> None:
    fcntl.ioctl(owner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0), ("plain", 5), ("\u732b", 2), ("caf\xe9", 4), ("cafe\u0301", 4), ("\U0001f3a8", 2),
        ("\u2764\ufe0f", 2), ("\U0001f1e9\U0001f1ea", 4), ("\uff21", 2), ("a\u200bb", 2),
    ],
)  # fmt: skip
def test_the_cells_of_a_text(text: str, width: int) -> None:
    assert cells(text) == width


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60), st.integers(0, 70))
def test_a_cut_text_never_is_wider_and_never_loses_what_fits(text: str, width: int) -> None:
    short = cut(text, width)
    assert cells(short) <= width
    assert (short == text) is (cells(text) <= width)
    if short != text and width:
        assert short.endswith("…")
        assert text.startswith(short[:-1])


def test_only_a_terminal_has_a_width_and_it_follows(terminal) -> None:
    owner, stream = terminal
    for width in (20, 60, 300):
        resize(owner, width)
        assert columns(stream, {}) == width
    resize(owner, 0)
    assert columns(stream, {}) == 80
    assert columns(stream, {"COLUMNS": "44"}) == 44
    assert columns(io.StringIO()) is None


def test_lines_are_cut_on_a_terminal_and_whole_in_a_pipe(terminal) -> None:
    owner, stream = terminal
    resize(owner, 10)
    assert cut_lines("short\n" + "\u732b" * 9, stream) == "short\n" + "\u732b" * 4 + "…"
    assert cut_lines("x" * 99, io.StringIO()) == "x" * 99


@pytest.mark.parametrize(
    ("environ", "on_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"NO_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "3", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1"}, True, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"CLICOLOR": "0"}, False, False),
        ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, False, False),
    ],
)
def test_who_has_colours(monkeypatch, environ, on_terminal, in_pipe) -> None:
    monkeypatch.setattr(screen.sys, "platform", "linux")
    assert has_colours(Terminal(), environ) is on_terminal
    assert has_colours(io.StringIO(), environ) is in_pipe


def test_a_stream_that_is_closed_is_no_terminal() -> None:
    stream = Terminal()
    stream.close()
    assert not is_terminal(io.TextIOWrapper(io.BytesIO()), {})
    assert columns(stream) is None


def test_an_inked_text_ends_its_colour(monkeypatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert screen.inked("ok", Ink.GOOD, io.StringIO()) == "\x1b[32mok\x1b[0m"
    assert screen.inked("", Ink.GOOD, io.StringIO()) == ""
    monkeypatch.setenv("NO_COLOR", "1")
    assert screen.inked("ok", Ink.GOOD, io.StringIO()) == "ok"
