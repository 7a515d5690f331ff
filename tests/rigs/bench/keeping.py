"""What holding the last minute costs the daemon, in turns: off, on, off, on; and one picture alone.

At the sink's own 1280x720, from the smallest pictures of the model. A turn is a daemon of its own,
since what is held is a matter of its configuration.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median

from sana_vcam.media.camera.testscene import TestScene
from sana_vcam.media.keeping.coded import H264Encoder
from sana_vcam.media.keeping.saving import save
from sana_vcam.media.pixels import fit, to_i420
from tests.rigs.bench.figures import cpu_seconds, rss_mb
from tests.system.daemon import running_daemon, running_standin

SETTLE_S = 5.0
SIZE, FPS = (1280, 720), 24.0
PICTURES = 240


async def measure(home: Path, long: bool) -> dict[str, object]:
    """CPU of one daemon that streams, with and without clips; and how soon a clip is there."""
    turns, seconds = (6, 20.0) if long else (3, 8.0)
    used: dict[bool, list[float]] = {False: [], True: []}
    resident: dict[bool, list[float]] = {False: [], True: []}
    skipped: list[int] = []
    async with running_standin("--edit", "copy", "--chunk-frames", "1") as standin:
        for turn in range(2 * turns):
            on = bool(turn % 2)
            keep = {"KEEP__CLIPS": str(on).lower(), "KEEP__RESERVE_MB": "0"}
            folder = home / f"turn{turn}"
            folder.mkdir()
            async with running_daemon(folder, standin.url, SINK__KIND="preview", **keep) as bridge:
                await bridge.control.live()
                await asyncio.sleep(SETTLE_S)
                pid = bridge.process.pid
                before = cpu_seconds(pid)
                await asyncio.sleep(seconds)
                used[on].append(round((cpu_seconds(pid) - before) / seconds, 3))
                resident[on].append(round(rss_mb(pid), 1))
                skipped.append(bridge.control.state["repeated"])
    more = [b - a for a, b in zip(used[False], used[True], strict=True)]
    return {
        "daemon without clips, cores": used[False],
        "daemon with clips, cores": used[True],
        "clips, cores, median of the pairs": round(median(more), 3),
        "resident MB without and with": [resident[False], resident[True]],
        "live pictures shown again, turn by turn": skipped,
        **await asyncio.to_thread(_alone, home),
    }


def _alone(home: Path) -> dict[str, object]:
    """CPU milliseconds of a picture, and the seconds of a clip on this machine as it is."""
    scene = TestScene(fps=1000)
    scene.open()
    pictures = [to_i420(fit(scene.read(), *SIZE, "crop")) for _ in range(PICTURES)]
    scene.close()
    encoder = H264Encoder(SIZE, FPS)
    began = time.process_time()
    coded = [
        encoder.encode(one, number / FPS, keyframe=number % FPS == 0)
        for number, one in enumerate(pictures)
    ]
    took = (time.process_time() - began) / PICTURES
    wall = time.monotonic()
    save(coded, home / "kept", SIZE, FPS, since=0.5, reserve_bytes=0)
    mp4_s = time.monotonic() - wall
    return {
        "one picture, CPU ms": round(took * 1e3, 2),
        "so cores at 24 a second": round(took * FPS, 3),
        "Mbit/s": round(sum(len(one.data) for one in coded) * 8 * FPS / PICTURES / 1e6, 2),
        "a clip of 9.5 s is written in, s": round(mp4_s, 2),
    }
