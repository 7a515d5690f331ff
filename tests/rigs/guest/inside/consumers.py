"""Each consumer gets, through the real driver, the picture that the sink was given."""

from __future__ import annotations

from collections.abc import Callable

from sana_vcam.config.schema import SinkConfig
from tests.rigs.guest.inside import readers
from tests.rigs.guest.inside.feed import feeding
from tests.rigs.guest.inside.kernel import OBS, OURS, SECOND, loopback_version, loopbacks, path_of
from tests.rigs.guest.inside.picture import Reading
from tests.rigs.guest.inside.scenario import Case, scenario

I420 = ("I420", "YU12")
TOLERANCE = 4.0
"""Of 255: two roundings, and none of them the wrong matrix or range, which costs 15 or more."""


def read_through(case: Case, reader: Callable[[str], Reading], fps: float = 24) -> None:
    """Another program's loopback comes first, so the right one is found by its label."""
    case.after.enter_context(loopbacks([OBS, OURS], case.exclusive_caps))
    case.seen["driver"] = loopback_version()
    sink = case.after.enter_context(feeding())
    assert path_of(OURS) in sink.name, sink.name
    reading = reader(path_of(OURS))
    case.seen |= reading.seen()
    reading.check(I420, TOLERANCE, fps)
    case.seen["rate that the next one is told"] = readers.rate(path_of(OURS))


@scenario
def ffmpeg(case: Case) -> None:
    read_through(case, readers.ffmpeg)


@scenario
def gstreamer(case: Case) -> None:
    read_through(case, readers.gstreamer)


@scenario
def v4l2_ctl(case: Case) -> None:
    read_through(case, readers.v4l2_ctl)


@scenario
def opencv(case: Case) -> None:
    """It asks for 30 by itself, and shows what it asked for; the pictures come as they are sent."""
    read_through(case, readers.opencv, fps=30)


@scenario
def two_virtual_cameras_at_once(case: Case) -> None:
    case.after.enter_context(loopbacks([OBS, OURS, SECOND], case.exclusive_caps))
    sink = case.after.enter_context(feeding(SinkConfig(kind="v4l2loopback")))
    case.seen["fed"] = list(sink.devices)
    assert sink.devices == (path_of(OURS), path_of(SECOND))
    for device in sink.devices:
        readers.v4l2_ctl(device).check(I420, TOLERANCE, 24)
