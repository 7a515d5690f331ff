"""Clips and recordings of a real daemon, against what came out of its sink."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import av
import numpy as np

from tests.system.daemon import PATIENCE_S, View, running_daemon, running_standin

SIZE = (320, 180)
FPS = 24
ALIKE = 6.0
"""Two pictures of which one was coded differ by less in the mean, and others by ten times that."""


def error(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())


def read_back(path: str | Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [
            frame.to_ndarray(format="yuv420p").reshape(-1) for frame in container.decode(video=0)
        ]


async def probe(path: str) -> dict[str, str]:
    process = await asyncio.create_subprocess_exec(
        *("ffprobe", "-v", "error", "-count_frames", "-of", "json"),
        *("-show_entries", "stream=codec_name,pix_fmt,color_space,nb_read_frames,duration", path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (process.returncode, err) == (0, b"")
    (stream,) = json.loads(out)["streams"]
    return dict(stream)


async def test_a_clip_is_what_viewers_got_and_a_killed_recording_plays(tmp_path: Path):
    settings = {
        "SINK__WIDTH": str(SIZE[0]),
        "SINK__HEIGHT": str(SIZE[1]),
        "KEEP__CLIPS": "true",
        "KEEP__FOLDER": str(tmp_path / "kept"),
        "KEEP__RESERVE_MB": "0",
    }
    async with (
        running_standin("--edit", "copy", "--chunk-frames", "1") as standin,
        running_daemon(tmp_path, standin.url, size=SIZE, **settings) as bridge,
    ):
        control, viewer = bridge.control, bridge.viewer
        await control.live()
        await control.until(lambda s: s["clips"], "kept")
        seen: list[View] = []
        viewer.judges.append(seen.append)
        await viewer.take(FPS)
        await control.ok("blank", on=True)
        await viewer.until(lambda view: view.is_black, "black")
        await control.ok("blank", on=False)
        await viewer.take(FPS)
        clip = await control.ok("clip", seconds=2)
        # What the pipe still held of the time before the answer is read by now.
        await viewer.take(FPS)
        began = await control.ok("record", on=True)
        await control.until(lambda s: (s["recording"] or {}).get("seconds", 0) > 2.5, "recorded")
        bridge.signal(signal.SIGKILL)
        await bridge.exit_status()

    kept = await asyncio.to_thread(read_back, clip["path"])
    views = [view.data for view in seen]
    # Each picture is one that viewers got, in their order; a busy machine may have left some out.
    place = min(range(len(views)), key=lambda n: error(views[n], kept[0]))
    for one in kept:
        found = (n for n in range(place, len(views)) if error(views[n], one) < ALIKE)
        place = next(found, len(views)) + 1
        assert place <= len(views), "a picture of the clip that viewers did not get"
    assert any(one.max() <= 128 and one[: SIZE[0] * SIZE[1]].max() <= 17 for one in kept), "black"
    stream = await probe(clip["path"])
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert stream["color_space"] == "smpte170m"
    assert int(stream["nb_read_frames"]) == len(kept)
    assert abs(float(stream["duration"]) - clip["seconds"]) < 1 / FPS

    left = await probe(began["path"])
    assert float(left["duration"]) > 1.4
    assert int(left["nb_read_frames"]) == len(await asyncio.to_thread(read_back, began["path"]))
