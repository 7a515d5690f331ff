"""A clip, and a recording that was cut off, in a real browser: they play, in the right colours."""

from __future__ import annotations

import base64
from pathlib import Path
from shutil import which

import cv2
import pytest

from sana_vcam.media.keeping.files import Mp4, write_clip
from tests.fakes.chromium import chromium
from tests.unit.media.keeping.material import FPS, SIZE, coded, numbered

PLAY = """
const video = document.createElement('video');
video.muted = true;
video.src = 'data:video/mp4;base64,' + FILE;
await new Promise((done, failed) => {
  video.onended = done;
  video.onerror = () => failed(new Error(video.error.message));
  video.play().catch(failed);
});
const canvas = Object.assign(document.createElement('canvas'), {width: WIDTH, height: HEIGHT});
const context = canvas.getContext('2d');
context.drawImage(video, 0, 0);
const [red, green, blue] = context.getImageData(WIDTH / 2, HEIGHT - 10, 1, 1).data;
return [video.videoWidth, video.videoHeight, video.duration, red, green, blue];
"""


@pytest.fixture
def browser(require_tools: bool) -> str:
    found = which("chromium") or which("chromium-browser") or which("google-chrome")
    if found is None:
        if require_tools:
            pytest.fail("chromium is needed")
        pytest.skip("no chromium here")
    return found


async def test_it_plays(browser: str, tmp_path: Path):
    whole = tmp_path / "clip.mp4"
    write_clip(whole, coded(36), SIZE, FPS)
    recording = Mp4(SIZE, FPS)
    left = b"".join(recording.write(picture) for picture in coded(60))
    # What an editor or a browser makes of BT.601, limited range.
    blue, green, red = cv2.cvtColor(numbered(35), cv2.COLOR_YUV2BGR_I420)[170, 160]
    async with chromium(browser, tmp_path / "profile") as page:
        for data, seconds in ((whole.read_bytes(), 1.5), (left, 2.0)):
            script = PLAY.replace("FILE", repr(base64.b64encode(data).decode()))
            sized = script.replace("WIDTH", str(SIZE[0])).replace("HEIGHT", str(SIZE[1]))
            width, height, duration, *colour = await page.run(sized)
            assert (width, height) == SIZE
            assert duration == pytest.approx(seconds, abs=1 / FPS)
            assert colour == pytest.approx([int(red), int(green), int(blue)], abs=8)
