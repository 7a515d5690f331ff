"""A picture whose colours and number can be read back through any consumer."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sana_vcam.media.camera.timecode import encode_counter, read_counter
from sana_vcam.media.frames import ModelFrame, Picture
from sana_vcam.media.pixels import to_i420

WIDTH, HEIGHT = 1280, 720
FRAME_BYTES = WIDTH * HEIGHT * 3 // 2
BARS = np.array(
    [
        (191, 191, 191),
        (0, 191, 191),
        (191, 191, 0),
        (0, 191, 0),
        (191, 0, 191),
        (0, 0, 191),
        (191, 0, 0),
        (16, 16, 16),
    ],
    np.uint8,
)
"""Colour bars from left to right, BGR."""
BAR = WIDTH // len(BARS)
MOST_STEPS_BACK = 2
"""The driver has a ring of few buffers: a reader that was late may find a newer picture in the
place of an older one, and then the older ones."""
MOST_SENT_PER_GOT = 3.0
"""More than one on a busy machine, where a reader is late for some."""
LEAST_COUNTED = 0.9
"""The share of pictures whose number must be readable."""

type Array = npt.NDArray[np.uint8]


def bars(number: int) -> Picture:
    """Colour bars with a number below them, as the model's output."""
    bgr = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    bgr[:] = np.repeat(BARS, BAR, axis=0)[None]
    encode_counter(bgr, number)
    return Picture.from_model(ModelFrame(to_i420(bgr), number, 0.0))


@dataclass
class Reading:
    """What a consumer says of the virtual camera, and what it got."""

    width: int
    height: int
    pixel_format: str
    fps: float
    colours: Array = field(default_factory=lambda: np.empty((0, 8, 3)))
    """For each frame and bar the mean colour, BGR."""
    numbers: list[int | None] = field(default_factory=list)

    def add_i420(self, data: bytes) -> None:
        """Judge raw I420 frames of the expected size."""
        assert len(data) % FRAME_BYTES == 0, f"{len(data)} bytes are not whole frames"
        for frame in np.frombuffer(data, np.uint8).reshape(-1, FRAME_BYTES):
            luma = frame[: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH)
            chroma = frame[WIDTH * HEIGHT :].reshape(2, HEIGHT // 2, WIDTH // 2)
            yuv = [_middles(plane) for plane in (luma, *chroma)]
            self._add(_bgr_of(*yuv), luma[:, :, None])

    def add_bgr(self, picture: Array) -> None:
        """Judge one BGR picture."""
        channels = [_middles(picture[:, :, channel]) for channel in range(3)]
        self._add(np.stack(channels, axis=1), picture)

    def _add(self, colours: npt.NDArray[np.float64], pixels: Array) -> None:
        self.colours = np.concatenate([self.colours, colours[None]])
        self.numbers.append(read_counter(pixels))

    @property
    def colour_error(self) -> float:
        """The largest difference of any bar's mean colour in any frame, of 255."""
        return float(np.abs(self.colours - BARS.astype(float)).max())

    @property
    def frames_sent_per_frame_got(self) -> float:
        """1.0 for a consumer that gets each picture once."""
        read = [number for number in self.numbers if number is not None]
        return (read[-1] - read[0]) / (len(read) - 1)

    @property
    def steps_back(self) -> int:
        """How often a picture was older than the one before."""
        read = [number for number in self.numbers if number is not None]
        return sum(later < earlier for earlier, later in pairwise(read))

    def seen(self) -> dict[str, object]:
        """For the report."""
        return {
            "size": f"{self.width}x{self.height}",
            "format": self.pixel_format,
            "fps": self.fps,
            "frames": len(self.numbers),
            "colour error": round(self.colour_error, 1),
            "sent per got": round(self.frames_sent_per_frame_got, 2),
            "steps back": self.steps_back,
        }

    def check(self, pixel_formats: tuple[str, ...], tolerance: float, fps: float) -> None:
        """Size, format, rate, colours and order are those that were sent."""
        said = self.seen()
        assert (self.width, self.height) == (WIDTH, HEIGHT), said
        assert self.pixel_format in pixel_formats, said
        assert self.fps == fps, said
        assert self.colour_error <= tolerance, said
        read = [number for number in self.numbers if number is not None]
        assert len(read) >= LEAST_COUNTED * len(self.numbers), said
        assert self.steps_back <= MOST_STEPS_BACK, read
        assert 0.9 <= self.frames_sent_per_frame_got <= MOST_SENT_PER_GOT, said


def _middles(plane: Array) -> npt.NDArray[np.float64]:
    """The mean of the middle of each bar, in the upper half."""
    height, width = plane.shape
    bar = width // len(BARS)
    upper = plane[height // 8 : height // 2].astype(float)
    return upper.reshape(len(upper), len(BARS), bar)[:, :, bar // 4 : -bar // 4].mean(axis=(0, 2))


def _bgr_of(
    luma: npt.NDArray[np.float64], u: npt.NDArray[np.float64], v: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """BT.601, limited range, by the book; not by the code under test."""
    y, u, v = (luma - 16) * 255 / 219, (u - 128) * 255 / 224, (v - 128) * 255 / 224
    blue, green, red = y + 1.772 * u, y - 0.344136 * u - 0.714136 * v, y + 1.402 * v
    return np.clip(np.stack([blue, green, red], axis=1), 0, 255)
