"""Small video files with sound, made on the spot: a square that walks, a flash and a beep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

SOUND_HZ = 48_000
BEEP_HZ = 1000.0

type Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Flash:
    """A white picture and a beep that begin at the same time, in seconds."""

    at_s: float
    lasts_s: float = 0.25


def walking(number: int, size: tuple[int, int]) -> Pixels:
    """A bright square on a dark ramp, RGB; it is elsewhere in each picture."""
    width, height = size
    ramp = np.linspace(20, 90, width, dtype=np.uint8)
    picture = np.repeat(ramp[None, :, None], height, axis=0).repeat(3, axis=2)
    side = height // 4
    left = number * 5 % (width - side)
    top = height // 3
    picture[top : top + side, left : left + side] = (230, 120, 40)
    return picture


def make_clip(
    path: Path,
    frames: int,
    *,
    size: tuple[int, int] = (320, 176),
    rate: Fraction | int = 24,
    stamps: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    flash: Flash | None = None,
    sound: str | None = None,
    picture: str = "mpeg4",
    aspect: Fraction | None = None,
    rotation: int = 0,
    draw: Callable[[int, tuple[int, int]], Pixels] = walking,
) -> Path:
    """Write a clip; `stamps` are the time stamps of its pictures in units of `time_base`."""
    base = time_base or Fraction(1) / Fraction(rate)
    shown = list(range(frames)) if stamps is None else list(stamps)
    with av.open(str(path), "w") as container:
        video = container.add_stream(picture, rate=rate, options={"qscale": "2"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = base
        if picture == "mpeg4":
            video.codec_context.bit_rate = 4_000_000
        if aspect is not None:
            video.codec_context.sample_aspect_ratio = aspect
        if rotation:
            video.set_display_rotation(rotation)
        audio = None if sound is None else container.add_stream(sound, rate=SOUND_HZ, layout="mono")
        for number, stamp in enumerate(shown):
            pixels = draw(number, size)
            at_s = float(stamp * base)
            if flash is not None and flash.at_s <= at_s < flash.at_s + flash.lasts_s:
                pixels = np.full_like(pixels, 255)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = stamp, base
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None:
            ends_s = float(shown[-1] * base) + 1 / float(rate)
            for block in _sound(ends_s, flash):
                container.mux(audio.encode(block))
            container.mux(audio.encode(None))
    return path


def _sound(seconds: float, flash: Flash | None) -> Iterator[Any]:
    times = np.arange(int(seconds * SOUND_HZ)) / SOUND_HZ
    wave = np.zeros(len(times), np.float32)
    if flash is not None:
        beeps = (times >= flash.at_s) & (times < flash.at_s + flash.lasts_s)
        wave[beeps] = 0.8 * np.sin(2 * np.pi * BEEP_HZ * times[beeps])
    for begin in range(0, len(wave), 1024):
        samples = (wave[begin : begin + 1024] * 32767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = SOUND_HZ, begin
        frame.time_base = Fraction(1, SOUND_HZ)
        yield frame


def pictures(path: Path) -> list[tuple[float, Pixels]]:
    """Decode the pictures of a file: seconds and RGB."""
    with av.open(str(path)) as container:
        return [(float(f.time), f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


def flash_begins(shown: Sequence[tuple[float, Pixels]], level: float = 200) -> float:
    """Tell the seconds at which the first picture is bright all over."""
    return next(at for at, pixels in shown if float(np.median(pixels)) > level)


def beep_begins(path: Path, level: float = 0.1) -> float:
    """Tell the seconds at which the sound is first heard."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SOUND_HZ)
        for decoded in container.decode(stream):
            begin_s = float(decoded.time)
            for frame in resampler.resample(decoded):
                loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > level)
                if loud.size:
                    return begin_s + int(loud[0]) / SOUND_HZ
    raise AssertionError(f"{path} is silent")
