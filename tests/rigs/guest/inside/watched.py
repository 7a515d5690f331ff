"""On demand: camera and session are on exactly while somebody takes pictures."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from sana_vcam.media.v4l2.capabilities import query
from sana_vcam.media.v4l2.ioctl import fcntl_ioctl
from tests.rigs.guest.inside.kernel import OURS, SECOND, loopback_version, loopbacks, path_of, run
from tests.rigs.guest.inside.running import Running, Viewer, running, silent_model
from tests.rigs.guest.inside.scenario import Case, scenario

DEVICE = path_of(OURS)
SETTINGS = {"START__CONNECT": "true", "CAPTURE__LINGER_S": "1", "CAMERA__SOURCE": "test"}
LONG_ENOUGH_S = 5.0
"""For a look at all processes, which a device that was only listed must survive."""


def is_off(state: dict[str, object]) -> bool:
    return state["viewers"] == 0 and state["camera"] == "off" and not state["session_wanted"]


def is_on(state: dict[str, object]) -> bool:
    return state["camera"] == "capturing" and bool(state["session_wanted"])


def started(case: Case) -> Running:
    """A daemon that nobody watches yet."""
    case.seen["driver"] = loopback_version()
    url = case.after.enter_context(silent_model())
    settings = SETTINGS | {"REACTOR__API_URL": url}
    daemon = case.after.enter_context(running(**settings))
    daemon.until(lambda state: state["viewers"] == 0, "without viewers")
    daemon.until(is_off, "off")
    return daemon


@scenario
def a_viewer_comes_and_goes(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    daemon = started(case)
    for _ in range(2):
        with Viewer(DEVICE):
            daemon.until(lambda state: state["viewers"] == 1 and is_on(state), "on")
        daemon.until(is_off, "off")
    lines = [line.split(" ", 1)[1].strip() for line in daemon.log.splitlines()]
    case.seen["log"] = [line for line in lines if "viewers" in line or "no event" in line]


@scenario
def a_list_of_devices_is_nobody(case: Case) -> None:
    """What browsers and settings dialogs do: open, ask, close."""
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    daemon = started(case)
    run("v4l2-ctl", "-d", DEVICE, "--list-devices")
    run("v4l2-ctl", "-d", DEVICE, "--all")
    with Path(DEVICE).open("rb", buffering=0) as node:
        case.seen["asked"] = query(fcntl_ioctl, node.fileno()).card
    states = daemon.watch(LONG_ENOUGH_S)
    assert all(map(is_off, states)), states


@scenario
def two_viewers_of_two_cameras(case: Case) -> None:
    """The last one to leave switches off."""
    case.after.enter_context(loopbacks([OURS, SECOND], case.exclusive_caps))
    daemon = started(case)
    with ExitStack() as second:
        with Viewer(DEVICE):
            daemon.until(lambda state: state["viewers"] == 1 and is_on(state), "on")
            second.enter_context(Viewer(path_of(SECOND)))
            daemon.until(lambda state: state["viewers"] == 2 and is_on(state), "on for two")
        daemon.until(lambda state: state["viewers"] == 1, "left by one")
        assert all(map(is_on, daemon.watch(LONG_ENOUGH_S)))
    daemon.until(is_off, "off")
