"""`sana-vcam ctl image FILE`: read here, as the user who types it, and sent in pieces."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

from sana_vcam.clients.terminal import Failure
from sana_vcam.control.protocol import messages
from sana_vcam.control.protocol.imagepieces import MAX_IMAGE_BYTES, PIECE_CHARS
from sana_vcam.lib.printing import printable
from sana_vcam.lib.statefile import read_bounded

_PIECE_BYTES = PIECE_CHARS // 4 * 3


def commands_for(file: str | None) -> Iterator[messages.SetImage]:
    """List what shows a file to the model; no file takes the image away.

    Raises `Failure` for what cannot be read or is too large.
    """
    if file is None:
        yield messages.SetImage()
        return
    path = Path(os.path.expanduser(file))  # noqa: PTH111  (never raises)
    try:
        data = read_bounded(path, MAX_IMAGE_BYTES)
    except FileNotFoundError:
        raise Failure(f"{printable(file)}: there is no such file") from None
    except OSError as error:
        too_large = path.is_file() and path.stat().st_size > MAX_IMAGE_BYTES
        why = f"it has more than {MAX_IMAGE_BYTES / 1e6:.0f} MB" if too_large else error.strerror
        raise Failure(f"{printable(file)}: {why}") from None
    if not data:
        raise Failure(f"{printable(file)}: it is empty")
    for start in range(0, len(data), _PIECE_BYTES):
        yield messages.SetImage(
            data=base64.b64encode(data[start : start + _PIECE_BYTES]).decode("ascii"),
            name=path.name[:255],
            more=start + _PIECE_BYTES < len(data),
        )
