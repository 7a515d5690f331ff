"""The states of the camera and of the program, as the API names them."""

from __future__ import annotations

from enum import StrEnum


class ProgramSource(StrEnum):
    """What viewers see, in order of precedence (blank wins)."""

    BLANK = "blank"
    FREEZE = "freeze"
    BYPASS = "bypass"
    LIVE = "live"
    SLATE = "slate"


class CameraKind(StrEnum):
    """What sort of source the camera's picture comes from."""

    WEBCAM = "webcam"
    FILE = "file"
    SCENE = "scene"


class CameraState(StrEnum):
    """Where the camera thread is with its device."""

    OFF = "off"
    OPENING = "opening"
    CAPTURING = "capturing"
    LOST = "lost"
