"""One daemon per user, with real processes."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sana_vcam.app.instance import Instance, single_instance
from sana_vcam.errors import StartupError

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such names")

HOLD = """
import sys
from pathlib import Path
from sana_vcam.app.instance import single_instance

with single_instance(*map(Path, sys.argv[1:])):
    print("held", flush=True)
    sys.stdin.read()
"""


def start(*folders: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, *map(str, folders)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock."""
    with start(tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_one_is_told_who_is_first_and_what_to_do(holder, tmp_path):
    with pytest.raises(StartupError) as refusal, single_instance(tmp_path):
        pytest.fail("held twice")
    assert f"pid {holder.pid}" in str(refusal.value)
    assert f"kill {holder.pid}" in str(refusal.value)
    assert "sana-vcam ctl" in str(refusal.value)
    assert holder.poll() is None, "the first one is left alone"
    assert (tmp_path / "daemon.pid").read_text() == f"{holder.pid}\n"


def test_a_second_process_is_refused_as_well(holder, tmp_path):
    with start(tmp_path) as second:
        _, stderr = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"pid {holder.pid}" in stderr


def test_a_killed_holder_frees_it(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "daemon.pid").exists(), "a kill leaves it behind"
    with single_instance(tmp_path):
        assert (tmp_path / "daemon.pid").read_text() == f"{os.getpid()}\n"


def test_a_holder_that_ends_frees_it_and_clears_up(holder, tmp_path):
    assert holder.stdin is not None
    holder.stdin.close()
    assert holder.wait(60) == 0
    assert not (tmp_path / "daemon.pid").exists()
    with single_instance(tmp_path):
        pass


def test_it_is_freed_by_an_error_as_well(tmp_path):
    with pytest.raises(ZeroDivisionError), single_instance(tmp_path):
        raise ZeroDivisionError
    with single_instance(tmp_path):
        pass
    assert not (tmp_path / "daemon.pid").exists()


def test_the_folder_is_made_for_the_user_alone(tmp_path):
    folder = tmp_path / "run" / "sana-vcam"
    with single_instance(folder):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_an_unknown_holder_is_not_named(holder, tmp_path):
    (tmp_path / "daemon.pid").unlink()
    with pytest.raises(StartupError) as refusal, single_instance(tmp_path):
        pytest.fail("held twice")
    assert "already running" in str(refusal.value)
    assert "pid" not in str(refusal.value)
    assert "`kill" not in str(refusal.value)


def refused(monkeypatch, folder, number):
    """Let the run-time folder take no file, as a full or a write-protected one."""
    real = os.open

    def refuse(path, *rest, **more):
        if Path(path) == folder / "daemon.lock":
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *rest, **more)

    monkeypatch.setattr("sana_vcam.app.instance.os.open", refuse)


@pytest.mark.skipif(sys.platform == "win32", reason="there the file is the only lock")
@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EACCES, errno.EDQUOT])
def test_a_folder_that_takes_no_file_is_said_and_another_lock_stands_for_it(
    tmp_path, monkeypatch, caplog, number
):
    folder, state = tmp_path / "run", tmp_path / "state"
    instance = Instance(folder, state)
    with monkeypatch.context() as patched:
        refused(patched, folder, number)
        instance.take()
        instance.restore()
        assert caplog.text.count(os.strerror(number)) == 1
        assert "XDG_RUNTIME_DIR" in caplog.text
    with start(tmp_path / "another", state) as second:
        _, stderr = second.communicate(timeout=60)
    assert "already running" in stderr
    instance.restore()
    assert f"was in trouble ({os.strerror(number)})" in caplog.text
    assert (folder / "daemon.pid").read_text() == f"{os.getpid()}\n"
    instance.give_back()
    with single_instance(folder, state):
        pass


@linux
def test_a_name_alone_keeps_the_second_one_away(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        refused(patched, tmp_path / "run", errno.EROFS)
        instance = Instance(tmp_path / "run", None)
        instance.take()
        with pytest.raises(StartupError, match="already running"):
            Instance(tmp_path / "run", None).take()
        instance.give_back()


def test_without_any_lock_nothing_runs(tmp_path, monkeypatch):
    refused(monkeypatch, tmp_path / "run", errno.EROFS)
    monkeypatch.setattr("sana_vcam.app.instance.Instance._take_name", lambda _: None)
    with pytest.raises(StartupError, match="XDG_RUNTIME_DIR"), single_instance(tmp_path / "run"):
        pytest.fail("held without a lock")


@pytest.mark.parametrize("obstacle", ["", "daemon.lock", "daemon.pid"])
def test_a_folder_that_cannot_be_used_is_named(tmp_path, obstacle):
    folder = tmp_path / "run"
    if obstacle:
        (folder / obstacle).mkdir(parents=True)
    else:
        folder.write_text("a file")
    with pytest.raises(StartupError, match="XDG_RUNTIME_DIR") as refusal, single_instance(folder):
        pytest.fail("held without a lock")
    assert str(folder) in str(refusal.value)


# -- the folder is cleaned away under a daemon that runs -------------------------------------------


@linux
def test_no_second_one_starts_when_the_folder_is_gone(tmp_path):
    folder = tmp_path / "run"
    with start(folder) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        shutil.rmtree(folder)
        with pytest.raises(StartupError) as refusal, single_instance(folder):
            pytest.fail("held twice")
        assert f"kill {holder.pid}" in str(refusal.value)
        holder.kill()
    with single_instance(folder):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="has no such locks")
def test_no_second_one_starts_with_the_same_state(tmp_path):
    with start(tmp_path / "one", tmp_path / "state") as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        other = tmp_path / "two"
        with pytest.raises(StartupError) as refusal, single_instance(other, tmp_path / "state"):
            pytest.fail("held twice")
        assert "already running" in str(refusal.value)
        with single_instance(other, tmp_path / "another state"):
            pass
        holder.kill()
    with single_instance(other, tmp_path / "state"):
        pass


@linux
def test_a_name_that_another_user_has_taken_keeps_nobody_from_starting(tmp_path, monkeypatch):
    with single_instance(tmp_path / "a") as instance:
        assert instance._name is not None
        # Of another user's processes we are not shown what they have open.
        monkeypatch.setattr("sana_vcam.app.instance.opened", lambda _: iter(()))
        shutil.rmtree(tmp_path / "a")
        with single_instance(tmp_path / "a"):
            pass


@pytest.mark.parametrize("what", ["", "daemon.lock", "daemon.pid"])
def test_what_is_removed_comes_back_and_still_locks(tmp_path, caplog, what):
    folder = tmp_path / "run"
    with single_instance(folder) as instance:
        if what:
            (folder / what).unlink()
        else:
            shutil.rmtree(folder)
        instance.restore()
        instance.restore()
        assert (folder / "daemon.pid").read_text() == f"{os.getpid()}\n"
        assert stat.S_IMODE((folder / "daemon.lock").stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with start(folder) as second:
            _, stderr = second.communicate(timeout=60)
        assert f"pid {os.getpid()}" in stderr
        assert caplog.text.count("there again") == (what != "daemon.pid")
    assert not (folder / "daemon.pid").exists()


def test_a_state_folder_that_is_made_anew_is_locked_anew(tmp_path):
    state = tmp_path / "state"
    with single_instance(tmp_path / "a", state) as instance:
        state.rmdir()
        instance.restore()
        with start(tmp_path / "b", state) as second:
            _, stderr = second.communicate(timeout=60)
        assert "already running" in stderr


def test_a_folder_that_cannot_come_back_is_said_once(tmp_path, caplog):
    folder = tmp_path / "run"
    with single_instance(folder) as instance:
        shutil.rmtree(folder)
        folder.write_text("in the way")
        for _ in range(3):
            instance.restore()
        assert caplog.text.count("cannot be put back") == 1
        folder.unlink()
        instance.restore()
        assert (folder / "daemon.lock").exists()


def test_a_pid_file_is_read_as_if_an_enemy_had_written_it(holder, tmp_path):
    for make in (
        os.mkfifo,
        lambda path: path.write_text("7\x1b[2J\n"),
        lambda path: path.write_bytes(b"7" * 10_000),
        lambda path: path.symlink_to("/dev/zero"),
    ):
        (tmp_path / "daemon.pid").unlink(missing_ok=True)
        make(tmp_path / "daemon.pid")
        with pytest.raises(StartupError) as refusal, single_instance(tmp_path):
            pytest.fail("held twice")
        assert "(pid" not in str(refusal.value)


@pytest.mark.parametrize("umask", [0, 0o777])
def test_all_that_is_made_is_private_whatever_the_umask(tmp_path, umask):
    folder, state = tmp_path / "x" / "run", tmp_path / "y" / "state"
    old = os.umask(umask)
    try:
        with single_instance(folder, state):
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    finally:
        os.umask(old)
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if not path.is_dir()} == {0o600}
