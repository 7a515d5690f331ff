"""OSC packets taken apart, whatever is in them."""

from __future__ import annotations

import random
import struct

import pytest
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from sana_vcam.clients.osc.packets import NotUnderstood, ReceivedMessage, messages_of


def message(address: str, *values: object, types: str | None = None) -> bytes:
    builder = OscMessageBuilder(address)
    for place, value in enumerate(values):
        builder.add_arg(value, types[place] if types else None)
    return builder.build().dgram


def bundle(*parts: bytes, tag: int = 1) -> bytes:
    sized = b"".join(struct.pack(">i", len(part)) + part for part in parts)
    return b"#bundle\x00" + struct.pack(">Q", tag) + sized


def test_each_type() -> None:
    packet = message("/sana/x", 3, 0.5, "té", True, False, 2**40, 0.25, types="ifsTFhd")
    assert messages_of(packet) == [
        ReceivedMessage("/sana/x", (3, 0.5, "té", True, False, 2**40, 0.25))
    ]
    assert messages_of(b"/sana/next\x00\x00") == [ReceivedMessage("/sana/next")]


def test_a_bundle_is_done_at_once_and_in_its_order() -> None:
    far = 2**63
    packet = bundle(message("/a"), bundle(message("/b", 1), message("/c"), tag=far), message("/d"))
    assert [one.address for one in messages_of(packet)] == ["/a", "/b", "/c", "/d"]
    builder = OscBundleBuilder(2_000_000_000.0)
    builder.add_content(OscMessageBuilder("/later").build())
    assert messages_of(builder.build().dgram) == [ReceivedMessage("/later")]
    assert messages_of(bundle()) == []


def deep(levels: int) -> bytes:
    packet = message("/a")
    for _ in range(levels):
        packet = bundle(packet)
    return packet


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (b"", "no OSC message"),
        (b"hello", "no OSC message"),
        (b"\x00" * 64, "no OSC message"),
        (b"/" + b"a" * 40_000, "more than 32768 bytes"),
        (b"/sana/x", "damaged"),
        (b"/sana/\xff\x00", "damaged"),
        (b"/sana/x\x00i\x00\x00\x00", "damaged"),
        (message("/sana/x", 3)[:-2], "damaged"),
        (b"/sana/x\x00,[i\x00", r"type '\['"),
        (message("/sana/x", b"blob"), "type 'b'"),
        (b"/sana/x\x00,q\x00\x00" + bytes(8), "type 'q'"),
        (b"/sana/x\x00,\x1b\x00\x00", r"type '\\x1b'"),
        (b"#bundle\x00", "a bundle that is cut off"),
        (bundle() + b"\x00\x00", "sizes are wrong"),
        (bundle() + struct.pack(">i", -4), "sizes are wrong"),
        (bundle() + struct.pack(">i", 0), "sizes are wrong"),
        (bundle() + struct.pack(">i", 2**31 - 4) + b"/a\x00\x00", "sizes are wrong"),
        (bundle(b"nonsense"), "no OSC message"),
        (bundle(*[message("/a")] * 65), "more than 64 messages"),
        (bundle(bundle(*[message("/a")] * 40), bundle(*[message("/a")] * 40)), "more than 64"),
        (deep(9), "more than 8 deep"),
        (deep(1500), "more than 8 deep"),
    ],
)
def test_a_packet_of_which_nothing_is_done(packet: bytes, words: str) -> None:
    with pytest.raises(NotUnderstood, match=words):
        messages_of(packet)


def test_bundles_may_lie_in_each_other() -> None:
    assert len(messages_of(deep(8))) == 1


def test_damage_of_any_kind_is_told_in_words() -> None:
    chance = random.Random(17)
    whole = bundle(message("/sana/prompt", "a clay figure"), message("/sana/setting/x", 0.5))
    told: set[str] = set()
    for _ in range(2000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        cut = bytes(damaged[: chance.randint(0, len(damaged))])
        try:
            found = messages_of(cut)
        except NotUnderstood as error:
            told.add(str(error))
        else:
            assert all(isinstance(one.address, str) for one in found)
    assert len(told) > 3
    assert max(map(len, told)) < 100
