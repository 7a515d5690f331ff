"""Files of ours, as an enemy would have written them: nothing waits, and nothing is too large."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from sana_vcam.lib import statefile


def _socket(path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "it is a FIFO"),
        (Path.mkdir, "Is a directory"),
        (_socket, "it is a socket"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a device"),
        (lambda path: path.symlink_to(path), "symbolic link"),
        (lambda path: path.write_bytes(b"x" * 101), "it has more than 100 bytes"),
    ],
)
def test_what_is_no_small_file_is_refused_in_words(tmp_path, make, words):
    path = tmp_path / "file"
    make(path)
    with pytest.raises(OSError, match=words) as refusal:
        statefile.read_bounded(path, 100)
    assert words in refusal.value.strerror


def test_a_small_file_is_read_whole(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 100)
    assert statefile.read_bounded(tmp_path / "file", 100) == b"x" * 100
    assert statefile.read_bounded(Path(os.devnull), 100) == b"", "it stands for an empty file"
    with pytest.raises(FileNotFoundError):
        statefile.read_bounded(tmp_path / "none")


def test_a_file_that_says_that_it_has_no_size_is_read_and_bounded():
    assert b"Name:" in statefile.read_bounded(Path("/proc/self/status"))
    with pytest.raises(OSError, match="more than 10 bytes"):
        statefile.read_bounded(Path("/proc/self/status"), 10)


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"1", b"[" * 100_000, b"1" * 9999, b"{"])
def test_what_is_no_object_is_refused_in_words(data):
    with pytest.raises(ValueError, match="it holds no JSON"):
        statefile.parse_object(data)


@pytest.mark.parametrize("version", ["2", None, True, [], 1.5, -3, 1])
def test_only_a_higher_number_is_newer(version):
    assert not statefile.is_newer({"version": version}, 1)
    assert statefile.is_newer({"version": 2}, 1)
    assert not statefile.is_newer({}, 1)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, Path.touch])
def test_anything_can_be_set_aside(tmp_path, make):
    path = tmp_path / "a.json"
    make(path)
    aside = statefile.set_aside(path)
    assert aside is not None
    assert aside.name.startswith("a.broken-")
    assert [aside] == list(tmp_path.iterdir())
    assert statefile.set_aside(path) is None


def test_a_copy_is_private(tmp_path):
    aside = statefile.copy_aside(tmp_path / "a.json", b"x")
    assert aside is not None
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert statefile.copy_aside(tmp_path / "none" / "a.json", b"x") is None


def test_folders_are_private_whatever_the_umask(tmp_path):
    for umask in (0, 0o777, 0o022):
        folder = tmp_path / str(umask) / "b" / "c"
        old = os.umask(umask)
        try:
            statefile.make_private_folder(folder)
            statefile.make_private_folder(folder)
        finally:
            os.umask(old)
        for each in (folder, folder.parent, folder.parent.parent):
            assert stat.S_IMODE(each.stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"exists|directory"):
        statefile.make_private_folder(tmp_path / "file")
