"""Real browsers in a session: each shows a page, and the page tells what it found."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.rigs.pipewire.session import Session

CHROMIUM, FIREFOX = "chromium", "firefox-esr"
STARTS = 3
"""How often a browser is started that ends by itself: beside much else one crashes now and then."""
TOLD_S = 180.0
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--no-proxy-server", "--disable-background-networking", "--use-fake-ui-for-media-stream"),
    "--autoplay-policy=no-user-gesture-required",
)
CAMERA = "--enable-features=WebRtcPipeWireCamera"
"""For Chromium, which hangs with it in a session without a portal."""
PREFERENCES = """
user_pref("media.webrtc.camera.allow-pipewire", true);
user_pref("media.navigator.permission.disabled", true);
user_pref("media.autoplay.default", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
"""
PAGE = """<!doctype html><video muted></video><script>
REPORT
const patiently = async (tries) => {
  try {
    return await report();
  } catch (error) {
    // A browser that was started a moment ago may not have heard of the device yet.
    if (tries <= 1) return {error: String(error)};
    await new Promise((over) => setTimeout(over, 1000));
    return patiently(tries - 1);
  }
};
patiently(10).then(
  (found) => fetch(location.pathname, {method: "POST", body: JSON.stringify(found)}));
</script>"""


class Reports:
    """A server of one page, and what each browser told it, by the browser's name."""

    def __init__(self, report: str) -> None:
        """`report` is JavaScript: an asynchronous function of this name that gives an object."""
        self.found: dict[str, dict[str, Any]] = {}
        page = PAGE.replace("REPORT", report).encode()
        reports = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(page)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                reports.found[self.path[1:]] = json.loads(body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)

    @contextmanager
    def serving(self) -> Iterator[Reports]:
        """Serve the page as long as the block runs."""
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def url(self, browser: str) -> str:
        """Give the page's address for a browser."""
        return f"http://localhost:{self._server.server_address[1]}/{browser}"


def browse(
    session: Session,
    reports: Reports,
    browsers: Iterable[str],
    *flags: str,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Have each browser show the page, and wait until all have told something.

    `flags` are Chromium's own. `meanwhile` is called now and then.
    """
    wanted = tuple(browsers)
    starts = dict.fromkeys(wanted, 0)

    def have_told() -> bool:
        meanwhile()
        for browser in wanted:
            told = browser in reports.found
            if not told and not session.is_running(browser) and starts[browser] < STARTS:
                starts[browser] += 1
                _start(session, browser, reports.url(browser), flags)
        return reports.found.keys() >= set(wanted)

    session.until(f"{' and '.join(wanted)} to report", have_told, TOLD_S)


def _start(session: Session, browser: str, url: str, flags: tuple[str, ...]) -> None:
    profile = session.folder / browser
    profile.mkdir(exist_ok=True)
    if browser == FIREFOX:
        (profile / "user.js").write_text(PREFERENCES)
        session.spawn(browser, browser, "--headless", "--no-remote", "--profile", str(profile), url)
    else:
        session.spawn(browser, browser, *FLAGS, *flags, f"--user-data-dir={profile}", url)


def missing(which: Callable[[str], str | None], browsers: Iterable[str]) -> str | None:
    """Give the command that installs the first browser that is not there; None if all are."""
    for browser in browsers:
        if which(browser) is None:
            return f"apt install --no-install-recommends {browser}"
    return None
