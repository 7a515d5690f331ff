"""The dashboard at `/`: the files of `sana_vcam/clients/dashboard/`, and the policy they run under.

The page needs the token like everything else, also for its styles and scripts. So in its HTML and
CSS `{{TOKEN}}` becomes the client's own token, fit for a URL, and `{{IMPORT_MAP}}` an import map
that gives each module its address with the token: `import "./api.js"` works as it stands.
"""

from __future__ import annotations

import html
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from urllib.parse import quote

from sana_vcam.control.server.responses import Response

PREFIX = "/dashboard/"
INDEX = "index.html"

CONTENT_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""The endings of the files that are served, with their types; other files are not."""

_FILLED = frozenset({".css", ".html"})


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Who asks: the token that was presented, and the Host, which names this machine."""

    token: str | None
    host: str


class Dashboard:
    """Serves the page's files by a fixed table of their names; no path is ever put together.

    Args:
        folder: Where they are; the package's own by default. First looked at when one is asked for.
    """

    def __init__(self, folder: Traversable | None = None) -> None:
        self._folder = folder

    def answer(self, path: str, request: PageRequest) -> Response | None:
        """Answer `/` or `/dashboard/<name>`; None for every other path. Reads a small file."""
        if path == "/":
            name = INDEX
        elif path.startswith(PREFIX):
            name = path.removeprefix(PREFIX)
        else:
            return None
        file = self._files.get(name)
        if file is None:
            return Response.text(HTTPStatus.NOT_FOUND, "the dashboard has no such file")
        ending = PurePosixPath(name).suffix
        nonce = secrets.token_urlsafe(16)
        body = file.read_bytes()
        if ending in _FILLED:
            body = self._filled(body.decode(), request, nonce).encode()
        headers = {}
        if ending == ".html":
            headers = {"Content-Security-Policy": policy(nonce, request.host)}
        return Response(HTTPStatus.OK, body, CONTENT_TYPES[ending], headers)

    @cached_property
    def _files(self) -> Mapping[str, Traversable]:
        folder = (
            self._folder
            if self._folder is not None
            else files("sana_vcam") / "clients" / "dashboard"
        )
        return {
            file.name: file
            for file in folder.iterdir()
            if file.is_file() and PurePosixPath(file.name).suffix in CONTENT_TYPES
        }

    def _filled(self, text: str, request: PageRequest, nonce: str) -> str:
        token = quote(request.token or "", safe="")
        text = text.replace("{{IMPORT_MAP}}", self._import_map(token, nonce))
        return text.replace("{{TOKEN}}", token)

    def _import_map(self, token: str, nonce: str) -> str:
        modules = sorted(name for name in self._files if name.endswith(".js"))
        imports = {f"{PREFIX}{name}": f"{PREFIX}{name}?token={token}" for name in modules}
        text = json.dumps({"imports": imports}).replace("<", "\\u003c")
        return f'<script type="importmap" nonce="{html.escape(nonce)}">{text}</script>'


def policy(nonce: str, host: str) -> str:
    """Write the Content-Security-Policy of the page that is served at the address `host`."""
    # 'self' covers the WebSocket in newer browsers only; CSP has no words for IPv6 addresses.
    websocket = "" if "[" in host else f" ws://{host}"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self'",
            "img-src 'self' blob: data:",
            f"connect-src 'self'{websocket}",
            "media-src 'self' blob:",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
