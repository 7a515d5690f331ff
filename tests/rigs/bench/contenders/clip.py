"""The clip that every contender publishes: real motion at the track's size, with a counter."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sana_vcam.config.kinds import Fit
from sana_vcam.media.camera.timecode import encode_counter, read_counter
from sana_vcam.media.camera.videofile import VideoFile
from sana_vcam.media.pixels import Pixels, fit, fit_i420, to_i420
from tests.system.daemon import clip as shipped

NAME = "bigbuckbunny.mp4"
JPEG_QUALITY = 92.0

type Luma = npt.NDArray[np.uint8]


class Clip:
    """A Motion JPEG file, as a webcam would deliver it, and its pictures to compare with."""

    def __init__(self, folder: Path, size: tuple[int, int], fps: float) -> None:
        """Write the file; the pictures go forth and back, so that the loop has no cut."""
        self.size = size
        self.fps = fps
        self.path = folder / "clip.avi"
        pictures = list(_pictures(size))
        self.pictures = pictures + pictures[-2:0:-1]
        self._write()

    def __len__(self) -> int:
        return len(self.pictures)

    def reference(self, number: int, size: tuple[int, int], mode: Fit = "crop") -> Luma:
        """The luma of picture `number` as a sink of `size` would show it, fitted by `mode`."""
        picture = self.pictures[number % len(self)].copy()
        encode_counter(picture, number % len(self))
        # As the sink does it, at even places; one pixel beside would cost 9 dB.
        return fit_i420(to_i420(picture), *size, mode)[: size[1]]

    def y4m(self) -> Path:
        """The same uncompressed: Chromium's fake camera keeps this kind's rate, and no other's."""
        path = self.path.with_suffix(".y4m")
        rate = Fraction(self.fps).limit_denominator(1001)
        shape = f"W{self.size[0]} H{self.size[1]} F{rate.numerator}:{rate.denominator}"
        with path.open("wb") as file:
            file.write(f"YUV4MPEG2 {shape} Ip A1:1 C420\n".encode())
            for picture in self._numbered():
                file.write(b"FRAME\n" + to_i420(picture).tobytes())
        return path

    def _numbered(self) -> Iterator[Pixels]:
        for number, picture in enumerate(self.pictures):
            numbered = picture.copy()
            encode_counter(numbered, number)
            yield numbered

    def _write(self) -> None:
        import cv2

        fourcc = cv2.VideoWriter.fourcc(*"MJPG")
        writer = cv2.VideoWriter(str(self.path), fourcc, self.fps, self.size)
        writer.set(cv2.VIDEOWRITER_PROP_QUALITY, JPEG_QUALITY)
        for picture in self._numbered():
            writer.write(picture)
        writer.release()


class StampedFile(VideoFile):
    """A video file that remembers when each picture was read."""

    stamps: list[tuple[int, float]]

    def open(self) -> None:
        self.stamps = getattr(self, "stamps", [])
        super().open()

    def read(self) -> Pixels:
        picture = super().read()
        number = read_counter(picture)
        if number is not None:
            self.stamps.append((number, time.monotonic()))
        return picture

    def dump(self, path: Path) -> None:
        """Write the stamps as JSON."""
        path.write_text(json.dumps(self.stamps))


def _pictures(size: tuple[int, int]) -> Iterator[Pixels]:
    import cv2

    capture = cv2.VideoCapture(str(shipped(NAME)))
    try:
        for _ in itertools.count():
            done, picture = capture.read()
            if not done:
                return
            yield np.ascontiguousarray(fit(picture, *size, "crop"))
    finally:
        capture.release()
