"""`sana-vcam doctor` finds each fault that is made on purpose, and nothing where there is none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.rigs.guest.inside.feed import feeding
from tests.rigs.guest.inside.kernel import (
    NOBODY,
    OBS,
    OURS,
    loopbacks,
    path_of,
    playing,
    process,
    unload,
)
from tests.rigs.guest.inside.running import environment, new_home, running
from tests.rigs.guest.inside.scenario import Case, scenario
from tests.rigs.guest.inside.webcam import BY_ID, NAME, plugged

PROBLEMS = {"warning", "problem"}


def examined(
    case: Case, *, home: Path | None = None, uid: int = 0, **settings: str
) -> dict[str, dict[str, Any]]:
    """The findings that are no praise, by their ids; `home` is whose daemon `ctl` talks to."""
    home = home or new_home()
    env = environment(home, settings)
    if uid:
        home.chmod(0o755)
        for folder in home.iterdir():
            folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "sana_vcam", "doctor", "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=env,
        **({"user": uid, "group": uid, "extra_groups": []} if uid else {}),
    )
    assert done.returncode in {0, 1}, done.stderr
    found = json.loads(done.stdout)["findings"]
    amiss = {one["id"]: one for one in found if one["severity"] in PROBLEMS}
    case.seen["found"] = {name: one["found"] for name, one in amiss.items()}
    case.seen["mend"] = {name: one["mend"] for name, one in amiss.items()}
    return amiss


def problem(found: dict[str, dict[str, Any]], name: str) -> str:
    assert name in found, found.keys()
    assert found[name]["severity"] == "problem", found[name]
    assert found[name]["mend"], found[name]
    return str(found[name]["found"])


@scenario
def nothing_is_wrong(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], 1))
    found = examined(case)
    assert not [name for name in found if name.startswith(("driver.module", "sink.", "camera."))]


@scenario
def no_module(case: Case) -> None:
    unload()
    assert problem(examined(case), "driver.module") == "installed, not loaded"


@scenario
def exclusive_caps_off(case: Case) -> None:
    """Also while it is fed, when every device looks alike."""
    case.after.enter_context(loopbacks([OURS], 0))
    assert problem(examined(case), "sink.exclusive_caps") == f"0 for {path_of(OURS)}"
    case.after.enter_context(feeding())
    assert problem(examined(case), "sink.exclusive_caps") == f"0 for {path_of(OURS)}"


@scenario
def label_missing(case: Case) -> None:
    case.after.enter_context(loopbacks([OBS], case.exclusive_caps))
    assert problem(examined(case), "sink.found") == (
        'none has the label "SANA VCam"; there are "OBS Virtual Camera" (/dev/video10)'
    )


@scenario
def busy(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    pid = case.after.enter_context(playing(path_of(OURS)))
    found = examined(case)
    assert f"open in ffmpeg (pid {pid})" in found["sink.busy"]["found"], found


@scenario
def no_permission(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    found = examined(case, uid=NOBODY)
    assert problem(found, "sink.permission") == f"you may not write to {path_of(OURS)}"


@scenario
def camera_busy(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    case.after.enter_context(plugged())
    stream = ("v4l2-ctl", "-d", str(BY_ID), "--stream-mmap", "--stream-count=100000")
    other = case.after.enter_context(
        process(*stream, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    )
    found = examined(case, CAMERA__SOURCE="webcam", CAMERA__DEVICE=str(BY_ID))
    assert found["camera.busy"]["found"] == f"open in v4l2-ctl (pid {other.pid})", found


@scenario
def camera_missing(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    found = examined(case, CAMERA__SOURCE="webcam", CAMERA__DEVICE=NAME)
    assert problem(found, "camera.found")


@scenario
def the_running_daemon_is_no_fault(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], 1))
    home = new_home()
    daemon = case.after.enter_context(running(home))
    found = examined(case, home=home)
    assert not [name for name in found if name.startswith(("driver.module", "sink.", "control."))]
    # To who has another run-time folder it is another program that feeds the device.
    found = examined(case)
    assert f"another sana-vcam (pid {daemon.process.pid})" in found["sink.busy"]["found"], found
