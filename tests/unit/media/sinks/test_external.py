"""The cameras of OBS and Unity Capture, through pyvirtualcam as it is on Windows and macOS."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from sana_vcam.config.schema import SinkConfig
from sana_vcam.errors import SinkError
from sana_vcam.media import pixels
from sana_vcam.media.frames import ModelFrame, Picture
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.v4l2.devices import System
from tests.fakes.nativecameras import OBS, UNITY, Cameras, there

WINDOWS, NEW_MACOS, OLD_MACOS = ("Windows", "10"), ("Darwin", "23.5.0"), ("Darwin", "21.6.0")
SIZE = (320, 180)
CONFIG = SinkConfig(width=320, height=180)

Lay = Callable[..., Cameras]


@pytest.fixture
def lay(monkeypatch: pytest.MonkeyPatch) -> Lay:
    """Gives the virtual cameras of a machine of that system."""
    return lambda system, *installed: there(monkeypatch, *system, *installed)


def opened(system: tuple[str, str], config: SinkConfig = CONFIG, **more: object) -> Sink:
    name = "win32" if system == WINDOWS else "darwin"
    return Sink.open(config, system=dataclasses.replace(System(), platform=name), **more)


def grey(level: int) -> Picture:
    bgr = np.full((SIZE[1], SIZE[0], 3), level, np.uint8)
    return Picture.from_model(ModelFrame(pixels.to_i420(bgr), 0, 0.0))


@pytest.mark.parametrize("system", [WINDOWS, NEW_MACOS, OLD_MACOS])
def test_obs_gets_the_picture_in_the_sinks_size(lay: Lay, system: tuple[str, str]):
    cameras = lay(system, OBS, UNITY)
    sink = opened(system)
    sink.send(grey(200))
    sink.send(Picture.black(*SIZE))
    sink.close()

    assert (sink.kind, sink.name) == ("obs", OBS)
    assert cameras.opened == [(OBS, *SIZE, 24.0)]
    first, second = (frame[: SIZE[0] * SIZE[1]] for _, frame in cameras.shown)
    assert set(first) == {188}, "Y of grey 200 in limited range"
    assert set(second) == {16}
    assert cameras.open == set()


def test_without_obs_windows_has_unity_capture(lay: Lay, caplog: pytest.LogCaptureFixture):
    cameras = lay(WINDOWS, UNITY)
    sink = opened(WINDOWS)
    sink.send(grey(7))
    sink.close()

    assert (sink.kind, sink.name) == ("unitycapture", UNITY)
    assert [name for name, _ in cameras.shown] == [UNITY]
    assert "install OBS Studio and start its virtual camera once, then stop it" in caplog.text


def test_unity_capture_under_another_name_is_configured(lay: Lay):
    cameras = lay(WINDOWS, "Studio")
    config = SinkConfig(kind="unitycapture", device="Studio", width=320, height=180)
    sink = opened(WINDOWS, config)
    sink.close()
    assert [name for name, *_ in cameras.opened] == ["Studio"]


@pytest.mark.parametrize("system", [WINDOWS, NEW_MACOS])
def test_with_neither_the_picture_is_kept_for_the_preview(
    lay: Lay, system: tuple[str, str], caplog: pytest.LogCaptureFixture
):
    lay(system)
    sink = opened(system)
    sink.send(grey(7))
    assert sink.kind == "preview"
    assert sink.latest_pixels() is not None
    sink.close()
    assert "install OBS Studio" in caplog.text
    assert ("install Unity Capture" in caplog.text) == (system == WINDOWS)


@pytest.mark.parametrize(
    ("system", "kind", "fix"),
    [
        (WINDOWS, "obs", "install OBS Studio and start its virtual camera once"),
        (WINDOWS, "unitycapture", "install Unity Capture, and set sink.device to its name"),
        (NEW_MACOS, "obs", "install OBS Studio and start its virtual camera once"),
    ],
)
def test_one_that_is_asked_for_and_not_there_is_said_with_the_fix(
    lay: Lay, system: tuple[str, str], kind: str, fix: str
):
    lay(system)
    with pytest.raises(SinkError, match=f"device not found; {fix}"):
        opened(system, CONFIG.model_copy(update={"kind": kind}))


def test_macos_has_no_unity_capture_and_neither_has_v4l2loopback(lay: Lay):
    lay(NEW_MACOS, OBS)
    for kind in ("unitycapture", "v4l2loopback"):
        config = CONFIG.model_copy(update={"kind": kind})
        with pytest.raises(SinkError, match=rf"{kind} does not exist on this system; .*raw, obs$"):
            opened(NEW_MACOS, config)


def test_one_that_obs_itself_feeds_is_left_to_it(lay: Lay):
    cameras = lay(NEW_MACOS, OBS)
    cameras.fed_by_others.add(OBS)
    with pytest.raises(SinkError, match=r"could not be started; .* then stop it"):
        opened(NEW_MACOS, CONFIG.model_copy(update={"kind": "obs"}))


def test_one_that_goes_is_opened_again_when_it_is_back(lay: Lay):
    now = [0.0]
    cameras = lay(WINDOWS, OBS)
    sink = opened(WINDOWS, clock=lambda: now[0])
    cameras.gone = True
    sink.send(grey(7))
    assert cameras.open == set()
    assert not cameras.shown

    cameras.gone = False
    sink.send(grey(8))
    assert not cameras.shown, "too early for another attempt"
    now[0] = 10.0
    sink.send(grey(9))
    assert [name for name, _ in cameras.shown] == [OBS]
    assert [name for name, *_ in cameras.opened] == [OBS, OBS]
    sink.close()
