"""Whatever somebody named their camera: it shows, and commands no terminal."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from sana_vcam.app import cli
from sana_vcam.lib.logs import _Journal, _Terminal
from sana_vcam.lib.printing import printable, printable_json, printable_lines

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\b\x7f\u202eevil\udce9\u2028\x00"


def commands_nothing(text):
    return all(char.isprintable() or char == "\n" for char in text)


def test_texts_show_and_command_nothing():
    assert commands_nothing(printable(HOSTILE))
    assert printable_lines(f"a\n{HOSTILE}\n\nb\n").count("\n") == 4
    assert printable("a \N{CAT} b\nc") == "a \N{CAT} b\N{REPLACEMENT CHARACTER}c"


@pytest.mark.parametrize("text", [HOSTILE, "\N{CAT}", "\U000e0001", "plain"])
def test_json_means_the_same(text):
    written = printable_json(json.dumps({"name": text}, ensure_ascii=False, indent=2))
    assert commands_nothing(written)
    assert json.loads(written) == {"name": text}


@pytest.mark.parametrize("formatter", [_Terminal(), _Journal()])
def test_a_log_line_commands_nothing_and_keeps_its_lines(formatter):
    record = logging.LogRecord("sana_vcam", logging.INFO, "", 1, "first %s\nlast", (HOSTILE,), None)
    written = formatter.format(record)
    assert commands_nothing(written)
    assert written.splitlines()[-1].endswith("last")


CONFIG = """
[reactor]
local = true
[[presets]]
id = "a"
name = "\\u001b]0;owned\\u0007"
prompt = "\\u009b31m \\u202e"
"""


@pytest.mark.parametrize("as_json", [[], ["--json"]])
@pytest.mark.parametrize("words", [["presets"], ["config", "show"], ["config", "check"]])
def test_what_a_command_prints_commands_nothing(tmp_path, capsys, words, as_json):
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    assert cli.main([*words, "--config", str(file), *as_json]) in {0, 78}
    said = capsys.readouterr()
    assert said.out or said.err
    assert commands_nothing(said.out)
    assert commands_nothing(said.err)


def test_a_refusal_commands_nothing(tmp_path, capsys):
    name = tmp_path / "\x1b[2J.toml"
    assert cli.main(["config", "check", "--config", str(name)]) == 78
    assert commands_nothing(capsys.readouterr().err)
    assert sys.stderr is not None
