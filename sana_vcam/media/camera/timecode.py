"""A frame counter drawn into the picture, which survives lossy coding, scaling and cropping.

Two rows of 16 black and white cells along the bottom hold 24 bits of counter, most significant
first, and 8 check bits. The cells keep away from the outer 5 %, and are large enough to be read
from their middles at 320x176, or after the 1 % crops between 704 and 720 lines.
"""

from __future__ import annotations

import numpy as np

from sana_vcam.media.pixels import Pixels

ROWS, COLUMNS = 2, 16
LEFT, RIGHT, TOP, BOTTOM = 0.06, 0.94, 0.84, 0.94
"""Where the cells are, in parts of the width and the height."""
MIDDLE = 0.4
"""The part of a cell, each way, that is read."""
DARK, LIGHT = 16, 240
LEAST_CONTRAST = 48
BITS = 24


def encode_counter(pixels: Pixels, number: int) -> None:
    """Draw `number`, modulo 2**24, into the pixels in place."""
    height, width = pixels.shape[:2]
    number %= 1 << BITS
    word = number << 8 | _check(number)
    bits = np.unpackbits(np.frombuffer(word.to_bytes(4), np.uint8)).reshape(ROWS, COLUMNS)
    cells = np.where(bits, LIGHT, DARK).astype(np.uint8)
    edges_x = np.rint(np.linspace(LEFT, RIGHT, COLUMNS + 1) * width).astype(int)
    edges_y = np.rint(np.linspace(TOP, BOTTOM, ROWS + 1) * height).astype(int)
    strip = np.repeat(np.repeat(cells, np.diff(edges_x), axis=1), np.diff(edges_y), axis=0)
    pixels[edges_y[0] : edges_y[-1], edges_x[0] : edges_x[-1], :3] = strip[:, :, None]


def read_counter(pixels: Pixels) -> int | None:
    """Read the number in a picture of any size; None if there is none that can be trusted."""
    cells = _read_cells(pixels)
    darkest, lightest = cells.min(), cells.max()
    if lightest - darkest < LEAST_CONTRAST:
        return None
    levels = (cells - darkest) / (lightest - darkest)
    if np.any(np.abs(levels - 0.5) < 0.15):
        return None
    word = int.from_bytes(np.packbits(levels > 0.5))
    number, check = word >> 8, word & 0xFF
    return number if check == _check(number) else None


def _read_cells(pixels: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Measure the mean brightness of each cell's middle."""
    height, width = pixels.shape[:2]
    cell_width = (RIGHT - LEFT) / COLUMNS * width
    cell_height = (BOTTOM - TOP) / ROWS * height
    cells = np.empty((ROWS, COLUMNS))
    for row in range(ROWS):
        y = TOP * height + (row + 0.5) * cell_height
        for column in range(COLUMNS):
            x = LEFT * width + (column + 0.5) * cell_width
            half_x, half_y = MIDDLE / 2 * cell_width, MIDDLE / 2 * cell_height
            across = slice(int(x - half_x), max(int(x + half_x), int(x - half_x) + 1))
            down = slice(int(y - half_y), max(int(y + half_y), int(y - half_y) + 1))
            cells[row, column] = pixels[down, across, :3].mean()
    return cells


def _check(number: int) -> int:
    """CRC-8 (polynomial 0x07) that is not zero for zero, so the cells are never all alike."""
    crc = 0xA5
    for byte in number.to_bytes(BITS // 8):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ (0x07 if crc & 0x80 else 0)) & 0xFF
    return crc
