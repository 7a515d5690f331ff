"""The encoder of what viewers see, beside the playout: the newest minute is in memory, no more."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from sana_vcam.config.kinds import Size
from sana_vcam.errors import KeepingFailed
from sana_vcam.media.frames import Picture
from sana_vcam.media.keeping.coded import KEYFRAME_EVERY_S, CodedPicture, H264Encoder
from sana_vcam.media.pixels import Pixels, black_i420, to_i420

MOST_S = 60
"""Seconds that are held at most; at the encoder's highest rate they take 45 MB."""
MOST_WAITING = 24
"""Pictures that the encoder may be behind: a second."""
STRAIN_OF_A_LOSS, REST_OF_A_PICTURE, MOST_STRAIN = 4, 1, 400
"""Each picture that finds no room adds strain, and each that does takes some away. Of a machine
that encodes less than four in five, enough is known after some ten seconds."""


_TOO_SLOW = (
    "clips are not kept: this machine does not encode in time what viewers see; it is tried again "
    "in a minute. To have it off, set keep.clips to false"
)


class Keeper:
    """Encodes each picture that viewers got, on a thread of its own, and holds the newest.

    The raw camera is not kept: of a bypass, of which viewers see the camera, black is.
    """

    def __init__(
        self, size: Size, fps: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare for pictures of `size`, `fps` a second."""
        self.size, self.fps = size, fps
        self._clock = clock
        self.dropped = 0
        """Pictures that were left out, since the encoder was behind. Written by the playout."""
        self.on_coded: Callable[[CodedPicture], None] | None = None
        """Given each coded picture, on the keeper's thread; does not wait."""
        self.bypass_at = float("-inf")
        """When viewers last saw the raw camera. Written by the playout."""
        self._wants_keyframe = False
        self._black = black_i420(*size)
        self._waiting: deque[tuple[str, Pixels, float] | Future[tuple[CodedPicture, ...]]] = deque()
        self._news = threading.Semaphore(0)
        self._offered = 0
        """Pictures that were ever let in. Written by the playout."""
        self._encoded = 0
        self._strain = 0
        self._held: deque[CodedPicture] = deque()
        self._ended = False

    def offer(self, picture: Picture, frame: Pixels) -> None:
        """Take a picture with its frame of the sink's size; on the playout thread, never waits."""
        if self._offered - self._encoded >= MOST_WAITING:
            self.dropped += 1
            self._strain += STRAIN_OF_A_LOSS
            return
        self._strain = max(0, self._strain - REST_OF_A_PICTURE)
        now, source = self._clock(), picture.source
        if source == "bypass":
            self.bypass_at, frame = now, self._black
        self._offered += 1
        self._waiting.append((source, frame, now))
        self._news.release()

    def want_keyframe(self) -> None:
        """Make the next picture a keyframe, for a recording that begins; from any thread."""
        self._wants_keyframe = True

    def held(self) -> Future[tuple[CodedPicture, ...]]:
        """Ask for all that is held, as soon as what was offered until now is in it; any thread.

        It begins with a keyframe; it is empty once `run` has ended.
        """
        asked: Future[tuple[CodedPicture, ...]] = Future()
        self._waiting.append(asked)
        self._news.release()
        if self._ended:
            self._refuse_waiting()
        return asked

    def wake(self) -> None:
        """End a wait of `run`, so that it notices `stop` at once; from any thread."""
        self._news.release()

    def run(self, stop: threading.Event) -> None:
        """Encode until `stop`. Raises `KeepingFailed` where the machine is too slow."""
        try:
            self._run(stop)
        finally:
            self._ended = True
            self._held.clear()
            self._refuse_waiting()

    def _run(self, stop: threading.Event) -> None:
        encoder = H264Encoder(self.size, self.fps)
        source, keyframe_at = "", float("-inf")
        while True:
            self._news.acquire()
            if stop.is_set():
                return
            if self._strain > MOST_STRAIN:
                raise KeepingFailed(_TOO_SLOW)
            if not self._waiting:
                continue
            asked = self._waiting.popleft()
            if isinstance(asked, Future):
                _answer(asked, self._held)
                continue
            now, frame, at = asked
            # No trace of the face in the black or the card that comes after it.
            is_due = at - keyframe_at >= KEYFRAME_EVERY_S - 0.5 / self.fps
            keyframe = now != source or is_due or self._wants_keyframe
            if keyframe:
                source, keyframe_at, self._wants_keyframe = now, at, False
            i420 = frame if frame.ndim == 2 else to_i420(frame)
            self._hold(encoder.encode(i420, at, keyframe=keyframe))
            self._encoded += 1

    def _hold(self, picture: CodedPicture) -> None:
        self._held.append(picture)
        if self.on_coded is not None:
            self.on_coded(picture)
        if picture.is_keyframe:
            self._forget(picture.at - MOST_S)

    def _forget(self, before: float) -> None:
        """Forget what ends before a time: whole runs of pictures that a keyframe begins."""
        held = enumerate(self._held)
        first = max((n for n, one in held if one.is_keyframe and one.at <= before), default=0)
        for _ in range(first):
            self._held.popleft()

    def _refuse_waiting(self) -> None:
        while self._waiting:
            with contextlib.suppress(IndexError):
                asked = self._waiting.popleft()
                if isinstance(asked, Future):
                    _answer(asked, ())


def _answer(asked: Future[tuple[CodedPicture, ...]], pictures: Iterable[CodedPicture]) -> None:
    """Give what is held, unless nobody waits for it any more."""
    if asked.set_running_or_notify_cancel():
        asked.set_result(tuple(pictures))
