"""Headless Chromium with Reactor's JavaScript SDK, built and served here; Linux only.

Its camera is the same clip, but uncompressed: of Motion JPEG Chromium would make 30 pictures a
second, and thin them to an uneven 24. So it is spared the decoding that the others do. The edited
picture is drawn on the page, without a GPU, on a screen that is refreshed 60 times a second, and
goes to no virtual camera.

It takes `chromium`, `npm` and the packages from npm.
"""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from sana_vcam.media.pixels import to_i420
from tests.fakes import chromium, jssdk
from tests.rigs.bench import machine, threads
from tests.rigs.bench.contenders import watcher
from tests.rigs.bench.contenders.clip import Clip
from tests.rigs.bench.threads import Times

PAGE = Path(__file__).parent / "page"
STILLS = 4


def build(folder: Path) -> Path:
    """Build the page into `folder`; raises `CalledProcessError` without the packages."""
    return jssdk.build(PAGE, folder)


async def measure(
    page: Path, folder: Path, url: str, clip: Clip, settle_s: float, seconds: float
) -> dict[str, Any]:
    """CPU first, with nothing on the page but the picture; then the delay, in a time of its own."""
    camera = f"--use-file-for-fake-video-capture={clip.y4m()}"
    binary = shutil.which("chromium")
    assert binary is not None
    with jssdk.served(page) as address:
        began = time.monotonic()
        async with chromium.chromium(binary, folder, *jssdk.CAMERA, *jssdk.OPEN, camera) as tab:
            await tab.send("Page.bringToFront")
            await tab.go(f"{address}/index.html")
            await tab.run(f"return await window.begin({url!r}, {list(clip.size)}, {clip.fps})")
            first_s = time.monotonic() - began
            await asyncio.sleep(settle_s)
            processes = _tree(folder)
            await tab.run("window.shown()")
            begun = machine.look()
            before, since = _look(processes), time.monotonic()
            await asyncio.sleep(seconds)
            after, until = _look(processes), time.monotonic()
            shown = await tab.run("return window.shown()")
            kinds = {pid: kind(_command_line(pid)) for pid in processes}
            parts = _by_kind({pid: _pss_mb(pid) for pid in processes}, kinds)
            await tab.run("window.watch()")
            await asyncio.sleep(seconds)
            sent, came = await tab.run("return window.unwatch()")
            # Before it ends: nobody awaits all of its processes, whose time would be others'.
            meanwhile = machine.between(begun, machine.look())
            stills = await tab.run(f"return await window.stills({STILLS})")
            codecs = await tab.run("return await window.codecs()")
            await tab.run("await window.end()")
    used = used_by_thread(before, after, kinds)
    return (
        {
            "seconds": round(until - since, 3),
            "CPU, s": round(sum(used.values()), 3),
            "resident MB": round(sum(parts.values()), 1),
            "start to first picture, s": round(first_s, 2),
            "machine": meanwhile,
        }
        | threads.figures(used, until - since)
        | {"memory by part, MB": {name: round(mb, 1) for name, mb in parts.items()}}
        | seen_by_page(sent, came, shown, until - since)
        | await asyncio.to_thread(_quality, stills, clip)
        | {"codecs": codecs}
    )


def seen_by_page(
    sent: list[tuple[int, float]], came: list[tuple[int, float]], shown: list[float], seconds: float
) -> dict[str, object]:
    """Each delay from the page's own camera picture to the edited one, both on the screen.

    What was `shown` while nobody looked into it counts otherwise. Times are milliseconds.
    """
    found = []
    for number, at in came:
        before = [t for n, t in sent if n == number and t <= at]
        if before:
            found.append(round(at - before[-1], 1))
    intervals = [round(later - one, 1) for one, later in pairwise(shown)]
    # It is not known when in the time they were; a stall is long enough to be seen all the same.
    ends = 1e3 * seconds - sum(intervals)
    return {
        "pictures": len(shown),
        "delays, ms": found,
        "intervals, ms": intervals,
        "stalls": sum(one >= 1e3 * watcher.STALL_S for one in (*intervals, ends)),
    }


def _quality(stills: list[tuple[int, str]], clip: Clip) -> dict[str, float]:
    """Likeness with the clip of pictures that the page has drawn, as PNG in data addresses."""
    import cv2

    found = []
    for number, address in stills:
        png = np.frombuffer(base64.b64decode(address.partition(",")[2]), np.uint8)
        picture = cv2.imdecode(png, cv2.IMREAD_COLOR)
        assert picture is not None
        luma = to_i420(np.asarray(picture, np.uint8))[: watcher.HEIGHT]
        found.append(watcher.likeness(luma, clip, number, "stretch"))
    return {
        "PSNR, dB": round(fmean(psnr for psnr, _ in found), 2),
        "SSIM": round(fmean(ssim for _, ssim in found), 4),
    }


def _tree(profile: Path) -> list[int]:
    """Every process of the browser with this profile."""
    marker = f"--user-data-dir={profile}"
    numbers = [one.name for one in Path("/proc").iterdir() if one.name.isdecimal()]
    parents = {int(pid): _parent(pid) for pid in numbers}
    found = [pid for pid in parents if marker in _command_line(pid)]
    for _ in range(8):
        found += [pid for pid, parent in parents.items() if parent in found and pid not in found]
    return found


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _parent(pid: str) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def kind(command_line: str) -> str:
    """What a process of Chromium is for, by its command line: `renderer`, `network` …"""
    found = [re.search(rf"--{word}=(\w+)", command_line) for word in ("utility-sub-type", "type")]
    return f"Chromium: {next((word[1] for word in found if word), 'browser')}"


def used_by_thread(
    before: Mapping[int, Times], after: Mapping[int, Times], kinds: Mapping[int, str]
) -> dict[tuple[str, str], float]:
    """CPU seconds between two looks by (kind of process, thread of it)."""
    used: dict[tuple[str, str], float] = {}
    for pid in before.keys() & after.keys():
        for (_, name), used_s in threads.between(before[pid], after[pid], {}).items():
            key = (kinds[pid], f"{kinds[pid]}, {name}")
            used[key] = used.get(key, 0.0) + used_s
    return used


def _look(processes: list[int]) -> dict[int, Times]:
    return {pid: threads.read(pid) for pid in processes if Path(f"/proc/{pid}").exists()}


def _by_kind(values: Mapping[int, float], kinds: Mapping[int, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for pid, value in values.items():
        found[kinds[pid]] = found.get(kinds[pid], 0.0) + value
    return found


def _pss_mb(pid: int) -> float:
    """Resident memory of one of several processes: what they share counts once in their sum."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
