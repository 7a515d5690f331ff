"""`sana-vcam ctl snapshot FILE`: what viewers see, as the kind of picture that the name says."""

from __future__ import annotations

import base64
import os
import stat
import sys
import time
from pathlib import PurePath

from sana_vcam.clients.terminal import EXIT_USAGE, Failure
from sana_vcam.lib.printing import printable

JPEG = (".jpg", ".jpeg", ".jpe", "")
OTHERS = (".png", ".webp")
"""The kinds that are made here of the daemon's JPEG, by the ending of the name."""


def require_format(file: str) -> None:
    """Raise `Failure` unless the ending of a name is that of a picture that can be written."""
    if file == "-" or _is_special(file) or _ending(file) in {*JPEG, *OTHERS}:
        return
    raise Failure(
        f"{printable(file)}: a picture is written as .jpg, .png or .webp, "
        "or as JPEG under a name without an ending",
        EXIT_USAGE,
    )


def save(picture: str, file: str | None) -> None:
    """Write a JPEG, given in base64, to `file`, `-` being standard output.

    None: a name with the time. Raises `Failure` if it cannot be written.
    """
    jpeg = base64.b64decode(picture)
    file = file or time.strftime("sana-vcam-%Y%m%d-%H%M%S.jpg")
    if file == "-":
        try:
            sys.stdout.buffer.write(jpeg)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise Failure(f"cannot write {file}: {error.strerror}") from error
        return
    data = jpeg if _is_special(file) else _as(_ending(file), jpeg)
    try:
        # A picture of the user's: nobody else's to read, whatever the umask.
        with open(file, "wb", opener=_private) as stream:
            stream.write(data)
    except OSError as error:
        raise Failure(f"cannot write {printable(file)}: {error.strerror}") from error
    print(f"wrote {printable(file)}", file=sys.stderr)


def _ending(file: str) -> str:
    return PurePath(file).suffix.lower()


def _is_special(file: str) -> bool:
    """Whether it is a device or a pipe, whose name says nothing of the picture."""
    return os.path.exists(file) and not os.path.isfile(file)  # noqa: PTH110, PTH113


def _as(ending: str, jpeg: bytes) -> bytes:
    """Make the picture that the ending of the file's name promises."""
    if ending in JPEG:
        return jpeg
    import cv2  # for these two alone
    import numpy as np

    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise Failure("the daemon's picture cannot be read")
    return bytes(cv2.imencode(ending, pixels)[1].tobytes())


def _private(path: str, flags: int) -> int:
    number = os.open(path, flags, 0o600)
    if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(number).st_mode):
        os.fchmod(number, 0o600)
    return number
