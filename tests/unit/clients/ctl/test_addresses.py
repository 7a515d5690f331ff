"""Which addresses are taken for --url."""

from __future__ import annotations

import pytest

from sana_vcam.clients.ctl.addresses import read_address
from sana_vcam.clients.terminal import EXIT_USAGE, Failure


@pytest.mark.parametrize(
    ("given", "url", "token"),
    [
        ("ws://127.0.0.1:7262/ws", "ws://127.0.0.1:7262/ws", None),
        ("ws://127.0.0.1:7262/ws?token=t%2F0", "ws://127.0.0.1:7262/ws", "t/0"),
        ("http://127.0.0.1:7262/?token=t0", "ws://127.0.0.1:7262/ws", "t0"),
        ("http://127.0.0.1:7262", "ws://127.0.0.1:7262/ws", None),
        ("http://localhost:1/v1/get_state", "ws://localhost:1/ws", None),
        ("https://box.lan/", "wss://box.lan/ws", None),
        ("wss://box.lan/sana/ws", "wss://box.lan/sana/ws", None),
        ("HTTP://[::1]:7262/", "ws://[::1]:7262/ws", None),
        ("127.0.0.1:7262", "ws://127.0.0.1:7262/ws", None),
    ],
)
def test_an_address_of_any_kind_is_the_websockets(given, url, token):
    assert read_address(given, None) == (url, token)
    assert read_address(given, "mine") == (url, "mine")


@pytest.mark.parametrize(
    "given",
    ["", "ftp://x/", "http://", "ws://x:port/", "ws://x:99999/", "http://[::1/", "file:///x"],
)
def test_what_is_no_address_is_said_without_its_token(given):
    with pytest.raises(Failure, match="expected an address such as ws://") as refused:
        read_address(f"{given}?token=hidden", None)
    assert refused.value.exit_code == EXIT_USAGE
    assert "hidden" not in str(refused.value)
