import pytest

from sana_vcam.control.access.policy import AccessPolicy, AccessRequest, Allowed, require_loopback
from sana_vcam.errors import StartupError

TOKEN = "s3cret-töken"
ME, OTHER = 1000, 1001
BEARER = ("Authorization", f"Bearer {TOKEN}".encode().decode("iso-8859-1"))
QUERY = "/ws?token=s3cret-t%C3%B6ken"
WS = ("Upgrade", "websocket")
HOST = ("Host", "127.0.0.1:7262")


def decide(target, *headers, uid=None, tokenless_uid=ME):
    request = AccessRequest(target, headers, peer_uid=lambda: uid)
    decision = AccessPolicy(TOKEN, tokenless_uid).decide(request)
    return 200 if isinstance(decision, Allowed) else decision.status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:7262", 200),
        ("127.8.9.1:1", 200),
        ("localhost", 200),
        ("LocalHost:7262", 200),
        ("[::1]:7262", 200),
        ("[::1]", 200),
        ("evil.example", 421),
        ("evil.example:7262", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost@evil.example", 421),
        ("evil.example/localhost", 421),
        ("192.168.0.2:7262", 421),
        ("0.0.0.0:7262", 421),
        ("[::]", 421),
        ("::1", 421),
        ("127.1", 421),
        ("2130706433", 421),
        ("0x7f000001", 421),
        ("[::1", 421),
        ("[::1%25lo]", 421),
        ("localhost:", 421),
        ("localhost:port", 421),
        ("localhost:7262 ", 200),
        ("", 421),
    ],
)
def test_first_the_host(host, status):
    assert decide("/ws", ("Host", host), BEARER, WS) == status


def test_no_host_at_all():
    assert decide("/ws", BEARER, WS) == 421


def test_the_host_is_checked_before_the_token():
    assert decide("/ws", ("Host", "evil.example"), WS) == 421


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("/ws", [BEARER], 200),
        ("/ws", [("authorization", BEARER[1].replace("Bearer", "bEARER"))], 200),
        (QUERY, [], 200),
        ("/ws?a=b&" + QUERY[4:], [], 200),
        (QUERY, [BEARER], 200),
        ("/ws", [], 401),
        ("/ws?token=", [], 401),
        ("/ws?token", [], 401),
        ("/ws?token=wrong", [], 401),
        ("/ws?token=wrong", [BEARER], 401),
        (QUERY, [("Authorization", "Bearer wrong")], 401),
        (QUERY + "&token=wrong", [], 401),
        ("/ws?Token=" + QUERY[10:], [], 401),
        ("/ws#token=" + QUERY[10:], [], 401),
        ("/ws", [("Authorization", TOKEN)], 401),
        ("/ws", [("Authorization", f"Basic {TOKEN}")], 401),
        ("/ws", [("Authorization", "Bearer")], 401),
        ("/ws", [("Authorization", f"Bearer {TOKEN}x")], 401),
        ("/ws", [("Authorization", "Bearer \u4e2d")], 401),
        ("/ws", [BEARER, BEARER], 400),
        ("/ws", [BEARER, ("AUTHORIZATION", "Bearer wrong")], 400),
        ("/ws", [BEARER, ("host", "127.0.0.1")], 400),
        ("/ws", [BEARER, ("Origin", "null"), ("origin", "null")], 400),
    ],
)
@pytest.mark.parametrize("upgrade", [[WS], []])
def test_then_the_token(target, headers, status, upgrade):
    assert decide(target, HOST, *headers, *upgrade) == status


def test_a_wrong_token_is_wrong_even_for_the_same_user():
    assert decide("/ws?token=wrong", HOST, WS, uid=ME) == 401


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("null", 200),
        ("file://", 200),
        ("http://localhost", 200),
        ("http://localhost:3000", 200),
        ("https://127.0.0.1:8443", 200),
        ("http://[::1]:5173", 200),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("http://localhost@evil.example", 403),
        ("http://localhost:80/evil.example", 403),
        ("https://127.0.0.1.evil.example", 403),
        ("file://evil.example", 403),
        ("chrome-extension://abcdef", 403),
        ("javascript://localhost", 403),
        ("localhost", 403),
        ("NULL", 403),
        ("null null", 403),
        ("", 403),
    ],
)
def test_then_the_origin_even_with_the_token(origin, status):
    assert decide("/ws", HOST, BEARER, WS, ("Origin", origin)) == status
    assert decide("/ws", HOST, WS, ("Origin", origin), uid=ME) == 401


@pytest.mark.parametrize(
    ("headers", "uid", "tokenless_uid", "status"),
    [
        ([WS], ME, ME, 200),
        ([("upgrade", "WebSocket")], ME, ME, 200),
        ([WS], OTHER, ME, 401),
        ([WS], 0, ME, 401),
        ([WS], None, ME, 401),
        ([WS], ME, None, 401),
        ([WS], None, None, 401),
        ([], ME, ME, 401),
        ([("Upgrade", "h2c")], ME, ME, 401),
        ([WS, ("Origin", "null")], ME, ME, 401),
        ([WS, ("Origin", "http://localhost")], ME, ME, 401),
        ([WS, ("Sec-Fetch-Site", "none")], ME, ME, 401),
        ([WS, ("sec-fetch-mode", "websocket")], ME, ME, 401),
        ([WS, ("Authorization", "")], ME, ME, 401),
    ],
)
def test_without_a_token_only_a_websocket_of_the_same_user(headers, uid, tokenless_uid, status):
    assert decide("/ws", HOST, *headers, uid=uid, tokenless_uid=tokenless_uid) == status


def test_the_policy_does_not_show_its_token():
    assert TOKEN not in repr(AccessPolicy(TOKEN, ME))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_may_be_listened_on(host):
    require_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.1", "example.org"])
def test_nothing_else_may(host):
    with pytest.raises(StartupError, match="other machines"):
        require_loopback(host)
