"""What counts as this machine, and how the environment is told so."""

from __future__ import annotations

import pytest

from sana_vcam.lib.loopback import is_loopback, spare_loopback

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080",
        "http://LOCALHOST",
        "http://localhost.:8080/x",
        "http://model.localhost",
        "http://127.0.0.1:1",
        "https://127.8.7.6",
        "http://[::1]:8080",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0:8080",
        "http://[::]",
    ],
)
def test_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.reactor.inc",
        "http://localhost.example",
        "http://notlocalhost",
        "http://127.0.0.1.example",
        "http://10.0.0.1",
        "http://[::2]",
        "http://[::1",
        "http://",
        "",
    ],
)
def test_other_machines(url: str) -> None:
    assert not is_loopback(url)


def test_nothing_is_said_without_a_proxy() -> None:
    environ = {"NO_PROXY": "a.example", "http_proxy": ""}
    spare_loopback(environ)
    assert environ == {"NO_PROXY": "a.example", "http_proxy": ""}


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"])
@pytest.mark.parametrize(
    ("given", "upper", "lower"),
    [
        ({}, [], []),
        ({"NO_PROXY": "", "no_proxy": "a.example"}, ["a.example"], ["a.example"]),
        ({"NO_PROXY": "a.example"}, ["a.example"], ["a.example"]),
        ({"NO_PROXY": "a.example", "no_proxy": "b.example"}, ["a.example"], ["b.example"]),
        ({"no_proxy": "caf\udce9, ,b.example,"}, ["b.example"], ["b.example"]),
        ({"no_proxy": "localhost"}, ["localhost"], ["localhost"]),
    ],
)
def test_both_names_keep_what_they_held(
    name: str, given: dict[str, str], upper: list[str], lower: list[str]
) -> None:
    environ = {name: PROXY, **given}
    spare_loopback(environ)
    assert environ[name] == PROXY
    for key, words in (("NO_PROXY", upper), ("no_proxy", lower)):
        found = environ[key].split(",")
        assert found[: len(words)] == words
        assert {"localhost", "127.0.0.0/8", "::1"} <= set(found)
    once = dict(environ)
    spare_loopback(environ)
    assert environ == once


def test_a_star_takes_every_proxy_away() -> None:
    environ = {"http_proxy": PROXY, "ALL_PROXY": PROXY, "no_proxy": "a.example, *"}
    spare_loopback(environ)
    assert environ == {"no_proxy": "a.example, *"}
