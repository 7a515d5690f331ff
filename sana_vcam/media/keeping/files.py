"""MP4 files of pictures that were encoded already: whole ones, and recordings that grow.

FFmpeg writes into memory only. PyAV crashes where a disk refuses FFmpeg's first bytes, and a disk
that is full must cost no more than the file.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av

from sana_vcam.config.kinds import Size
from sana_vcam.media.keeping.coded import CLOCK_HZ, OPTIONS, CodedPicture, set_up, ticks
from sana_vcam.media.keeping.sound import FRAME, LATE_S, RATE, SoundPiece, SoundTrack

_GROWING = {"movflags": "+frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
"""A fragment for each keyframe: what a kill leaves behind plays up to the last one."""
_TABLE_BYTES, _ROW_BYTES = 4096, 32
"""The most that the table of pictures takes, and for each of them."""


class Mp4:
    """An MP4 file in memory that pictures are written into, on one thread."""

    def __init__(
        self, size: Size, fps: float, *, pictures: int | None = None, sound: bool = False
    ) -> None:
        """Begin a whole one for so many pictures; None: one that grows, of any number.

        With `sound` it has a track of that, too.
        """
        self.seconds = 0.0
        """How long it plays."""
        self._memory = io.BytesIO() if pictures is not None else _Grown()
        # In front, so that a browser shows a file while it loads it.
        rows = (pictures or 0) * (1 + (RATE / FRAME / fps if sound else 0))
        room = _TABLE_BYTES + _ROW_BYTES * round(rows)
        options = _GROWING if pictures is None else {"moov_size": str(room)}
        self._container: Any = av.open(self._memory, "w", format="mp4", options=options)
        self._stream: Any = self._container.add_stream("libx264", options=dict(OPTIONS))
        set_up(self._stream.codec_context, size, fps)
        self._stream.time_base = Fraction(1, CLOCK_HZ)
        self._sound = SoundTrack(self._container) if sound else None
        self._period = ticks(1 / fps)
        self._begin: float | None = None
        self._waiting: CodedPicture | None = None

    def write(self, picture: CodedPicture) -> bytes:
        """Write a picture, and give what a file that grows has more by it.

        Where a picture ends is known when the next one comes, or at `close`.
        """
        last, self._waiting = self._waiting, picture
        if self._begin is None:
            self._begin = picture.at
            if self._sound is not None:
                self._sound.begin(picture.at)
        if last is not None:
            self._mux(last, ticks(picture.at - self._begin) - ticks(last.at - self._begin))
        if self._sound is not None and isinstance(self._memory, _Grown):
            self._sound.fill(picture.at - LATE_S)
        return self._memory.take() if isinstance(self._memory, _Grown) else b""

    def write_sound(self, piece: SoundPiece) -> None:
        """Write a piece of sound, in the order of their times; of no effect without a track."""
        if self._sound is not None:
            self._sound.write(piece)

    def _mux(self, picture: CodedPicture, duration: int) -> None:
        packet: Any = av.Packet(picture.data)
        packet.stream, packet.time_base = self._stream, Fraction(1, CLOCK_HZ)
        packet.pts = packet.dts = ticks(picture.at - (self._begin or 0.0))
        packet.duration, packet.is_keyframe = duration, picture.is_keyframe
        self._container.mux(packet)
        self.seconds = (ticks(picture.at - (self._begin or 0.0)) + duration) / CLOCK_HZ

    def close(self) -> bytes:
        """End the file; give the rest of one that grows, or the whole one."""
        last, self._waiting = self._waiting, None
        if last is not None:
            self._mux(last, self._period)
            if self._sound is not None:
                self._sound.close(last.at + self._period / CLOCK_HZ)
        self._container.close()
        memory = self._memory
        return memory.take() if isinstance(memory, _Grown) else memory.getvalue()


class _Grown:
    """What was written since the last look; cannot go back, as a pipe."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytes:
        taken, self._data = bytes(self._data), bytearray()
        return taken


def write_all(file: BinaryIO, data: bytes) -> None:
    """Write all of it; blocks. Raises `OSError`."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def write_clip(
    path: Path,
    pictures: Sequence[CodedPicture],
    size: Size,
    fps: float,
    sound: Sequence[SoundPiece] = (),
) -> float:
    """Write a whole file, and give its seconds; blocks. Raises `OSError`."""
    mp4 = Mp4(size, fps, pictures=len(pictures), sound=bool(sound))
    waiting = deque(sound)
    for picture in pictures:
        mp4.write(picture)
        while waiting and waiting[0].at <= picture.at:
            mp4.write_sound(waiting.popleft())
    path.write_bytes(mp4.close())
    return mp4.seconds
