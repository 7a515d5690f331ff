"""The JPEGs of cameras: without their end, with rubbish around them, or with a part that was lost.

OpenCV decodes what is damaged without a word, and refuses what only lacks its end marker. Here it
is judged how much of a picture is there: one that is torn is dropped, one that lacks nothing that
can be seen is shown. Flipped bits, which USB notices and sends again, are not looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from sana_vcam.media.pixels import Pixels, cv2

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SOS, DHT, DRI = 0xDA, 0xC4, 0xDD
FRAMES = frozenset(range(0xC0, 0xD0)) - {DHT, 0xC8, 0xCC}
"""The markers of a frame's header, SOF0 to SOF15 (ITU-T T.81, table B.1)."""
BARE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers that no segment follows."""
SEARCHED_BYTES = 4096
"""Rubbish before the picture may be so long."""
MOST_PIXELS = 2**26
"""A larger picture is no camera's."""
HOLE = bytes(32)
"""So many zeros in a row are a hole, unless a flat picture may be coded so: by the usual tables a
block of them has 63 coefficients of -1, which no scene gives."""
MOST_MISSING = 0.02
"""The part of a picture that may be missing and is not seen: a line or two of blocks at the end."""
BLOCK = 8
END_OF_BLOCK = b"\0"


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the coded picture."""

    at: int
    """Where the coded picture begins."""
    width: int
    height: int
    blocks: int
    """How many blocks of the coded size (MCU) the picture has; 0 where scans differ."""
    interval: int
    """So many of them lie between two restart markers; 0: there are none."""
    zeros_are_flat: bool
    """Whether a flat part of a picture may be coded as zeros."""


def decode_jpeg(data: bytes) -> Pixels | None:
    """Decode a camera's JPEG to (h, w, 3) BGR; None for one that is torn."""
    start = data.find(SOI + b"\xff", 0, SEARCHED_BYTES)
    header = _header(data, start + 2) if start >= 0 else None
    if header is None or header.width * header.height > MOST_PIXELS:
        return None
    end = data.find(EOI, header.at)
    coded = data[header.at : end] if end >= 0 else _without_rest(data[header.at :], header)
    if _has_hole(coded, header, whole=end >= 0):
        return None
    head = data[start : header.at]
    picture = _decode(head + coded)
    if picture is None or not _ends_flat(picture):
        return picture
    # Data that is over before the picture is, although its end was sent, has lost a part before.
    most = 0.0 if end >= 0 else MOST_MISSING
    return None if _missing(head, coded, picture) > most else picture


def _decode(jpeg: bytes) -> Pixels | None:
    try:
        return cv2.imdecode(np.frombuffer(jpeg + EOI, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None


def _header(data: bytes, at: int) -> Header | None:
    """Read the segments up to the coded picture; None if they do not lead there."""
    width = height = blocks = interval = 0
    tables: list[bytes] = []
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in BARE:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        body = data[at + 4 : at + 2 + length]
        at += 2 + length
        if length < 2 or at > len(data):
            return None
        if marker in FRAMES and len(body) >= 9:
            height, width = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
            blocks = _blocks(marker, body, width, height)
        elif marker == DRI and len(body) >= 2:
            interval = int.from_bytes(body[:2])
        elif marker == DHT:
            tables += _first_codes(body)
        elif marker == SOS:
            # The usual tables, if there are none, have another one for brightness.
            zeros_are_flat = bool(tables) and all(code == END_OF_BLOCK for code in tables)
            found = Header(at, width, height, blocks, interval, zeros_are_flat)
            return found if width and height else None
    return None


def _blocks(marker: int, body: bytes, width: int, height: int) -> int:
    """Count the blocks of a picture that is coded in one go; 0 for a progressive one."""
    factors = [body[at] for at in range(7, len(body), 3)]
    if marker not in {0xC0, 0xC1} or not factors:
        return 0
    across = max(factor >> 4 for factor in factors) if len(factors) > 1 else 1
    down = max(factor & 15 for factor in factors) if len(factors) > 1 else 1
    if not across or not down:
        return 0
    return -(-width // (BLOCK * across)) * -(-height // (BLOCK * down))


def _first_codes(body: bytes) -> list[bytes]:
    """List what the code of zeros means in each of the tables for coefficients (AC)."""
    found, at = [], 0
    while at + 17 <= len(body):
        count = sum(body[at + 1 : at + 17])
        if body[at] >> 4 == 1:
            found.append(body[at + 17 : at + 18])
        at += 17 + count
    return found


def _without_rest(coded: bytes, header: Header) -> bytes:
    """Take away what fills the buffer behind a picture without its end marker, or half of that."""
    return coded.rstrip(b"\xff" if header.zeros_are_flat else b"\0\xff")


def _has_hole(coded: bytes, header: Header, *, whole: bool) -> bool:
    """Whether there are zeros that no picture gives, or restart markers are missing.

    They are numbered from 0 to 7 in turns. `whole`: up to the end marker.
    """
    if not header.zeros_are_flat and HOLE in coded:
        return True
    if not header.interval or not header.blocks:
        return False
    raw = np.frombuffer(coded, np.uint8)
    found = raw[np.flatnonzero(raw[:-1] == 0xFF) + 1]
    restarts = found[(found & 0xF8) == 0xD0] & 7
    wanted = -(-header.blocks // header.interval) - 1
    least = wanted if whole else wanted * (1 - MOST_MISSING)
    in_turn = np.array_equal(restarts, np.arange(restarts.size) & 7)
    return not (in_turn and least <= restarts.size <= wanted)


def _ends_flat(picture: Pixels) -> bool:
    """Whether the last block is of one colour, as the decoder makes what is missing."""
    last = picture[-BLOCK:, -BLOCK:].reshape(-1, 3)
    return bool((last == last[0]).all())


def _missing(head: bytes, coded: bytes, picture: Pixels) -> float:
    """Measure the part of the picture that no data was there for.

    Other data behind what is there changes that part, and nothing else.
    """
    other = _decode(head + coded + _noise(len(coded) // 8 + 1024))
    if other is None or other.shape != picture.shape:
        return 1.0
    return float((other != picture).any(axis=2).mean())


@cache
def _noise(size: int) -> bytes:
    size = 1 << size.bit_length()
    return np.random.default_rng(1).integers(1, 255, size, np.uint8).tobytes()
