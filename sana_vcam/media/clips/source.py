"""A video file as the source of an edit: what is in it, and its pictures in order and upright."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition

from sana_vcam.config.kinds import Fit
from sana_vcam.errors import ClipFailed
from sana_vcam.media.camera.clip import ClipPicture, ClipReader, NotPlayable
from sana_vcam.media.pixels import Pixels, fit

USUAL_RATE = Fraction(25)
FINEST = Fraction(1, 1_000_000)
"""The finest unit of time that is written."""


@dataclass(frozen=True)
class ClipFacts:
    """What a file says of itself, before its pictures are decoded.

    `rate` is the mean number of pictures a second, `seconds` None where that is not said.
    """

    path: Path
    rate: Fraction
    seconds: float | None
    sounds: int


@dataclass(frozen=True)
class ClipTimes:
    """When each picture is shown: `stamps` in units of `time_base` seconds, strictly rising."""

    stamps: tuple[int, ...]
    time_base: Fraction
    rate: Fraction

    def at(self, index: int) -> float:
        """Tell the seconds at which this picture is shown; past the last, one that would follow."""
        last = len(self.stamps) - 1
        if index <= last:
            return float(self.stamps[index] * self.time_base)
        return float(self.stamps[last] * self.time_base + (index - last) / self.rate)


@dataclass(frozen=True)
class SourcePicture:
    """A picture of a clip: `bgr` is (height, width, 3), its time `stamp` in units of `time_base`.

    `rate` is the mean number of pictures a second of its file.
    """

    stamp: int
    time_base: Fraction
    rate: Fraction
    bgr: Pixels


@contextmanager
def open_source(path: Path) -> Iterator[Any]:
    """Open a file's container for reading. Raises `ClipFailed` with what is wrong with it.

    FFmpeg is given no name, so that nothing else is opened, here or in the network.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ClipFailed(f"{path} is not a file")
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise ClipFailed(f"{path} does not exist") from None
    except OSError as error:
        raise ClipFailed(f"{path} cannot be read: {error.strerror}") from None
    with file:
        try:
            container = av.open(file, options={"protocol_whitelist": "none"})
        except (OSError, av.FFmpegError):
            raise ClipFailed(
                f"{path} cannot be read: it is damaged, or no video that FFmpeg knows"
            ) from None
        with container:
            yield container


def read_facts(path: Path) -> ClipFacts:
    """Look into a file. Raises `ClipFailed` if it holds no moving picture; blocks."""
    with open_source(path) as container:
        stream = container.streams.best("video")
        if stream is None or stream.disposition & Disposition.attached_pic:
            raise ClipFailed(f"{path} holds no moving picture, so there is nothing to edit")
        seconds = None if container.duration is None else container.duration / av.time_base
        sounds = sum(1 for each in container.streams.audio if each.codec_context is not None)
        return ClipFacts(path, _rate(stream), seconds, sounds)


def upright_pictures(path: Path, size: tuple[int, int], mode: Fit) -> Iterator[SourcePicture]:
    """Decode every picture of a file, turned upright, of square pixels, and fitted to `size`.

    Blocks per picture. What is damaged is passed over. Raises `ClipFailed`.
    """
    rate = read_facts(path).rate
    try:
        with ClipReader(path) as reader:
            base = max(reader.time_base, FINEST)
            last: int | None = None
            for picture in reader.pictures():
                last = _stamp(picture, base, rate, last)
                yield SourcePicture(last, base, rate, fit(picture.pixels(), *size, mode))
    except NotPlayable as error:
        raise ClipFailed(f"{path} cannot be read: {error}") from None
    except OSError as error:
        raise ClipFailed(f"{path} cannot be read: {error.strerror}") from None


def _stamp(picture: ClipPicture, base: Fraction, rate: Fraction, last: int | None) -> int:
    """Tell the picture's own time; one that is missing or goes back follows the one before."""
    step = max(1, round(1 / (rate * base)))
    stamp = None if picture.stamp_s is None else round(picture.stamp_s / base)
    if stamp is None:
        return 0 if last is None else last + step
    return stamp if last is None or stamp > last else last + 1


def _rate(stream: Any) -> Fraction:
    rate = stream.average_rate or stream.guessed_rate
    return Fraction(rate) if rate and 0 < rate <= 1000 else USUAL_RATE
