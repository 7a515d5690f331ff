"""The dashboard is opened once, for this user's browser, without its token in a process list."""

from __future__ import annotations

import http.client
import threading
import webbrowser
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from sana_vcam.clients.ctl import opening
from sana_vcam.clients.ctl.opening import open_dashboard
from sana_vcam.clients.terminal import Failure
from sana_vcam.control.access.discovery import ControlFile

SECRET = "hidden-from-process-lists"
DAEMON = ControlFile(url="ws://127.0.0.1:7262/ws", token=SecretStr(SECRET), pid=1, version="1.0")


class Browser:
    """Asks for what it is told to open, after other paths, in a thread as a real one."""

    def __init__(self, *before: str) -> None:
        self.before = before
        self.told = ""
        self.got: list[tuple[int, str | None]] = []

    def open(self, address: str) -> bool:
        self.told = address
        self.thread = threading.Thread(target=self._visit)
        self.thread.start()
        return True

    def _visit(self) -> None:
        where = urlsplit(self.told)
        for path in (*self.before, where.path):
            connection = http.client.HTTPConnection(where.netloc, timeout=60)
            connection.request("GET", path)
            answer = connection.getresponse()
            self.got.append((answer.status, answer.getheader("Location")))
            connection.close()


def test_a_browser_is_shown_the_way(capsys):
    browser = Browser("/", "/favicon.ico")
    assert open_dashboard(DAEMON, browse=browser.open) == 0
    browser.thread.join()
    assert browser.got == [(404, None), (404, None), (302, DAEMON.dashboard)]
    assert SECRET not in browser.told
    said = capsys.readouterr()
    assert SECRET not in said.out + said.err
    assert "open in your browser" in said.err


def test_a_browser_that_first_wants_the_page_is_served():
    """As one in the terminal does, which ends when its user does."""
    browser = Browser()

    def waits(address: str) -> bool:
        browser.open(address)
        browser.thread.join()
        return True

    assert open_dashboard(DAEMON, browse=waits) == 0
    assert browser.got == [(302, DAEMON.dashboard)]


def test_another_users_browser_is_refused(monkeypatch):
    monkeypatch.setattr(opening.peers, "peer_uids", lambda _: [4711])
    monkeypatch.setattr(opening, "PATIENCE_S", 0.3)
    browser = Browser()
    with pytest.raises(Failure, match="no browser came"):
        open_dashboard(DAEMON, browse=browser.open)
    browser.thread.join()
    assert browser.got == [(403, None)]


@pytest.mark.parametrize("raises", [False, True])
def test_without_a_browser_the_command_that_prints_the_address_is_said(raises):
    def none(_: str) -> bool:
        if raises:
            raise webbrowser.Error("could not locate runnable browser")
        return False

    with pytest.raises(Failure, match="no browser here; open it by hand: sana-vcam ctl url dash"):
        open_dashboard(DAEMON, browse=none)
