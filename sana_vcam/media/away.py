"""What viewers see in place of the card while no picture of the model comes."""

from __future__ import annotations

from pathlib import Path

from sana_vcam.config.kinds import AWAY_BLACK, AWAY_CARD, Fit, Size
from sana_vcam.errors import CameraError
from sana_vcam.lib.statefile import read_bounded
from sana_vcam.media.camera.clip import ClipReader
from sana_vcam.media.frames import Picture, SlateImage
from sana_vcam.media.pixels import fit

MOST_BYTES = 16_000_000
"""The largest file that is taken."""


class NotShown(Exception):
    """A file that is not shown; the message says which, and why."""


def read_away(away: str, size: Size, mode: Fit) -> Picture | None:
    """Make the picture of (width, height) that stands for the card; None: the card itself.

    `away` is card, black, or the path of a picture; of a video, the first one counts. Blocks.
    Raises `NotShown`.
    """
    if away == AWAY_CARD:
        return None
    if away == AWAY_BLACK:
        return Picture.black(*size)
    path = Path(away)
    try:
        # Refuses what is no plain file, and what is too large; the reader takes an open file only.
        read_bounded(path, MOST_BYTES)
        with ClipReader(path) as reader:
            pixels = next(reader.pictures()).pixels()
    except FileNotFoundError:
        why = "there is no such file"
    except OSError as error:
        why = error.strerror or str(error)
    except CameraError as error:
        why = str(error)
    else:
        return Picture.from_slate(SlateImage(fit(pixels, *size, mode)))
    raise NotShown(f"{path}: {why}")
