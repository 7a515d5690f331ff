"""OSC packets as messages: a bundle is taken apart here, since its sizes may be anything.

OSC 1.0: opensoundcontrol.stanford.edu/spec-1_0.html
"""

from __future__ import annotations

from dataclasses import dataclass

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.parsing import osc_types

MOST_BYTES = 32_768
"""The largest packet: a prompt of 4000 characters has 16 kB at most."""
MOST_DEEP = 8
"""How deep bundles may lie in each other."""
MOST_MESSAGES = 64
"""The most messages in one packet."""
TYPES = frozenset("ifsdhTF")
"""Integers, floating-point numbers, texts, true and false."""

_BUNDLE = b"#bundle\x00"
_BUNDLE_HEAD = len(_BUNDLE) + 8
"""With its time tag: what is in a bundle is done at once, whatever that says."""

type Argument = int | float | str | bool


class NotUnderstood(Exception):
    """A packet or a message of which nothing is done; the message says why."""


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """An address, and what stands behind it."""

    address: str
    arguments: tuple[Argument, ...] = ()


def messages_of(packet: bytes) -> list[ReceivedMessage]:
    """Take a packet apart, in the order in which it has its messages. Raises `NotUnderstood`."""
    if len(packet) > MOST_BYTES:
        raise NotUnderstood(f"a packet of more than {MOST_BYTES} bytes")
    found: list[ReceivedMessage] = []
    # The newest first; no recursion, which a packet could drive as deep as it likes.
    left = [(packet, 0)]
    while left:
        part, depth = left.pop()
        if part.startswith(_BUNDLE):
            if depth == MOST_DEEP:
                raise NotUnderstood(f"bundles that lie more than {MOST_DEEP} deep in each other")
            left += reversed([(one, depth + 1) for one in _parts(part)])
        else:
            found.append(_message(part))
        if len(found) + len(left) > MOST_MESSAGES:
            raise NotUnderstood(f"a bundle of more than {MOST_MESSAGES} messages")
    return found


def _parts(bundle: bytes) -> list[bytes]:
    parts = []
    at = _BUNDLE_HEAD
    if len(bundle) < at:
        raise NotUnderstood("a bundle that is cut off")
    while at < len(bundle):
        size = int.from_bytes(bundle[at : at + 4], signed=True)
        at += 4
        if size <= 0 or size % 4 or at + size > len(bundle):
            raise NotUnderstood("a bundle whose sizes are wrong")
        parts.append(bundle[at : at + size])
        at += size
    return parts


def _message(data: bytes) -> ReceivedMessage:
    if not data.startswith(b"/"):
        raise NotUnderstood("no OSC message")
    try:
        _require_types(data)
        message = OscMessage(data)
        return ReceivedMessage(message.address, tuple(message.params))
    except (ParseError, osc_types.ParseError, UnicodeDecodeError):
        raise NotUnderstood("a message that is damaged") from None


def _require_types(data: bytes) -> None:
    """Refuse types that say nothing here: the library passes over some, and reads on wrongly."""
    _, at = osc_types.get_string(data, 0)
    if at >= len(data):
        return
    tags, _ = osc_types.get_string(data, at)
    strange = next((tag for tag in tags.removeprefix(",") if tag not in TYPES), None)
    if strange is not None:
        raise NotUnderstood(f"an argument of the type {strange!a}; expected a number or a text")
