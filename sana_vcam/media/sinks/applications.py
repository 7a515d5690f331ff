"""Which applications read which virtual camera, and what people call them.

One list for the names of those who watch, for the doctor and for the table in the pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Application:
    """An application, the names of its processes, and how it gets at a virtual camera."""

    name: str
    processes: tuple[str, ...]
    """In small letters; also what it calls itself to PipeWire."""
    v4l2: str
    """How it reads a v4l2loopback device, in words; empty: not at all."""
    pipewire: str
    """How it reads the PipeWire node; empty: not at all."""
    seen: str
    """With which versions reading PipeWire was seen; empty: as their makers say, not tried."""


APPLICATIONS: tuple[Application, ...] = (
    Application(
        "Firefox",
        ("firefox", "firefox-esr", "firefox-bin"),
        "yes, with the usual sizes such as 1280x720",
        "set media.webrtc.camera.allow-pipewire to true in about:config, restart Firefox",
        "ESR 153, with PipeWire 0.3.65 and 1.4",
    ),
    Application(
        "Chromium",
        ("chromium", "chromium-browser"),
        "yes, with exclusive_caps=1",
        "enable chrome://flags/#enable-webrtc-pipewire-camera, restart the browser",
        "156, with PipeWire 0.3.65 and 1.4",
    ),
    Application(
        "Chrome",
        ("chrome", "google-chrome"),
        "yes, with exclusive_caps=1",
        "enable chrome://flags/#enable-webrtc-pipewire-camera, restart the browser",
        "",
    ),
    Application(
        "OBS",
        ("obs", "obs studio", "com.obsproject.studio"),
        'source "Video Capture Device (V4L2)"',
        'source "Video Capture Device (PipeWire)", from version 30 on',
        "",
    ),
    Application("GNOME Snapshot", ("snapshot",), "", "yes", ""),
    Application("Cheese", ("cheese",), "yes", "", ""),
    Application(
        "GStreamer",
        ("gst-launch-1.0",),
        "v4l2src device=/dev/video10",
        "pipewiresrc target-object=sana_vcam",
        "1.22, with PipeWire 0.3.65 and 1.4",
    ),
    Application("FFmpeg", ("ffmpeg", "ffplay"), "-f v4l2 -i /dev/video10", "", ""),
    Application("Zoom", ("zoom", "zoom.real"), "yes", "", ""),
    Application("Discord", ("discord",), "yes, with the usual sizes such as 1280x720", "", ""),
    Application("Microsoft Teams", ("teams", "teams-for-linux"), "yes", "", ""),
)

_NAMES = {process: one.name for one in APPLICATIONS for process in one.processes}


def application_name(program: str) -> str:
    """Name a program as people do; one that is not in the list keeps its own name."""
    return _NAMES.get(program.casefold().strip(), program)


def application_names(programs: Iterable[str]) -> tuple[str, ...]:
    """Name programs as people do, each once, in their order."""
    return tuple(dict.fromkeys(application_name(one) for one in programs if one))
