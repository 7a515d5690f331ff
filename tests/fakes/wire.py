"""HTTP by hand: requests that no library would send, and answers as they come."""

import asyncio
import json
from dataclasses import dataclass, field

from tests.fakes.controlserver import TOKEN

AUTHORIZED = f"Authorization: Bearer {TOKEN}\r\n"


@dataclass
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self):
        return json.loads(self.body)


def get(path: str, headers: str = AUTHORIZED, method: str = "GET") -> str:
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n"


def upgrade(path: str = "/ws", headers: str = AUTHORIZED) -> str:
    return get(
        path,
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{headers}",
    )


async def exchange(server, request: str | bytes) -> Answer:
    """Send raw bytes on the TCP port and return the answer; status 0 if there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    return await _converse(reader, writer, request)


async def exchange_unix(runtime_dir, request: str | bytes) -> Answer:
    reader, writer = await asyncio.open_unix_connection(runtime_dir / "control.sock")
    return await _converse(reader, writer, request)


async def _converse(reader, writer, request):
    try:
        writer.write(request if isinstance(request, bytes) else request.encode("latin-1"))
        async with asyncio.timeout(20):
            return parse(await reader.read())
    except ConnectionError:
        return Answer(0)
    finally:
        writer.transport.abort()


def parse(raw: bytes) -> Answer:
    if not raw:
        return Answer(0)
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return Answer(int(first.split()[1]), {name.lower(): value for name, _, value in pairs}, body)
