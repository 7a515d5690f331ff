"""Which slate viewers see, in words fit for a meeting: a pure function of what is going on."""

from __future__ import annotations

from sana_vcam.engine.states import EngineStatus
from sana_vcam.engine.states import SessionState as S
from sana_vcam.media.slate import Slate
from sana_vcam.media.states import CameraState

SHOW_ELAPSED_AFTER_S = 3
"""A slate with an elapsed time is drawn anew every second; below this it would only flicker."""

_BREAK = frozenset({S.CLOSING, S.IDLE, S.CONNECTING, S.STARTING})
"""The states of the short break in which one session is replaced by another."""


def slate_for(
    engine: EngineStatus, camera: CameraState, now: float, *, camera_words: str | None = None
) -> Slate:
    """Say what the slate shows at this moment; it is seen only while nothing else is."""
    elapsed = int(now - engine.since)
    shown = elapsed if elapsed >= SHOW_ELAPSED_AFTER_S else None
    if engine.state is S.REFUSED:
        return Slate("Needs attention", engine.words or "", tone="error")
    if not engine.wanted:
        return Slate("Camera off", "Back when it is switched on again", tone="neutral")
    if camera is not CameraState.CAPTURING:
        return _no_camera(camera, camera_words)
    if engine.renewing and engine.state in _BREAK:
        return Slate("One moment", "The picture is being renewed", shown, tone="busy")
    return _of_state(engine, shown)


def _of_state(engine: EngineStatus, shown: int | None) -> Slate:
    match engine.state:
        case S.IDLE if engine.paused:
            return Slate("Paused", "Back in a moment", tone="neutral")
        case S.IDLE | S.CONNECTING:
            return Slate("Connecting", "One moment, please", elapsed_s=shown, tone="busy")
        case S.WAITING:
            return Slate("Waiting for a GPU", "The picture starts soon", shown, tone="busy")
        case S.STARTING:
            return Slate("Starting", "The first picture is on its way", shown, tone="busy")
        case S.PAUSED:
            return Slate("Paused", "Back in a moment", tone="neutral")
        case S.BACKOFF:
            return Slate("Reconnecting", engine.words or "", elapsed_s=shown, tone="warning")
        case _:
            return Slate("Reconnecting", "The picture will be back", shown, tone="warning")


def _no_camera(camera: CameraState, words: str | None) -> Slate:
    if camera is CameraState.LOST:
        return Slate("No camera", words or "", tone="warning")
    return Slate("Starting", "Opening the camera", tone="busy")
