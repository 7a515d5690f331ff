"""Reactor's JavaScript SDK for a page in a browser: built from npm, and served on this machine."""

from __future__ import annotations

import contextlib
import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import platformdirs

HERE = Path(__file__).parent
# In a folder of the user's that outlives the tests.
CACHE = platformdirs.user_cache_path("sana-vcam-tests", appauthor=False) / "jssdk-2.9.0"
CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
# The stand-in answers pages of its own address only; and nothing here is to be asked for.
OPEN = ["--disable-web-security", "--autoplay-policy=no-user-gesture-required"]
BUILD_S = 300


def missing() -> str | None:
    """What this machine lacks for it, as a sentence; None if nothing."""
    for tool in ("chromium", "npm"):
        if shutil.which(tool) is None:
            return f"there is no {tool} on this machine"
    return None


def build(page: Path, folder: Path) -> Path:
    """Build a page that imports the SDK, in `folder`; `CalledProcessError` without the packages."""
    work = folder / "page"
    shutil.copytree(page, work)
    shutil.copy(HERE / "older.js", work)
    (work / "node_modules").symlink_to(_packages())
    esbuild = ["node_modules/.bin/esbuild", "main.js", "--bundle", "--format=esm", "--minify"]
    subprocess.run(
        [*esbuild, "--outfile=bundle.js", "--log-level=error"],
        cwd=work,
        check=True,
        timeout=BUILD_S,
    )
    return work


def _packages() -> Path:
    found = CACHE / "node_modules"
    if not (found / ".bin" / "esbuild").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", CACHE)
        npm = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
        subprocess.run(npm, cwd=CACHE, check=True, timeout=BUILD_S)
    return found


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            return

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
