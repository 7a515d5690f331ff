"""A recording: a file that grows beside the daemon, and ends by itself before the disk is full."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from sana_vcam.config.kinds import Size
from sana_vcam.errors import KeepingFailed
from sana_vcam.media.clips.prepare import why
from sana_vcam.media.keeping.coded import CodedPicture
from sana_vcam.media.keeping.files import Mp4, write_all
from sana_vcam.media.keeping.sound import SoundPiece

log = logging.getLogger(__name__)

MOST_WAITING = 720
"""Pictures, and pieces of sound, that the disk may be behind: some ten seconds, 22 MB at most."""


def free_bytes(folder: Path) -> int:
    """Measure how much the disk takes yet. Raises `OSError`."""
    return shutil.disk_usage(folder).free


class Recording:
    """Writes pictures into a growing file, on a thread of its own.

    The file is ours alone and was made empty. It begins with the first keyframe that is put.
    """

    def __init__(
        self,
        path: Path,
        file: BinaryIO,
        size: Size,
        fps: float,
        *,
        reserve_bytes: int,
        sound: bool = False,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        """Record into `file`, which is open and at `path`, and is closed at the end of `run`.

        With `sound` it has a track of that, silent where nothing comes.
        """
        self.path = path
        self.seconds = 0.0
        """How long it is. Written by the recording's thread."""
        self._file = file
        self._size, self._fps = size, fps
        self._reserve_bytes = reserve_bytes
        self._has_sound = sound
        self._free = free
        self._waiting: queue.Queue[CodedPicture | SoundPiece | None] = queue.Queue(MOST_WAITING)
        self._is_behind = False

    def put(self, picture: CodedPicture | SoundPiece) -> None:
        """Take a picture or a piece of sound; on any thread, never waits."""
        try:
            self._waiting.put_nowait(picture)
        except queue.Full:
            self._is_behind = True

    def wake(self) -> None:
        """End a wait of `run`; from any thread."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)

    def run(self, stop: threading.Event) -> None:
        """Write until `stop`, and what was put before it. Raises `KeepingFailed`."""
        try:
            with self._file:
                self._record(stop)
        except OSError as error:
            raise KeepingFailed(
                f"the recording has ended, since {self.path} cannot be written: {why(error)}"
            ) from None

    def _record(self, stop: threading.Event) -> None:
        mp4 = Mp4(self._size, self._fps, sound=self._has_sound)
        try:
            self._write(mp4, stop)
        except KeepingFailed:
            with contextlib.suppress(OSError):
                write_all(self._file, mp4.close())
            raise
        write_all(self._file, mp4.close())
        self.seconds = mp4.seconds

    def _write(self, mp4: Mp4, stop: threading.Event) -> None:
        begun = False
        while not (stop.is_set() and self._waiting.empty()):
            picture = self._waiting.get()
            if picture is None:
                continue
            if isinstance(picture, SoundPiece):
                mp4.write_sound(picture)
                continue
            if picture.is_keyframe:
                self._require_room()
            begun = begun or picture.is_keyframe
            if begun:
                write_all(self._file, mp4.write(picture))
                self.seconds = mp4.seconds

    def _require_room(self) -> None:
        """Look once a second whether the recording can go on. Raises `KeepingFailed`."""
        if self._is_behind:
            raise KeepingFailed(f"the recording has ended, since the disk is too slow: {self.path}")
        if os.fstat(self._file.fileno()).st_nlink == 0:
            raise KeepingFailed(f"the recording has ended, since somebody removed it: {self.path}")
        if self._free(self.path.parent) < self._reserve_bytes:
            raise KeepingFailed(
                f"the recording has ended, since less than {self._reserve_bytes / 1e6:.0f} MB are "
                f"free; it is in {self.path}, and the reserve is keep.reserve_mb"
            )
