"""Which slate viewers see, in words fit for a meeting: a pure function of what is going on."""

from __future__ import annotations

import math

from sana_vcam.engine.states import EngineStatus
from sana_vcam.engine.states import SessionState as S
from sana_vcam.media.slate import Slate
from sana_vcam.media.states import CameraState

SHOW_ELAPSED_AFTER_S = 3
"""A slate with an elapsed time is drawn anew every second; below this it would only flicker."""

_BREAK = frozenset({S.CLOSING, S.IDLE, S.CONNECTING, S.STARTING})
"""The states of the short break in which one session is replaced by another."""


class PictureWait:
    """Since when a picture of the model is waited for: what every card's clock counts.

    Written by the event loop, read by any thread. Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self._wanted_at = math.inf
        """Since when a session is wanted; infinite while none is."""
        self._awaited_at = math.inf
        """Since when a picture could come: wanted, not paused, and the camera gives something."""

    def follow(self, engine: EngineStatus, camera: CameraState, now: float) -> None:
        """Take note of how things are; to be called at every change."""
        self._wanted_at = _since(self._wanted_at, now, engine.wanted)
        awaited = engine.wanted and not engine.paused and engine.state is not S.REFUSED
        self._awaited_at = _since(
            self._awaited_at, now, awaited and camera is CameraState.CAPTURING
        )

    def seconds(self, picture_at: float, now: float) -> float | None:
        """Count since the last picture, or since one could come; None while none could.

        `picture_at` is when the last one came up; minus infinity before the first.
        """
        since = max(self._awaited_at, picture_at)
        return None if math.isinf(since) else max(0.0, now - since)

    def had_picture(self, picture_at: float) -> bool:
        """Whether one has come since a session is wanted."""
        return picture_at > self._wanted_at


def _since(before: float, now: float, holds: bool) -> float:
    return min(before, now) if holds else math.inf


def slate_for(
    engine: EngineStatus,
    camera: CameraState,
    waited_s: float | None,
    *,
    had_picture: bool = True,
    camera_words: str | None = None,
) -> Slate:
    """Say what the slate shows at this moment; it is seen only while nothing else is.

    `waited_s` is how long viewers have waited for a picture, and `had_picture` whether they had
    one before that: else nothing is connected *again*, however often it is tried.
    """
    shown = None if waited_s is None or waited_s < SHOW_ELAPSED_AFTER_S else int(waited_s)
    if engine.state is S.REFUSED:
        return Slate("Needs attention", engine.words or "", tone="error")
    if not engine.wanted:
        return Slate("Camera off", "Back when it is switched on again", tone="neutral")
    if camera is not CameraState.CAPTURING:
        return _no_camera(camera, camera_words)
    if engine.renewing and engine.state in _BREAK:
        return Slate("One moment", "The picture is being renewed", shown, tone="busy")
    return _of_state(engine, shown, had_picture=had_picture)


def _of_state(engine: EngineStatus, shown: int | None, *, had_picture: bool) -> Slate:
    again = "Reconnecting" if had_picture else "Connecting"
    match engine.state:
        case S.IDLE if engine.paused:
            return Slate("Paused", "Back in a moment", tone="neutral")
        case S.IDLE | S.CONNECTING:
            return Slate(again, "One moment, please", elapsed_s=shown, tone="busy")
        case S.WAITING:
            return Slate("Waiting for a GPU", "The picture starts soon", shown, tone="busy")
        case S.STARTING:
            which = "The picture" if had_picture else "The first picture"
            return Slate("Starting", f"{which} is on its way", shown, tone="busy")
        case S.PAUSED:
            return Slate("Paused", "Back in a moment", tone="neutral")
        case S.BACKOFF:
            return Slate(again, engine.words or "", elapsed_s=shown, tone="warning")
        case _:
            detail = "The picture will be back" if had_picture else "One moment, please"
            return Slate(again, detail, shown, tone="warning")


def _no_camera(camera: CameraState, words: str | None) -> Slate:
    if camera is CameraState.LOST:
        return Slate("No camera", words or "", tone="warning")
    return Slate("Starting", "Opening the camera", tone="busy")
