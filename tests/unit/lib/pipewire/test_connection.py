"""The way to the user's server: which socket, whose it is, and what to type if it is not there."""

import os
import socket
from contextlib import ExitStack

import pytest

from sana_vcam.lib.pipewire.connection import connect_socket, find_socket
from sana_vcam.lib.pipewire.library import PipeWireError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder whose path is short enough for a socket's."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server(folder):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("pipewire-0")
        listener.listen(1)
        yield folder / "pipewire-0"


def test_the_socket_of_the_session_is_found(server):
    assert find_socket({"XDG_RUNTIME_DIR": str(server.parent)}) == server
    both = {"XDG_RUNTIME_DIR": "/nowhere", "PIPEWIRE_RUNTIME_DIR": str(server.parent)}
    assert find_socket(both) == server


def test_a_socket_of_another_name_is_found(server):
    server.rename(server.with_name("other"))
    named = {"XDG_RUNTIME_DIR": str(server.parent), "PIPEWIRE_REMOTE": "other"}
    assert find_socket(named).name == "other"
    assert find_socket({"PIPEWIRE_REMOTE": str(server.with_name("other"))}).name == "other"


def test_without_a_session_there_is_one_sentence():
    with pytest.raises(PipeWireError, match="XDG_RUNTIME_DIR is not set"):
        find_socket({})


def test_a_server_that_does_not_run_has_the_command_that_starts_it(folder):
    with pytest.raises(PipeWireError, match="is not there: systemctl --user start pipewire"):
        find_socket({"XDG_RUNTIME_DIR": str(folder)})
    (folder / "pipewire-0").touch()
    with pytest.raises(PipeWireError, match="is no socket: systemctl --user start"):
        find_socket({"XDG_RUNTIME_DIR": str(folder)})


def test_the_socket_of_another_user_is_never_opened(server, monkeypatch):
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(PipeWireError, match=f"belongs to user {me}: run sana-vcam as that user"):
        find_socket({"XDG_RUNTIME_DIR": str(server.parent)})


def test_a_server_of_another_user_behind_our_socket_is_not_spoken_to(server, monkeypatch):
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with pytest.raises(PipeWireError, match=f"belongs to user {me}"):
        connect_socket(server.relative_to(server.parent))


def test_a_server_that_accepts_nobody_is_not_waited_for(server):
    path = server.relative_to(server.parent)
    with ExitStack() as waiting:

        def connect_many():
            for _ in range(100):
                waiting.enter_context(connect_socket(path))

        with pytest.raises(PipeWireError, match="does not answer at pipewire-0: "):
            connect_many()
    server.unlink()
    with pytest.raises(PipeWireError, match="No such file"):
        connect_socket(path)
