"""Attacks on the control API, from every side. Not one command may run; the daemon lives on."""

import asyncio
import contextlib
import json
import logging
import os
import random
import resource
import shutil
import socket
import stat
import string
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import InvalidStatus

from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.access import unixsocket
from sana_vcam.control.protocol import messages, reading
from sana_vcam.control.server import limits
from sana_vcam.control.server.server import ControlServer
from sana_vcam.errors import StartupError
from tests.fakes.controls import FakeControls
from tests.fakes.controlserver import TOKEN, open_client
from tests.fakes.wire import AUTHORIZED, exchange, exchange_unix, get, upgrade

LINE = "/v1/connect"
WITH_TOKEN = f"{LINE}?token={TOKEN}"
BOTH = [get, upgrade]


@pytest.fixture
async def target(serve, controls, caplog):
    """The server as it is by default; afterwards nothing has run, and it still answers."""
    async with serve(same_user=True) as server:
        yield server
        assert controls.done == []
        assert not controls.taken
        # No attack is worth a traceback in the log.
        assert not [line for line in caplog.records if line.levelno >= logging.ERROR]
        answer = await exchange(server, get("/v1/pause"))
        assert answer.status == 200
        async with open_client(server, token=None) as client:
            assert (await client.ask("resume"))["type"] == "ok"
        assert controls.done == [("pause", None), ("resume", None)]


@pytest.fixture
async def controls():
    return Watched()


class Watched(FakeControls):
    """Also knows of pictures that were taken."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = 0

    async def snapshot(self) -> bytes:
        self.taken += 1
        return await super().snapshot()


async def refused(server, request, *statuses):
    answer = await exchange(server, request)
    assert answer.status in statuses, request
    assert TOKEN.encode() not in answer.body
    assert b'"data"' not in answer.body
    assert "access-control-allow-origin" not in answer.headers


# -- from a web page: rebinding, origins, navigation ---

FOREIGN_NAMES = [
    "evil.com",
    "evil.com:7262",
    "127.0.0.1.evil.com",
    "localhost.evil",
    "evil.localhost",
    "localhost@evil.com",
    "127.0.0.1@evil",
    "localhost.",
    "localhost:7262:7262",
    "localhost%00.evil.com",
    "localhost\\.evil.com",
    "[::1].evil.com",
    "[::ffff:192.168.0.2]",
    "192.168.0.2:7262",
    "0.0.0.0",
    "0",
    "127.1",
    "2130706433",
    "0x7f.1",
    "017700000001",
    "xn--lcalhost-54a",
]


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize("name", ["", *FOREIGN_NAMES])
async def test_dns_rebinding(target, make, name):
    for path in (
        WITH_TOKEN,
        "/",
        "/dashboard/index.html",
        "/ws",
        f"/v1/snapshot.jpg?token={TOKEN}",
    ):
        request = make(path, AUTHORIZED).replace("Host: 127.0.0.1", f"Host: {name}")
        await refused(target, request, 421)
    await refused(target, make(WITH_TOKEN).replace("Host: 127.0.0.1\r\n", ""), 421)


@pytest.mark.parametrize("make", BOTH)
@pytest.mark.parametrize(
    "origin",
    [
        *(f"http://{name}" for name in FOREIGN_NAMES),
        *(f"https://{name}" for name in FOREIGN_NAMES[:6]),
        "http://localhost/",
        "http://localhost#@evil.com",
        "http://localhost?evil.com",
        "http://localhost, http://evil.com",
        "http:///localhost",
        "http://",
        "http:localhost",
        "ws://localhost",
        "ftp://localhost",
        "chrome-extension://localhost",
        "file://evil.com",
        "file:///home/user/page.html",
        "data:",
        "about:blank",
        "nullish",
        "",
        "%6eull",
    ],
)
async def test_a_foreign_origin_is_refused_even_with_the_leaked_token(target, make, origin):
    for path, headers in ((WITH_TOKEN, ""), (f"/ws?token={TOKEN}", ""), ("/ws", AUTHORIZED)):
        await refused(target, make(path, f"{headers}Origin: {origin}\r\n"), 403)
    await refused(target, make(LINE, f"Origin: {origin}\r\n"), 401)


@pytest.mark.parametrize("origin", ["null", "file://", "http://localhost", "http://[::1]:80"])
@pytest.mark.parametrize("path", ["/ws", LINE, "/", "/metrics", "/v1/snapshot.jpg"])
async def test_a_local_origin_needs_the_token(target, origin, path):
    for make in BOTH:
        await refused(target, make(path, f"Origin: {origin}\r\n"), 401)
        await refused(target, make(f"{path}?token=guess", f"Origin: {origin}\r\n"), 401)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "", "none, same-origin"])
@pytest.mark.parametrize("mode", ["navigate", "no-cors", "cors", "websocket", "nested-navigate"])
@pytest.mark.parametrize("destination", ["document", "image", "iframe", "script", "empty"])
async def test_links_forms_and_pictures_with_the_leaked_token(target, site, mode, destination):
    headers = (
        f"Sec-Fetch-Site: {site}\r\nSec-Fetch-Mode: {mode}\r\n"
        f"Sec-Fetch-Dest: {destination}\r\nSec-Fetch-User: ?1\r\n"
    )
    await refused(target, get(WITH_TOKEN, headers), 403)
    await refused(target, get(f"/v1/snapshot.jpg?token={TOKEN}", headers), 403)
    await refused(target, upgrade(f"/ws?token={TOKEN}", headers), 403)
    await refused(target, upgrade("/ws", headers), 401)


@pytest.mark.parametrize(
    "request_text",
    [
        get(WITH_TOKEN, "", "POST"),
        get(WITH_TOKEN, "Content-Length: 0\r\n", "POST"),
        get(WITH_TOKEN, "Content-Length: 3\r\n", "POST") + "a=b",
        get(WITH_TOKEN, "Transfer-Encoding: chunked\r\n", "POST") + "3\r\na=b\r\n0\r\n\r\n",
        get(WITH_TOKEN, "Content-Length: 3\r\n") + "a=b",
        get(WITH_TOKEN, "Content-Length: 0\r\nContent-Length: 3\r\n") + "a=b",
        get(WITH_TOKEN, "Content-Length: -1\r\n"),
        get(WITH_TOKEN, "Content-Length: +0\r\n"),
        get(WITH_TOKEN, "Transfer-Encoding: gzip\r\n"),
        get(WITH_TOKEN, "", "HEAD"),
        get(WITH_TOKEN, "Access-Control-Request-Private-Network: true\r\n", "OPTIONS"),
        get(WITH_TOKEN, "", "PUT"),
        get(WITH_TOKEN, "", "DELETE"),
        get(WITH_TOKEN, "", "TRACE"),
        get(WITH_TOKEN, "", "CONNECT"),
        get(WITH_TOKEN, "X-HTTP-Method-Override: GET\r\n", "POST"),
        upgrade(f"/ws?token={TOKEN}").replace("GET ", "POST "),
        # A form whose text is a request of its own.
        get("/", f"Content-Length: {len(get(WITH_TOKEN))}\r\n", "POST") + get(WITH_TOKEN),
        get("/nowhere", "") + get(WITH_TOKEN),
    ],
)
async def test_forms_and_other_methods(target, request_text):
    await refused(target, request_text, 400, 401, 405)


# -- tokens ---


@pytest.mark.parametrize(
    "token",
    [
        "",
        "wrong",
        TOKEN[:-1],
        TOKEN[1:],
        TOKEN + "x",
        TOKEN.upper(),
        TOKEN + "%00",
        TOKEN + "%20",
        "+" + TOKEN,
        TOKEN.replace("-", "%252D"),
        f"{TOKEN},{TOKEN}",
        '"' + TOKEN + '"',
        "null",
        "undefined",
        "true",
        "%",
        "%FF%FE",
        "../../token",
    ],
)
async def test_wrong_tokens(target, token):
    for make in BOTH:
        for path in (LINE, "/ws", "/", "/nowhere", "/dashboard/index.html"):
            await refused(target, make(f"{path}?token={token}", ""), 401)
            # One right token does not make up for a wrong one.
            await refused(target, make(f"{path}?token={token}&token={TOKEN}", ""), 401)
            await refused(target, make(f"{path}?token={token}", AUTHORIZED), 401)
        header = f"Authorization: Bearer {token}\r\n"
        if token not in {TOKEN + "%00", TOKEN + "%20"}:
            await refused(target, make(LINE, header), 401)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (LINE, f"Cookie: token={TOKEN}\r\n"),
        (LINE, f"X-Token: {TOKEN}\r\n"),
        (LINE, f"Token: {TOKEN}\r\n"),
        (LINE, f"Proxy-Authorization: Bearer {TOKEN}\r\n"),
        (LINE, f"Authorization: {TOKEN}\r\n"),
        (LINE, f"Authorization: Basic {TOKEN}\r\n"),
        (LINE, f"Authorization: Bearer{TOKEN}\r\n"),
        (LINE, f"Authorization: Token token={TOKEN}\r\n"),
        (LINE, f"Referer: http://localhost/?token={TOKEN}\r\n"),
        (LINE, f"Sec-WebSocket-Protocol: {TOKEN}\r\n"),
        (f"{LINE}?Token={TOKEN}", ""),
        (f"{LINE}?TOKEN={TOKEN}", ""),
        (f"{LINE}?token[]={TOKEN}", ""),
        (f"{LINE}?a;token={TOKEN}", ""),
        (f"{LINE};token={TOKEN}", ""),
        (f"{LINE}#token={TOKEN}", ""),
        (f"{LINE}&token={TOKEN}", ""),
        (f"{LINE}/{TOKEN}", ""),
        (f"{LINE}%3Ftoken={TOKEN}", ""),
        (f"/{TOKEN}{LINE}", ""),
    ],
)
async def test_a_token_in_an_odd_place_is_none(target, path, headers):
    await refused(target, get(path, headers), 401)


# -- the dashboard: the page and what it loads are as private as the commands ---

PAGES = ["/", "/dashboard/", "/dashboard/index.html", "/dashboard/main.js", "/dashboard/style.css"]


@pytest.mark.parametrize("path", PAGES)
async def test_the_dashboard_without_the_token(target, path):
    for token in ("", "?token=", "?token=guess", f"?token={TOKEN[:-1]}"):
        for headers in ("", "Sec-Fetch-Site: none\r\n", "Sec-Fetch-Site: same-origin\r\n"):
            answer = await exchange(target, get(f"{path}{token}", headers))
            assert answer.status == 401
            assert b"<" not in answer.body
            assert b"sana-vcam ctl url" in answer.body


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("name", FOREIGN_NAMES[:6])
async def test_the_dashboard_by_dns_rebinding(target, path, name):
    request = get(f"{path}?token={TOKEN}", "Sec-Fetch-Site: same-origin\r\n")
    await refused(target, request.replace("Host: 127.0.0.1", f"Host: {name}"), 421)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("mode", "destination"),
    [
        ("navigate", "document"),
        ("navigate", "iframe"),
        ("no-cors", "script"),
        ("cors", "script"),
        ("no-cors", "style"),
        ("no-cors", "image"),
        ("no-cors", "object"),
        ("cors", "worker"),
    ],
)
async def test_the_dashboard_in_another_sites_page(target, path, site, mode, destination):
    headers = (
        f"Sec-Fetch-Site: {site}\r\nSec-Fetch-Mode: {mode}\r\nSec-Fetch-Dest: {destination}\r\n"
    )
    await refused(target, get(f"{path}?token={TOKEN}", headers), 403)
    await refused(target, get(f"{path}?token={TOKEN}", "Origin: https://evil.com\r\n"), 403)


@pytest.mark.parametrize(
    "name",
    [
        "../control/server.py",
        "../__init__.py",
        "..%2f__init__.py",
        "%2e%2e/__init__.py",
        "%2e%2e%2f__init__.py",
        "..\\__init__.py",
        "....//__init__.py",
        "/etc/passwd",
        "//etc/passwd",
        "../../../../../../etc/passwd",
        "index.html/../../__init__.py",
        "index.html%00.js",
        "./index.html",
        "index.html/",
        ".",
        "..",
        "__pycache__",
    ],
)
async def test_path_traversal(target, name):
    for path in (f"/dashboard/{name}", f"/{name}", f"/dashboard/dashboard/{name}"):
        answer = await exchange(target, get(path))
        assert answer.status in {400, 404}, path
        assert b"root:" not in answer.body
        assert b"__version__" not in answer.body


async def test_the_page_cannot_be_talked_into_another_policy(target):
    """What a client writes in its request reaches neither the page nor its policy."""
    evil = "127.0.0.1:7262%3B%20script-src%20*"
    for host in (evil, "127.0.0.1; script-src *", "127.0.0.1, evil.com", "127.0.0.1 evil.com"):
        request = get(f"/?token={TOKEN}").replace("Host: 127.0.0.1", f"Host: {host}")
        await refused(target, request, 421)
    answer = await exchange(target, get(f"/?token={TOKEN}&x=<script>alert(1)</script>"))
    assert answer.status == 200
    assert b"alert(1)" not in answer.body
    assert answer.headers["x-frame-options"] == "DENY"
    assert "'unsafe" not in answer.headers["content-security-policy"]


# -- heads ---


@pytest.mark.parametrize(
    "path",
    [
        f"http://127.0.0.1:7262{LINE}",
        f"http://evil.com{LINE}",
        f"ws://127.0.0.1{LINE}",
        "*",
        "127.0.0.1:7262",
        LINE[1:],
        f"/{LINE}",
        f"//127.0.0.1{LINE}",
        "/v1/../v1/connect",
        "/v1/./connect",
        "/./v1/connect",
        "/v1//connect",
        "/v1/connect/",
        "/v1/connect/.",
        "/v1/%63onnect",
        "/%76%31/connect",
        "/v1%2Fconnect",
        "/v1/connect%00",
        "/v1/connect%0a",
        "/v1/connect;",
        "/v1/connect.json",
        "/v1/connect#",
        "/v1/CONNECT",
        "/V1/connect",
        "\\v1\\connect",
        "/v1\\connect",
        "/v2/connect",
        "/connect",
        "/v1/",
        "/v1/__class__",
        "/v1/snapshot.jpg/../connect",
        "/ws/../v1/connect",
        "/metrics/../v1/connect",
    ],
)
async def test_odd_targets(target, path):
    answer = await exchange(target, get(f"{path}?token={TOKEN}", ""))
    assert answer.status in {400, 404}
    answer = await exchange(target, upgrade(f"{path}?token={TOKEN}", ""))
    assert answer.status in {400, 404}


@pytest.mark.parametrize(
    "headers",
    [
        "Host: 127.0.0.1\r\n",
        "host: evil.com\r\n",
        AUTHORIZED,
        AUTHORIZED.lower(),
        "Authorization: \r\n",
        "Origin: null\r\nOrigin: null\r\n",
        "Origin: http://localhost\r\norigin: https://evil.com\r\n",
        "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n",
        "Host : evil.com\r\n",
        " Host: evil.com\r\n",
        "\tfolded: x\r\n",
        "X: a\r\n b\r\n",
        "X\x00: a\r\n",
        "X: a\x00\r\n",
        "X: a\rOrigin: https://evil.com\r\n",
        "X: a\nOrigin: https://evil.com\r\n",
        "X y: a\r\n",
        ": a\r\n",
        "X\r\n",
        "X: " + "a" * 9000 + "\r\n",
        "X: y\r\n" * 200,
        "X" * 9000 + ": a\r\n",
    ],
)
async def test_tricks_with_headers(target, headers):
    for make in BOTH:
        for path in (LINE, "/ws"):
            answer = await exchange(target, make(path, AUTHORIZED + headers))
            assert answer.status in {400, 431}


@pytest.mark.parametrize(
    "request_text",
    [
        get(WITH_TOKEN).replace("\r\n", "\n"),
        get(WITH_TOKEN).replace("HTTP/1.1", "HTTP/2.0"),
        get(WITH_TOKEN).replace(" HTTP/1.1", ""),
        get(WITH_TOKEN).replace("GET ", "GET  "),
        get(WITH_TOKEN).replace("GET ", "GET\t"),
        get(WITH_TOKEN).replace("GET ", "\r\n\r\nGET "),
        get(f"/v1/connect?token={TOKEN}\r\nX: y"),
        get(f"/v1/con nect?token={TOKEN}"),
        get(f"/v1/connect?token={TOKEN}\x80"),
        get("/v1/connect?" + "a" * 9000),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "\x00" * 5000,
        "SSH-2.0-x\r\n",
        "\r\n",
    ],
)
async def test_what_is_no_request(target, request_text, monkeypatch):
    monkeypatch.setattr(limits, "HEAD_TIMEOUT_S", 0.2)
    answer = await exchange(target, request_text)
    assert answer.status in {0, 400, 414}


async def test_an_upgrade_that_is_none_is_not_let_in_without_the_token(target):
    """Saying `Upgrade: websocket` on a GET does not make it one of the same user's WebSockets."""
    for path in (LINE, "/", "/metrics", "/v1/snapshot.jpg"):
        answer = await exchange(target, get(path, "Upgrade: websocket\r\n"))
        assert answer.status == 404
        assert b"ok" not in answer.body


# -- messages ---


async def test_deep_and_broken_messages(target, controls):
    async with connect(target.url, proxy=None, max_size=None) as connection:
        deep = ['{"a":' * 9000, "[" * 60_000, '{"type":"connect","data":' + "[" * 30_000]
        for message in (*deep, "\x00connect", "connect\x00", "con\u0000nect", "{}{}", "\ud7ff"):
            await connection.send(message)
        await connection.send(b"connect")
        answers = [json.loads(await connection.recv()) for _ in range(11)]
    assert [answer["type"] for answer in answers[2:]] == ["error"] * 9


def fuzzed(rng, count):
    """Inputs near the grammar and far from it, the same in each run."""
    names = [*messages.COMMANDS, "set_promt", "", "Pause", "pausé"]
    fields = [name for model in messages.COMMANDS.values() for name in model.model_fields]
    values = [None, True, 1, -1, 1.5, 1e308, 2**53, 2**64, "", "on", "x" * 5000, [], {}, [[]]]
    values += ["\ud800", "\x00", "🎥", ["state"], ["state", 1], {"a": {"b": {}}}]
    alphabet = string.printable + "éß漢🎥\u2028\ufeff\x00\x1b" + '{}[]":,\\' * 4

    def value(depth=0):
        if depth < 3 and rng.random() < 0.2:
            return {rng.choice(fields): value(depth + 1) for _ in range(rng.randrange(3))}
        return rng.choice(values)

    def message():
        return {"type": rng.choice(names), "id": value(), "data": value()}

    for _ in range(count):
        kind = rng.randrange(6)
        if kind == 0:
            yield "".join(rng.choices(alphabet, k=rng.randrange(60)))
        elif kind == 1:
            words = rng.choices(
                [*names, *fields, "=", "on", "-1", "1e9", "a=b"], k=rng.randrange(5)
            )
            yield rng.choice([" ", "=", "\t", ","]).join(words)
        elif kind == 2:
            # Commands without an effect, so that whatever is valid stays rare.
            yield json.dumps({rng.choice(["type", "id", "data", "x"]): value() for _ in range(3)})
        elif kind == 3:
            yield json.dumps(message())
        elif kind == 4:
            text = json.dumps(message(), ensure_ascii=rng.random() < 0.5)
            at = rng.randrange(len(text))
            yield text[:at] + rng.choice(alphabet) + text[at + rng.randrange(3) :]
        else:
            text = json.dumps(message())
            yield text[: rng.randrange(len(text))]


def test_a_hundred_thousand_inputs_get_an_answer_or_a_command():
    rng = random.Random(7262)
    understood, refusals = 0, []
    for message in fuzzed(rng, 100_000):
        try:
            command = reading.parse(message).command
            understood += 1
            assert messages.COMMANDS[command.wire_name] is type(command)
        except messages.ProtocolError as error:
            refusals.append(error)
    for error in refusals:
        assert len(error.message) < 700
        error.reply().text().encode()
    assert 0 < understood < 30_000


def test_ten_thousand_queries_get_an_answer_or_a_command():
    rng = random.Random(7262)
    alphabet = "&=%+;?#/" * 3 + "0123456789abcdefon\x00é"
    for _ in range(10_000):
        name = rng.choice([*messages.COMMANDS, "nothing"])
        query = "".join(rng.choices(alphabet, k=rng.randrange(40)))
        try:
            reading.command_from_query(name, f"{rng.choice(['', 'id=', 'seed=', 'on='])}{query}")
        except messages.ProtocolError as error:
            error.reply().text().encode()


async def test_noise_on_the_port(target, monkeypatch):
    monkeypatch.setattr(limits, "HEAD_TIMEOUT_S", 0.2)
    rng = random.Random(7262)
    good = get(WITH_TOKEN, "Origin: https://evil.com\r\n").encode()

    async def attack():
        blob = bytearray(good)
        for _ in range(rng.randrange(1, 6)):
            # The origin's name stays as it is: without it this were the user's own request.
            blob[rng.randrange(blob.index(b"Host"))] = rng.randrange(256)
        answer = await exchange(target, bytes(blob))
        assert answer.status not in {101, 200}

    for _ in range(10):
        await asyncio.gather(*(attack() for _ in range(30)))


# -- floods ---


async def test_a_flood_of_requests_without_a_token(target):
    for _ in range(10):
        answers = await asyncio.gather(*(exchange(target, get(LINE, "")) for _ in range(100)))
        assert {answer.status for answer in answers} == {401}
    # Nobody was made to wait for the flood: only those who have the token are counted.
    assert (await exchange(target, get("/"))).status == 200


async def test_idle_sockets_leave_room_for_a_client(target, runtime_dir, monkeypatch):
    # Not by their deadline: the oldest have to go for the newest.
    monkeypatch.setattr(limits, "HEAD_TIMEOUT_S", 600)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard >= 1024
    idle = [await asyncio.open_connection("127.0.0.1", target.port) for _ in range(300)]
    try:
        for _ in range(20):
            assert (await exchange(target, get("/"))).status == 200
        async with open_client(target) as client:
            assert (await client.ask("get_state"))["type"] == "ok"
        async with asyncio.timeout(20):
            gone = (reader.read() for reader, _ in idle[:40])
            await asyncio.gather(*gone, return_exceptions=True)
        assert len(target._listeners[0].sockets) <= limits.MAX_OPENING
        if unixsocket.IS_SUPPORTED:
            answer = await exchange_unix(runtime_dir, get("/", headers=""))
            assert answer.status == 200
    finally:
        for _, writer in idle:
            writer.transport.abort()


async def test_slowloris(target, monkeypatch):
    monkeypatch.setattr(limits, "HEAD_TIMEOUT_S", 0.3)

    async def drip():
        _, writer = await asyncio.open_connection("127.0.0.1", target.port)
        try:
            for byte in get(WITH_TOKEN).encode() * 20:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            return "closed"
        finally:
            writer.transport.abort()

    async with asyncio.timeout(60):
        assert await asyncio.gather(*(drip() for _ in range(20))) == ["closed"] * 20


async def test_an_answer_that_is_not_read_is_given_up(target, controls, monkeypatch):
    monkeypatch.setattr(limits, "ANSWER_TIMEOUT_S", 0.2)
    monkeypatch.setattr("tests.fakes.controls.JPEG", b"x" * 30_000_000)
    _, writer = await asyncio.open_connection("127.0.0.1", target.port, limit=1024)
    writer.write(get("/v1/snapshot.jpg").encode())
    await asyncio.sleep(0)
    writer.transport.pause_reading()
    listener = target._listeners[0]
    async with asyncio.timeout(20):
        while not controls.taken:
            await asyncio.sleep(0.01)
        while listener.sockets:
            await asyncio.sleep(0.01)
    writer.transport.abort()
    controls.taken = 0


@pytest.mark.skipif(not unixsocket.IS_SUPPORTED, reason="only on Linux")
async def test_a_full_port_leaves_the_unix_socket(target, runtime_dir):
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(limits.MAX_CLIENTS):
            await stack.enter_async_context(open_client(target))
        with pytest.raises(InvalidStatus):
            await open_client(target).__aenter__()
        async with unix_connect(str(runtime_dir / "control.sock"), "ws://localhost/ws") as own:
            assert json.loads(await own.recv())["type"] == "hello"
        assert (await exchange_unix(runtime_dir, get("/", headers=""))).status == 200
        assert (await exchange(target, get("/"))).status == 200


# -- from elsewhere ---


def lan_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent; the system only chooses the address that it would send from.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith(("127.", "0.")) else address


async def test_other_machines_cannot_reach_it(target):
    address = lan_address()
    if address is None:
        pytest.skip("this machine has no other address than loopback")
    with pytest.raises(ConnectionError):
        await asyncio.open_connection(address, target.port)


# -- another user of this machine ---

STRANGER = """
import socket, sys
from pathlib import Path

def ask(family, address, request):
    with socket.socket(family) as client:
        client.settimeout(20)
        try:
            client.connect(address)
            client.sendall(request.encode())
            return client.recv(65536).split()[1].decode()
        except OSError as error:
            return type(error).__name__

def read(path):
    try:
        return Path(path).read_text()
    except OSError as error:
        return type(error).__name__

port, folder, state = int(sys.argv[1]), sys.argv[2], sys.argv[3]
web, ws = sys.argv[4:6]
tcp = ("127.0.0.1", port)
print(ask(socket.AF_INET, tcp, web), ask(socket.AF_INET, tcp, ws))
print(ask(socket.AF_UNIX, folder + "/control.sock", web))
print(read(folder + "/control.json"), read(state + "/token"))
"""


@pytest.fixture
def as_nobody(require_tools):
    """Run a script as another user; where that cannot be done, skip."""
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or setpriv is None:
        pytest.skip("only root can be another user")
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    command = [
        setpriv,
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        python,
        "-I",
        "-S",
        "-c",
    ]
    probe = subprocess.run([*command, "print(1)"], capture_output=True, check=False, cwd="/")
    if probe.returncode:
        if require_tools:
            pytest.fail(f"no interpreter for another user: {probe.stderr!r}")
        pytest.skip("another user cannot run this interpreter")

    async def run(script, *arguments):
        process = await asyncio.create_subprocess_exec(
            *command, script, *map(str, arguments), stdout=asyncio.subprocess.PIPE, cwd="/"
        )
        out, _ = await process.communicate()
        return out.decode().split()

    return run


@pytest.fixture
def open_folder():
    """A folder that every user can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


async def test_another_user(as_nobody, open_folder, controls):
    folder, state = open_folder / "run", open_folder / "state"
    config = ControlConfig(port=0)
    async with ControlServer(config, controls, state_dir=state, runtime_dir=folder) as server:
        asked = (server.port, folder, state, get(LINE, ""), upgrade(headers=""))
        assert await as_nobody(STRANGER, *asked) == [
            "401",
            "401",
            "PermissionError",
            "PermissionError",
            "PermissionError",
        ]
        # Even with every file laid open, the socket asks who is there.
        folder.chmod(0o777)
        (folder / "control.sock").chmod(0o777)
        assert (await as_nobody(STRANGER, *asked))[2] == "403"
        assert controls.done == []


async def test_another_user_with_the_token_gets_some_of_the_clients_only(
    as_nobody, open_folder, controls
):
    script = """
import socket, sys
opened = []
for _ in range(12):
    client = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
    client.sendall(sys.argv[2].encode())
    print(client.recv(65536).split()[1].decode())
    opened.append(client)
"""
    config = ControlConfig(port=0, token=TOKEN)
    runtime_dir = open_folder / "run"
    async with ControlServer(
        config, controls, state_dir=open_folder / "state", runtime_dir=runtime_dir
    ) as server:
        most = limits.MAX_CLIENTS_OF_ANOTHER_USER
        statuses = await as_nobody(script, server.port, upgrade())
        assert statuses == ["101"] * most + ["503"] * (12 - most)
        async with open_client(server) as client:
            assert (await client.ask("pause"))["type"] == "ok"


# -- planted files ---


@pytest.mark.parametrize("name", ["control.json", "control.sock"])
async def test_a_planted_link_is_replaced_and_not_followed(serve, runtime_dir, tmp_path, name):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    victim.chmod(0o644)
    runtime_dir.mkdir(mode=0o700)
    (runtime_dir / name).symlink_to(victim)
    async with serve() as server:
        assert not (runtime_dir / name).is_symlink()
        assert (await exchange(server, get("/v1/pause"))).status == 200
    assert victim.read_text() == "precious"
    assert stat.S_IMODE(victim.stat().st_mode) == 0o644
    assert list(runtime_dir.iterdir()) == []


@pytest.mark.skipif(not unixsocket.IS_SUPPORTED, reason="only on Linux")
async def test_a_link_to_a_living_socket_is_not_knocked_on(serve, runtime_dir, tmp_path):
    runtime_dir.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as elsewhere:
        elsewhere.bind(str(tmp_path / "s"))
        elsewhere.listen()
        elsewhere.setblocking(False)
        (runtime_dir / "control.sock").symlink_to(tmp_path / "s")
        async with serve():
            assert (await exchange_unix(runtime_dir, get("/", headers=""))).status == 200
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch])
async def test_something_else_in_the_sockets_place_is_left_there(serve, runtime_dir, make):
    runtime_dir.mkdir(mode=0o700)
    make(runtime_dir / "control.sock")
    with pytest.raises(StartupError, match="is not a socket; remove it"):
        await serve().__aenter__()
    assert [path.name for path in runtime_dir.iterdir()] == ["control.sock"]


async def test_a_planted_folder_is_refused(serve, runtime_dir, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    runtime_dir.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StartupError, match="symbolic link"):
        await serve().__aenter__()
    assert list((tmp_path / "elsewhere").iterdir()) == []
