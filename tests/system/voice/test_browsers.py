"""Browsers list the source by its name, and Chromium hears the late voice of it."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sana_vcam.voice.line import LineState
from tests.rigs.pipewire import Session
from tests.rigs.pipewire.sounds import clicks
from tests.system.voice.rig import Carried, play

LABEL = "SANA VCam Microphone"
PAGE = """<!doctype html><script>
const tell = (found) => fetch(location.pathname, {method: "POST", body: JSON.stringify(found)});
const listen = async () => {
  const media = navigator.mediaDevices;
  // Names are told only once some microphone was open.
  const any = await media.getUserMedia({audio: true});
  any.getTracks().forEach((track) => track.stop());
  const every = await media.enumerateDevices();
  const named = (kind) => every.filter((one) => one.kind === kind).map((one) => one.label);
  const ours = every.find((one) => one.kind === "audioinput" && one.label === "LABEL");
  const raw = {echoCancellation: false, noiseSuppression: false, autoGainControl: false};
  const audio = {deviceId: {exact: ours.deviceId}, ...raw};
  const stream = await media.getUserMedia({audio});
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  await context.resume();
  const samples = new Float32Array(analyser.fftSize);
  let peak = 0;
  while (peak < 0.1) {
    await new Promise((passed) => setTimeout(passed, 10));
    analyser.getFloatTimeDomainData(samples);
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  }
  return {microphones: named("audioinput"), loudspeakers: named("audiooutput"), peak,
    opened: stream.getAudioTracks()[0].label};
};
listen().catch((error) => ({error: String(error)})).then(tell);
</script>""".replace("LABEL", LABEL)
PREFERENCES = """
user_pref("media.navigator.permission.disabled", true);
user_pref("media.autoplay.default", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
"""


class Told:
    """A server of the page, and what the browser told it."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        told = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(PAGE.encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told.found = json.loads(body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Print nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)


@pytest.fixture
def told() -> Iterator[Told]:
    made = Told()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def browse(session: Session, browser: str, url: str) -> None:
    profile = session.folder / browser
    profile.mkdir()
    if browser == "firefox-esr":
        (profile / "user.js").write_text(PREFERENCES)
        flags = ["--headless", "--no-remote", "--profile", str(profile)]
    else:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        flags += ["--no-first-run", "--no-proxy-server", "--disable-background-networking"]
        flags += ["--use-fake-ui-for-media-stream", f"--user-data-dir={profile}"]
        flags += ["--autoplay-policy=no-user-gesture-required"]
    session.spawn(browser, browser, *flags, url)


@pytest.mark.parametrize(
    ("pipewire", "browser"),
    [("debian", "chromium"), ("newer", "firefox-esr")],
    indirect=["pipewire"],
)
def test_a_browser_lists_and_hears_it(
    pipewire: Session, line: Carried, told: Told, browser: str, require_tools: bool
):
    if shutil.which(browser) is None and not require_tools:
        pytest.skip(f"apt install --no-install-recommends {browser}")
    line.start(300)
    play(pipewire, clicks(300))
    browse(pipewire, browser, f"http://localhost:{told.server.server_address[1]}/")
    pipewire.until(f"a report of {browser}, {line.status()}", lambda: told.found, 120)
    assert "error" not in told.found, told.found
    assert told.found["microphones"].count(LABEL) == 1
    assert told.found["opened"] == LABEL
    assert not [one for one in told.found["loudspeakers"] if "SANA" in one]
    assert line.is_in(LineState.HEARD).listeners
    pipewire.stop(browser)
    line.is_in(LineState.ASLEEP)
