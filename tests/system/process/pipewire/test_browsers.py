"""Browsers read the node through the real camera portal, beside another program."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from sana_vcam.media.sinks.applications import APPLICATIONS, application_names
from tests.rigs.pipewire import PipeWireMissing, Session
from tests.rigs.pipewire.portal import require_portal, shows_camera, start_portal
from tests.system.process.pipewire.cameras import Camera
from tests.system.process.pipewire.feeder import COLOURS

FRAMES = 12
PAGE = """<!doctype html><video muted></video><script>
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
const seconds = (n) => new Promise((over) => setTimeout(over, 1000 * n));
const patiently = async (tries) => {
  try {
    return await report();
  } catch (error) {
    // A browser that was started a moment ago may not have heard of the camera yet.
    if (tries <= 1) return {error: String(error)};
    await seconds(1);
    return patiently(tries - 1);
  }
};
patiently(10).then(
  (found) => fetch(location.pathname, {method: "POST", body: JSON.stringify(found)}));
</script>""".replace("FRAMES", str(FRAMES))
PREFERENCES = """
user_pref("media.webrtc.camera.allow-pipewire", true);
user_pref("media.navigator.permission.disabled", true);
user_pref("media.autoplay.default", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
"""


class Reports:
    """A server of the page, and what each browser told it."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}
        reports = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(PAGE.encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                reports.found[self.path] = json.loads(body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)

    def url(self, path: str) -> str:
        return f"http://localhost:{self.server.server_address[1]}{path}"


@pytest.fixture
def reports() -> Iterator[Reports]:
    made = Reports()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def size() -> tuple[int, int]:
    return (1280, 720)


@pytest.fixture(autouse=True)
def _tools(require_tools: bool) -> None:
    try:
        require_portal()
        for browser, package in (("chromium", "chromium"), ("firefox-esr", "firefox-esr")):
            if shutil.which(browser) is None:
                raise PipeWireMissing(f"apt install --no-install-recommends {package}")
    except PipeWireMissing as error:
        if require_tools:
            raise
        pytest.skip(str(error))


def start_chromium(session: Session, reports: Reports) -> None:
    session.spawn(
        "chromium",
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--no-first-run", "--no-proxy-server", "--use-fake-ui-for-media-stream"),
        *("--disable-background-networking", "--enable-features=WebRtcPipeWireCamera"),
        f"--user-data-dir={session.folder / 'chromium'}",
        reports.url("/chromium"),
    )


def start_firefox(session: Session, reports: Reports) -> None:
    profile = session.folder / "firefox"
    profile.mkdir(exist_ok=True)
    (profile / "user.js").write_text(PREFERENCES)
    session.spawn(
        "firefox",
        *("firefox-esr", "--headless", "--no-remote", "--profile", str(profile)),
        reports.url("/firefox"),
    )


BROWSERS = {"chromium": start_chromium, "firefox": start_firefox}
STARTS = 3
"""How often a browser is started that ends by itself: beside much else one crashes now and then."""


def browse(session: Session, reports: Reports) -> None:
    """Have both browsers show the page, and wait for what it tells."""
    starts = dict.fromkeys(BROWSERS, 0)

    def have_told() -> bool:
        for name, start in BROWSERS.items():
            told = f"/{name}" in reports.found
            if not told and not session.is_running(name) and starts[name] < STARTS:
                starts[name] += 1
                start(session, reports)
        return len(reports.found) == len(BROWSERS)

    session.until("both browsers to report", have_told, 180.0)


def test_two_browsers_and_a_program_read_it_at_once(camera: Camera, reports: Reports):
    session = camera.session
    start_portal(session)
    assert shows_camera(session), "IsCameraPresent"
    session.spawn(
        "reader",
        *("gst-launch-1.0", "-q", "pipewiresrc", "target-object=sana_vcam"),
        *("!", "video/x-raw", "!", "fakesink"),
    )
    browse(session, reports)

    for found in reports.found.values():
        assert "error" not in found, found
        assert found["cameras"] == ["SANA VCam"]
        assert found["size"] == [1280, 720]
        assert found["rate"] == 24
        seen = np.array(found["colours"], int)[:, ::-1]
        assert np.abs(seen - np.array(COLOURS, int)).max() <= 2, seen
    names = set(application_names(camera.said["readers"]))
    assert names == {one.name for one in APPLICATIONS if one.seen}, "as the pages say"
    for name in ("chromium", "firefox", "reader"):
        session.stop(name)
    camera.until("all to have gone", lambda said: not said["readers"])
