"""The daemon with a pipe and with the real driver, and the bare SDK client, in turns.

All of it against the stand-in in the same guest, whose processors are slow and shared with the
host: only ratios within one boot mean something.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from sana_vcam.media.camera.timecode import read_counter
from tests.rigs.bench.contenders.clip import Clip
from tests.rigs.bench.contenders.watcher import (
    HEIGHT,
    POLL_MS,
    WIDTH,
    Seen,
    Watcher,
    delays,
    judder,
)
from tests.rigs.bench.figures import cpu_seconds, rss_mb, summary_ms
from tests.rigs.bench.targets import STARVED
from tests.rigs.guest.inside.kernel import OURS, PATIENCE_S, captures, loopbacks, path_of, until
from tests.rigs.guest.inside.mapped import MappedReader
from tests.rigs.guest.inside.scenario import Case, scenario
from tests.system.daemon import Standin, running_standin

DEVICE = path_of(OURS)
BARE, PIPE, DRIVER = "bare", "daemon, raw pipe", "daemon, real driver"
CONTENDERS = (BARE, PIPE, DRIVER)
RATE, KEEPS_UP = "distinct frames a second", "keeps up"
SETTLE_S = 8.0
TRIAL_S = 6.0
MEASURING, MEASURED = "measuring: ", "measured: "
"""Lines that tell the host when a run's figures begin and end."""


@dataclass(frozen=True)
class Track:
    """A size of the clip and of the model's track, and the rate of everything."""

    width: int
    height: int
    fps: float

    def __str__(self) -> str:
        return f"{self.width}x{self.height} at {self.fps:g} a second"

    def sustained_by(self, run: dict[str, Any]) -> bool:
        """Whether a run showed nearly all of the pictures."""
        return bool(run[RATE] >= STARVED * self.fps)


TRACKS = (Track(640, 352, 24), Track(320, 176, 24), Track(320, 176, 12), Track(320, 176, 6))
"""From the largest to what any guest sustains."""


class Consumer:
    """An app at the real driver: when each distinct picture came, in a thread of its own."""

    def __init__(self, device: str) -> None:
        self._reader = MappedReader(device)
        self._stop = threading.Event()
        self.seen = Seen()
        self.first = threading.Event()
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; waits for the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with self._reader as reader:
            while not self._stop.is_set():
                frame = reader.next(POLL_MS)
                now = time.monotonic()
                if frame is None:
                    continue
                self.seen.frames += 1
                luma = frame[: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH, 1)
                self._note(read_counter(luma), now)

    def _note(self, number: int | None, now: float) -> None:
        pictures = self.seen.pictures
        if number is not None and not (pictures and pictures[-1][0] == number):
            pictures.append((number, now))
            self.first.set()


@scenario
def short(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    asyncio.run(_compare(case.seen, turns=2, seconds=10.0))


@scenario
def long(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    asyncio.run(_compare(case.seen, turns=4, seconds=20.0))


async def _compare(seen: dict[str, Any], turns: int, seconds: float) -> None:
    """Find the largest track that this guest sustains, if any, and compare the contenders there.

    Where pictures are lost, contenders do different work, and their CPU says nothing.
    """
    seen["tried"] = tried = {}
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        for track in TRACKS:
            place = Path(name) / f"{track.width}-{track.fps:g}"
            place.mkdir()
            async with Scene.at(track, place) as scene:
                trial = await scene.run(DRIVER, TRIAL_S)
                tried[str(track)] = trial[RATE]
                if track.sustained_by(trial):
                    seen["track"] = str(track)
                    seen["runs"] = await scene.compare(turns, seconds)
                    return


class Scene:
    """A stand-in and a clip of one track."""

    def __init__(self, track: Track, place: Path, standin: Standin, clip: Clip) -> None:
        self._track = track
        self._place = place
        self._standin = standin
        self._clip = clip
        self._count = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def at(cls, track: Track, place: Path) -> AsyncIterator[Scene]:
        """Every picture comes back as it is, at once."""
        clip = await asyncio.to_thread(Clip, place, (track.width, track.height), track.fps)
        size = ("--width", str(track.width), "--height", str(track.height))
        way = ("--wire", "npm", "--fps", str(track.fps), "--edit", "copy", "--chunk-frames", "1")
        async with running_standin(*size, *way) as standin:
            yield cls(track, place, standin, clip)

    async def compare(self, turns: int, seconds: float) -> dict[str, list[dict[str, Any]]]:
        """The contenders' runs, in turns."""
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTENDERS}
        for turn in range(turns):
            for name in CONTENDERS:
                print(f"  {self._track}: {name}, turn {turn + 1} of {turns}", flush=True)
                runs[name].append(await self.run(name, seconds, tell=True))
        return runs

    async def run(self, name: str, seconds: float, *, tell: bool = False) -> dict[str, Any]:
        """One contender from its start to its end; measured once it has settled."""
        self._count += 1
        place = self._place / str(self._count)
        place.mkdir()
        stamps, fifo = place / "stamps.json", place / "sink"
        arguments = [self._standin.url, str(self._clip.path), str(stamps)]
        program = "bare"
        if name != BARE:
            program = "daemon"
            arguments += [str(fifo), str(place), *self._settings(name)]
        watching: Watcher | Consumer | None = Watcher(fifo) if name == PIPE else None
        try:
            async with _contender(program, arguments, place / "log") as process:
                if name == DRIVER:
                    await asyncio.to_thread(until, lambda: captures(DEVICE), "the card")
                    watching = Consumer(DEVICE)
                await _first_picture(process, watching)
                await asyncio.sleep(SETTLE_S)
                if tell:
                    print(f"{MEASURING}{name}", flush=True)
                before, since = cpu_seconds(process.pid), time.monotonic()
                packets = _datagrams()
                await asyncio.sleep(seconds)
                used, ended = cpu_seconds(process.pid) - before, time.monotonic()
                if tell:
                    print(f"{MEASURED}{name}", flush=True)
                figures: dict[str, Any] = {
                    "CPU, cores": round(used / (ended - since), 3),
                    "resident MB": round(rss_mb(process.pid), 1),
                    "datagrams a second": round((_datagrams() - packets) / (ended - since)),
                }
        finally:
            if watching is not None:
                watching.close()
        if watching is not None:
            figures |= shown(watching.seen.pictures, stamps, since, ended)
            figures[KEEPS_UP] = self._track.sustained_by(figures)
        await self._standin.until_session("ready")
        return figures

    def _settings(self, name: str) -> list[str]:
        track = self._track
        settings = [
            f"reactor.track_width={track.width}",
            f"reactor.track_height={track.height}",
            f"camera.fps={track.fps}",
            f"sink.fps={track.fps}",
            "reactor.connect_timeout_s=60",
        ]
        return settings + (["sink.kind=v4l2loopback"] if name == DRIVER else [])


def shown(
    pictures: Sequence[tuple[int, float]], stamps: Path, since: float, ended: float
) -> dict[str, Any]:
    """The figures of the distinct pictures (number, time) that came from `since` to `ended`.

    Fewer than three have no rhythm, and give their rate alone.
    """
    steady = [one for one in pictures if since <= one[1] <= ended]
    rate = {RATE: round(len(steady) / (ended - since), 2)}
    if len(steady) < 3:
        return rate
    gaps = [later[1] - one[1] for one, later in pairwise(steady)]
    return rate | {
        "camera read to picture at the consumer, ms": summary_ms(delays(stamps, steady)),
        "judder": round(judder(steady), 3),
        "longest gap, ms": round(max(gaps) * 1e3, 1),
    }


async def _first_picture(
    process: asyncio.subprocess.Process, watching: Watcher | Consumer | None
) -> None:
    """Wait until the contender streams. Raises `AssertionError` if it does not."""
    if watching is not None:
        assert await asyncio.to_thread(watching.first.wait, PATIENCE_S), "nothing is shown"
        return
    assert process.stdout is not None
    said = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
    assert said == b"live\n", f"the bare client said {said!r}"


@contextlib.asynccontextmanager
async def _contender(
    program: str, arguments: Sequence[str], log: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program of `tests.rigs.bench.contenders`; if the block fails, its log is shown."""
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"tests.rigs.bench.contenders.{program}", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
        )
    try:
        yield process
    except BaseException:
        _show(log)
        raise
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_S)


def _show(log: Path) -> None:
    print(f"its log:\n{log.read_text(errors='replace')[-5000:]}", flush=True)


def _datagrams() -> int:
    """UDP datagrams that this guest has sent so far: the media of both directions."""
    names, values = (
        line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if "Udp:" in line
    )
    return int(values[names.index("OutDatagrams")])
