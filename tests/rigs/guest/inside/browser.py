"""Chromium lists the virtual camera by its label, and draws its picture in the right colours."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np

from tests.rigs.guest.inside.feed import feeding
from tests.rigs.guest.inside.kernel import (
    OBS,
    OURS,
    is_emulated,
    loopback_version,
    loopbacks,
    process,
    until,
)
from tests.rigs.guest.inside.picture import BARS
from tests.rigs.guest.inside.running import new_home
from tests.rigs.guest.inside.scenario import Case, scenario

LABEL = OURS[1]
TOLERANCE = 8.0
"""Of 255: the browser's own conversion, and its canvas."""
CHROMIUM = (
    *("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"),
    # Says yes to the question for permission; the devices are the real ones.
    "--use-fake-ui-for-media-stream",
)
JITLESS = ("--js-flags=--jitless",)
"""Under emulation compiling scripts costs more than interpreting them."""
PAGE = """<!doctype html><video autoplay muted playsinline></video><script>
const label = %s, bars = %d;
const cameras = async () => (await navigator.mediaDevices.enumerateDevices())
    .filter(one => one.kind === "videoinput");
async function look() {
  const any = await navigator.mediaDevices.getUserMedia({video: true});
  const labels = (await cameras()).map(one => one.label);
  const wanted = (await cameras()).find(one => one.label.startsWith(label));
  for (const track of any.getTracks()) track.stop();
  if (!wanted) return {labels};
  const stream = await navigator.mediaDevices.getUserMedia(
      {video: {deviceId: {exact: wanted.deviceId}, width: 1280, height: 720}});
  const video = document.querySelector("video");
  video.srcObject = stream;
  const {width, height, frameRate} = stream.getVideoTracks()[0].getSettings();
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", {willReadFrequently: true});
  let colours = [], frames = 0;
  // A browser may show black until the first picture has been decoded.
  while (frames < 100 && !colours.flat().some(value => value > 0 && value < 255)) {
    await new Promise(done => video.requestVideoFrameCallback(done));
    frames++;
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    context.drawImage(video, 0, 0);
    colours = [];
    for (let bar = 0; bar < bars; bar++) {
      const x = Math.round((bar + 0.5) * canvas.width / bars);
      colours.push(Array.from(context.getImageData(x, canvas.height >> 2, 1, 1).data));
    }
  }
  const drawn = [canvas.width, canvas.height];
  return {labels, width, height, frameRate, drawn, frames, colours};
}
look().catch(error => ({error: String(error)})).then(found =>
    fetch("/found", {method: "POST", body: JSON.stringify(found)}));
</script>"""


@contextmanager
def page_served(found: list[dict[str, Any]]) -> Iterator[str]:
    """Serve the page on the loopback interface, where browsers allow cameras; take its answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer((PAGE % (json.dumps(LABEL), len(BARS))).encode())

        def do_POST(self) -> None:
            found.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def look(case: Case) -> dict[str, Any]:
    case.after.enter_context(loopbacks([OBS, OURS], case.exclusive_caps))
    case.seen["driver"] = loopback_version()
    case.after.enter_context(feeding())
    found: list[dict[str, Any]] = []
    url = case.after.enter_context(page_served(found))
    home = new_home()
    log = case.after.enter_context((home / "log").open("wb"))
    words = (*CHROMIUM, *(JITLESS if is_emulated() else ()), f"--user-data-dir={home}", url)
    browser = case.after.enter_context(process(*words, stdout=log, stderr=log))
    until(lambda: found or browser.poll() is not None, "what the page found", patience_s=300)
    assert found, (home / "log").read_text()[-3000:]
    case.seen |= found[0]
    return found[0]


@scenario
def chromium(case: Case) -> None:
    """Without exclusive_caps the device says that it is an output as well, and is not listed."""
    found = look(case)
    if not case.exclusive_caps:
        assert "NotFoundError" in found["error"], found
        return
    assert [label.startswith(LABEL) for label in found["labels"]] == [True], found
    assert found["drawn"] == [1280, 720], found
    assert found["frameRate"] == 24, found
    case.seen |= {"size": f"{found['width']}x{found['height']}", "fps": found["frameRate"]}
    colours = np.array(found["colours"], float)[:, 2::-1]
    case.seen["colour error"] = float(np.abs(colours - BARS).max())
    assert case.seen["colour error"] <= TOLERANCE, found
