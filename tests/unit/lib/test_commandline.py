"""What parsers say of words that are none."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from sana_vcam.app.cli import main
from sana_vcam.errors import EXIT_CONFIG


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run it; the exit status and the last line on standard error."""
    try:
        status = main(words)
    except SystemExit as ended:
        status = ended.code
    return status, capsys.readouterr().err.rstrip().rpartition("\n")[2]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("bogus", "sana-vcam: error: no command bogus; all of them: sana-vcam --help"),
        ("Run", "sana-vcam: error: no command Run; did you mean run?"),
        ("docter", "sana-vcam: error: no command docter; did you mean doctor?"),
        ("help cofnig", "sana-vcam help: error: no topic cofnig; did you mean config?"),
        ("help zom", "sana-vcam help: error: no topic zom; did you mean zoom?"),
        ("help xyzzy", "sana-vcam help: error: no topic xyzzy; all of them: sana-vcam help"),
        ("help config chek", "sana-vcam config: error: no command chek; did you mean check?"),
        ("help run --json", "sana-vcam help: error: --json is for topics"),
        ("run --prest noir", "sana-vcam run: error: no such option: --prest; "
         "did you mean --preset?"),
        ("run --prest=x", "sana-vcam run: error: no such option: --prest; did you mean --preset?"),
        ("run noir", "sana-vcam run: error: one word too many: noir"),
        ("--josn", "sana-vcam: error: no such option: --josn"),
        ("config chek", "sana-vcam config: error: no command chek; did you mean check?"),
        ("config check --jsno", "sana-vcam config check: error: no such option: --jsno; "
         "did you mean --json?"),
        ("service instal", "sana-vcam service: error: no command instal; did you mean install?"),
        ("service install --drivr", "sana-vcam service install: error: no such option: --drivr; "
         "did you mean --driver?"),
        ("deck pakage", "sana-vcam deck: error: no command pakage; did you mean package?"),
        ("presets ad x", "sana-vcam presets: error: no command ad; did you mean add?"),
        ("doctor --onlin3", "sana-vcam doctor: error: no such option: --onlin3; "
         "did you mean --online?"),
        ("standin --modl x2", "sana-vcam standin: error: no such option: --modl; "
         "did you mean --model?"),
        ("standin --model helois", "sana-vcam standin: error: --model: no value helois; "
         "did you mean helios?"),
        ("edit a.mp4 b.mp4 --mode fle", "sana-vcam edit: error: --mode: no value fle; "
         "did you mean file?"),
        ("edit a.mp4 b.mp4 --mode xxx", "sana-vcam edit: error: --mode: no value xxx; "
         "have: auto, file, live"),
    ],
)  # fmt: skip
def test_a_word_that_is_none_names_the_one_that_was_meant(capsys, words, answer):
    assert said(capsys, *words.split()) == (2, answer)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("run --camera foo", '--camera: camera.source = "foo": expected one of auto, '),
        ("run --camera fiel", "did you mean file?"),
        ("run --port abc", '--port: control.port = "abc": expected a whole number from 0 to 65535'),
        ("run --sink v4l2", "did you mean v4l2loopback?"),
        ("run --log-level dbug", "--log-level: log.level"),
        ("run --preset nior", "--preset: start.preset: no preset 'nior'; did you mean 'noir'?"),
        ("run --prompt x --preset noir", "--p"),
        ("demo --camera foo", "--camera: camera.source"),
        ("demo --port -1", "--port: control.port"),
        ("config check --sink x", "--sink: sink.kind"),
        ("config show --port x", "--port: control.port"),
        ("edit a.mp4 b.mp4 --seed x --preset noir", '--seed: start.seed = "x"'),
        ("edit a.mp4 b.mp4 --fit x --preset noir", '--fit: camera.fit = "x"'),
        ("run --set sink.kind=x", "--set sink.kind: sink.kind"),
    ],
)
def test_a_flag_is_named_as_it_was_typed(capsys, tmp_path: Path, monkeypatch, words, answer):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mp4").touch()
    status, line = said(capsys, *words.split())
    assert status == EXIT_CONFIG
    assert answer in line
    assert ("--set" in line) is ("--set" in words)


@pytest.mark.parametrize("command", ["config", "service", "deck"])
def test_a_command_without_its_verb_shows_its_help(capsys, command):
    assert main([command]) == 2
    assert f"usage: sana-vcam {command}" in (err := capsys.readouterr().err)
    assert len(err.splitlines()) > 6


def test_the_bare_name_shows_the_first_steps(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "first steps:\n  sana-vcam demo" in out
    with pytest.raises(SystemExit):
        main(["--help"])
    assert capsys.readouterr().out == out


@pytest.mark.parametrize("words", [["-V"], ["--version"], ["version"]])
def test_the_version(capsys, words):
    with contextlib.suppress(SystemExit):
        assert main(words) == 0
    assert capsys.readouterr().out.startswith("sana-vcam 0.")


@pytest.mark.parametrize("words", ["run", "config init", "presets add", "service install"])
def test_help_of_a_command(capsys, words):
    with pytest.raises(SystemExit) as ended:
        main(["help", *words.split()])
    assert ended.value.code == 0
    assert f"usage: sana-vcam {words} " in capsys.readouterr().out
