"""Sessions of both versions, with a camera in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.rigs.pipewire import Session
from tests.rigs.pipewire.fixtures import pipewire
from tests.system.process.pipewire.cameras import Camera

__all__ = ["pipewire"]


@pytest.fixture
def patience_s() -> float:
    """How long the camera waits for the server's answer."""
    return 5.0


@pytest.fixture
def size() -> tuple[int, int]:
    """Width and height of the camera; small, since most tests do not look at it."""
    return (640, 360)


@pytest.fixture
def faulty() -> bool:
    """Whether an exception is raised in the camera when a reader comes."""
    return False


@pytest.fixture
def camera(
    pipewire: Session,
    require_tools: bool,
    size: tuple[int, int],
    patience_s: float,
    faulty: bool,
) -> Iterator[Camera]:
    """A camera of ours in the session, fed with colour bars by a process of its own."""
    if shutil.which("gst-launch-1.0") is None:
        why = "apt install gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-pipewire"
        if require_tools:
            raise AssertionError(why)
        pytest.skip(why)
    with Camera(pipewire, size, patience_s=patience_s, faulty=faulty) as made:
        yield made
