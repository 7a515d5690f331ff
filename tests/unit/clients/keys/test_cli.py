"""The words of `sana-vcam keys`, up to the desktop."""

from __future__ import annotations

import sys

import pytest

from sana_vcam.app.cli import main
from sana_vcam.lib.extras import install_command


def test_the_entry_has_the_flags_that_were_given(capsys: pytest.CaptureFixture[str]):
    assert main(["keys", "--bind", "blank=super+F9", "--bind", "clip=", "--entry"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("[Desktop Entry]\n")
    assert " keys --bind blank=LOGO+F9 --bind clip=\n" in printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--bind", "blnk=F9"], "argument --bind: no action 'blnk'; did you mean blank?"),
        (["--bind", "blank=F9", "--bind", "clip=F9"], "blank and clip cannot both have F9"),
        (["--json"], "--json goes with --list"),
    ],
)
def test_wrong_words_are_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["keys", *words])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_missing_library_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in [name for name in sys.modules if name.startswith("sana_vcam.clients.keys.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("sana_vcam.clients.keys.run", raising=False)
    monkeypatch.setitem(sys.modules, "dbus_fast", None)
    assert main(["keys", "--list"]) == 1
    assert install_command("keys") in capsys.readouterr().err


def test_without_a_desktop_a_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    assert main(["keys", "--list"]) == 1
    assert "there is no session bus here" in capsys.readouterr().err


def test_another_system_is_told_of_its_own_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sana_vcam.clients.keys.cli.sys.platform", "darwin")
    assert main(["keys"]) == 1
    assert "only Linux has" in capsys.readouterr().err
