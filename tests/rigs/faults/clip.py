"""The camera of every row: a moving scene, with a marker whose colours the edit takes away."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sana_vcam.media.camera.testscene import SceneDrawing

WIDTH, HEIGHT, FPS = 640, 360, 24
SECONDS = 8
PROMPT = "a black-and-white photograph"
"""What the model is asked for: it leaves no colour anywhere."""

YELLOW, BLUE, CYAN, RED = (40, 230, 230), (220, 40, 30), (220, 220, 40), (40, 40, 225)
MARKER = ((YELLOW, BLUE, CYAN, RED), (BLUE, YELLOW, RED, CYAN))
"""BGR; light and dark alternate, so that without its colours the marker is a chequerboard."""
LEFT, TOP, CELL_WIDTH, CELL_HEIGHT = 0.08, 0.10, 0.07, 0.11
"""Where it is, in parts of the width and the height."""

CARD_LUMA = (24.0, 52.0)
"""The background of a status card, from its bottom to its top."""

type Luma = npt.NDArray[np.float32]


class Seen(StrEnum):
    """What one frame at the sink shows."""

    LIVE = "live"
    RAW = "raw"
    BLACK = "black"
    CARD = "card"
    OTHER = "other"


def make(path: Path) -> None:
    """Write the clip: `SECONDS` of lightly compressed video (Motion JPEG)."""
    out = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    assert out.isOpened(), path
    scene = SceneDrawing(WIDTH, HEIGHT)
    for number in range(SECONDS * FPS):
        picture = scene.draw(number / FPS)
        mark(picture)
        out.write(picture)
    out.release()


def mark(picture: npt.NDArray[np.uint8]) -> None:
    """Draw the marker into a BGR picture, in place."""
    for rows, columns, colour in _cells(picture.shape[1], picture.shape[0], margin=0.0):
        picture[rows, columns] = colour


def judge(frame: npt.NDArray[np.uint8], width: int = WIDTH, height: int = HEIGHT) -> Seen:
    """What an I420 frame of (height * 3 / 2, width) shows."""
    luma = frame[:height]
    if luma.max() <= 17:
        return Seen.BLACK
    chroma = frame[height:].reshape(2, height // 2, width // 2)
    light, colours, wanted = _measured(luma, chroma)
    if (np.abs(colours - wanted).max(axis=1) < 48).sum() >= 6:
        return Seen.RAW
    alternates = light[::2].min() - light[1::2].max() > 20
    if alternates and np.abs(colours).max() < 24:
        return Seen.LIVE
    return Seen.CARD if _is_card(luma) else Seen.OTHER


def _measured(
    luma: npt.NDArray[np.uint8], chroma: npt.NDArray[np.uint8]
) -> tuple[Luma, Luma, Luma]:
    """Per cell, light and dark in turn: the mean light, the mean colour (U, V), the marker's."""
    light, colours, wanted = [], [], []
    height, width = luma.shape
    for rows, columns, colour in _cells(width, height, margin=0.3):
        light.append(luma[rows, columns].mean())
        half = (
            slice(rows.start // 2, rows.stop // 2),
            slice(columns.start // 2, columns.stop // 2),
        )
        colours.append([plane[half].mean() - 128 for plane in chroma])
        wanted.append(_uv(colour))
    order = [0, 1, 2, 3, 5, 4, 7, 6]
    return (
        np.array(light, np.float32)[order],
        np.array(colours, np.float32)[order],
        np.array(wanted, np.float32)[order],
    )


def _uv(bgr: tuple[int, int, int]) -> tuple[float, float]:
    """The chroma of a colour in BT.601 of limited range, less 128."""
    blue, green, red = (value / 255 for value in bgr)
    return (
        224 * (-0.168736 * red - 0.331264 * green + 0.5 * blue),
        224 * (0.5 * red - 0.418688 * green - 0.081312 * blue),
    )


def _cells(width: int, height: int, margin: float) -> list[tuple[slice, slice, Any]]:
    """(rows, columns, colour) of each cell, less a margin in parts of a cell at every edge."""
    cells = []
    for row, colours in enumerate(MARKER):
        for column, colour in enumerate(colours):
            top = (TOP + (row + margin) * CELL_HEIGHT) * height
            bottom = (TOP + (row + 1 - margin) * CELL_HEIGHT) * height
            left = (LEFT + (column + margin) * CELL_WIDTH) * width
            right = (LEFT + (column + 1 - margin) * CELL_WIDTH) * width
            cells.append((slice(int(top), int(bottom)), slice(int(left), int(right)), colour))
    return cells


def _is_card(luma: npt.NDArray[np.uint8]) -> bool:
    """Whether the left and right edges are the card's dark gradient."""
    width = luma.shape[1]
    edges = np.concatenate([luma[:, : width // 40], luma[:, -width // 40 :]], axis=1)
    rows = edges.astype(np.float32).mean(axis=1)
    low, high = CARD_LUMA
    return bool(
        low <= rows[-1] < rows[0] <= high and edges.astype(np.float32).std(axis=1).max() < 3
    )
