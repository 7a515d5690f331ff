"""A sink that cannot be opened says exactly why, and what mends it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sana_vcam.config.schema import SinkConfig
from sana_vcam.errors import SinkError
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.v4l2 import devices
from tests.rigs.guest.inside.kernel import NOBODY, OBS, OURS, loopbacks, path_of, playing, unload
from tests.rigs.guest.inside.scenario import Case, scenario


def refusal(case: Case, config: SinkConfig) -> str:
    with pytest.raises(SinkError) as caught:
        Sink.open(config).close()
    case.seen["said"] = str(caught.value)
    return str(caught.value)


@scenario
def no_module(case: Case) -> None:
    unload()
    assert refusal(case, SinkConfig(kind="v4l2loopback")) == (
        "there is no virtual camera. The commands that make one on this machine: sana-vcam doctor"
    )


@scenario
def wrong_label(case: Case) -> None:
    case.after.enter_context(loopbacks([OBS, OURS], case.exclusive_caps))
    assert refusal(case, SinkConfig(kind="v4l2loopback", label="Studio")).startswith(
        'no virtual camera has the label "Studio"; virtual cameras here: '
        '"OBS Virtual Camera" (/dev/video10), "SANA VCam" (/dev/video11). Use one of them'
    )


@scenario
def not_a_loopback(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    said = refusal(case, SinkConfig(kind="v4l2loopback", device="/dev/null"))
    assert said == (
        'sink.device: there is no /dev/null; virtual cameras here: "SANA VCam" (/dev/video11)'
    )


@scenario
def no_permission(case: Case) -> None:
    """udev gives the devices to the group video, which nobody is not in."""
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    program = (
        "import json; from sana_vcam.config.schema import SinkConfig\n"
        "from sana_vcam.errors import SinkError; from sana_vcam.media.sinks.sink import Sink\n"
        "try: Sink.open(SinkConfig(kind='v4l2loopback')); print(json.dumps('opened'))\n"
        "except SinkError as error: print(json.dumps(str(error)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": "/tmp", "PYTHONPATH": "."},
    )
    case.seen["said"] = said = json.loads(done.stdout)
    assert said == f"no right to write to {path_of(OURS)}: {devices.JOIN_GROUP}"


@scenario
def another_producer(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    pid = case.after.enter_context(playing(path_of(OURS)))
    assert refusal(case, SinkConfig(kind="v4l2loopback")) == (
        f"another program feeds the virtual camera {path_of(OURS)} (open in ffmpeg (pid {pid})): "
        "end it, or set sink.device to another virtual camera"
    )
