"""SIGHUP: a good configuration is taken on, a bad one changes nothing, a lost terminal stops."""

from __future__ import annotations

import asyncio
import logging
import os
import pty
import signal
import socket
import subprocess
import sys

import pytest

from sana_vcam.app.reload import Reloader, Reloads
from sana_vcam.app.signals import Hangup, on_hangup
from sana_vcam.app.systemd import Notifier
from sana_vcam.config.load import load
from sana_vcam.config.schema import Config, LogConfig, ReactorConfig, SinkConfig, differences

GOOD = '[reactor]\nlocal = true\n[sink]\nlabel = "Other"\n[log]\nlevel = "debug"\n'


class FakeDaemon:
    """Takes on everything but the sink."""

    def __init__(self, config, notifier):
        self.config = config
        self.notifier = notifier
        self.taken = []

    def reload(self, config):
        self.taken.append(config)
        return [key for key in differences(self.config, config) if key.startswith("sink.")]


@pytest.fixture
def systemd(tmp_path):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(address)
        sock.setblocking(False)
        yield sock, Notifier(address)


def received(sock):
    lines = []
    while True:
        try:
            lines.append(sock.recv(4096).decode())
        except BlockingIOError:
            return lines


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def level():
    """Restore the level that a reload sets."""
    logger = logging.getLogger("sana_vcam")
    before = logger.level
    logger.setLevel(logging.INFO)
    yield logger
    logger.setLevel(before)


@pytest.fixture
def running(file, systemd, level):
    config = Config(reactor=ReactorConfig(local=True))
    daemon = FakeDaemon(config, systemd[1])
    return daemon, Reloader(daemon, config, lambda: load(file))


def test_the_fake_is_what_a_daemon_has_to_be():
    assert isinstance(FakeDaemon(Config(), Notifier("")), Reloads)


def test_a_good_configuration_is_taken_on_and_what_waits_is_named(running, caplog, level):
    daemon, reload = running
    reload()

    assert daemon.taken[0].sink.label == "Other"
    assert level.level == logging.DEBUG
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert ("INFO", "configuration read again; in force now: log.level") in said
    assert ("WARNING", "in force after a restart only: sink.label") in said


def test_reading_the_same_again_changes_nothing(running, caplog, level):
    daemon, reload = running
    reload()
    daemon.config = daemon.taken[-1]
    caplog.clear()
    reload()
    assert caplog.messages == ["configuration read again; in force now: nothing new"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[reactor]\nlocal = true\n[sink]\nwidht = 640\n", ["config.toml:4", "widht", "width"]),
        ('[reactor]\nlocal = true\n[sink]\nfps = "fast"\n', ["config.toml:4", "sink.fps", "fast"]),
        ("[sink\n", ["config.toml:1", "TOML"]),
        ("", ["REACTOR_API_KEY"]),
    ],
    ids=["key", "value", "syntax", "no API key"],
)
def test_a_bad_configuration_changes_nothing_and_is_named(running, file, caplog, text, words):
    daemon, reload = running
    file.write_text(text)
    reload()

    assert daemon.taken == []
    record = caplog.records[-1]
    assert record.levelname == "ERROR"
    assert record.getMessage().startswith("the configuration stays as it was")
    assert all(word in record.getMessage() for word in words)


def test_a_configuration_that_vanished_changes_nothing(running, file, caplog):
    daemon, reload = running
    file.unlink()
    reload()
    assert daemon.taken == []
    assert "no such file" in caplog.text


@pytest.mark.parametrize("text", [GOOD, "[sink\n"], ids=["good", "bad"])
def test_systemd_is_told_of_both_ends_whatever_the_outcome(running, systemd, file, text):
    daemon, reload = running
    file.write_text(text)
    daemon.notifier.ready()
    reload()

    first, begin, end = received(systemd[0])
    assert (first, end) == ("READY=1", "READY=1")
    reloading, _, since = begin.partition("\n")
    assert reloading == "RELOADING=1"
    assert since.removeprefix("MONOTONIC_USEC=").isdigit()


def test_a_reload_before_frames_flow_does_not_make_the_service_ready(running, systemd):
    running[1]()
    assert received(systemd[0]) == []


def test_differences_are_the_dotted_keys_in_order():
    old = Config()
    new = Config(sink=SinkConfig(fps=30, label="x"), log=LogConfig(level="error"), presets=())
    assert differences(old, new) == ["sink.label", "sink.fps", "log.level", "presets"]


def test_what_is_wrong_is_said_in_a_sentence_until_it_is_mended(running, file):
    daemon, reload = running
    assert reload.error is None
    file.write_text("[reactor]\nlocal = true\n[sink]\nwidht = 640\nhieght = 1\n")
    reload.reread()
    assert reload.error is not None
    assert reload.error.startswith(f"the changed configuration is not in force: {file}:4:")
    assert reload.error.endswith("(and 1 more: sana-vcam config check)")
    file.write_text(GOOD)
    reload.reread()
    assert reload.error is None
    assert len(daemon.taken) == 1


def test_a_change_that_nobody_asked_about_is_said_once(running, file, caplog):
    daemon, reload = running
    file.write_text("[sink\n")
    for _ in range(3):
        reload.reread()
    assert len(caplog.records) == 1
    reload()
    assert len(caplog.records) == 2, "asked for, it answers"
    file.write_text(GOOD)
    caplog.clear()
    for _ in range(3):
        reload.reread()
    assert [m for m in caplog.messages if m.startswith("configuration read again")] != []
    assert len(daemon.taken) == 1
    assert len(caplog.records) == 2, "what is in force now, and what waits"


def test_a_warning_about_the_files_is_said_once(running, file, caplog):
    _, reload = running
    file.write_text(GOOD + '[control]\ntoken = "secret"\n')
    file.chmod(0o644)
    for _ in range(3):
        reload.reread()
    assert len([m for m in caplog.messages if "others may read it" in m]) == 1
    assert 'secret"' not in caplog.text


# --- the signal ---------------------------------------------------------------------------------


async def test_the_signal_reloads_a_service():
    stop, reloaded = asyncio.Event(), asyncio.Event()
    with on_hangup(Hangup(stop, reloaded.set, has_terminal=lambda: False)):
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.wait_for(reloaded.wait(), 20)
    assert not stop.is_set()
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


async def test_in_a_terminal_that_is_there_it_reloads_too():
    stop, calls = asyncio.Event(), []
    Hangup(stop, lambda: calls.append(1), has_terminal=lambda: True)()
    assert calls == [1]
    assert not stop.is_set()


async def test_a_terminal_that_goes_stops_the_daemon_in_order():
    stop, calls = asyncio.Event(), []
    answers = iter([True, False])
    Hangup(stop, lambda: calls.append(1), has_terminal=lambda: next(answers))()
    assert stop.is_set()
    assert calls == []


async def test_under_nohup_a_terminal_that_goes_stops_nothing():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop, calls = asyncio.Event(), []
        answers = iter([True, False])
        Hangup(stop, lambda: calls.append(1), has_terminal=lambda: next(answers))()
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    assert not stop.is_set()
    assert calls == [1]


IN_A_TERMINAL = """
import asyncio, os, sys
from sana_vcam.app.signals import Hangup, on_hangup

terminal = os.open(sys.argv[1], os.O_RDWR)

async def main():
    stop = asyncio.Event()
    with on_hangup(Hangup(stop, lambda: print("reloaded", flush=True))):
        print("ready", flush=True)
        await stop.wait()
    print("stopped in order", flush=True)

asyncio.run(main())
"""


def test_a_real_terminal_that_is_closed():
    ours, theirs = pty.openpty()
    # The leader of a new session takes the first terminal that it opens.
    child = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, os.ttyname(theirs)],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGHUP)
        assert child.stdout.readline() == "reloaded\n"
        os.close(theirs)
        os.close(ours)
        assert child.stdout.readline() == "stopped in order\n"
    assert child.returncode == 0
