"""The folder of clips and recordings, and new files in it that their owner alone may read."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from sana_vcam.errors import KeepingFailed
from sana_vcam.media.clips.prepare import why
from sana_vcam.media.keeping.recording import free_bytes

_FIX = "set keep.folder to a folder that you may write"


def new_file(
    folder: Path, ending: str, reserve_bytes: int, free: Callable[[Path], int] = free_bytes
) -> tuple[Path, BinaryIO]:
    """Make an empty file that is named by the time, and its folder; blocks.

    Raises `KeepingFailed` where that cannot be, or the disk has less than its reserve.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        left = free(folder)
        if left >= reserve_bytes:
            return _create(folder, ending)
    except OSError as error:
        raise KeepingFailed(f"{folder} cannot be written: {why(error)}; {_FIX}") from None
    raise KeepingFailed(
        f"{folder}: {left / 1e6:.0f} MB are free, and {reserve_bytes / 1e6:.0f} MB are to stay so: "
        "make room, or lower keep.reserve_mb"
    )


def _create(folder: Path, ending: str) -> tuple[Path, BinaryIO]:
    name = time.strftime("SANA VCam %Y-%m-%d %H-%M-%S")
    for number in itertools.count(1):
        path = folder / f"{name}{f' ({number})' if number > 1 else ''}{ending}"
        try:
            return path, open(path, "xb", buffering=0, opener=_private)
        except FileExistsError:
            continue
    raise AssertionError("unreachable")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
