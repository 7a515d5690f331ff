"""Pods, the values that PipeWire's parameters are made of: building them, and reading one back.

A pod is its body's size, its type and its body, padded to eight bytes (spa/pod/pod.h).
"""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Final

ID: Final = 3
INT: Final = 4
RECTANGLE: Final = 10
FRACTION: Final = 11
OBJECT: Final = 15
CHOICE: Final = 19
"""SPA_TYPE_… of spa/utils/type.h."""

CHOICE_NONE: Final = 0
CHOICE_RANGE: Final = 1
CHOICE_FLAGS: Final = 4
"""SPA_CHOICE_… of spa/pod/pod.h."""


def pod(kind: int, body: bytes) -> bytes:
    """Build a pod of this type."""
    return struct.pack("=II", len(body), kind) + body + bytes(-len(body) % 8)


def identifier(number: int) -> bytes:
    """Build a number that stands for one of an enumeration."""
    return pod(ID, struct.pack("=I", number))


def integer(number: int) -> bytes:
    """Build a signed number of 32 bits."""
    return pod(INT, struct.pack("=i", number))


def rectangle(width: int, height: int) -> bytes:
    """Build a size."""
    return pod(RECTANGLE, struct.pack("=II", width, height))


def fraction(number: Fraction) -> bytes:
    """Build a fraction, such as a frame rate."""
    return pod(FRACTION, struct.pack("=II", number.numerator, number.denominator))


def integers(choice: int, *numbers: int) -> bytes:
    """Build a choice of integers: the default first, then what `choice` wants."""
    head = struct.pack("=IIII", choice, 0, 4, INT)
    return pod(CHOICE, head + struct.pack(f"={len(numbers)}i", *numbers))


def compound(kind: int, parameter: int, properties: dict[int, bytes]) -> bytes:
    """Build an object of this type for this parameter; the properties are pods, by their key."""
    body = struct.pack("=II", kind, parameter)
    for key, value in properties.items():
        body += struct.pack("=II", key, 0) + value
    return pod(OBJECT, body)


def read_identifier(of: bytes, key: int) -> int | None:
    """Read a property of an object that is an identifier, or a choice that begins with one."""
    if len(of) < 16 or struct.unpack_from("=I", of, 4)[0] != OBJECT:
        return None
    size = struct.unpack_from("=I", of)[0]
    at, end = 16, min(8 + size, len(of))
    while at + 16 <= end:
        found, _, length, kind = struct.unpack_from("=IIII", of, at)
        if found == key:
            return _identifier_at(of, at + 8, end, kind)
        at += 16 + length + -length % 8
    return None


def _identifier_at(of: bytes, at: int, end: int, kind: int) -> int | None:
    """Read the identifier of the pod at `at`; what is fixed may stand in a choice of one."""
    if kind == CHOICE:
        at += 16
        if at + 12 > end:
            return None
        kind = struct.unpack_from("=I", of, at + 4)[0]
    if kind != ID or at + 12 > end:
        return None
    number: int = struct.unpack_from("=I", of, at + 8)[0]
    return number
