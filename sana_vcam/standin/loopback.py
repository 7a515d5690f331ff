"""Requests of the process to its own HTTP server, which no proxy setting may divert."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get_json(url: str) -> Any:
    """Fetch the answer to a GET; blocks for at most a second per read.

    Raises:
        OSError: nobody answers, or the answer is an error.
    """
    with _DIRECT.open(url, timeout=1) as answer:
        return json.load(answer)


def post_json(url: str, body: Any) -> None:
    """POST a body; blocks for at most five seconds per read.

    Raises:
        OSError: nobody answers, or the answer is an error.
    """
    request = urllib.request.Request(  # noqa: S310 - the caller's own http address
        url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    _DIRECT.open(request, timeout=5).close()
