"""One daemon per user, with real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sana_vcam.app.instance import single_instance
from sana_vcam.errors import StartupError

HOLD = """
import sys
from pathlib import Path
from sana_vcam.app.instance import single_instance

with single_instance(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
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
