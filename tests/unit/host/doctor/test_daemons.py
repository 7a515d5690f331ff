"""Finding daemons by their locks: on a made-up machine, and a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sana_vcam.config.locknames import LOCK_NAME, lock_name
from sana_vcam.host.doctor.daemons import find_daemons
from sana_vcam.host.machine import Machine
from tests.unit.host.doctor.world import INODE, PID, World

WORDS = ["/opt/x/bin/sana-vcam", "run", "--sink", "preview"]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def finding(world, name):
    return next(one for one in world.findings() if one.id == name)


@pytest.mark.parametrize("wrapper", ["timeout", "nice", "sudo", "strace", "sh", "vim"])
def test_a_command_line_makes_no_daemon(world, wrapper):
    world.process(77, wrapper, [wrapper, "-n", "10", *WORDS])
    assert find_daemons(world.machine()).pids == {PID}
    assert finding(world, "control.daemons").found.startswith(f"one, pid {PID}")


def test_who_only_looks_at_the_lock_is_none(world):
    world.process(77, "less", ["less", "daemon.lock"])
    world.open_file(77, "/run/user/1000/x/daemon.lock")
    world.process(78, "python3", ["python3"])
    world.open_file(78, "/run/user/1000/x/daemon.lock", locked_by=PID)
    assert find_daemons(world.machine()).pids == {PID}


def test_what_it_has_open_tells_its_port_and_folder(world):
    (daemon,) = find_daemons(world.machine()).shown
    assert (daemon.port, daemon.folder) == (7262, "/run/user/1000/x")
    assert {str(world.sink), f"socket:[{INODE}]"} <= daemon.files


def test_one_whose_folder_was_cleaned_away_is_found(world):
    world.process(78, "python3", ["python3"])
    world.open_file(78, "/tmp/b/daemon.lock (deleted)", locked_by=78)
    world.process(79, "python3", ["python3"])
    world.open_file(79, "socket:[79]")
    world.name(lock_name(Path("/tmp/c"), 1000), inode=79)
    found = find_daemons(world.machine())
    assert found.pids == {PID, 78, 79}
    assert found.at(78).folder == "/tmp/b"


def test_a_child_with_its_parents_socket_is_not_a_second_one(world):
    world.process(5000, "python3", ["python3"])
    world.open_file(5000, f"socket:[{PID}]")
    assert find_daemons(world.machine()).pids == {PID}


def test_those_of_other_users_are_a_hint_only(world):
    world.name(lock_name(Path("/run/sana-vcam/private"), 997), inode=5)
    world.name("sana-vcam.997.no-such-digest", inode=6)
    assert find_daemons(world.machine()).hidden == (997,)
    assert finding(world, "control.daemons").found.endswith("; and 1 of other users")
    world.no_daemon()
    world.name(lock_name(Path("/run/sana-vcam/private"), 997), inode=5)
    assert finding(world, "control.daemons").found == "none of yours runs, and 1 of other users"


@pytest.mark.parametrize("reached", [PID, None])
def test_the_one_that_ctl_talks_to_is_never_to_be_killed(world, reached):
    world.open_file(PID, world.camera)
    for pid, folder in ((78, "/tmp/b"), (5000, "/tmp/c")):
        world.daemon(pid, world.sink, world.camera, folder=folder)
    found = world.findings(reached=reached)
    commands = [command for one in found for command in one.fix]
    assert "kill 5000" in commands
    if reached:
        assert not any(str(PID) in command for command in commands)


def test_a_machine_that_tells_nothing_has_none(tmp_path):
    assert find_daemons(Machine(root=tmp_path)).shown == ()


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux tells it")
def test_a_real_one_is_found_among_the_real_processes(tmp_path):
    hold = (
        "import sys; from pathlib import Path\n"
        "from sana_vcam.app.instance import single_instance\n"
        "with single_instance(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        mine = find_daemons(Machine()).at(process.pid)
        process.kill()
    assert mine is not None
    assert (mine.folder, mine.uid) == (str(tmp_path / "run"), os.geteuid())


def test_a_name_is_recognised():
    match = LOCK_NAME.fullmatch(lock_name(Path("/run/x"), 1000))
    assert match is not None
    assert match[1] == "1000"
