"""HTTP responses, and the headers that none of them lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Response as HttpResponse

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
JPEG = "image/jpeg"

SECURITY_HEADERS: Mapping[str, str] = {
    # Nothing of it is kept: pictures, prompts, and the token in the URL.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    # No page runs, shows or frames it.
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Response:
    """What an HTTP request is answered with."""

    status: HTTPStatus
    body: bytes
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def text(cls, status: HTTPStatus, text: str) -> Response:
        """Make a response of one line of plain text."""
        return cls(status, f"{text}\n".encode())

    def response(self, *, with_body: bool = True) -> HttpResponse:
        """Make the library's response of it; without a body, as the answer to a HEAD."""
        headers = Headers()
        headers["Date"] = formatdate(usegmt=True)
        headers["Connection"] = "close"
        headers["Content-Length"] = str(len(self.body))
        headers["Content-Type"] = self.content_type
        for name, value in self.headers.items():
            headers[name] = value
        secure(headers)
        body = self.body if with_body else b""
        return HttpResponse(self.status.value, self.status.phrase, headers, body)


def secure(headers: Headers) -> None:
    """Add the security headers that are not there yet."""
    for name, value in SECURITY_HEADERS.items():
        if name not in headers:
            headers[name] = value
