"""The addresses of a daemon: reading what was given for --url, and printing them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from sana_vcam.clients.connection import START_HINT, resolve_runtime_dir
from sana_vcam.clients.terminal import EXIT_OK, EXIT_USAGE, Failure
from sana_vcam.control.access import discovery
from sana_vcam.lib.printing import printable, printable_json

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_PATH = "/ws"
KINDS = ("dashboard", "websocket")


def read_address(url: str, token: str | None) -> tuple[str, str | None]:
    """Read an address of any kind, as the WebSocket's, and the token that may stand in it.

    A token is taken out, so that no message repeats it. Raises `Failure` for what is no address.
    """
    text = url if "://" in url else f"ws://{url}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise Failure(
            f"--url {printable(url.partition('?')[0])}: expected an address such as "
            "ws://127.0.0.1:7262/ws or http://127.0.0.1:7262/",
            EXIT_USAGE,
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    where = host if port is None else f"{host}:{port}"
    path = parts.path if parts.scheme.startswith("ws") and parts.path.strip("/") else _PATH
    named = dict(parse_qsl(parts.query)).get("token")
    return f"{scheme}://{where}{path}", token or named


def found_daemon(runtime_dir: Path | None) -> discovery.ControlFile:
    """Find the daemon that runs. Raises `Failure` without one."""
    found = discovery.find(resolve_runtime_dir(runtime_dir))
    if found is None:
        raise Failure(f"no daemon runs; {START_HINT}")
    return found


def print_urls(runtime_dir: Path | None, kind: str | None, *, json_output: bool) -> int:
    """Print the addresses with the token in them; of one `kind` the bare address alone."""
    found = found_daemon(runtime_dir)
    query = f"?token={quote(found.token.get_secret_value(), safe='')}"
    addresses = {"websocket": f"{found.url}{query}", "dashboard": found.dashboard}
    if json_output:
        print(printable_json(json.dumps(addresses if kind is None else {kind: addresses[kind]})))
        return EXIT_OK
    if kind is not None:
        print(addresses[kind])
        return EXIT_OK
    print(f"WebSocket  {addresses['websocket']}")
    print(f"dashboard  {addresses['dashboard']}")
    print(
        "sana-vcam ctl: the token in these is a secret: whoever has it can switch your camera on. "
        "Replace it: sana-vcam ctl token --rotate",
        file=sys.stderr,
    )
    return EXIT_OK
