"""Browsers read the node through the real camera portal, beside another program."""

from __future__ import annotations

import contextlib
import shutil
import sys

import numpy as np
import pytest

from sana_vcam.media.sinks.applications import APPLICATIONS, application_names
from tests.rigs.pipewire import PipeWireMissing, Session
from tests.rigs.pipewire.browsers import CAMERA, CHROMIUM, FIREFOX, Reports, browse, missing
from tests.rigs.pipewire.portal import require_portal, shows_camera, start_portal
from tests.system.process.pipewire.cameras import PROJECT, Camera, has_port
from tests.system.process.pipewire.feeder import COLOURS

BROWSERS = (CHROMIUM, FIREFOX)
FRAMES = 12
LOOK = """
const next = (video) => new Promise((shown) => video.requestVideoFrameCallback(shown));
const cameras = async () => {
  const every = await navigator.mediaDevices.enumerateDevices();
  return every.filter((one) => one.kind === "videoinput").map((one) => one.label);
};
const colours = (video) => {
  const {videoWidth: width, videoHeight: height} = video;
  const canvas = Object.assign(document.createElement("canvas"), {width, height});
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  const pixel = (bar) => context.getImageData((bar + 0.5) * width / 8, height / 2, 1, 1).data;
  return [0, 1, 2, 3, 4, 5, 6, 7].map((bar) => [...pixel(bar)].slice(0, 3));
};
const show = async () => {
  const video = document.querySelector("video");
  const wanted = {video: {width: 1280, height: 720}};
  video.srcObject = await navigator.mediaDevices.getUserMedia(wanted);
  await video.play();
  return video;
};
"""
REPORT = """
const report = async () => {
  const video = await show();
  for (let n = 0; n < FRAMES; n++) {
    await next(video);
  }
  return {
    cameras: await cameras(),
    rate: video.srcObject.getVideoTracks()[0].getSettings().frameRate,
    size: [video.videoWidth, video.videoHeight],
    colours: colours(video),
  };
};
""".replace("FRAMES", str(FRAMES))
# A card has one colour along its middle line.
PICTURE = """
const report = async () => {
  const video = await show();
  const seen = new Set();
  while (seen.size < 2) {
    seen.clear();
    await next(video);
    colours(video).forEach((one) => seen.add(String(one)));
  }
  return {cameras: await cameras(), size: [video.videoWidth, video.videoHeight]};
};
"""
# A page that opens the camera again when its picture stands still, which is all that can tell it.
REOPENING = """
const video = document.querySelector("video");
const happened = [];
const open = async () => {
  const stream = await navigator.mediaDevices.getUserMedia({video: true});
  const [track] = stream.getVideoTracks();
  for (const kind of ["ended", "mute"]) {
    track.addEventListener(kind, () => happened.push(kind));
  }
  video.srcObject = stream;
  await video.play();
  return track;
};
const moves = (ms) => new Promise((told) => {
  video.requestVideoFrameCallback(() => told(true));
  setTimeout(() => told(false), ms);
});
const report = async () => {
  const track = await open();
  while (!(await moves(1000)));
  await fetch("/opened", {method: "POST", body: "{}"});
  while (await moves(3000));
  const still = {state: track.readyState, muted: track.muted, happened: [...happened]};
  let again = false;
  while (!again) {
    video.srcObject.getTracks().forEach((one) => one.stop());
    try {
      await open();
      again = await moves(3000);
    } catch (error) {
      await new Promise((over) => setTimeout(over, 500));
    }
  }
  return {still, cameras: await cameras()};
};
"""


@pytest.fixture
def size() -> tuple[int, int]:
    return (1280, 720)


@pytest.fixture(autouse=True)
def _tools(require_tools: bool) -> None:
    try:
        require_portal()
        if command := missing(shutil.which, BROWSERS):
            raise PipeWireMissing(command)
    except PipeWireMissing as error:
        if require_tools:
            raise
        pytest.skip(str(error))


def test_two_browsers_and_a_program_read_it_at_once(camera: Camera):
    with Reports(LOOK + REPORT).serving() as reports:
        _read_at_once(camera, reports)


def _read_at_once(camera: Camera, reports: Reports) -> None:
    session = camera.session
    start_portal(session)
    assert shows_camera(session), "IsCameraPresent"
    session.spawn(
        "reader",
        *("gst-launch-1.0", "-q", "pipewiresrc", "target-object=sana_vcam"),
        *("!", "video/x-raw", "!", "fakesink"),
    )
    browse(session, reports, BROWSERS, CAMERA)

    for found in reports.found.values():
        assert "error" not in found, found
        assert found["cameras"] == ["SANA VCam"]
        assert found["size"] == [1280, 720]
        assert found["rate"] == 24
        seen = np.array(found["colours"], int)[:, ::-1]
        assert np.abs(seen - np.array(COLOURS, int)).max() <= 2, seen
    names = set(application_names(camera.said["readers"]))
    assert names == {one.name for one in APPLICATIONS if one.seen}, "as the pages say"
    for name in (*BROWSERS, "reader"):
        session.stop(name)
    camera.until("all to have gone", lambda said: not said["readers"])


@pytest.mark.parametrize("pipewire", ["newer"], indirect=True)
def test_a_page_has_to_open_the_camera_again_after_the_daemon_was_killed(camera: Camera):
    start_portal(camera.session)
    assert shows_camera(camera.session), "IsCameraPresent"
    again: list[Camera] = []
    with Reports(LOOK + REOPENING).serving() as reports, contextlib.ExitStack() as second:

        def kill_and_start_again() -> None:
            if "opened" in reports.found and not again:
                camera.kill()
                again.append(second.enter_context(Camera(camera.session, camera.size)))

        browse(camera.session, reports, (CHROMIUM,), CAMERA, meanwhile=kill_and_start_again)
        camera.session.stop(CHROMIUM)
    found = reports.found[CHROMIUM]
    assert found["still"] == {"state": "live", "muted": False, "happened": []}, "nothing tells it"
    assert found["cameras"] == ["SANA VCam"], "the name is there once"


@pytest.mark.parametrize("pipewire", ["newer"], indirect=True)
def test_the_demo_is_in_a_browsers_list_without_a_module_or_root(pipewire: Session):
    pipewire.spawn(
        "demo",
        *(sys.executable, "-m", "sana_vcam", "demo", "--port", "0", "--camera", "test"),
        # A label of its own keeps it off a device that this machine may have.
        environment={"PYTHONPATH": str(PROJECT), "SANA_VCAM_SINK__LABEL": "Demo"},
    )
    pipewire.until("the camera", lambda: has_port(pipewire))
    start_portal(pipewire)
    with Reports(LOOK + PICTURE).serving() as reports:
        browse(pipewire, reports, (CHROMIUM,), CAMERA)
    for name in (CHROMIUM, "demo"):
        pipewire.stop(name)
    found = reports.found[CHROMIUM]
    assert found.get("cameras") == ["Demo"], found
    assert found["size"] == [1280, 720]
