"""Ends that nobody asked for, counted over runs."""

from __future__ import annotations

import stat

import pytest

from sana_vcam.app.restarts import RESTARTS_FILE, RestartCounter


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / RESTARTS_FILE


def run(path, *, killed=False):
    runs = RestartCounter(path)
    runs.begin()
    if not killed:
        runs.end()
    return runs.restarts


def test_only_ends_that_nobody_asked_for_are_counted(path):
    assert run(path) == 0
    assert run(path) == 0
    assert run(path, killed=True) == 0
    assert run(path) == 1
    assert run(path, killed=True) == 1
    assert run(path, killed=True) == 2
    assert run(path) == 3
    assert run(path) == 3


def test_the_file_is_the_users_own(path):
    run(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [RESTARTS_FILE]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"restarts": -1}', '{"restarts": "many"}'])
def test_a_file_that_cannot_be_read_starts_the_count_anew(path, text, caplog):
    path.parent.mkdir()
    path.write_text(text)
    assert run(path, killed=True) == 0
    assert "restarts are counted anew" in caplog.text
    assert run(path) == 1


def test_a_folder_that_cannot_be_written_is_no_fault(path, caplog):
    path.parent.write_text("a file in its place")
    assert run(path) is None
    assert "restarts are not counted" in caplog.text


def test_what_a_crash_has_left_beside_it_is_removed(path):
    path.parent.mkdir()
    draft = path.with_name(f".{RESTARTS_FILE}.x.tmp")
    draft.touch()
    run(path)
    assert not draft.exists()


def test_before_it_begins_nothing_is_known(path):
    runs = RestartCounter(path)
    assert runs.restarts is None
    runs.end()
    assert not path.exists()
