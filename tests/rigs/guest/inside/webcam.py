"""The real uvcvideo driver with a webcam made in software: chosen, lost, stalled, taken, back."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rigs.guest.inside.kernel import OURS, loopbacks, process, run, until
from tests.rigs.guest.inside.running import Running, new_home, running, silent_model
from tests.rigs.guest.inside.scenario import Case, scenario

SERIAL = "0001"
NAME = "Guest USB Camera: Guest USB Cam"
"""As uvcvideo has it: the function and the product, cut off."""
BY_ID = Path(f"/dev/v4l/by-id/usb-Guest_Guest_USB_Camera_{SERIAL}-video-index0")
VIVID = "platform-vivid.0-video-index0"
SETTINGS = {"CAMERA__SOURCE": "webcam", "CAPTURE__WHEN": "always", "START__CONNECT": "true"}
WATCHED_S = 6.0
SHARE = 0.75
"""Of the processor time of capturing that waiting for a lost camera may take."""


class Plugged:
    """A webcam that is plugged in; what programs do with it stands in its log."""

    def __init__(self, child: subprocess.Popen[bytes], log: Path) -> None:
        self._child = child
        self._log = log

    @property
    def streams(self) -> int:
        """How often a program began to stream."""
        return self._log.read_text().count("usbcam: streaming")

    def stall(self) -> None:
        self._child.send_signal(signal.SIGUSR1)

    def go_on(self) -> None:
        self._child.send_signal(signal.SIGUSR2)


@contextmanager
def plugged() -> Iterator[Plugged]:
    """Plug the webcam in, and out again at the end."""
    run("modprobe", "-a", "uvcvideo", "vhci-hcd")
    log = new_home() / "usbcam"
    with log.open("wb") as file:
        words = (sys.executable, "-m", "tests.rigs.guest.inside.usbcam", "--serial", SERIAL)
        with process(*words, stdout=file, stderr=file) as child:
            until(BY_ID.exists, f"{BY_ID}: {log.read_text()}")
            yield Plugged(child, log)
    until(lambda: not BY_ID.exists(), "the webcam's node go")


def started(case: Case, device: str = str(BY_ID)) -> Running:
    """A daemon whose camera is on all the time."""
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    url = case.after.enter_context(silent_model())
    settings = SETTINGS | {"CAMERA__DEVICE": device, "REACTOR__API_URL": url}
    return case.after.enter_context(running(**settings))


def capturing(case: Case, device: str = str(BY_ID)) -> Running:
    """The same, once the camera gives pictures."""
    daemon = started(case, device)
    daemon.until(is_capturing, "capturing")
    return daemon


def is_capturing(state: dict[str, object]) -> bool:
    return state["camera"] == "capturing"


def lost(daemon: Running, words: str) -> str:
    """Wait until the camera is lost, with these words; all that is said of it."""
    wanted = {"camera": "lost", "card": "No camera", "output": "slate"}
    state = daemon.until(
        lambda s: wanted.items() <= s.items() and words in (s["error"] or ""), f"lost: {words}"
    )
    return str(state["error"])


@scenario
def chosen_by_its_stable_id(case: Case) -> None:
    """vivid has the lower numbers, and is not taken."""
    run("modprobe", "vivid", "n_devs=1", "node_types=0x1")
    case.after.callback(run, "modprobe", "-r", "vivid")
    case.after.enter_context(plugged())
    daemon = capturing(case)
    case.seen["camera"] = daemon.state["camera_name"]
    assert daemon.state["camera_name"].startswith(NAME), daemon.state


@scenario
def vivid_as_the_camera(case: Case) -> None:
    run("modprobe", "vivid", "n_devs=1", "node_types=0x1")
    case.after.callback(run, "modprobe", "-r", "vivid")
    daemon = capturing(case, VIVID)
    case.seen["camera"] = daemon.state["camera_name"]
    assert "vivid" in daemon.state["camera_name"], daemon.state


@scenario
def unplugged_and_plugged_in(case: Case) -> None:
    with plugged():
        daemon = capturing(case)
        busy_s = cpu_during(daemon)
    case.seen["said"] = lost(daemon, "was unplugged")
    assert case.seen["said"] == (
        f'the camera "{NAME}" was unplugged: plug it in again; it is opened by itself'
    )
    idle_s = cpu_during(daemon)
    case.seen["processor time, capturing and lost"] = [round(busy_s, 2), round(idle_s, 2)]
    with plugged() as camera:
        daemon.until(is_capturing, "capturing again")
        case.seen["streams"] = camera.streams
        daemon.kill(signal.SIGTERM)
    assert idle_s < SHARE * busy_s, case.seen


def cpu_during(daemon: Running) -> float:
    """Processor time of the daemon in the next few seconds."""
    before = daemon.cpu_s()
    daemon.watch(WATCHED_S)
    return daemon.cpu_s() - before


@scenario
def stalled(case: Case) -> None:
    camera = case.after.enter_context(plugged())
    daemon = capturing(case)
    camera.stall()
    case.seen["said"] = lost(daemon, "gives no picture")
    camera.go_on()
    daemon.until(is_capturing, "capturing again")
    case.seen["streams"] = camera.streams
    # The daemon opened the camera again; each attempt is one stream, and it does not hammer.
    assert 2 <= camera.streams <= 4, case.seen


@scenario
def taken_by_another_program(case: Case) -> None:
    case.after.enter_context(plugged())
    stream = ("v4l2-ctl", "-d", str(BY_ID), "--stream-mmap", "--stream-count=100000")
    with process(*stream, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        until(lambda: b"v4l2-ctl" in Path(f"/proc/{other.pid}/cmdline").read_bytes(), "v4l2-ctl")
        daemon = started(case)
        case.seen["said"] = lost(daemon, "is in use by")
        assert f"is in use by v4l2-ctl (pid {other.pid})" in case.seen["said"], case.seen
    daemon.until(is_capturing, "capturing")
