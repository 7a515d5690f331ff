"""Requests to this machine, which no proxy is asked for, whatever the environment says."""

from __future__ import annotations

import ipaddress
import os
import urllib.parse
from collections.abc import MutableMapping

_DIRECT = ("localhost", "127.0.0.0/8", "::1", "0.0.0.0", "::", "::ffff:127.0.0.0/104")  # noqa: S104
"""What a client that reads networks in NO_PROXY, as the SDK's does, takes for this machine."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_NO_PROXY = "NO_PROXY"


def is_loopback(url: str) -> bool:
    """Whether `url` leads to this machine, by its text alone: nothing is resolved."""
    try:
        host = (urllib.parse.urlsplit(url).hostname or "").rstrip(".")
        if host == "localhost" or host.endswith(".localhost"):
            return True
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    found = mapped or address
    return found.is_loopback or found.is_unspecified


def spare_loopback(environ: MutableMapping[str, str] = os.environ) -> None:
    """Name this machine in NO_PROXY, for clients that know no better; call before any is made.

    The SDK's one reads the environment, asks a proxy for loopback like for any other place, takes
    NO_PROXY before no_proxy even if it is empty, passes over either if it is no UTF-8, and does
    not take `*` for addresses (measured with reactor-sdk 1.13). So both names hold the same that
    they held, in words that it reads; and `*` takes the proxies away.
    """
    if not any(_value(environ, name) for name in _PROXIES):
        return
    given = {name: environ.get(name, "").strip() for name in (_NO_PROXY, _NO_PROXY.lower())}
    for name, other in zip(given, reversed(given), strict=True):
        words = _words(given[name] or given[other])
        if "*" in words:
            for proxy in _PROXIES:
                environ.pop(proxy, None)
                environ.pop(proxy.lower(), None)
            return
        environ[name] = ",".join(dict.fromkeys((*words, *_DIRECT)))


def _value(environ: MutableMapping[str, str], name: str) -> str:
    return environ.get(name, "") or environ.get(name.lower(), "")


def _words(text: str) -> list[str]:
    """Split a list, and leave out what is no text: it could name no host."""
    words = (word.strip() for word in text.split(","))
    return [word for word in words if word and not any("\ud800" <= one <= "\udfff" for one in word)]
