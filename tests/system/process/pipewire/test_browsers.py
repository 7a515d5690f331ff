"""Browsers read the node through the real camera portal, beside another program."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import numpy as np
import pytest

from sana_vcam.media.sinks.applications import APPLICATIONS, application_names
from tests.rigs.pipewire import PipeWireMissing
from tests.rigs.pipewire.browsers import CAMERA, CHROMIUM, FIREFOX, Reports, browse, missing
from tests.rigs.pipewire.portal import require_portal, shows_camera, start_portal
from tests.system.process.pipewire.cameras import Camera
from tests.system.process.pipewire.feeder import COLOURS

BROWSERS = (CHROMIUM, FIREFOX)
FRAMES = 12
REPORT = """
const report = async () => {
  const media = navigator.mediaDevices;
  const stream = await media.getUserMedia({video: {width: 1280, height: 720}});
  const every = await media.enumerateDevices();
  const video = document.querySelector("video");
  video.srcObject = stream;
  await video.play();
  for (let n = 0; n < FRAMES; n++) {
    await new Promise((shown) => video.requestVideoFrameCallback(shown));
  }
  const {videoWidth: width, videoHeight: height} = video;
  const canvas = Object.assign(document.createElement("canvas"), {width, height});
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  const pixel = (bar) => context.getImageData((bar + 0.5) * width / 8, height / 2, 1, 1).data;
  return {
    cameras: every.filter((one) => one.kind === "videoinput").map((one) => one.label),
    rate: stream.getVideoTracks()[0].getSettings().frameRate,
    size: [width, height],
    colours: [0, 1, 2, 3, 4, 5, 6, 7].map((bar) => [...pixel(bar)].slice(0, 3)),
  };
};
""".replace("FRAMES", str(FRAMES))


@pytest.fixture
def reports() -> Iterator[Reports]:
    with Reports(REPORT).serving() as reports:
        yield reports


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


def test_two_browsers_and_a_program_read_it_at_once(camera: Camera, reports: Reports):
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
