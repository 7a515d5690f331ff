"""The ledger on disk: what the next start knows, whatever happened to this one."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys

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


def test_a_folder_in_its_place_is_told_and_passed_over(path, caplog):
    path.mkdir(parents=True)
    ledger = Ledger(path)
    ledger.opened(ONE)
    assert ledger.pending == (ONE,)
    assert "cannot be noted" in caplog.text


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
