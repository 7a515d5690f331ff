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
INNER: Mapping[str, Mapping[str, str]] = {"looks": {".webp": "image/webp"}}
"""The folders inside that are served as well, each with the endings of its files."""
DOCS: Mapping[str, str] = {".md": "text/plain; charset=utf-8"}
"""The pages of the documentation are served under `docs/` as they are."""
DOCS_INNER = ("apps", "clients", "models")
"""The folders in there."""

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
        found = self._files.get(name)
        if found is None:
            return Response.text(HTTPStatus.NOT_FOUND, "the dashboard has no such file")
        file, content_type = found
        ending = PurePosixPath(name).suffix
        nonce = secrets.token_urlsafe(16)
        body = file.read_bytes()
        if ending in _FILLED:
            body = self._filled(body.decode(), request, nonce).encode()
        headers = {}
        if ending == ".html":
            headers = {"Content-Security-Policy": policy(nonce, request.host)}
        return Response(HTTPStatus.OK, body, content_type, headers)

    @cached_property
    def _files(self) -> Mapping[str, tuple[Traversable, str]]:
        """The files by their names in addresses, each with its type."""
        package = files("sana_vcam")
        folder = self._folder or package / "clients" / "dashboard"
        docs = package / "docs"
        inner = [
            *((f"{name}/", folder / name, types) for name, types in INNER.items()),
            ("docs/", docs, DOCS),
            *((f"docs/{name}/", docs / name, DOCS) for name in DOCS_INNER),
        ]
        return {
            prefix + file.name: (file, types[ending])
            for prefix, where, types in (("", folder, CONTENT_TYPES), *inner)
            if where.is_dir()
            for file in where.iterdir()
            if file.is_file() and (ending := PurePosixPath(file.name).suffix) in types
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
