"""The desktop entry: what is written, and how it is quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from sana_vcam.clients.keys.entry import APP_ID, entry, entry_path, write_entry
from sana_vcam.host.service.templates import this_command


def test_words_are_quoted_as_the_specification_says():
    text = entry(["/opt/my tools/sana-vcam", "keys", "--bind", 'a=$`"\\%'])
    assert 'Exec="/opt/my tools/sana-vcam" keys --bind "a=\\\\$\\\\`\\\\"\\\\\\\\%%"\n' in text


def test_it_starts_this_installation():
    command = this_command()
    assert Path(command[0]).is_absolute()
    assert f"Exec={command[0]}" in entry([*command, "keys"])


def test_the_id_needs_no_escape_in_a_unit_of_systemd():
    assert "-" not in APP_ID
    assert APP_ID.count(".") == 2


def test_it_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert entry_path() == tmp_path / "applications" / f"{APP_ID}.desktop"
    assert write_entry("one") == entry_path()
    assert write_entry("one") is None
    assert write_entry("two") == entry_path()
    assert entry_path().read_text() == "two"
    entry_path().write_bytes(b"\xff")
    assert write_entry("two") == entry_path()


def test_a_relative_home_of_data_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert entry_path() == tmp_path / ".local/share/applications" / f"{APP_ID}.desktop"
