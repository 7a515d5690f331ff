"""`run` as a whole process: system folders, readiness, and the watchdog."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys

import pytest

from sana_vcam.app import run as daemon
from sana_vcam.control.access import group
from sana_vcam.errors import EXIT_CONFIG, ConfigError
from tests.unit.host.service.fakes import mode

RUN = """
import sys
from sana_vcam.app import run as daemon
from sana_vcam.config.schema import *
config = Config(
    reactor=ReactorConfig(local=True),
    camera=CameraConfig(source="test"),
    sink=SinkConfig(kind="preview", width=320, height=180),
    control=ControlConfig(port=0),
    start=StartConfig(connect=False),
)
sys.exit(daemon.run(config))
"""


@pytest.fixture
def start(tmp_path):
    """Start a daemon under a made-up systemd; yields a function that does, and its socket."""
    tmp_path.chmod(0o755)
    children = []
    address = str(tmp_path / "notify")
    environ = {
        **os.environ,
        "NOTIFY_SOCKET": address,
        "STATE_DIRECTORY": str(tmp_path / "state/sana-vcam"),
        "RUNTIME_DIRECTORY": str(tmp_path / "run/sana-vcam"),
    }
    (tmp_path / "state").mkdir()
    (tmp_path / "run/sana-vcam").mkdir(parents=True)
    (tmp_path / "run/sana-vcam").chmod(0o750)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)

        def begin(first=""):
            child = subprocess.Popen(
                [sys.executable, "-c", first + RUN],
                env=environ,
                stderr=subprocess.PIPE,
                text=True,
            )
            children.append(child)
            return child

        yield begin, sock
        for child in children:
            child.kill()
            child.wait()
            child.stderr.close()


def until(sock, child, wanted):
    """Wait for the message that has these words in it; fails with what a dead daemon said."""
    sock.settimeout(1)
    while True:
        try:
            if wanted in sock.recv(4096).decode():
                return
        except TimeoutError:
            assert child.poll() is None, child.stderr.read()


def left(sock):
    """Every message that has come and was not read."""
    while True:
        try:
            yield sock.recv(4096).decode()
        except BlockingIOError:
            return


def test_a_system_service_is_ready_found_by_its_group_and_stops_in_order(start, tmp_path):
    begin, sock = start
    child = begin()
    until(sock, child, "READY=1")
    until(sock, child, "STATUS=")
    run = tmp_path / "run/sana-vcam"
    found = group.find(run)
    assert found is not None
    assert found.control_file.pid == child.pid
    assert mode(run / "control.json") == 0o640
    assert mode(run / "private") == 0o700
    assert (tmp_path / "state/sana-vcam/token").exists()

    child.send_signal(signal.SIGTERM)
    until(sock, child, "STOPPING=1")
    _, said = child.communicate()
    assert child.returncode == 0, said


def test_a_hangup_does_not_kill_a_service(start):
    begin, sock = start
    child = begin()
    until(sock, child, "READY=1")
    child.send_signal(signal.SIGHUP)
    until(sock, child, "WATCHDOG=1")
    child.send_signal(signal.SIGTERM)
    _, said = child.communicate()
    assert child.returncode == 0, said
    assert "the configuration is read at the start only" in said


def test_the_watchdog_is_not_fed_once_the_picture_stops(start):
    begin, sock = start
    child = begin("from tests.rigs.guest.inside import hanging\nhanging.hang_after(30)\n")
    until(sock, child, "READY=1")
    until(sock, child, "WATCHDOG=1")
    until(sock, child, " 0 fps out")
    child.kill()
    _, said = child.communicate()
    sock.setblocking(False)
    assert "WATCHDOG=1" not in list(left(sock))
    assert "the picture stops after 30 ticks" in said


# --- logging ------------------------------------------------------------------------------------


def test_the_journal_gets_levels_on_every_line_and_no_clock():
    code = (
        "import logging; from sana_vcam.lib.logs import log, set_up_logging\n"
        "set_up_logging('debug')\n"
        "log.debug('a'); log.info('b'); log.warning('c'); log.error('d\\ne')\n"
    )
    read, write = os.pipe()
    found = os.fstat(write)
    environ = {**os.environ, "JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
    subprocess.run([sys.executable, "-c", code], env=environ, stderr=write, check=True)
    os.close(write)
    with os.fdopen(read) as stream:
        assert stream.read() == "<7>a\n<6>b\n<4>c\n<3>d\n<3>e\n"


def test_a_terminal_that_a_service_opened_is_no_journal():
    code = "from sana_vcam.lib.logs import *; set_up_logging('info'); log.info('b')"
    environ = {**os.environ, "JOURNAL_STREAM": "1:2"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert "INFO" in done.stderr
    assert not done.stderr.startswith("<")


def test_what_a_user_caused_is_one_sentence(capsys):
    async def fail():
        raise ConfigError("sink.fps = 0: expected more")

    assert daemon.run_until_done(fail) == EXIT_CONFIG
    assert capsys.readouterr().err == "sana-vcam: sink.fps = 0: expected more\n"


def test_a_defect_is_a_traceback_and_a_failure(caplog):
    async def fail():
        raise ZeroDivisionError

    with caplog.at_level(logging.CRITICAL):
        assert daemon.run_until_done(fail) == 1
    assert caplog.records[-1].exc_info is not None


def test_the_groups_control_file_is_what_ctl_reads(start, tmp_path):
    begin, sock = start
    child = begin()
    until(sock, child, "READY=1")
    until(sock, child, "STATUS=")
    control_file = json.loads((tmp_path / "run/sana-vcam/control.json").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "sana_vcam", "ctl", "--url", control_file["url"], "--json", "state"],
        env={**os.environ, "SANA_VCAM_CONTROL__TOKEN": control_file["token"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["sink"] == "preview"
    child.send_signal(signal.SIGTERM)
    child.communicate()
    assert child.returncode == 0
