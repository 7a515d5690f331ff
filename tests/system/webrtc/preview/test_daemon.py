"""The preview of the real daemon, whose pictures come from the real stand-in over WebRTC."""

import asyncio
import json
import signal
import urllib.request
from collections import deque

import numpy as np

from sana_vcam.media.pixels import fit_i420
from tests.fakes.viewers import PATIENCE_S, difference, viewer
from tests.system.daemon import running_daemon, running_standin


def small(view):
    return fit_i420(view.data.reshape(1080, 1280), 640, 360, "stretch")


def sketch(i420):
    """Few enough points that hundreds of pictures can be compared."""
    return i420[::8, ::8].copy()


async def scrape(bridge):
    control_file = json.loads(bridge.control_file.read_text())
    url = control_file["url"].replace("ws:", "http:").replace("/ws", "/metrics")
    request = urllib.request.Request(
        url, headers={"Authorization": f"Bearer {control_file['token']}"}
    )

    def read():
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.read().decode()

    text = await asyncio.to_thread(read)
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def test_the_preview_shows_what_viewers_get(tmp_path):
    sent: deque = deque(maxlen=400)
    async with (
        running_standin("--chunk-time", "0.5", "--chunk-frames", "12") as standin,
        running_daemon(tmp_path, standin.url) as bridge,
        viewer() as one,
    ):
        await bridge.control.live()
        bridge.viewer.judges.append(lambda view: sent.append(sketch(small(view))))
        assert (await scrape(bridge))["sana_vcam_previews"] == 0
        answer = await bridge.control.ok("preview", sdp=await one.offer())
        await one.take(answer["sdp"])
        await one.frame()
        # Live: each picture is one of those that the virtual camera has been given.
        matched = 0
        async with asyncio.timeout(PATIENCE_S):
            while matched < 10:
                frame = sketch(await one.frame())
                matched += min(difference(frame, other) for other in list(sent)) < 4
        assert max(difference(sent[0], other) for other in list(sent)) > 4, "the picture moves"
        samples = await scrape(bridge)
        assert samples["sana_vcam_previews"] == 1
        assert samples["sana_vcam_shown_delay_seconds_count"] > 0

        await bridge.control.ok("blank", on=True)
        frame = await one.until(lambda frame: frame[:360].max() <= 17)
        assert np.abs(frame[360:].astype(int) - 128).max() <= 1
        await bridge.control.ok("blank", on=False)
        await one.until(lambda frame: frame[:360].max() > 60)

        # The card as well, and then the end, without a traceback.
        await bridge.control.ok("disconnect")
        card = await bridge.viewer.until(lambda _: bridge.control.state["output"] == "slate")
        await one.until(lambda frame: difference(frame, small(card)) < 4)
    assert not [line for line in bridge.log if "Traceback" in line or "ERROR" in line]


async def test_ends_that_nobody_asked_for_are_counted(tmp_path):
    async with running_standin() as standin:
        for killed, restarts in ((False, 0), (True, 0), (False, 1), (False, 1)):
            async with running_daemon(tmp_path, standin.url, SINK__KIND="preview") as bridge:
                samples = await scrape(bridge)
                assert samples["sana_vcam_restarts_total"] == restarts
                assert "sana_vcam_watched_seconds_total" not in samples
                if killed:
                    bridge.signal(signal.SIGKILL)
                    await bridge.process.wait()
