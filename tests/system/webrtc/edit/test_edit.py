"""`sana-vcam edit` as a process, over the real SDK against the real runtime with the stand-in."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from sana_vcam.config.paths import state_dir
from sana_vcam.engine.edits.accounts import EDIT_USAGE_FILE, LEDGER_FILE
from sana_vcam.engine.usage import stored_seconds
from sana_vcam.errors import EXIT_FAILURE, EXIT_OK
from sana_vcam.media.camera.timecode import encode_counter, read_counter
from tests.fakes.clips import (
    Flash,
    Pixels,
    beep_begins,
    flash_begins,
    make_clip,
    pictures,
    walking,
)
from tests.fakes.coordinator import KEY, Coordinator
from tests.system.webrtc.standin.harness import PATIENCE_S, session_state, standin

SIZE = (320, 176)
FRAMES = 96
FLASH = Flash(at_s=2.5, lasts_s=0.5)
FRAME_S = 1 / 24


def counted(number: int, size: tuple[int, int]) -> Pixels:
    picture = walking(number, size).copy()
    encode_counter(picture, number)
    return picture


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds with a counter in each picture, a flash and a beep that begin together."""
    path = tmp_path_factory.mktemp("clip") / "in.mp4"
    return make_clip(
        path, FRAMES, size=SIZE, flash=FLASH, sound="aac", draw=counted, picture="libx264"
    )


class Edit:
    """A running `sana-vcam edit --json`, with its events."""

    def __init__(self, *words: object, env: dict[str, str] | None = None, **how: Any) -> None:
        import os

        self.popen = subprocess.Popen(
            [sys.executable, "-m", "sana_vcam", "edit", *map(str, words), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | (env or {}),
            **how,
        )
        self.events: list[dict[str, Any]] = []
        self.stderr = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.events.append(json.loads(line))

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = next((event for event in list(self.events) if wanted(event)), None)
            if found is not None:
                return found
            assert self.popen.poll() is None, (self.events[-5:], self.popen.stderr.read())  # type: ignore[union-attr]
            time.sleep(0.02)
        raise AssertionError(self.events[-5:])

    def until_edited(self, pictures: int) -> None:
        self.until(lambda event: event.get("step") == "editing" and event["done"] >= pictures)

    def status(self) -> int:
        assert self.popen.stderr is not None
        self.stderr = self.popen.stderr.read()
        status = self.popen.wait(PATIENCE_S)
        self._reader.join()
        self.popen.stderr.close()
        self.popen.stdout.close()  # type: ignore[union-attr]
        assert "Traceback" not in self.stderr
        return status

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1]

    @property
    def notices(self) -> list[str]:
        return [event["message"] for event in self.events if event["event"] == "notice"]


def local(url: str) -> list[str]:
    keys = {
        "reactor.local": "true",
        "reactor.api_url": url,
        "reactor.track_width": SIZE[0],
        "reactor.track_height": SIZE[1],
    }
    return [word for key, value in keys.items() for word in ("--set", f"{key}={value}")]


@pytest.fixture(scope="module", params=["npm", "live"])
def copying(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A stand-in that sends the source back, of each generation of the wire."""
    with standin("--wire", request.param, "--edit", "copy") as process:
        yield request.param, process.url


def whole_and_in_step(target: Path) -> None:
    """Each picture once and nearly all in their places, and the beep begins with the flash."""
    shown = pictures(target)
    assert len(shown) == FRAMES
    assert [at for at, _ in shown] == pytest.approx([n * FRAME_S for n in range(FRAMES)], abs=0.002)
    off = Counter(
        number - counter
        for number, (_, pixels) in enumerate(shown)
        if (counter := read_counter(pixels)) is not None
    )
    assert off.most_common(1)[0][0] == 0, off
    assert abs(flash_begins(shown) - beep_begins(target)) < 4 * FRAME_S


def test_the_whole_clip_comes_back_in_step(copying: tuple[str, str], source: Path, tmp_path: Path):
    wire, url = copying
    target = tmp_path / "out.mp4"
    edit = Edit(source, target, "--prompt", "x", *local(url))
    assert edit.status() == EXIT_OK, edit.stderr
    whole_and_in_step(target)
    assert edit.last["event"] == "done"
    assert edit.last["pictures"] == FRAMES
    assert edit.last["mode"] == ("file" if wire == "npm" else "live")
    assert any("live" in notice for notice in edit.notices) == (wire == "live")
    assert session_state(url) in {"ready", "closing"}
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_a_loss_in_the_middle_costs_no_picture(
    copying: tuple[str, str], source: Path, tmp_path: Path
):
    _, url = copying
    target = tmp_path / "out.mkv"
    edit = Edit(source, target, "--prompt", "x", *local(url))
    edit.until_edited(30)
    post(f"{url}/stop_session", {"reason": "the test says so"})
    assert edit.status() == EXIT_OK, edit.stderr
    whole_and_in_step(target)
    assert edit.last["sessions"] == 2
    assert any("try 2 of" in notice for notice in edit.notices)


def test_ctrl_c_ends_the_session_and_keeps_the_part(
    copying: tuple[str, str], source: Path, tmp_path: Path
):
    _, url = copying
    target = tmp_path / "out.mp4"
    edit = Edit(source, target, "--prompt", "x", *local(url))
    edit.until_edited(30)
    edit.popen.send_signal(signal.SIGINT)
    assert edit.status() == EXIT_FAILURE
    assert session_state(url) in {"ready", "closing"}
    partial = tmp_path / "out.partial.mp4"
    assert [path.name for path in tmp_path.iterdir()] == [partial.name]
    shown = pictures(partial)
    assert 0 < len(shown) < FRAMES
    with av.open(str(partial)) as container:
        assert container.streams.audio
        assert float(container.duration / av.time_base) < 0.2 + len(shown) * FRAME_S
    assert str(partial) in edit.last["message"]
    assert edit.stderr.count(str(partial)) == 1


def test_what_a_killed_edit_left_is_ended_by_the_next(
    copying: tuple[str, str], source: Path, tmp_path: Path
):
    _, url = copying
    target = tmp_path / "out.mp4"
    edit = Edit(source, target, "--prompt", "x", *local(url))
    edit.until_edited(10)
    edit.popen.kill()
    assert edit.status() == -signal.SIGKILL
    assert not target.exists()
    assert json.loads((state_dir() / LEDGER_FILE).read_text())["sessions"]
    following = Edit(source, target, "--prompt", "x", *local(url))
    assert following.status() == EXIT_OK, following.stderr
    assert len(pictures(target)) == FRAMES
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    assert json.loads((state_dir() / LEDGER_FILE).read_text())["sessions"] == []


def test_the_edit_is_seen_and_a_short_clip_is_taken(tmp_path: Path):
    short = make_clip(tmp_path / "in.mov", 12, size=SIZE, sound="aac")
    target = tmp_path / "out.webm"
    with standin("--wire", "npm") as process:
        words = ("--prompt", "film noir, black and white, high contrast", *local(process.url))
        edit = Edit(short, target, *words)
        assert edit.status() == EXIT_OK, edit.stderr
    shown = pictures(target)
    assert len(shown) == 12
    assert colour(shown) < 0.3 * colour(pictures(short))


def colour(shown: list[tuple[float, Pixels]]) -> float:
    return float(np.mean([np.ptp(pixels.astype(int), axis=2).mean() for _, pixels in shown]))


async def test_what_is_billed_is_noted_and_nothing_stays_open(source: Path, tmp_path: Path):
    with standin("--wire", "npm", "--edit", "copy") as process:
        async with Coordinator(process.url) as cloud:
            words = local(cloud.url)
            words[words.index("reactor.local=true")] = "reactor.local=false"
            edit = Edit(
                source, tmp_path / "out.mp4", "--prompt", "x", *words, env={"REACTOR_API_KEY": KEY}
            )
            import asyncio

            assert await asyncio.to_thread(edit.status) == EXIT_OK, edit.stderr
            assert cloud.opened
            assert not cloud.still_open
    billed = stored_seconds(state_dir() / EDIT_USAGE_FILE, time.time())
    assert billed.total == pytest.approx(edit.last["billed_s"], abs=0.5)
    assert billed.total > 1
    assert KEY not in edit.stderr + json.dumps(edit.events)


def test_a_full_disk_is_said_in_a_sentence(source: Path, tmp_path: Path):
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    words = ("--prompt", "x", *local("http://127.0.0.1:1"))
    edit = Edit(source, tmp_path / "out.mp4", *words, preexec_fn=small)
    assert edit.status() == EXIT_FAILURE
    assert "cannot be written" in edit.last["message"]
    assert list(tmp_path.iterdir()) == []


def post(url: str, body: dict[str, Any]) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request, timeout=PATIENCE_S).close()
