"""A clip of the pictures that are held, as a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from sana_vcam.config.kinds import Size
from sana_vcam.errors import KeepingFailed
from sana_vcam.media.clips.prepare import why
from sana_vcam.media.keeping.coded import CodedPicture, cut
from sana_vcam.media.keeping.files import write_clip
from sana_vcam.media.keeping.folder import new_file
from sana_vcam.media.keeping.gif import write_gif
from sana_vcam.media.keeping.recording import free_bytes
from sana_vcam.media.keeping.sound import SoundPiece


def save(
    held: Sequence[CodedPicture],
    folder: Path,
    size: Size,
    fps: float,
    *,
    since: float,
    reserve_bytes: int,
    gif: bool = False,
    sound: Sequence[SoundPiece] = (),
    free: Callable[[Path], int] = free_bytes,
) -> tuple[Path, float]:
    """Write what is held from `since` on into a new file; give it and its seconds. Blocks.

    A GIF has no sound.

    Raises `KeepingFailed`, and leaves no file then.
    """
    path, file = new_file(folder, ".gif" if gif else ".mp4", reserve_bytes, free)
    file.close()
    draft: Path | None = None
    try:
        number, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=folder)
        os.close(number)
        draft = Path(name)
        pictures = cut(held, since, size, fps)
        if gif:
            seconds = write_gif(draft, pictures, size, fps)
        else:
            seconds = write_clip(draft, pictures, size, fps, sound)
        draft.replace(path)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if draft is not None:
            draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise KeepingFailed(f"{folder}: the clip cannot be written: {why(error)}") from None
        raise
    return path, seconds
