"""A delay line in memory, for sound servers that have none: pure arithmetic, no input or output.

One thread writes what a microphone hears, another one reads what is heard late, and a third one may
mute at any time. It fails closed: what was written before a mute is never read, and a reader that
has caught up with the writer hears silence until a whole delay has passed, never a shorter one.
"""

from __future__ import annotations

import threading
from collections import deque
from statistics import median

import numpy as np
from numpy.typing import NDArray

from sana_vcam.voice.line import MAX_DELAY_MS

type Samples = NDArray[np.float32]
"""Frames in rows, channels in columns."""

SLACK_S = 1.0
"""A reader that is later than its delay by more leaves out what lies between."""
FADE_IN_S = 0.5
"""How long the first sound after silence takes to its full level."""
SEEN = 250
"""The last so many reads tell how far reader and writer are apart."""
ENOUGH = 25
"""Fewer than so many tell nothing: a writer that writes in pieces moves in steps."""


class DelayRing:
    """The last seconds of sound, read `delay_frames` later than they were written.

    The delay is from the newest frame that was written to the first one of a read; a read that is
    longer than the delay makes it as long as itself.
    """

    def __init__(self, rate: int, channels: int = 1, delay_frames: int = 0) -> None:
        """Begin muted; `rate` is in frames a second."""
        self.rate = rate
        self.channels = channels
        self._slack = round(SLACK_S * rate)
        self._fade_in = round(FADE_IN_S * rate)
        self._most = round(MAX_DELAY_MS / 1000 * rate)
        self._memory: Samples = np.zeros((self._most + 2 * self._slack, channels), np.float32)
        self._lock = threading.Lock()
        self._is_muted = True
        self._delay = self._possible(delay_frames)
        self._written = 0
        """Frames that were written, ever; frame k is in row k modulo the number of rows."""
        self._begin = 0
        """What was written before this frame is never read."""
        self._position: int | None = None
        """The next frame that is read; None until it is known where that is."""
        self._fade: _Fade | None = None
        self._after_fade: int | None = None
        """Frames of the fade that begins when the one that runs is over."""
        self._held: deque[int] = deque(maxlen=SEEN)

    @property
    def delay_frames(self) -> int:
        """How late a frame is read, or will be once the fade is over."""
        return self._delay

    @property
    def is_fading(self) -> bool:
        """Whether the reader hears two places at once now."""
        return self._fade is not None

    @property
    def is_heard(self) -> bool:
        """Whether the reader gets what was written, and not silence."""
        with self._lock:
            return not self._is_muted and self._is_sounding()

    @property
    def drift_frames(self) -> int:
        """How much later than the delay frames are read: two clocks differ; 0 while not known.

        `set_delay` takes it away, with the same delay too.
        """
        with self._lock:
            return self._drift() or 0

    def write(self, block: Samples) -> None:
        """Take the next frames, of one channel or several; nothing while muted."""
        frames = self._fitted(block)[-len(self._memory) :]
        with self._lock:
            if self._is_muted:
                return
            row = self._written % len(self._memory)
            if row + len(frames) <= len(self._memory):
                self._memory[row : row + len(frames)] = frames
            else:
                rows = np.arange(row, row + len(frames)) % len(self._memory)
                self._memory[rows] = frames
            self._written += len(frames)

    def read(self, frames: int) -> Samples:
        """Give the next `frames`; silence where there are none."""
        with self._lock:
            if self._is_muted or not self._is_placed(frames):
                return np.zeros((frames, self.channels), np.float32)
            position = self._position or 0
            heard = self._heard(position, frames)
            self._held.append(self._written - position)
            last = position + frames
            if self._fade is not None:
                share = self._fade.shares(frames)
                heard = (1 - share) * heard + share * self._heard(self._fade.position, frames)
                last = max(last, self._fade.position + frames)
                self._fade.position += frames
            self._position = position + frames
            if last > self._written:
                self._forget()
            elif self._fade is not None and self._fade.is_over:
                self._position, self._fade = self._fade.position, None
                self._held.clear()
                self._held.append(self._written - self._position + frames)
                if self._after_fade is not None:
                    fade_frames, self._after_fade = self._after_fade, None
                    self._begin_fade(fade_frames)
            return heard

    def mute(self) -> None:
        """Give silence from now on, and forget what was written. Waits for one read at most."""
        with self._lock:
            self._is_muted = True
            self._memory[:] = 0
            self._forget()

    def unmute(self, after_frames: int = 0) -> None:
        """Take what is written from now on, but for the first `after_frames`, and fade it in."""
        with self._lock:
            self._is_muted = False
            self._begin = self._written + after_frames
            self._position = None

    def forget(self) -> None:
        """Never read what was written until now; whether it is muted stays."""
        with self._lock:
            self._forget()

    def set_delay(self, frames: int, fade_frames: int) -> None:
        """Fade to another delay, or take it on at once while nothing is heard."""
        with self._lock:
            drift = self._drift()
            held = None if drift is None else self._delay + drift
            self._delay = self._possible(frames)
            if self._fade is not None:
                self._after_fade = fade_frames
            elif self._is_sounding():
                self._begin_fade(fade_frames, held)
            else:
                self._position = None
                self._held.clear()

    # -- with the lock held --------------------------------------------------------------------

    def _is_placed(self, frames: int) -> bool:
        """Find the place to read from, if anything can be read."""
        most = self._delay + self._slack
        if self._fade is None and self._written - (self._position or 0) > most:
            self._position = None
        if self._position is None:
            if self._written <= self._begin:
                return False
            self._position = self._written - max(self._delay, frames)
            # Silence lies before it, or what is left out: it is faded in either way.
            self._begin = max(self._begin, self._position)
            self._held.clear()
        return True

    def _heard(self, position: int, frames: int) -> Samples:
        """Give the frames from `position` on, faded in from the first that may be heard."""
        row = position % len(self._memory)
        oldest = max(self._begin, self._written - len(self._memory))
        # Nearly always all of it is there, at full level and in one piece: that takes a fifth.
        if (
            position >= max(oldest, self._begin + self._fade_in)
            and position + frames <= self._written
            and row + frames <= len(self._memory)
        ):
            return self._memory[row : row + frames].copy()
        numbers = np.arange(position, position + frames)
        level = np.clip((numbers - self._begin) / self._fade_in, 0.0, 1.0).astype(np.float32)
        level[(numbers < oldest) | (numbers >= self._written)] = 0.0
        return level[:, np.newaxis] * self._memory[numbers % len(self._memory)]

    def _begin_fade(self, fade_frames: int, held: int | None = None) -> None:
        """Begin a fade to where the delay is right; `held` is how late frames were read lately."""
        if self._position is None or not self._held:
            return
        held = self._held[-1] if held is None else held
        self._fade = _Fade(self._position + held - self._delay, max(1, fade_frames))

    def _forget(self) -> None:
        self._begin = self._written
        self._position = self._fade = self._after_fade = None
        self._held.clear()

    def _is_sounding(self) -> bool:
        return self._position is not None and self._position > self._begin

    def _drift(self) -> int | None:
        if len(self._held) < ENOUGH:
            return None
        return round(median(self._held)) - self._delay

    # ------------------------------------------------------------------------------------------

    def _possible(self, frames: int) -> int:
        return min(max(frames, 0), self._most)

    def _fitted(self, block: Samples) -> Samples:
        """Give the block as frames of the ring's channels; other numbers are mixed to all alike."""
        frames = block.reshape(len(block), -1)
        if frames.shape[1] == self.channels:
            return frames
        return np.repeat(frames.mean(axis=1, keepdims=True), self.channels, axis=1)


class _Fade:
    """A fade from the reader's place to another one."""

    def __init__(self, position: int, frames: int) -> None:
        self.position = position
        """The next frame that is read there."""
        self._frames = frames
        self._done = 0

    @property
    def is_over(self) -> bool:
        return self._done >= self._frames

    def shares(self, frames: int) -> Samples:
        """Give the share of the other place in each of the next frames: half a cosine."""
        steps = np.arange(self._done + 1, self._done + frames + 1) / self._frames
        self._done += frames
        shares = 0.5 - 0.5 * np.cos(np.pi * np.minimum(steps, 1.0))
        return shares.astype(np.float32)[:, np.newaxis]
