"""One case: a damaged file or picture, given to the product as it would get it, and judged.

Right is a picture of three colours, or one sentence; anything else is a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from sana_vcam.config.schema import CameraConfig
from sana_vcam.errors import CameraError
from sana_vcam.media.camera.capture import camera_frame
from sana_vcam.media.camera.decode import PictureFormat, decode
from sana_vcam.media.camera.videofile import STANDS_S, VideoFile
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.v4l2.modes import COMPRESSED, DECODABLE
from tests.rigs.fuzz.damage import damaged, whole_files, whole_pictures
from tests.unit.media.camera.fakes import Clock

READS = 30
"""Pictures that are read of a file; some of them lie in its second round."""
LONGEST_SENTENCE = 600
SIZE = (64, 36)
CONFIG = CameraConfig()


class Outcome(StrEnum):
    """What came of a case."""

    SHOWN = "shown"
    REFUSED = "refused in one sentence"
    DROPPED = "dropped as torn"


@dataclass(frozen=True, slots=True)
class Cases:
    """All whole files and pictures, from which each case is made by its number."""

    seed: int
    files: dict[str, bytes]
    pictures: dict[str, bytes]

    @classmethod
    def of(cls, seed: int) -> Cases:
        """Make the whole ones."""
        return cls(seed, whole_files(), whole_pictures())

    def play_file(self, number: int, folder: Path) -> Outcome:
        """Damage a file and play it as the camera thread would."""
        rng = np.random.default_rng((self.seed, 1, number))
        name = list(self.files)[number % len(self.files)]
        path = folder / name
        path.write_bytes(damaged(self.files[name], rng))
        try:
            return play(path)
        finally:
            path.unlink()

    def decode_picture(self, number: int) -> Outcome:
        """Damage a camera's picture, a JPEG or a raw one, and decode it."""
        rng = np.random.default_rng((self.seed, 2, number))
        if number % 4:
            name = list(self.pictures)[number % len(self.pictures)]
            data = damaged(self.pictures[name], rng)
            fmt = PictureFormat("MJPG", 160, 120, 0)
        else:
            raw = sorted(set(DECODABLE) - set(COMPRESSED))
            width, height = (int(side) for side in rng.integers(1, 200, 2))
            line = int(rng.integers(0, 4 * width)) if rng.integers(2) else 0
            fmt = PictureFormat(raw[number // 4 % len(raw)], width, height, line)
            data = rng.bytes(int(rng.integers(0, 4 * width * height + 64)))
        picture = decode(data, fmt)
        if picture is None:
            return Outcome.DROPPED
        judge(picture)
        if fmt.pixel_format not in COMPRESSED and picture.shape[:2] != (fmt.height, fmt.width):
            raise AssertionError(f"{fmt} came out as {picture.shape}")
        return Outcome.SHOWN


def play(path: Path) -> Outcome:
    """Play a file on a clock that only its waits move; raises what is a fault."""
    clock = Clock()
    source = clock.drive(VideoFile(path, clock=clock))
    try:
        source.open()
        for _ in range(READS):
            before = clock.now
            judge(source.read())
            waited_s = clock.now - before
            if not 0 <= waited_s <= STANDS_S + 1e-6:
                raise AssertionError(f"a read waited for {waited_s} s")
    except CameraError as error:
        sentence = str(error)
        sentence.encode("utf-8")
        if not sentence.startswith("camera.path: ") or len(sentence) > LONGEST_SENTENCE:
            raise AssertionError(f"no sentence for a user: {sentence!r}") from error
        return Outcome.REFUSED
    finally:
        source.close()
    return Outcome.SHOWN


def judge(picture: Pixels) -> None:
    """Raise unless it is a picture that the camera thread can go on with."""
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8:
        raise TypeError(f"no picture: {type(picture)}")
    if picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise AssertionError(f"no picture of three colours: {picture.shape}")
    frame = camera_frame(picture, SIZE, CONFIG, 0, 0.0)
    if frame.bgr.shape != (SIZE[1], SIZE[0], 3):
        raise AssertionError(f"a frame of {frame.bgr.shape}")
