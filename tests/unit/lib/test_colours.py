"""Colours where somebody looks: in every command, and never out of what a stranger has written."""

from __future__ import annotations

import io
import re
import sys

import pytest

from sana_vcam.app.cli import _coloured as coloured_list
from sana_vcam.app.cli import main
from sana_vcam.clients.ctl.ctl import _human
from sana_vcam.clients.ctl.ctl import main as ctl
from sana_vcam.host.doctor.command import _coloured as coloured_finding
from sana_vcam.lib import screen
from sana_vcam.lib.printing import printable_lines
from sana_vcam.lib.screen import Ink, table
from sana_vcam.lib.statusline import StatusLine

SGR = re.compile(r"\x1b\[\d+m")
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m"


@pytest.fixture
def forced(monkeypatch):
    for name in ("NO_COLOR", "CLICOLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")


@pytest.mark.parametrize("words", ["presets", "devices", "config show", "usage"])
@pytest.mark.usefixtures("forced")
def test_a_pipe_has_colours_only_if_they_are_wanted(capsys, monkeypatch, words):
    main(words.split())
    coloured = capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main(words.split())
    plain = capsys.readouterr().out
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.delenv("FORCE_COLOR")
    main(words.split())
    assert capsys.readouterr().out == plain
    assert "\x1b" not in plain
    assert SGR.sub("", coloured) == plain
    assert ("\x1b" in coloured) is (words not in {"usage", "devices"})


@pytest.mark.usefixtures("forced")
def test_the_doctors_signs_have_their_colours():
    assert coloured_finding("  ✓ size: 1280x720") == "  \x1b[32m✓\x1b[0m size: 1280x720"
    assert coloured_finding("  ✗ device: none").startswith("  \x1b[31m✗\x1b[0m ")
    assert coloured_finding("  ! device: busy").startswith("  \x1b[33m!\x1b[0m ")
    assert coloured_finding("Driver") == "\x1b[1mDriver\x1b[0m"
    for line in ("    ✓ in the middle", "Anything else", "        sudo modprobe x"):
        assert coloured_finding(line) == line


@pytest.mark.parametrize("words", ["presets --json", "devices --json", "config show --json"])
@pytest.mark.usefixtures("forced")
def test_json_has_none(capsys, words):
    assert main(words.split()) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.usefixtures("forced")
def test_complaints_have_a_red_name(capsys):
    main(["run", "--port", "x"])
    assert capsys.readouterr().err.startswith("\x1b[31msana-vcam:\x1b[0m --port")
    ctl(["blnk"])
    assert capsys.readouterr().err.startswith("\x1b[31msana-vcam ctl:\x1b[0m no command 'blnk'")


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize(
    "write",
    [
        lambda text: table(text, sys.stdout),
        coloured_list,
        coloured_finding,
        lambda text: _human("state", {"output": text, "session": text}),
        lambda text: _human("presets", {"presets": [{"id": text, "name": text, "prompt": text}]}),
    ],
)
def test_a_strangers_text_commands_no_terminal(write):
    text = write(printable_lines(f"{HOSTILE}\n  {HOSTILE} {HOSTILE}"))
    assert SGR.sub("", text).replace("\n", "").isprintable()


def test_the_first_word_of_the_line_has_its_colour(monkeypatch, forced):
    monkeypatch.setattr(screen, "is_terminal", lambda *_: True)
    monkeypatch.setattr("sana_vcam.lib.statusline.is_terminal", lambda *_: True)
    stream = io.StringIO()
    StatusLine(stream).show("LIVE   streaming", Ink.GOOD)
    assert stream.getvalue().endswith("\x1b[32mLIVE\x1b[0m   streaming")
