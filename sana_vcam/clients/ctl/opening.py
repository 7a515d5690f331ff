"""`sana-vcam ctl open`: the dashboard in the user's browser, without its token in a process list.

A browser is given an address of ours that is good for one request of this user, and answers with
the way to the dashboard.
"""

from __future__ import annotations

import http.server
import os
import secrets
import socketserver
import sys
import threading
import time
import webbrowser
from collections.abc import Callable
from http import HTTPStatus

from sana_vcam.clients.terminal import EXIT_OK, Failure
from sana_vcam.control.access import discovery, peers
from sana_vcam.control.access.sockdiag import endpoint

PATIENCE_S = 60.0
"""How long a browser may take to start."""
TICK_S = 0.2
_BY_HAND = "open it by hand: sana-vcam ctl url dashboard   (prints the address)"


class _SignPost(http.server.BaseHTTPRequestHandler):
    """Shows the way once, to the user's own browser."""

    server: _OneTime

    def do_GET(self) -> None:
        """Answer with the address of the dashboard, or with 404."""
        post = self.server
        if not secrets.compare_digest(self.path.encode(), post.path.encode()):
            self._say(HTTPStatus.NOT_FOUND)
        elif not _is_mine(self.client_address, post.server_address):
            self._say(HTTPStatus.FORBIDDEN)
        else:
            self._say(HTTPStatus.FOUND, post.target)
            post.is_shown = True

    def _say(self, status: HTTPStatus, target: str = "") -> None:
        self.send_response(status)
        for name, value in (("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")):
            self.send_header(name, value)
        if target:
            self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: addresses are secrets here."""


class _OneTime(socketserver.TCPServer):
    """Listens on loopback under a name that nobody can guess."""

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _SignPost)
        self.target = target
        self.path = f"/{secrets.token_urlsafe(24)}"
        self.is_shown = False
        self.timeout = TICK_S

    @property
    def address(self) -> str:
        """Where the browser is sent first."""
        return f"http://127.0.0.1:{self.server_address[1]}{self.path}"

    def finish_request(self, request: object, client_address: object) -> None:
        """Answer, with bounded patience for who connects and says nothing."""
        request.settimeout(1.0)  # type: ignore[attr-defined]
        super().finish_request(request, client_address)  # type: ignore[arg-type]

    def handle_error(self, request: object, client_address: object) -> None:
        """Let go of a visitor who said nothing, or went away."""


def _is_mine(client: tuple[str, int], server: object) -> bool:
    """Whether the browser is this user's; where nobody tells whose it is, the name must do."""
    host, port = str(server[0]), int(server[1])  # type: ignore[index]
    (uid,) = peers.peer_uids([(endpoint(*client), endpoint(host, port))])
    return sys.platform == "win32" or uid is None or uid == os.geteuid()


class _Start(threading.Thread):
    """Starts the browser, which may not return before it has the page."""

    def __init__(self, browse: Callable[[str], bool], address: str) -> None:
        super().__init__(name="browser", daemon=True)
        self.has_failed = False
        self._browse = browse
        self._address = address

    def run(self) -> None:
        """Start it; blocks for as long as a browser in the terminal is used."""
        try:
            self.has_failed = not self._browse(self._address)
        except (webbrowser.Error, OSError):
            self.has_failed = True


def open_dashboard(
    found: discovery.ControlFile, *, browse: Callable[[str], bool] = webbrowser.open
) -> int:
    """Open the dashboard of a daemon in the browser. Raises `Failure` if there is none to open."""
    with _OneTime(found.dashboard) as post:
        starts = _Start(browse, post.address)
        starts.start()
        until = time.monotonic() + PATIENCE_S
        while not post.is_shown:
            if starts.has_failed:
                raise Failure(f"there is no browser here; {_BY_HAND}")
            if time.monotonic() > until:
                raise Failure(f"no browser came; {_BY_HAND}")
            post.handle_request()
    # A browser in this very terminal is waited for.
    starts.join()
    print("the dashboard is open in your browser", file=sys.stderr)
    return EXIT_OK
