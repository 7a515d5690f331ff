"""Who has what open, in a made-up /proc and in the real one."""

import os
import socket
import sys

import pytest

from sana_vcam.lib.openfiles import command_of, opened, socket_name


@pytest.fixture
def proc(tmp_path):
    for pid, command, targets in ((7, "zoom", ["/dev/a", "socket:[12]"]), (8, "obs", ["/dev/b"])):
        (tmp_path / f"{pid}/fd").mkdir(parents=True)
        (tmp_path / f"{pid}/comm").write_text(command + "\n")
        for index, target in enumerate(targets):
            (tmp_path / f"{pid}/fd/{index}").symlink_to(target)
    (tmp_path / "9").mkdir()
    (tmp_path / "self").symlink_to("7")
    return tmp_path


def test_every_open_file_is_found_with_its_process(proc):
    assert list(opened({"/dev/a", "/dev/b"}, proc)) == [("/dev/a", 7), ("/dev/b", 8)]
    assert list(opened({socket_name(12)}, proc)) == [("socket:[12]", 7)]
    assert list(opened({"/dev/c"}, proc)) == []


def test_a_process_has_a_name_until_it_ends(proc):
    assert command_of(8, proc) == "obs"
    assert command_of(10, proc) == ""


def test_where_there_is_no_such_folder_nobody_is_found(tmp_path):
    assert list(opened({"/dev/a"}, tmp_path / "proc")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_our_own_socket_is_ours():
    with socket.socket() as one:
        name = socket_name(os.fstat(one.fileno()).st_ino)
        assert (name, os.getpid()) in set(opened({name}))
