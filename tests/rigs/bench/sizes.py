"""What the daemon costs at other sizes: one thing at a time is changed from the usual.

Usual: a webcam of 1280x720 at 24 frames a second, whose Motion JPEG is decoded, a track of 640x352
(where two cores are not saturated), one virtual camera, no client. The virtual cameras are made up
(`contenders.cameras`); the clients are a process of their own, whose CPU is not counted. PipeWire's
node has real readers in a private session, whose CPU is not counted either, nor is the server's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from sana_vcam.config.paths import APP
from tests.rigs.bench.contenders.clip import Clip
from tests.rigs.bench.figures import as_installed, cpu_seconds, rss_mb
from tests.rigs.bench.node import being_read
from tests.rigs.faults.desktop import OWN
from tests.rigs.pipewire import VERSIONS, Session
from tests.rigs.pipewire.sounds import tone
from tests.system.daemon import running_standin
from tests.system.voice.rig import MICROPHONE, play, reader

PATIENCE_S = 60.0
SETTLE_S = 5.0
TRACK = (640, 352)
VOICE_S = 120.0
MODEL_TRACK = (1280, 704)
INWARD = "camera read to push returned, ms"
OUTWARD = "SDK callback to sink returned, ms"


@dataclass(frozen=True)
class Size:
    """One row: what differs from the usual."""

    name: str
    camera: tuple[int, int] = (1280, 720)
    fps: float = 24.0
    track: tuple[int, int] = TRACK
    cameras: int = 1
    clients: int = 0
    previews: int = 0
    readers: int = 0
    """Programs that read PipeWire's node, in place of the virtual cameras."""
    is_heard: bool = False
    """Whether the voice is on, and an application listens."""
    records: bool = False
    settings: tuple[str, ...] = ()


USUAL = Size("usual")
KEPT = ("keep.clips=true", "keep.reserve_mb=0")
NODE = ("sink.kind=pipewire", "capture.when=always")
SIZES = (
    USUAL,
    Size("camera 640x360", camera=(640, 360)),
    Size("camera 1920x1080", camera=(1920, 1080)),
    Size("camera 15 fps", fps=15.0),
    Size("camera 30 fps", fps=30.0),
    Size("camera 60 fps", fps=60.0),
    Size("track 1280x704, the model's own", track=MODEL_TRACK),
    Size("2 virtual cameras", cameras=2),
    Size("4 virtual cameras", cameras=4),
    Size("8 virtual cameras", cameras=8),
    Size("PipeWire, 1 reader", readers=1, settings=NODE),
    Size("PipeWire, 4 readers", readers=4, settings=NODE),
    Size("PipeWire, 8 readers", readers=8, settings=NODE),
    Size("8 control clients", clients=8),
    Size("32 control clients", clients=32),
    Size("64 control clients", clients=64),
    Size("1 preview", previews=1),
    Size("2 previews", previews=2),
    Size("4 previews, which is the most", previews=4),
    Size("clips are held", settings=KEPT),
    Size("clips are held, and a recording", records=True, settings=KEPT),
    Size("the voice is heard", is_heard=True),
    Size("least delay (playout.max_delay_ms=0)", settings=("playout.max_delay_ms=0",)),
)


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Every row in turns, so that what else the machine does falls on all of them."""
    turns, seconds = (3, 20.0) if long else (1, 6.0)
    clips = _clips(home)
    runs: dict[str, list[dict[str, Any]]] = {size.name: [] for size in SIZES}
    for turn in range(turns):
        for size in SIZES:
            print(f"  {size.name}, turn {turn + 1} of {turns}", file=sys.stderr)
            place = home / f"{len(runs[size.name])}-{SIZES.index(size)}"
            place.mkdir()
            runs[size.name].append(await _run(size, place, clips[size.camera, size.fps], seconds))
    return {"table": table(runs), "runs": runs}


def table(runs: dict[str, list[dict[str, Any]]]) -> list[dict[str, object]]:
    """A row per size with the medians of its runs; CPU also as a multiple of the usual."""
    usual = _median(run["CPU, cores"] for run in runs[USUAL.name])
    return [_row(name, each, usual) for name, each in runs.items()]


def _row(name: str, runs: list[dict[str, Any]], usual: float) -> dict[str, object]:
    cpu = _median(run["CPU, cores"] for run in runs)
    delays = {
        f"{way}, {rank}, ms": _median(run[key].get(rank) for run in runs)
        for way, key in (("inward", INWARD), ("outward", OUTWARD))
        for rank in ("p50", "p99")
    }
    return {
        "what": name,
        "CPU, cores": cpu,
        "CPU, times the usual": round(cpu / usual, 2),
        **delays,
        "resident MB": _median(run["resident MB"] for run in runs),
    }


def _median(values: Iterable[float | None]) -> float:
    """The median of those that there are; NaN of none."""
    found = [value for value in values if value is not None]
    return round(median(found), 3) if found else float("nan")


def _clips(home: Path) -> dict[tuple[tuple[int, int], float], Path]:
    """A webcam's Motion JPEG for each size and rate that a row needs."""
    paths: dict[tuple[tuple[int, int], float], Path] = {}
    for size in SIZES:
        key = (size.camera, size.fps)
        if key not in paths:
            folder = home / f"clip-{len(paths)}"
            folder.mkdir()
            paths[key] = Clip(folder, *key).path
    return paths


async def _run(size: Size, place: Path, clip: Path, seconds: float) -> dict[str, Any]:
    track = (str(size.track[0]), str(size.track[1]))
    shape = ("--width", track[0], "--height", track[1])
    settings = [
        "camera.source=file",
        f"camera.path={clip}",
        f"camera.fps={size.fps}",
        f"reactor.track_width={track[0]}",
        f"reactor.track_height={track[1]}",
        *size.settings,
    ]
    if size.records:
        settings.append(f"keep.folder={place / 'kept'}")
    figures = place / "figures.json"
    async with running_standin(*shape, "--edit", "copy", "--chunk-frames", "1") as standin:
        async with AsyncExitStack() as stack:
            process = await _at_work(size, stack, standin.url, place, figures, settings)
            await asyncio.sleep(SETTLE_S)
            process.send_signal(signal.SIGUSR1)
            before, since = cpu_seconds(process.pid), time.monotonic()
            await asyncio.sleep(seconds)
            used, until = cpu_seconds(process.pid) - before, time.monotonic()
            process.send_signal(signal.SIGUSR2)
            found: dict[str, Any] = {
                "CPU, cores": round(used / (until - since), 3),
                "resident MB": round(rss_mb(process.pid), 1),
            }
        await standin.until_session("ready")
    found.update(json.loads(figures.read_text()))
    return found


async def _at_work(
    size: Size, stack: AsyncExitStack, url: str, place: Path, figures: Path, settings: list[str]
) -> asyncio.subprocess.Process:
    """The daemon with all that this row has besides, until the stack ends."""
    session, environment = None, {}
    if size.readers or size.is_heard:
        session = await asyncio.to_thread(stack.enter_context, Session(VERSIONS["debian"]))
        environment = {k: v for k, v in session.environment.items() if k not in OWN}
    if size.is_heard:
        settings = [*settings, "voice.on=true", f"voice.microphone={MICROPHONE}"]
    if size.records:
        settings = [*settings, f"keep.folder={place / 'kept'}"]
    process = await stack.enter_async_context(
        daemon(url, place, figures, str(size.cameras), "1", *settings, environment=environment)
    )
    if session is not None and size.readers:
        reading = being_read(session, place, size.readers)
        await asyncio.to_thread(stack.enter_context, reading)
    if session is not None and size.is_heard:
        play(session, tone(VOICE_S))
        await asyncio.to_thread(session.until, "the source", lambda: "sana_mic" in session.nodes())
        await asyncio.to_thread(stack.enter_context, reader(session))
    if size.clients or size.previews or size.records:
        counts = (size.clients, size.previews, int(size.records))
        command = ("clients", str(place / APP), *map(str, counts))
        await stack.enter_async_context(_announced(b"attached\n", command, {}))
    return process


@contextlib.asynccontextmanager
async def daemon(
    url: str,
    place: Path,
    figures: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The daemon with made-up virtual cameras, once it has settled; see `contenders.cameras`."""
    command = ("cameras", url, str(place), str(figures), *arguments)
    async with _announced(b"settled\n", command, environment or {}) as process:
        yield process


@contextlib.asynccontextmanager
async def _announced(
    word: bytes, command: tuple[str, ...], environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A contender that has said so much; ended afterwards."""
    name, *arguments = command
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.rigs.bench.contenders.{name}", *arguments),
        env={**as_installed(), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
        assert said == word, f"{name} ended, or said {said!r}"
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
