"""A video file or a photo as the camera: played in real time, and looped without a gap."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from sana_vcam.config.kinds import address_words, scheme_of
from sana_vcam.errors import CameraError
from sana_vcam.media.camera.clip import ClipPicture, ClipReader, NotPlayable
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.states import CameraKind

FIX = "set camera.path to a video file or a photo, or camera.source to another source"
LATE_S = 1.0
"""Later than this (the machine slept), playing goes on from here instead of catching up."""
STANDS_S = 0.5
"""A picture that stands longer is given again after so long: the source is alive, and can end."""
SEARCH_S = 0.1
"""So long pictures that are overdue are left out, before one of them is shown all the same: on a
machine that is too slow for the file, all of them are."""
KEPT_BYTES = 48 << 20
"""A loop whose pictures take no more than this, or a single picture, is decoded once."""
LOOK_EVERY_S = 1.0
"""How often the file of such a loop is looked at, whether it has been changed."""


class _Cue(NamedTuple):
    """A picture of the present round and when it is due in it; `picture` gives its pixels."""

    at_s: float
    stands_s: float
    pixels: Callable[[], Pixels]


class VideoFile:
    """A player of a file by its own time stamps, on a schedule that no loop resets."""

    kind = CameraKind.FILE

    def __init__(
        self,
        path: Path | None,
        *,
        most_fps: float = 120.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a player; pictures that come at more than about twice `most_fps` are passed over."""
        self.name = printable(path.name) if path else "no file"
        self._path = path
        self._least_s = 0.5 / most_fps
        self._clock = clock
        self._closed = threading.Event()
        self._cues: Iterator[_Cue] = iter(())
        self._kept: list[_Cue] | None = []
        self._kept_bytes = 0
        self._version: object = None
        self._looked_at = 0.0
        # The schedule: when the round began, and what comes next in it.
        self._zero = 0.0
        self._end_s = 0.0
        self._shown_s = float("-inf")
        self._next: _Cue | None = None
        self._standing: Pixels | None = None

    def open(self) -> None:
        """Open the file. Raises `CameraError` if it cannot be played."""
        self.close()
        self._closed.clear()
        self._next = self._standing = None
        self._end_s, self._shown_s = 0.0, float("-inf")
        try:
            self._cues = self._decode()
        except CameraError:
            self.close()
            raise
        self._zero = self._clock()

    def read(self) -> Pixels:
        """Wait until the next picture is due; pictures that are overdue are left out.

        One that stands for long is given again, as the same array, every half a second.
        """
        begun = self._clock()
        while True:
            cue = self._next = self._next or self._advance()
            due = self._zero + cue.at_s
            now = self._clock()
            late_s = now - due
            if late_s > LATE_S:
                self._zero += late_s
            elif self._is_overdue(cue, late_s) and now - begun < SEARCH_S:
                self._next = None
                continue
            wait_s = max(0.0, -late_s)
            if self._closed.wait(min(wait_s, STANDS_S)):
                raise CameraError(f"{self.name}: closed")
            if wait_s <= STANDS_S or self._standing is None:
                self._next, self._shown_s = None, cue.at_s
                self._standing = self._pixels(cue)
            return self._standing

    def close(self) -> None:
        """Close the file; from another thread, it ends a `read` that waits."""
        self._closed.set()
        # A clip that is being read closes its file itself, on the thread that reads it.
        self._cues = iter(())

    def _is_overdue(self, cue: _Cue, late_s: float) -> bool:
        """Whether a picture need not be shown: its time is over, or it follows too closely."""
        return late_s > cue.stands_s or cue.at_s - self._shown_s < self._least_s

    def _advance(self) -> _Cue:
        """Step to the next picture; after the last one, to the first of the next round."""
        if self._closed.is_set():
            raise CameraError(f"{self.name}: closed")
        cue = self._step()
        if cue is None:
            self._zero += self._end_s
            self._shown_s -= self._end_s
            self._end_s = 0.0
            self._cues = self._again()
            cue = self._step()
        if cue is None:
            raise CameraError(f"{self.name}: closed")
        self._end_s = cue.at_s + cue.stands_s
        return cue

    def _step(self) -> _Cue | None:
        try:
            return next(self._cues, None)
        except (NotPlayable, OSError) as error:
            raise self._cannot(error) from error

    def _pixels(self, cue: _Cue) -> Pixels:
        try:
            return cue.pixels()
        except NotPlayable as error:
            raise self._cannot(error) from error

    def _again(self) -> Iterator[_Cue]:
        """Begin another round: of the pictures that were kept, if the file is still the same."""
        now = self._clock()
        if self._kept and now - self._looked_at < LOOK_EVERY_S:
            return iter(self._kept)
        self._looked_at = now
        if self._kept and _version(self._file()) == self._version:
            return iter(self._kept)
        return self._decode()

    def _decode(self) -> Iterator[_Cue]:
        """Open the file and read it from its beginning; keep its pictures if they are few."""
        path = self._file()
        self._version, self._looked_at = _version(path), self._clock()
        self._kept, self._kept_bytes = [], 0
        cues = self._play(path)
        try:
            # Begun, so that it closes its file whenever it is dropped.
            return chain([next(cues)], cues)
        except (NotPlayable, OSError) as error:
            raise self._cannot(error) from error

    def _play(self, path: Path) -> Iterator[_Cue]:
        kept: list[_Cue] | None = []
        with ClipReader(path, closed=self._closed.is_set) as clip:
            for picture in clip.pictures():
                cue = _Cue(picture.at_s, picture.stands_s, picture.pixels)
                if kept is not None and (not kept or self._may_keep(picture)):
                    pixels = picture.pixels()
                    self._kept_bytes += pixels.nbytes
                    cue = _Cue(picture.at_s, picture.stands_s, partial(_itself, pixels))
                    kept.append(cue)
                else:
                    kept = None
                yield cue
        self._kept = kept

    def _may_keep(self, picture: ClipPicture) -> bool:
        width, height = picture.size
        return self._kept_bytes + 3 * width * height <= KEPT_BYTES

    def _file(self) -> Path:
        """Find the file. Raises `CameraError`."""
        path = self._path
        if path is None:
            raise CameraError(f'camera.source is "file", but camera.path is empty; {FIX}')
        try:
            if stat.S_ISREG(path.stat().st_mode):
                return path
            what = "is not a file"
        except (FileNotFoundError, NotADirectoryError, ValueError):
            what = "does not exist"
        except OSError as error:
            raise self._cannot(error) from error
        if what == "does not exist" and (scheme := scheme_of(str(path))):
            raise CameraError(f"camera.path: {address_words(scheme)}")
        raise CameraError(f"camera.path: {printable(path)} {what}; {FIX}")

    def _cannot(self, error: Exception) -> CameraError:
        why = getattr(error, "strerror", None) or str(error)
        return CameraError(f"camera.path: cannot play {printable(self._path)} ({why}); {FIX}")


def _itself(pixels: Pixels) -> Pixels:
    return pixels


def printable(path: object) -> str:
    """Write a path as text that can be sent and shown: a name may hold any bytes."""
    return os.fsencode(str(path)).decode("utf-8", "replace")


def _version(path: Path) -> object:
    """Tell one content of a file from another; None for one that is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
