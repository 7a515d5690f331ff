"""A file is replaced whole or not at all, and as it was but for its text."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sana_vcam.lib.atomicfile import create_file, remove_drafts, replace_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"text")
    assert path.read_bytes() == b"text"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_another_one_keeps_its_mode_and_owner(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 4321, 1234)
    before = path.stat()
    replace_file(path, b"new", like=before)
    after = path.stat()
    assert path.read_bytes() == b"new"
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


def test_a_mode_holds_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "file"
    before = os.umask(0o077)
    try:
        replace_file(path, b"text", mode=0o640)
        create_file(tmp_path / "other", b"text", mode=0o644)
    finally:
        os.umask(before)
    assert mode(path) == 0o640
    assert mode(tmp_path / "other") == 0o644


def test_a_file_is_created_only_where_nothing_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    create_file(path, b"first")
    with pytest.raises(FileExistsError):
        create_file(path, b"second")
    assert path.read_bytes() == b"first"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_no_place_for_a_new_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "link", b"text")
    assert not (tmp_path / "elsewhere").exists()


def test_what_cannot_be_replaced_stays_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    (path / "inside").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        replace_file(path, b"text")
    assert list(tmp_path.iterdir()) == [path]


def test_drafts_of_a_crash_are_removed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    left = tmp_path / ".config.toml.x7.tmp"
    others = [path, tmp_path / ".config.toml.lock", tmp_path / ".other.x7.tmp"]
    for each in (left, *others):
        each.touch()
    remove_drafts(path)
    assert sorted(tmp_path.iterdir()) == sorted(others)
