"""What systemd is told, over a real socket."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from sana_vcam.app.systemd import Notifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is on Linux")


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """A service manager: its socket, and the address that it gives to its services."""
    abstract = f"@sana-vcam-test-{os.getpid()}"
    address = abstract if request.param == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("\0" + abstract[1:] if request.param == "abstract" else address)
        sock.settimeout(20)
        yield sock, address


def received(sock: socket.socket) -> list[str]:
    sock.setblocking(False)
    lines = []
    while True:
        try:
            lines.append(sock.recv(4096).decode())
        except BlockingIOError:
            return lines


def test_everything_is_told_in_order(manager, monkeypatch):
    sock, address = manager
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notifier = Notifier()
    notifier.ready()
    notifier.status("live to SANA VCam")
    notifier.watchdog()
    notifier.stopping()
    assert received(sock) == ["READY=1", "STATUS=live to SANA VCam", "WATCHDOG=1", "STOPPING=1"]


def test_a_status_is_told_when_it_changes(manager):
    sock, address = manager
    notifier = Notifier(address)
    for text in ("one", "one", "two", "one"):
        notifier.status(text)
    assert received(sock) == ["STATUS=one", "STATUS=two", "STATUS=one"]


def test_a_status_is_one_line_whatever_it_says(manager):
    sock, address = manager
    Notifier(address).status("a camera\nREADY=1\r\nSTOPPING=1")
    assert received(sock) == ["STATUS=a camera READY=1 STOPPING=1"]


def test_odd_text_is_told_as_well_as_it_can_be(manager):
    sock, address = manager
    Notifier(address).status("kamera \udcff ü")
    assert received(sock) == ["STATUS=kamera ? ü"]


def test_a_manager_that_does_not_read_is_not_waited_for(manager):
    sock, address = manager
    notifier = Notifier(address)
    for _ in range(5000):
        notifier.watchdog()
    assert set(received(sock)) == {"WATCHDOG=1"}


def test_without_a_manager_nothing_is_sent(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setattr(socket, "socket", None)
    notifier = Notifier()
    notifier.ready()
    notifier.status("live")


@pytest.mark.parametrize("address", ["/nowhere/notify", "@nobody-listens-here", "/" + "x" * 300])
def test_a_manager_that_is_gone_is_no_failure(address, caplog):
    caplog.set_level("DEBUG", "sana_vcam")
    Notifier(address).watchdog()
    assert "was not told WATCHDOG=1" in caplog.text
