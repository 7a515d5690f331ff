"""The ledger on disk: what the next start knows, whatever happened to this one."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from sana_vcam.engine.ledger import Ledger
from sana_vcam.reactor import OpenSession

ONE = OpenSession("one", "https://api.test", False, "sana-streaming")
TWO = OpenSession("two", "http://127.0.0.1:8080", True, "sana-streaming")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "sessions.json"


def test_what_was_opened_is_read_by_the_next_start(path):
    ledger = Ledger(path)
    assert ledger.pending == ()
    ledger.opened(ONE)
    ledger.opened(TWO)
    assert Ledger(path).pending == (ONE, TWO)
    ledger.ended("one")
    assert ledger.pending == Ledger(path).pending == (TWO,)
    ledger.ended("two")
    assert Ledger(path).pending == ()


def test_a_session_opened_twice_is_one(path):
    ledger = Ledger(path)
    ledger.opened(ONE)
    ledger.opened(ONE)
    assert Ledger(path).pending == (ONE,)


def test_an_unknown_end_writes_nothing(path):
    Ledger(path).ended("never")
    assert not path.exists()


def test_only_the_user_may_read_it(path):
    old = os.umask(0)
    try:
        Ledger(path).opened(ONE)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_link_laid_in_the_way_is_not_followed(path, tmp_path):
    path.parent.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path.with_suffix(".new").symlink_to(victim)
    Ledger(path).opened(ONE)
    assert victim.read_text() == "precious"
    assert Ledger(path).pending == (ONE,)


GARBAGE = {
    "empty": b"",
    "binary": b"\xff\xfe\x00\x01",
    "cut off": b'{"sessions": [{"session_id": "one"',
    "no object": b"[]",
    "no list": b'{"sessions": null}',
    "another table": b'{"sessions": {"one": 1}}',
    "other fields": b'{"sessions": [{"id": "one"}]}',
    "a number for an id": b'{"sessions": [{"session_id": 1, "api_url": "", "local": true, '
    b'"model": ""}]}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("content", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_told_and_passed_over(path, content, caplog):
    path.parent.mkdir()
    path.write_bytes(content)
    ledger = Ledger(path)
    assert ledger.pending == ()
    assert "is unreadable" in caplog.text
    ledger.opened(ONE)
    assert Ledger(path).pending == (ONE,)


def put(path, *entries, **more):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"sessions": entries} | more))
    return path.read_bytes()


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        {},
        [],
        asdict(ONE) | {"session_id": 7},
        asdict(ONE) | {"session_id": "../../tokens"},
        asdict(ONE) | {"session_id": ".."},
        asdict(ONE) | {"session_id": "a\x1b[2J"},
        asdict(ONE) | {"session_id": "x" * 5000},
        asdict(ONE) | {"api_url": "file:///etc/passwd"},
        asdict(ONE) | {"api_url": "https://x y"},
        asdict(ONE) | {"local": "yes"},
    ],
)
def test_a_damaged_entry_hides_no_good_one_and_is_kept_aside(path, caplog, damaged):
    content = put(path, damaged, asdict(TWO))
    assert Ledger(path).pending == (TWO,)
    assert "1 of its 2 sessions" in caplog.text
    (aside,) = path.parent.glob("sessions.broken-*.json")
    assert aside.read_bytes() == content
    caplog.clear()
    assert Ledger(path).pending == (TWO,)
    assert caplog.text == "", "it is said once"


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_file_that_is_cut_off_gives_what_is_whole(path, cut):
    content = put(path, asdict(ONE), asdict(TWO))
    path.write_bytes(content[:-cut])
    assert ONE in Ledger(path).pending
    assert ONE in Ledger(path).pending, "and so at the next start"


@pytest.mark.parametrize("name", ["one", "3f0e2c1a-9d2b-4f6e-8a77-0d4c1f6a1b2c", "a.b:c=d", "..a"])
def test_whatever_the_platform_calls_a_session_is_read_again(path, name):
    session = replace(ONE, session_id=name)
    Ledger(path).opened(session)
    assert Ledger(path).pending == (session,)


def test_a_newer_program_s_file_is_read_and_left_as_it_is(path, caplog):
    content = put(path, asdict(ONE) | {"more": 1}, {"new": "form"}, version=2, else_=[1])
    ledger = Ledger(path)
    assert ledger.pending == (ONE,)
    assert "of a newer sana-vcam" in caplog.text
    ledger.opened(TWO)
    assert Ledger(path).pending == (ONE, TWO)
    ledger.ended("one")
    ledger.ended("two")
    assert path.read_bytes() == content
    assert list(path.parent.glob("*broken*")) == []


def _fifo(path):
    os.mkfifo(path)


def _huge(path):
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _device(path):
    path.symlink_to("/dev/zero")


def _endless(path):
    path.symlink_to("/dev/tty")


def _socket(path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


@pytest.mark.parametrize("make", [_fifo, _huge, _device, _endless, _socket, Path.mkdir])
def test_whatever_stands_in_its_place_is_told_kept_aside_and_never_waited_for(
    tmp_path, caplog, make
):
    path = tmp_path / "sessions.json"
    make(path)
    ledger = Ledger(path)
    assert ledger.pending == ()
    assert "is unreadable" in caplog.text
    assert len(list(tmp_path.glob("sessions.broken-*.json"))) == 1
    ledger.opened(ONE)
    assert Ledger(path).pending == (ONE,)


def test_a_folder_that_cannot_be_written_is_told_and_passed_over(path, caplog, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EROFS, "Read-only file system")

    put(path, asdict(ONE), None)
    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    monkeypatch.setattr(Path, "rename", refuse)
    ledger = Ledger(path)
    assert ledger.pending == (ONE,)
    ledger.opened(TWO)
    assert ledger.pending == (ONE, TWO)
    assert "cannot be noted" in caplog.text


def test_folders_that_are_made_are_private_whatever_the_umask(tmp_path):
    path = tmp_path / "a" / "b" / "sessions.json"
    for umask in (0, 0o777):
        old = os.umask(umask)
        try:
            Ledger(path).opened(ONE)
        finally:
            os.umask(old)
        for folder in (path.parent, path.parent.parent):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        path.unlink()
        path.parent.rmdir()
        path.parent.parent.rmdir()


@pytest.mark.parametrize("failing", ["fsync", "open"])
def test_a_full_disk_costs_the_safety_net_only(path, monkeypatch, caplog, failing):
    ledger = Ledger(path)
    ledger.opened(ONE)

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, full)
        ledger.opened(TWO)
    assert "No space left" in caplog.text
    assert ledger.pending == (ONE, TWO)
    assert Ledger(path).pending == (ONE,), "the former file is whole"
    ledger.ended("one")
    assert Ledger(path).pending == (TWO,)


def test_a_kill_at_any_moment_leaves_a_whole_file(path):
    code = (
        "import sys; from pathlib import Path; from sana_vcam.engine.ledger import Ledger;"
        "from sana_vcam.reactor import OpenSession;"
        "ledger = Ledger(Path(sys.argv[1]));"
        "sessions = [OpenSession(f's{i}', 'https://api.test', False, 'm' * 5000)"
        " for i in range(40)];"
        "print('go', flush=True)\n"
        "while True:\n"
        "    for session in sessions: ledger.opened(session)\n"
        "    for session in sessions: ledger.ended(session.session_id)\n"
    )
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        with process:
            process.stdout.readline()
            # Some hundred writes, and then in the middle of one.
            changes = 0
            seen = None
            while changes < 20:
                now = path.stat().st_ino if path.exists() else None
                changes += now != seen
                seen = now
            process.kill()
        entries = json.loads(path.read_text())["sessions"]
        assert len(Ledger(path).pending) == len(entries)
