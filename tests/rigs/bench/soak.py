"""Hours of faults: `python -m tests.rigs.bench.soak [--minutes N] [--seed S] [--out FOLDER]`.

One daemon, two models behind a coordinator and a lossy link, faulty devices at the daemon's seams.
Everything that can be switched on is: clips, recordings, fades, and a voice that somebody hears.
Applications open and close the virtual camera, clients of the control API come and go, with and
without a preview, and faults drawn from the matrix happen one after the other. Once a second a
line goes into `soak.csv`; at the end come `soak.json` with the slopes, and `soak.png`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.rigs.faults.isolated import NoNamespaces, isolate

if TYPE_CHECKING:
    from tests.rigs.faults.stage import Stage

SAMPLE_S = 1.0
WARM_UP, WARM_UP_S = 0.2, 600.0
"""The part of the run that the slopes leave out, and its most seconds: caches fill, and pools grow
to their size."""
LIVE_PATIENCE_S = 90.0
SOUND_S = 60.0
FEATURES = {
    "CAPTURE__LINGER_S": "2",
    "CONTROL__PORT": "0",
    "KEEP__CLIPS": "true",
    "KEEP__FOLDER": "{home}/kept",
    "KEEP__RESERVE_MB": "100",
    "PLAYOUT__TRANSITION": "fade",
    "VOICE__ON": "true",
}
MOST = {"client": 6, "poller": 2, "previewer": 2}
"""How many at once: clients that command, that poll snapshots, that have a WebRTC preview."""


@dataclass
class Sample:
    """One second of the run. Gaps are the longest of it; sessions those open at the coordinator."""

    second: float
    rss_mb: float
    descriptors: int
    threads: int
    cpu: float
    gap_ms: float
    frames: int
    live: int
    card: int
    raw: int
    other: int
    sessions: int
    sessions_ever: int
    viewers: int
    clients: int
    pollers: int
    previewers: int
    previewed: int
    session: str
    fault: str


@dataclass(frozen=True)
class Happened:
    """One fault of the run, and how long the picture took to come back once it was over."""

    second: float
    name: str
    live_again_s: float | None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rigs.bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=None, help="default: a new one, printed")
    parser.add_argument("--out", type=Path, default=Path("soak"), help="folder for the results")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    print(f"seed {seed}, {arguments.minutes:g} minutes, into {arguments.out}", flush=True)
    try:
        isolate()
    except NoNamespaces as error:
        print(f"soak: {error}", file=sys.stderr)
        return 2
    arguments.out.mkdir(parents=True, exist_ok=True)
    report = asyncio.run(_soak(arguments.out, seed, arguments.minutes * 60))
    (arguments.out / "soak.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps({key: report[key] for key in report if key != "happened"}, indent=2))
    return 0 if not report["wrong"] else 1


async def _soak(out: Path, seed: int, seconds: float) -> dict[str, Any]:
    import tests.fakes.viewers  # noqa: F401 - takes seconds, which the samples would miss
    from tests.rigs.faults import clip
    from tests.rigs.faults.stage import Plan, staged

    with tempfile.TemporaryDirectory(prefix="soak-") as folder, talking() as voice:
        home = Path(folder)
        plan = Plan(
            cloud=True,
            link=True,
            seams=True,
            loopback=1,
            models=2,
            room=2,
            settings={**FEATURES, "VOICE__MICROPHONE": "test_mic"},
            environment=voice,
        )
        clip.make(home / "clip.avi")
        async with staged(home, plan) as stage:
            for model in stage.models:
                await model.start()
            await stage.daemon.start()
            run = Run(stage, random.Random(seed), out)
            try:
                await run.play(seconds)
            finally:
                (out / "daemon.log").write_text("\n".join(stage.daemon.log) + "\n")
            await stage.end()
            return run.report(seed, await stage.left_open())


@contextlib.contextmanager
def talking() -> Iterator[dict[str, str]]:
    """Have a session of PipeWire with somebody who talks, and applications that listen at times.

    Yields the daemon's environment in it.
    """
    from tests.rigs.faults.desktop import OWN
    from tests.rigs.pipewire import VERSIONS, Session
    from tests.rigs.pipewire.sounds import clicks, write

    with Session(VERSIONS["debian"]) as session:
        write(session.folder / "sound.wav", clicks(SOUND_S))
        again = "while :; do {}; done"
        session.spawn("talker", "sh", "-c", again.format("pw-play --target test_mic_in sound.wav"))
        listens = "timeout 45 pw-record --target sana_mic heard.wav; sleep 15"
        session.spawn("listener", "sh", "-c", again.format(listens))
        yield {name: text for name, text in session.environment.items() if name not in OWN}


class Run:
    """The soak while it goes on."""

    def __init__(self, stage: Stage, rng: random.Random, out: Path) -> None:
        self.samples: list[Sample] = []
        self.happened: list[Happened] = []
        self.wrong: list[str] = []
        self.long_gaps: list[tuple[float, int, str]] = []
        self._stage = stage
        self._rng = rng
        self._out = out
        self._began = time.monotonic()
        self._fault = ""
        self._viewers = 0
        self._people: Counter[str] = Counter()
        self._previewed = 0
        self._unwatched_since: float | None = self._began
        self._tasks: set[asyncio.Task[None]] = set()

    async def play(self, seconds: float) -> None:
        """Go on for so long; then everybody has left."""
        await self._stage.daemon.control()
        sampling = asyncio.create_task(self._sample())
        people = asyncio.create_task(self._send_people())
        try:
            until = self._began + seconds
            while time.monotonic() < until:
                await self._next(until)
        finally:
            for task in (sampling, people, *self._tasks):
                task.cancel()
            await asyncio.gather(sampling, people, *self._tasks, return_exceptions=True)
            self._fault = ""

    async def _next(self, until: float) -> None:
        """One thing after the other: viewers change, or a fault."""
        if self._rng.random() < 0.25:
            await self._watch(self._rng.choice([0, 1, 1, 2, 3]))
        else:
            await self._watch(max(1, self._viewers))
            await self._live("before a fault", time.monotonic())
            name, fault = self._rng.choice(_faults(self._stage, self._rng))
            await self._suffer(name, fault)
        await asyncio.sleep(min(self._rng.uniform(2, 8), max(0.0, until - time.monotonic())))

    async def _suffer(self, name: str, fault: Callable[[], Awaitable[None]]) -> None:
        self._fault = name
        began = time.monotonic()
        await fault()
        over = time.monotonic()
        if name.startswith("sink"):
            self._stage.watch.excuse(began, over + 3)
            # Applications lose a device that is gone, and open the new one.
            self._stage.daemon.tell(f"viewers {self._viewers}")
        again = await self._live(name, over)
        print(f"{began - self._began:7.1f} s  {name}: live again after {again} s", flush=True)
        self.happened.append(Happened(round(began - self._began, 1), name, again))
        self._fault = ""

    async def _watch(self, count: int) -> None:
        """So many applications have the virtual camera open."""
        now = time.monotonic()
        if count and self._unwatched_since is not None:
            # Nobody looked: a card now and then was enough.
            self._stage.watch.excuse(self._unwatched_since, now + 1)
            self._unwatched_since = None
        if not count and self._unwatched_since is None:
            self._unwatched_since = now
            self._stage.watch.excuse(now, float("inf"))
        if count:
            self._stage.watch.forget_open_excuses()
        self._viewers = count
        self._stage.daemon.tell(f"viewers {count}")

    async def _live(self, what: str, after: float) -> float | None:
        """Seconds until viewers see the edit again; None, and noted as wrong, if they never do."""
        from tests.rigs.faults.clip import Seen

        seen = asyncio.Event()
        loop = asyncio.get_running_loop()
        at = 0.0

        def look(glimpse: Any) -> None:
            nonlocal at
            if glimpse.seen is Seen.LIVE and glimpse.fresh and glimpse.at > after and not at:
                at = glimpse.at
                loop.call_soon_threadsafe(seen.set)

        self._stage.watch.judges.append(look)
        try:
            await asyncio.wait_for(seen.wait(), LIVE_PATIENCE_S)
        except TimeoutError:
            self.wrong.append(f"{what}: not live after {LIVE_PATIENCE_S:.0f} s")
            return None
        finally:
            self._stage.watch.judges.remove(look)
        return round(at - after, 2)

    # -- people --------------------------------------------------------------------------------

    async def _send_people(self) -> None:
        """Clients and watchers of the preview come at random, and stay for a while."""
        while True:
            for kind, work in (
                ("client", self._client),
                ("poller", self._poller),
                ("previewer", self._previewer),
            ):
                if self._people[kind] < MOST[kind] and self._rng.random() < 0.2:
                    task = asyncio.create_task(self._visit(kind, work))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(self._rng.uniform(1, 5))

    async def _visit(self, kind: str, work: Callable[[Any], Awaitable[None]]) -> None:
        from aiortc.mediastreams import MediaStreamError
        from websockets.exceptions import WebSocketException

        from tests.rigs.faults.stage import connected

        self._people[kind] += 1
        try:
            with contextlib.suppress(TimeoutError, WebSocketException, MediaStreamError):
                async with connected(self._stage.daemon) as control:
                    await asyncio.wait_for(work(control), self._rng.uniform(5, 40))
        finally:
            self._people[kind] -= 1

    async def _client(self, control: Any) -> None:
        """Somebody who plays with the controls."""
        prompts = ("a black-and-white photograph", "monochrome portrait", "a greyscale film still")
        while True:
            await asyncio.sleep(self._rng.uniform(0.5, 4))
            match self._rng.randrange(10):
                case 0:
                    await control.send("set_prompt", prompt=self._rng.choice(prompts))
                case 1:
                    await control.send("set_seed", seed=self._rng.randrange(1000))
                case 2:
                    await control.send("get_state")
                case 3:
                    await control.send("list_presets")
                case 4:
                    await control.send("record")
                case 5:
                    await control.send("clip", seconds=self._rng.uniform(1, 20))
                case 6:
                    await control.send("rehearse", prompt=self._rng.choice(prompts))
                    await asyncio.sleep(self._rng.uniform(0.5, 3))
                    await control.send(self._rng.choice(["take", "back"]))
                case 7:
                    await control.send("set_voice", trim_ms=self._rng.uniform(-50, 50))
                case 8:
                    await control.send("usage")
                case _:
                    await control.send("dance")

    async def _previewer(self, control: Any) -> None:
        """Somebody with the dashboard open, who sees what viewers see."""
        from tests.fakes.viewers import viewer
        from tests.rigs.faults import clip

        async with viewer() as one:
            answer = await control.ok("preview", sdp=await one.offer())
            await one.take(answer["sdp"])
            while True:
                frame = await one.frame()
                self._previewed += 1
                if clip.judge(frame, frame.shape[1], frame.shape[0] * 2 // 3) is clip.Seen.RAW:
                    self.wrong.append("a raw frame in a preview")

    async def _poller(self, control: Any) -> None:
        """Somebody who looks at what viewers see, four times a second."""
        while True:
            await control.send("snapshot")
            await asyncio.sleep(0.25)

    # -- figures -------------------------------------------------------------------------------

    async def _sample(self) -> None:
        from tests.rigs.bench.figures import cpu_seconds, rss_mb

        process = self._stage.daemon.process
        assert process is not None
        used = cpu_seconds(process.pid)
        with (self._out / "soak.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, [one.name for one in fields(Sample)])
            writer.writeheader()
            while process.returncode is None:
                await asyncio.sleep(SAMPLE_S)
                before, used = used, cpu_seconds(process.pid)
                sample = await self._now(process.pid, rss_mb(process.pid), used - before)
                self.samples.append(sample)
                writer.writerow(asdict(sample))
                file.flush()
        self.wrong.append("the daemon ended by itself")

    async def _now(self, pid: int, rss: float, cpu: float) -> Sample:
        from tests.rigs.faults.clip import Seen
        from tests.rigs.faults.row import GAP_S

        seen, gaps = self._stage.watch.drain()
        counts = Counter(one.seen for one in seen)
        second = round(time.monotonic() - self._began, 1)
        self.long_gaps += [
            (round(gap.at - self._began, 1), round(gap.seconds * 1e3), self._fault)
            for gap in gaps
            if gap.own_s > GAP_S
        ]
        control = await self._stage.daemon.control()
        known = {Seen.LIVE, Seen.CARD, Seen.RAW}
        return Sample(
            second=second,
            rss_mb=round(rss, 1),
            descriptors=_entries(pid, "fd"),
            threads=_entries(pid, "task"),
            cpu=round(cpu, 2),
            gap_ms=round(max((gap.seconds for gap in gaps), default=0.0) * 1e3),
            frames=len(seen),
            live=counts[Seen.LIVE],
            card=counts[Seen.CARD],
            raw=counts[Seen.RAW],
            other=sum(count for kind, count in counts.items() if kind not in known),
            sessions=len(self._stage.cloud.still_open),
            sessions_ever=len(self._stage.cloud.opened),
            viewers=self._viewers,
            clients=self._people["client"],
            pollers=self._people["poller"],
            previewers=self._people["previewer"],
            previewed=self._previewed,
            session=str(control.state.get("session")),
            fault=self._fault,
        )

    def report(self, seed: int, left_open: int) -> dict[str, Any]:
        """What the run comes to; `wrong` is empty if all was well."""
        samples = self.samples
        raw = sum(one.raw for one in samples)
        wrong = [*self.wrong]
        if raw:
            wrong.append(f"{raw} raw frames")
        if left_open:
            wrong.append(f"{left_open} sessions left open")
        if any(status != 0 for status in self._stage.exits):
            wrong.append(f"the daemon ended with {self._stage.exits}")
        kept, broken = self._kept()
        wrong += [f"{path}: {why}" for path, why in broken.items()]
        draw(samples, self.happened, self._out / "soak.png")
        times = [one.live_again_s for one in self.happened if one.live_again_s is not None]
        return {
            "seed": seed,
            "minutes": round(samples[-1].second / 60, 1),
            "faults": len(self.happened),
            "frames": sum(one.frames for one in samples),
            "raw frames": raw,
            "other frames": sum(one.other for one in samples),
            "frames in previews": samples[-1].previewed,
            "clips and recordings that play": kept,
            "sessions opened": samples[-1].sessions_ever,
            "most sessions at once": max(one.sessions for one in samples),
            "sessions left open": left_open,
            "longest gap, ms": max(one.gap_ms for one in samples),
            "gaps over 100 ms beyond the machine's own": self.long_gaps,
            "part of the time in which something waited for a processor": round(
                self._stage.watch.crowded, 2
            ),
            "live again, s: median, slowest": [_median(times), max(times, default=None)],
            "slope per hour after the warm-up": {
                "resident MB": slope(samples, "rss_mb"),
                "descriptors": slope(samples, "descriptors"),
                "threads": slope(samples, "threads"),
            },
            "resident MB: first, last, most": _course(samples, "rss_mb"),
            "descriptors: first, last, most": _course(samples, "descriptors"),
            "threads: first, last, most": _course(samples, "threads"),
            "wrong": wrong,
            "happened": [asdict(one) for one in self.happened],
        }

    def _kept(self) -> tuple[int, dict[str, str]]:
        """Play everything that was kept: how many files do, and why the others do not."""
        import av

        played, broken = 0, {}
        for path in sorted((self._stage.home / "kept").glob("*.mp4")):
            try:
                with av.open(str(path)) as container:
                    count = sum(1 for _ in container.decode(video=0))
                played += 1
                if not count:
                    broken[path.name] = "no pictures"
            except (av.FFmpegError, IndexError) as error:
                broken[path.name] = str(error)
        return played, broken


def _faults(stage: Stage, rng: random.Random) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    """The faults to draw from, each a coroutine that brings it about and takes it away."""
    import signal

    from tests.fakes.coordinator import Answer

    async def killed() -> None:
        model = rng.choice(stage.models)
        await model.end(signal.SIGKILL)
        await asyncio.sleep(rng.uniform(0, 6))
        await model.start()

    async def frozen() -> None:
        process = rng.choice(stage.models).process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(rng.uniform(1, 25))
        process.send_signal(signal.SIGCONT)

    async def lossy() -> None:
        stage.network.loss = rng.choice([0.05, 0.1, 0.2])
        await asyncio.sleep(rng.uniform(3, 12))
        stage.network.loss = 0.0

    async def black_hole() -> None:
        stage.network.loss = 1.0
        await asyncio.sleep(rng.uniform(1, 25))
        stage.network.loss = 0.0

    async def busy_service() -> None:
        status = rng.choice([409, 429, 500, 502, 503])
        stage.cloud.next("create", Answer(status, {"detail": "staged"}))
        await killed()

    async def expired() -> None:
        stage.cloud.revoke()
        await frozen()

    def temper(**mood: object) -> Callable[[], Awaitable[None]]:
        async def bad() -> None:
            for model in stage.models:
                model.temper(**mood)
            await asyncio.sleep(rng.uniform(1, 10))
            for model in stage.models:
                model.temper()

        return bad

    def device(what: str, fault: str) -> Callable[[], Awaitable[None]]:
        async def failing() -> None:
            stage.daemon.tell(f"{what} {fault}")
            await asyncio.sleep(rng.uniform(0.5, 8))
            stage.daemon.tell(f"{what} back")

        return failing

    async def stalled() -> None:
        seconds = rng.uniform(0.2, 5)
        stage.daemon.tell(f"stall {seconds:.1f}")
        await asyncio.sleep(seconds)

    async def reader() -> None:
        stage.watch.leave()
        await asyncio.sleep(rng.uniform(0.2, 3))
        stage.watch.come_back()

    return [
        ("model killed", killed),
        ("model frozen", frozen),
        ("network lossy", lossy),
        ("network black hole", black_hole),
        ("service busy", busy_service),
        ("token expired", expired),
        ("model stalls", temper(stall=True)),
        ("model sends garbage", temper(garbage=True)),
        ("model sends another size", temper(size=[320, 176])),
        ("model is mute", temper(mute=True)),
        ("camera unplugged", device("camera", "unplugged")),
        ("camera stalled", device("camera", "stalled")),
        ("camera busy", device("camera", "busy")),
        ("sink gone", device("sink", "gone")),
        ("sink refuses", device("sink", "refuses")),
        ("event loop stalls", stalled),
        ("reader leaves", reader),
    ]


def _entries(pid: int, folder: str) -> int:
    return len(list(Path(f"/proc/{pid}/{folder}").iterdir()))


# -- arithmetic and picture --------------------------------------------------------------------


def slope(samples: list[Sample], name: str) -> float | None:
    """The least-squares slope of a column per hour, without the warm-up."""
    import numpy as np

    kept = samples[_warmed(samples) :]
    if len(kept) < 3:
        return None
    hours = np.array([one.second / 3600 for one in kept])
    values = np.array([float(getattr(one, name)) for one in kept])
    return round(float(np.polyfit(hours, values, 1)[0]), 2)


def _course(samples: list[Sample], name: str) -> list[float]:
    values = [getattr(one, name) for one in samples]
    return [values[_warmed(samples)], values[-1], max(values)]


def _warmed(samples: list[Sample]) -> int:
    """The first sample after the warm-up."""
    warm_s = min(WARM_UP * samples[-1].second, WARM_UP_S)
    return next(number for number, one in enumerate(samples) if one.second >= warm_s)


def _median(values: list[float]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None


def draw(samples: list[Sample], happened: list[Happened], path: Path) -> None:
    """The run as a picture: a strip for each figure over time, with the faults as marks."""
    import cv2
    import numpy as np

    strips = (
        ("resident MB", "rss_mb", (180, 90, 30), False),
        ("descriptors", "descriptors", (60, 140, 40), False),
        ("threads", "threads", (150, 60, 150), False),
        ("CPU, cores", "cpu", (120, 120, 120), True),
        ("longest gap, ms", "gap_ms", (40, 40, 200), True),
        ("live frames in a second", "live", (40, 150, 40), True),
        ("open sessions", "sessions", (0, 110, 220), True),
        ("viewers", "viewers", (160, 120, 0), True),
        ("previews", "previewers", (90, 90, 0), True),
    )
    width, height, left, gap = 1500, 120, 170, 26
    picture = np.full((len(strips) * (height + gap) + 60, left + width + 30, 3), 255, np.uint8)
    end = max(samples[-1].second, 1.0)
    for number, (title, name, colour, from_zero) in enumerate(strips):
        top = 20 + number * (height + gap)
        values = np.array([float(getattr(one, name)) for one in samples])
        low, high = _bounds(values, from_zero)
        for one in happened:
            x = int(left + one.second / end * width)
            cv2.line(picture, (x, top), (x, top + height), (225, 225, 235), 1)
        cv2.rectangle(picture, (left, top), (left + width, top + height), (200, 200, 200), 1)
        xs = left + np.array([one.second for one in samples]) / end * width
        ys = top + height - (values - low) / (high - low) * (height - 6) - 3
        points = np.stack([xs, ys], axis=1).astype(np.int32)
        cv2.polylines(picture, [points], False, colour, 1, cv2.LINE_AA)
        for text, y in (
            (title, top + height // 2),
            (f"{high:g}", top + 12),
            (f"{low:g}", top + height),
        ):
            cv2.putText(
                picture, text, (6, y), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA
            )
    bottom = picture.shape[0] - 16
    for x, text in _minutes(end):
        at = (int(left + x * width) - 10, bottom)
        cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.imwrite(str(path), picture)


def _bounds(values: Any, from_zero: bool) -> tuple[float, float]:
    """The bottom and the top of a strip, apart from each other."""
    low, high = 0.0 if from_zero else float(values.min()), float(values.max())
    return low, high if high > low else low + 1


def _minutes(end_s: float) -> Iterator[tuple[float, str]]:
    """Ten marks along the time: where (0 to 1) and what they say."""
    for tenth in range(11):
        yield tenth / 10, f"{end_s / 60 * tenth / 10:.1f} min"


if __name__ == "__main__":
    sys.exit(main())
