"""What clients find a daemon by comes back when a tidy program has cleaned it away."""

from __future__ import annotations

import errno
import shutil
import stat
import sys

import pytest
from pydantic import SecretStr

from sana_vcam.control.access import discovery, privatefiles, unixsocket
from sana_vcam.control.server.presence import Presence
from sana_vcam.errors import StartupError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="has no such socket")

FILE = discovery.ControlFile(url="ws://127.0.0.1:1/ws", token=SecretStr("t"), pid=1, version="1")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run" / "sana-vcam"


@pytest.fixture
def presence(folder):
    presence = Presence(folder)
    with presence.open_socket() as listening:
        presence.publish(FILE)
        assert listening.fileno() > 2
        yield presence
    presence.withdraw()


def put_back(presence):
    """Look until nothing is missing; the new listening socket, if there is one."""
    presence.look()
    listening = presence.take_socket()
    presence.look()
    assert presence.take_socket() is None, "the second look finds all of it"
    return listening


def test_nothing_is_done_while_nothing_is_missing(presence, folder, caplog):
    before = {path: path.stat().st_ino for path in folder.iterdir()}
    presence.look()
    assert presence.take_socket() is None
    assert {path: path.stat().st_ino for path in folder.iterdir()} == before
    assert caplog.text == ""


@pytest.mark.parametrize("what", ["all", "the parent", "control.json", "control.sock"])
def test_what_is_removed_comes_back(presence, folder, what):
    match what:
        case "all":
            shutil.rmtree(folder)
        case "the parent":
            shutil.rmtree(folder.parent)
        case _:
            (folder / what).unlink()
    listening = put_back(presence)
    assert (listening is None) == (what == "control.json")
    assert discovery.find(folder) == FILE
    with unixsocket.connect(folder):
        pass
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    if listening is not None:
        listening.close()


@pytest.mark.parametrize("text", ["", "{}", "\0" * 9000, '{"url": "ws://evil"}'])
def test_a_control_file_that_somebody_has_overwritten_is_written_anew(presence, folder, text):
    (folder / "control.json").write_text(text)
    presence.look()
    assert discovery.find(folder) == FILE


def test_a_folder_that_cannot_come_back_is_said_once_and_tried_again(presence, folder, caplog):
    shutil.rmtree(folder)
    folder.write_text("in the way")
    for _ in range(3):
        presence.look()
        assert presence.take_socket() is None
    assert caplog.text.count("clients cannot find this daemon") == 1
    folder.unlink()
    listening = put_back(presence)
    assert listening is not None
    listening.close()
    assert discovery.find(folder) == FILE


def test_a_full_folder_costs_the_file_until_there_is_room(folder, caplog, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    presence = Presence(folder)
    with monkeypatch.context() as patch:
        patch.setattr(privatefiles, "replace_file", full)
        presence.publish(FILE)
        for _ in range(3):
            presence.look()
    assert caplog.text.count("No space left") == 1
    presence.look()
    assert discovery.find(folder) == FILE
    presence.withdraw()
    assert list(folder.iterdir()) == []


def test_a_folder_of_another_user_is_not_made_good(folder, monkeypatch):
    folder.mkdir(parents=True)
    mine = folder.stat().st_uid
    monkeypatch.setattr(privatefiles.os, "geteuid", lambda: mine + 1)
    with pytest.raises(StartupError, match="another user"):
        Presence(folder).publish(FILE)


def test_at_the_end_nothing_of_another_daemon_is_removed(presence, folder):
    theirs = FILE.model_copy(update={"pid": 2})
    discovery.publish(theirs, folder)
    (folder / "control.sock").unlink()
    with unixsocket.listen(folder):
        presence.withdraw()
        assert discovery.find(folder) == theirs
        assert (folder / "control.sock").exists()


def test_after_the_end_nothing_is_put_back_and_nothing_stays_open(presence, folder):
    shutil.rmtree(folder)
    presence.look()
    presence.withdraw()
    presence.look()
    assert presence.take_socket() is None
    assert list(folder.iterdir()) == []


def test_a_folder_that_takes_nothing_is_said_once_and_filled_when_it_can_be(
    folder, monkeypatch, caplog
):
    """A full disk, or one that may only be read: the daemon runs, and its address leads to it."""
    presence = Presence(folder)
    with monkeypatch.context() as patched:
        for module in (privatefiles, unixsocket.socket.socket):
            name = "_make_private" if module is privatefiles else "bind"
            patched.setattr(module, name, _refuse)
        assert presence.open_socket() is None
        presence.publish(FILE)
        for _ in range(3):
            assert put_back(presence) is None
        assert presence.socket_path is None
        assert caplog.text.count("clients take the TCP port") == 1
        assert caplog.text.count("sana-vcam ctl --url ws://127.0.0.1:1/ws state") == 1
    listening = put_back(presence)
    assert listening is not None
    with listening, unixsocket.connect(folder):
        assert discovery.find(folder) == FILE.model_copy(update={"socket": presence.socket_path})
    presence.withdraw()
    assert list(folder.iterdir()) == []


def _refuse(*_):
    raise OSError(errno.EROFS, "Read-only file system")
