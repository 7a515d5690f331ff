"""The live video: on while somebody looks, off while nobody does, and stills when it fails."""

import asyncio

import cv2
import numpy as np
import pytest
from playwright.async_api import expect

from sana_vcam.control.preview.previews import PreviewServer
from sana_vcam.media.frames import Picture, SlateImage
from sana_vcam.media.pixels import to_i420
from tests.system.browser.dashboard.rig import HIDE, PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="package")


class Source:
    """What viewers see: a picture that moves, until it breaks."""

    def __init__(self):
        self.broken = False
        self._count = 0

    def __call__(self):
        if self.broken:
            raise RuntimeError("the made-up source is broken")
        self._count += 1
        bgr = np.full((360, 640, 3), 40, np.uint8)
        cv2.circle(bgr, (self._count * 5 % 640, 180), 60, (60, 160, 240), -1)
        return Picture.from_slate(SlateImage(bgr)), to_i420(bgr)


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def preview_server(source):
    return PreviewServer(source)


async def until_viewers(preview_server, count):
    async with asyncio.timeout(PATIENCE_S):
        while preview_server.viewers != count:
            await asyncio.sleep(0.02)


async def test_video_takes_over_from_the_stills_and_stops_with_the_tab(
    open_desk, controls, preview_server
):
    async with open_desk(previews=preview_server) as desk:
        mode, video = desk.find("#preview-mode"), desk.find("#preview-video")
        await expect(mode).to_have_text("Live video")
        await expect(video).to_be_visible()
        await expect(desk.find("#preview-still")).to_be_hidden()
        assert preview_server.viewers == 1
        assert await video.evaluate("video => [video.videoWidth, video.videoHeight]") == [640, 360]

        await desk.page.evaluate(HIDE, True)
        await until_viewers(preview_server, 0)
        await expect(video).to_be_hidden()
        await expect(desk.find("#screen-note")).to_have_text("Stopped while this tab is hidden")
        assert await video.evaluate("video => video.srcObject") is None

        await desk.page.evaluate(HIDE, False)
        await expect(mode).to_have_text("Live video")
        await until_viewers(preview_server, 1)
        # While there is video, no stills are taken beside it.
        taken = controls.snapshots
        at = "document.getElementById('preview-video').currentTime"
        since = await desk.page.evaluate(at)
        await desk.until(f"{at} > {since} + 2.5")
        assert controls.snapshots == taken
    await until_viewers(preview_server, 0)


async def test_stills_take_over_when_the_video_breaks_and_it_comes_back(
    open_desk, preview_server, source
):
    async with open_desk(previews=preview_server) as desk:
        mode = desk.find("#preview-mode")
        await expect(mode).to_have_text("Live video")
        source.broken = True
        await expect(mode).to_have_text("Stills, one a second")
        await expect(desk.find("#preview-still")).to_be_visible()
        await expect(desk.find("#preview-video")).to_be_hidden()
        source.broken = False
        await expect(mode).to_have_text("Live video")
