"""The edited clip: the frames of one take or several at the source's times, with its sound."""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np

from sana_vcam.errors import ClipFailed
from sana_vcam.media.clips.formats import Container
from sana_vcam.media.clips.prepare import mark_bt601, why
from sana_vcam.media.clips.source import ClipTimes, open_source

log = logging.getLogger(__name__)

AHEAD_S = 0.5
"""So far the sound is written before its picture, as players like it."""
GAP_S = 0.1
"""Silence is put where the sound of the source has a longer hole than this."""


@dataclass(frozen=True)
class PlacedTake:
    """The frames in the file at `path`, and which picture of the clip each is.

    None is a frame that is left out; the numbers rise.
    """

    path: Path
    numbers: tuple[int | None, ...]


@dataclass(frozen=True)
class Written:
    """What was written: pictures, and how many of them show the one before for want of their own.

    `held_at_end`: those of them that follow the last one that came.
    """

    pictures: int
    filled: int
    held_at_end: int


def write_clip(
    source: Path,
    takes: Sequence[PlacedTake],
    times: ClipTimes,
    target: Path,
    container: Container,
    *,
    pictures: int,
    told: Callable[[int], None],
    stop: threading.Event,
) -> Written | None:
    """Write the first `pictures` pictures of the clip; None if `stop` was set. Blocks.

    A picture that did not come shows the one before it, or, before all, the first. Sound is copied
    where the container takes its codec. What cannot be copied is encoded, what cannot be decoded
    is left out with a warning: the pictures are paid for. Raises `ClipFailed`.
    """
    for sound in Sound:
        try:
            with ExitStack() as stack:
                out = stack.enter_context(
                    av.open(
                        str(target), "w", format=container.name, options=dict(container.options)
                    )
                )
                incoming = stack.enter_context(open_source(source))
                writer = _ClipWriter(out, container, times, incoming, sound)
                return writer.write(takes, pictures, told, stop)
        except (OSError, ValueError, av.FFmpegError) as error:
            if sound is Sound.NONE or getattr(error, "errno", None) in _DISK:
                folder = target.parent
                raise ClipFailed(f"{folder}: the edit cannot be written: {why(error)}") from None
            log.warning("the sound of %s cannot be %s (%s)", source, sound.value, why(error))
    raise AssertionError("unreachable")


class Sound(Enum):
    """What is done with the sound; each is tried where the one before fails."""

    COPY = "copied"
    ENCODE = "encoded"
    NONE = "left out"


_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES})
"""What the sound has nothing to do with."""


class _ClipWriter:
    """One attempt at the new file."""

    def __init__(
        self, out: Any, container: Container, times: ClipTimes, incoming: Any, sound: Sound
    ) -> None:
        self._out = out
        self._container = container
        self._times = times
        self._incoming = incoming
        self._sound = sound

    def write(
        self,
        takes: Sequence[PlacedTake],
        pictures: int,
        told: Callable[[int], None],
        stop: threading.Event,
    ) -> Written | None:
        """Write it all; None if `stop` was set."""
        times = self._times
        frames = _at_every_place(takes, pictures)
        first = next(frames, None)
        if first is None:
            raise ClipFailed("no frame came back, so there is nothing to write")
        stream = _picture_stream(self._out, self._container, first[1], times)
        origin_s = _origin(self._incoming)
        shift = round(Fraction(origin_s) / times.time_base)
        end_s = None if pictures >= len(times.stamps) else times.at(pictures) - origin_s
        streams = [] if self._sound is Sound.NONE else _sound_streams(self._incoming)
        copied = self._container.copied if self._sound is Sound.COPY else frozenset[str]()
        sound = _Sounds(self._incoming, streams, self._out, copied, self._container.sound)
        filled = held = 0
        for number, (own, frame) in enumerate(chain([first], frames)):
            if stop.is_set():
                return None
            filled += not own
            held = 0 if own else held + 1
            sound.write_until(times.at(number) - origin_s + AHEAD_S, origin_s, end_s)
            _write_picture(self._out, stream, frame, times.stamps[number] - shift)
            told(number + 1)
        self._out.mux(stream.encode(None))
        sound.write_until(None, origin_s, end_s)
        return Written(pictures, filled, held)


def _sound_streams(incoming: Any) -> list[Any]:
    """List the tracks of sound that can be decoded here."""
    return [each for each in incoming.streams.audio if each.codec_context is not None]


def _at_every_place(takes: Sequence[PlacedTake], pictures: int) -> Iterator[tuple[bool, Any]]:
    """Yield for each picture whether it is its own frame, and the frame."""
    place = 0
    shown: Any = None
    for number, frame in _numbered(takes):
        if number >= pictures:
            break
        while place < number:
            yield False, frame if shown is None else shown
            place += 1
        if number < place:
            continue
        shown = frame
        yield True, frame
        place += 1
    while shown is not None and place < pictures:
        yield False, shown
        place += 1


def _numbered(takes: Sequence[PlacedTake]) -> Iterator[tuple[int, Any]]:
    for take in takes:
        with av.open(str(take.path)) as container:
            decoded = container.decode(video=0)
            for number, frame in zip(take.numbers, decoded, strict=False):
                if number is not None:
                    yield number, frame


def _picture_stream(out: Any, container: Container, frame: Any, times: ClipTimes) -> Any:
    rate = times.rate.limit_denominator(100_000)
    stream = out.add_stream(container.picture, rate=rate, options=dict(container.picture_options))
    stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
    stream.codec_context.time_base = stream.time_base = times.time_base
    mark_bt601(stream.codec_context)
    return stream


def _write_picture(out: Any, stream: Any, frame: Any, stamp: int) -> None:
    """Encode a copy of the frame with the source's own time; the decoder's own is left alone."""
    picture = frame.reformat(width=stream.width, height=stream.height, format="yuv420p")
    if picture is frame:
        picture = av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")
    picture.pts, picture.time_base = stamp, stream.codec_context.time_base
    out.mux(stream.encode(picture))


def _origin(incoming: Any) -> float:
    """Tell what the source counts its time from, if that is late: a recording of a broadcast."""
    start = incoming.start_time
    return max(0.0, start / av.time_base) if start is not None else 0.0


class _Sounds:
    """The sound of the source on its way into the new file, in step with the pictures."""

    def __init__(
        self,
        incoming: Any,
        streams: Sequence[Any],
        out: Any,
        copied: frozenset[str],
        encoder: str,
    ) -> None:
        self._out = out
        self._tracks: dict[int, _Copied | _Encoded] = {
            stream.index: _Copied(stream, out)
            if stream.codec_context.name in copied & out.supported_codecs
            else _Encoded(stream, out, encoder)
            for stream in streams
        }
        self._packets = incoming.demux(list(streams)) if streams else iter(())
        self._next: Any = None

    def write_until(self, until_s: float | None, origin_s: float, end_s: float | None) -> None:
        """Write what is heard before `until_s`; None: all that is heard before `end_s`."""
        while (packet := self._take(until_s, origin_s, end_s)) is not None:
            for ready in self._tracks[packet.stream.index].convert(packet, origin_s):
                self._out.mux(ready)
        if until_s is None:
            for track in self._tracks.values():
                for ready in track.flush():
                    self._out.mux(ready)

    def _take(self, until_s: float | None, origin_s: float, end_s: float | None) -> Any:
        """Take the next packet that is heard before `until_s`, if there is one."""
        while True:
            packet = self._next = self._next or self._read()
            if packet is None:
                return None
            stamp = packet.pts if packet.pts is not None else packet.dts
            # Without a stamp it ends a stream that is read, and holds nothing.
            at_s = None if stamp is None else float(stamp * packet.time_base) - origin_s
            if at_s is None or (end_s is not None and at_s >= end_s):
                self._next = None
                continue
            if until_s is not None and at_s >= until_s:
                return None
            self._next = None
            return packet

    def _read(self) -> Any:
        """Read on; a source that breaks off ends there."""
        try:
            return next(self._packets, None)
        except av.FFmpegError as error:
            log.warning("the sound breaks off: %s", why(error))
            return None


class _Copied:
    """A track of sound whose packets go over as they are."""

    def __init__(self, stream: Any, out: Any) -> None:
        self._stream = out.add_stream_from_template(stream)
        self._last: int | None = None

    def convert(self, packet: Any, origin_s: float) -> list[Any]:
        shift = round(Fraction(origin_s) / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        packet.stream = self._stream
        if packet.dts is not None and self._last is not None and packet.dts <= self._last:
            # One that goes back, as damaged recordings have them, is refused by every container.
            return []
        self._last = packet.dts
        return [packet]

    def flush(self) -> list[Any]:
        return []


class _Encoded:
    """A track of sound in another codec, which the container takes."""

    def __init__(self, stream: Any, out: Any, encoder: str) -> None:
        rate = 48_000 if encoder == "libopus" else stream.rate
        self._stream = out.add_stream(encoder, rate=rate)
        channels = min(2, stream.codec_context.channels)
        layout = "mono" if channels == 1 else "stereo"
        self._stream.codec_context.layout = layout
        self._resampler = av.AudioResampler(
            format=self._stream.codec_context.format or "fltp", layout=layout, rate=rate
        )
        self._rate = rate
        self._at: int | None = None
        """The place of the next sample, at the new rate."""

    def convert(self, packet: Any, origin_s: float) -> list[Any]:
        ready: list[Any] = []
        try:
            heard = packet.decode()
        except av.FFmpegError as error:
            log.debug("damaged sound is left out: %s", error)
            return ready
        for decoded in heard:
            if decoded.pts is not None:
                at_s = float(decoded.pts * decoded.time_base) - origin_s
                ready += self._go_to(round(at_s * self._rate))
            decoded.pts = None
            ready += self._encode(self._resampler.resample(decoded))
        return ready

    def flush(self) -> list[Any]:
        return [*self._encode(self._resampler.resample(None)), *self._stream.encode(None)]

    def _go_to(self, place: int) -> list[Any]:
        """Begin at `place`, or fill a hole up to it with silence."""
        if self._at is None:
            self._at = place
            return []
        hole = place - self._at
        return self._encode([self._silence(hole)]) if hole > GAP_S * self._rate else []

    def _silence(self, samples: int) -> Any:
        codec = self._stream.codec_context
        planar = codec.format.is_planar
        shape = (
            (codec.layout.nb_channels, samples)
            if planar
            else (
                1,
                samples * codec.layout.nb_channels,
            )
        )
        kind = np.float32 if codec.format.name.startswith("flt") else np.int16
        silence = av.AudioFrame.from_ndarray(
            np.zeros(shape, kind), format=codec.format.name, layout=codec.layout.name
        )
        silence.sample_rate = self._rate
        return silence

    def _encode(self, frames: Sequence[Any]) -> list[Any]:
        ready: list[Any] = []
        for frame in frames:
            if self._at is None:
                self._at = 0
            frame.pts, frame.time_base = self._at, Fraction(1, self._rate)
            self._at += frame.samples
            ready += self._stream.encode(frame)
        return ready
