"""How loud the microphone is, of a coarse recording of it: 24 kHz, one channel."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from asyncio.subprocess import Process

import numpy as np

from sana_vcam.voice.line import VoiceLevel
from sana_vcam.voice.meter import SampleMeter
from sana_vcam.voice.pipewire import children
from sana_vcam.voice.pipewire.chain import new_mark
from sana_vcam.voice.pipewire.registry import MARK

LEVELS = "sana_levels"
"""Node of the recording; it is linked to what the delay child takes, and to nothing else."""
RATE = 24_000
"""`pw-record` writes 4096 bytes at a time: a piece every 85 ms."""
PIPE_BYTES = 1 << 18
"""What may wait in its pipe: more than five seconds, longer than whoever takes them is away."""
WINDOW = RATE // 100
"""Samples of one level: 10 ms."""
HEADER = 24
"""Bytes of the header of an AU file, of which `pw-record` writes one to a pipe, or none."""
BIG_ENDIAN = b".snd"


class LevelMeter:
    """Levels of what `pw-record` writes, 16-bit samples behind a header, each with its time."""

    def __init__(self) -> None:
        self._rest = b""
        self._order = ""
        self._meter = SampleMeter(RATE)

    def feed(self, text: bytes, now: float) -> list[VoiceLevel]:
        """Take what has come by `now`, the header first, and give the windows that are whole."""
        self._rest += text
        if not self._order:
            if len(self._rest) < HEADER:
                return []
            self._order = ">i2" if self._rest.startswith(BIG_ENDIAN) else "<i2"
            self._rest = self._rest[HEADER:]
        whole = len(self._rest) // 2 * 2
        samples = np.frombuffer(self._rest[:whole], self._order).astype(np.float32) / 32768.0
        self._rest = self._rest[whole:]
        return self._meter.feed(samples, now)


class LevelRecording:
    """The recording while it runs. It is read when its levels are taken, and wakes nobody."""

    def __init__(self, process: Process, pipe: int, mark: str) -> None:
        self.mark = mark
        self._process = process
        self._pipe = pipe
        self._meter = LevelMeter()

    @classmethod
    async def start(cls) -> LevelRecording:
        """Start a recording that is linked to nothing. Raises `OSError`."""
        mark = new_mark()
        props = (
            f"{{ node.name = {LEVELS} node.passive = true node.autoconnect = false"
            f' state.restore-props = false {MARK} = "{mark}" }}'
        )
        ours, its = _make_pipe()
        try:
            process = await children.start(
                *("pw-record", "--target", "0", "-P", props, "--rate", str(RATE)),
                *("--channels", "1", "--format", "s16", "--latency", "100ms", "-"),
                stdout=its,
            )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(its)
        return cls(process, ours, mark)

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.returncode is not None

    def take(self) -> list[VoiceLevel]:
        """Measure what has come since the last call; waits for nothing."""
        try:
            text = os.read(self._pipe, PIPE_BYTES)
        except BlockingIOError:
            return []
        return self._meter.feed(text, time.monotonic())

    async def end(self) -> None:
        """End it and wait until it is gone."""
        os.close(self._pipe)
        await children.end(self._process)


def _make_pipe() -> tuple[int, int]:
    """Make a pipe of `PIPE_BYTES`, if the system lets us; reading from it does not wait."""
    ours, its = os.pipe()
    os.set_blocking(ours, False)
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.fcntl(its, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return ours, its
