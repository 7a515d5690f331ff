"""The daemon at work in front of the real driver: a card, its death, its return, its end."""

from __future__ import annotations

import base64
import signal

import cv2
import numpy as np

from tests.rigs.guest.inside import readers
from tests.rigs.guest.inside.kernel import OURS, loopbacks, path_of
from tests.rigs.guest.inside.picture import HEIGHT, WIDTH
from tests.rigs.guest.inside.running import (
    Running,
    Viewer,
    difference,
    is_black,
    new_home,
    running,
    standin,
)
from tests.rigs.guest.inside.scenario import Case, scenario

DEVICE = path_of(OURS)
SAME = 4.0
"""Of 255: JPEG in between."""


def snapshot_luma(daemon: Running) -> np.ndarray:
    """What the daemon says that viewers see, as limited-range luma."""
    jpeg = base64.b64decode(daemon.ok("snapshot")["data"])
    grey = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert grey.shape == (HEIGHT, WIDTH)
    return (16 + grey.astype(float) * 219 / 255).astype(np.uint8).ravel()


@scenario
def a_card_without_a_session(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    daemon = case.after.enter_context(running())
    state = daemon.until(lambda s: s["fps_output"] > 0, "feeding")
    case.seen |= {key: state[key] for key in ("output", "card", "sink", "sink_name")}
    assert (state["output"], state["sink"]) == ("slate", "v4l2loopback")
    assert state["sink_name"] == f"SANA VCam ({DEVICE})"

    reading = readers.ffmpeg(DEVICE)
    assert (reading.width, reading.height, reading.fps) == (WIDTH, HEIGHT, 24)
    viewer = case.after.enter_context(Viewer(DEVICE))
    frame = viewer.take(12)
    case.seen["difference"] = difference(frame, snapshot_luma(daemon))
    assert case.seen["difference"] < SAME
    assert not is_black(frame)


@scenario
def killed_and_started_again(case: Case) -> None:
    """A viewer stays through it all: the picture, the driver's card, the next daemon's picture."""
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    home = new_home()
    with running(home) as daemon:
        viewer = case.after.enter_context(Viewer(DEVICE))
        card = viewer.take(12).copy()
        daemon.ok("blank", on=True)
        viewer.until(is_black, "black")
        daemon.kill(signal.SIGKILL)
        viewer.until(lambda frame: not is_black(frame), "the driver's card")
        after_kill = viewer.take(3)
        case.seen["from the card before"] = difference(after_kill, card)
        assert after_kill.any(), "zero bytes are green"
    with running(home) as daemon:
        daemon.ok("blank", on=True)
        viewer.until(is_black, "what the next daemon shows")
        daemon.ok("blank", on=False)
        viewer.until(lambda frame: not is_black(frame), "the card again")
    assert viewer.alive


@scenario
def stopped_and_started_at_once(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    home = new_home()
    with running(home) as daemon:
        viewer = case.after.enter_context(Viewer(DEVICE))
        daemon.ok("blank", on=True)
        viewer.until(is_black, "black")
        assert daemon.kill(signal.SIGTERM) == 0, daemon.log[-2000:]
    viewer.until(lambda frame: not is_black(frame), "the card that it left")
    for _ in range(2):
        with running(home) as daemon:
            daemon.ok("blank", on=True)
            viewer.until(is_black, "what the next daemon shows")
            assert daemon.kill(signal.SIGTERM) == 0, daemon.log[-2000:]
    assert viewer.alive


@scenario
def the_edited_picture(case: Case) -> None:
    """Camera, WebRTC, the stand-in for the model, and the driver, to a viewer."""
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    url = case.after.enter_context(standin())
    settings = {"REACTOR__API_URL": url, "START__CONNECT": "true", "CAPTURE__WHEN": "always"}
    daemon = case.after.enter_context(running(**settings))
    viewer = case.after.enter_context(Viewer(DEVICE))
    state = daemon.until(lambda s: s["output"] == "live", "live")
    case.seen |= {key: state[key] for key in ("session", "fps_model", "fps_output")}
    first = viewer.take(6).copy()
    viewer.until(lambda frame: difference(frame, first) > 1, "the picture move")
    assert daemon.kill(signal.SIGTERM) == 0, daemon.log[-2000:]
    viewer.take(3)
