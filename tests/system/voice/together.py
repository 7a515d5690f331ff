"""Sound against picture at a listener who sees and hears the whole daemon.

    python -m tests.system.voice.together [--newer] [--seconds 120]

A daemon, with the stand-in behind it, over WebRTC; only the camera is made up: each of its pictures
carries a number, by which it is known in the sink when it was taken. A microphone of a private
session clicks meanwhile. For each click the picture that was taken in its moment is looked for, and
how much later the click is heard than that is seen. A camera's picture is taken to be `SENSOR_MS`
older than its read.

The stand-in takes 24 pictures at a time and is late by a course: a step, and a drift from then on.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import math
import os
import select
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np

from sana_vcam.app import native
from sana_vcam.media.camera.timecode import read_counter
from sana_vcam.voice.following import LATE_MS as AIM_MS
from sana_vcam.voice.following import NEAR_MS, SENSOR_MS
from tests.rigs.pipewire import VERSIONS, Session
from tests.rigs.pipewire.sounds import RATE, onsets
from tests.system.daemon import PATIENCE_S, TRACK, running_standin
from tests.system.voice.latestandin import Course
from tests.system.voice.lipsync import EARLY_MS, LATE_MS, LONGEST_S, delays, talking
from tests.system.voice.rig import MICROPHONE, both, play, reader
from tests.unit.media.latency import material
from tests.unit.media.latency.truth import known_daemon

REEL = 40 * material.FPS
"""Longer than what the meter looks back, so that it does not repeat in that time."""
CHUNKS = ("--edit", "copy", "--chunk-time", "0.4")
SINK_BYTES = TRACK[0] * TRACK[1] * 3 // 2
OWN_S = 1.45
"""What the way takes without the stand-in's course: a chunk's pictures, its edit, the network, and
what evens the bursts out."""
NEAR_S = 0.15
"""A picture so long after a click is still the one of it."""
SETTLED_S = 3.0
"""The voice is settled once it has been about as late as the picture for so long."""
START_S = 15.0
"""About so long after the first picture the voice is settled."""


@dataclass(frozen=True)
class Told:
    """What the daemon said at one moment."""

    at: float
    glass_ms: float | None
    target_ms: float | None
    delay_ms: float | None

    @property
    def off_ms(self) -> float:
        """How far the voice is from where it is meant to be; infinite while nothing is known."""
        if self.glass_ms is None or self.delay_ms is None:
            return math.inf
        return abs(self.glass_ms + SENSOR_MS + AIM_MS - self.delay_ms)


@dataclass
class Scene:
    """What was seen of the pictures and said by the daemon; times are monotonic."""

    read_at: dict[int, float] = field(default_factory=dict)
    seen_at: dict[int, float] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    failed: BaseException | None = None
    clip: Callable[[float], Path] = field(init=False)
    """Saves the last seconds of what viewers saw and heard; any thread's."""

    def picture_ms(self, taken_at: float) -> float | None:
        """How late the picture is seen that was read next after a moment, of those that were seen.

        None if there is none near: the sink or the model has left them out.
        """
        near = [
            (at, number)
            for number, at in tuple(self.read_at.items())
            if taken_at <= at < taken_at + NEAR_S and number in self.seen_at
        ]
        if not near:
            return None
        at, number = min(near)
        return 1000 * (self.seen_at[number] - at)


@dataclass(frozen=True)
class Heard:
    """One click: when it was heard, and how much later than the picture of it was seen."""

    at: float
    late_ms: float
    picture_ms: float


@contextmanager
def viewer(path: Path, scene: Scene) -> Iterator[None]:
    """Read the sink's pictures from a pipe, in a thread, and note when each was first there."""
    os.mkfifo(path)
    out = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, 1 << 20)
    stop = threading.Event()

    def read() -> None:
        poll = select.poll()
        poll.register(out, select.POLLIN)
        rest = b""
        while not stop.is_set():
            if not any(events & select.POLLIN for _, events in poll.poll(100)):
                stop.wait(0.01)
                continue
            rest += os.read(out, SINK_BYTES - len(rest))
            if len(rest) == SINK_BYTES:
                now = time.monotonic()
                rows = np.frombuffer(rest, np.uint8)[: TRACK[0] * TRACK[1]]
                number = read_counter(rows.reshape(TRACK[1], TRACK[0], 1))
                if number is not None:
                    scene.seen_at.setdefault(number, now)
                rest = b""

    thread = threading.Thread(target=read, name="viewer")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        os.close(out)


async def carry(
    home: Path, course: Course, scene: Scene, stop: threading.Event, guess_ms: float
) -> None:
    """Run the stand-in and the daemon, with the voice on."""
    pictures = list(material.noisy(material.talking(REEL, size=1.5)))
    program = ("-m", "tests.system.voice.latestandin", *course.words)
    settings = {
        "sink.kind": "raw",
        "sink.path": str(home / "picture"),
        "sink.width": str(TRACK[0]),
        "sink.height": str(TRACK[1]),
        "voice.on": "true",
        "voice.microphone": MICROPHONE,
        "voice.first_guess_ms": str(guess_ms),
        "keep.clips": "true",
        "keep.folder": str(home / "kept"),
        "keep.reserve_mb": "0",
    }
    async with (
        running_standin(*CHUNKS, program=program) as standin,
        known_daemon(home, standin.url, pictures, **settings) as (daemon, known),
    ):
        scene.read_at = known.read_at
        assert daemon.parts is not None
        keeping, loop = daemon.parts.keeping, asyncio.get_running_loop()

        def clip(seconds: float) -> Path:
            saving = asyncio.run_coroutine_threadsafe(keeping.clip(seconds, False), loop)
            return Path(saving.result(PATIENCE_S).path)

        scene.clip = clip
        while not stop.is_set():
            await asyncio.sleep(0.25)
            assert daemon.parts is not None
            state = daemon.parts.state(time.monotonic())
            voice = state.voice
            told = Told(
                time.monotonic(),
                state.glass_ms,
                voice.target_ms if voice else None,
                voice.delay_ms if voice else None,
            )
            scene.told.append(told)


@contextmanager
def daemon(session: Session, home: Path, course: Course, guess_ms: float) -> Iterator[Scene]:
    """A daemon on a thread, whose sink is watched. The environment must be the session's."""
    scene, stop = Scene(), threading.Event()

    def run() -> None:
        try:
            asyncio.run(carry(home, course, scene, stop, guess_ms))
        except BaseException as error:
            scene.failed = error
            raise

    thread = threading.Thread(target=run, name="daemon")
    with viewer(home / "picture", scene):
        thread.start()
        try:
            session.until("the source", lambda: scene.failed or "sana_mic" in session.nodes())
            yield scene
        finally:
            stop.set()
            thread.join()
    assert scene.failed is None


def settle(session: Session, scene: Scene) -> None:
    """Wait until the voice is as late as the picture was measured to be."""
    asked_at = time.monotonic()

    def is_settled() -> bool:
        lately = [one for one in scene.told[-200:] if one.at > time.monotonic() - SETTLED_S]
        is_long = time.monotonic() - asked_at > SETTLED_S
        is_near = is_long and all(one.off_ms < LATE_MS for one in lately)
        return scene.failed is not None or (is_near and lately[-1].off_ms <= NEAR_MS)

    session.until("a voice as late as the picture", is_settled, 3 * PATIENCE_S)
    assert scene.failed is None, scene.failed


def listen(session: Session, scene: Scene, seconds: float) -> list[Heard]:
    """Judge the clicks of some seconds; a reader must be there already, or it begins silent."""
    with both(session) as recorder:
        time.sleep(LONGEST_S + seconds)
        ended = time.monotonic()
    near, far = recorder.samples()
    # Where the recording began is known by its length.
    began = ended - len(near) / RATE
    clicks = []
    for heard, delay_s in delays(near, far):
        at = began + heard
        picture_ms = scene.picture_ms(at - delay_s)
        # What was said before the recording is none of it.
        if heard > LONGEST_S and picture_ms is not None:
            clicks.append(Heard(at, 1000 * delay_s - picture_ms - SENSOR_MS, picture_ms))
    return clicks


def kept_ms(path: Path, scene: Scene, clicks: list[Heard]) -> list[float]:
    """How much later than its picture each click is in a file than it was at the viewer."""
    begins: dict[int, float] = {}
    with av.open(str(path)) as file:
        for frame in file.decode(video=0):
            number = read_counter(frame.reformat(format="gray").to_ndarray()[:, :, np.newaxis])
            if number in scene.seen_at:
                # It is repeated until the next one comes.
                begins.setdefault(number, scene.seen_at[number] - frame.time)
    with av.open(str(path)) as file:
        sound = [frame.to_ndarray()[0] for frame in file.decode(audio=0)]
    begin = float(np.median(list(begins.values())))
    heard = begin + onsets(np.concatenate(sound).astype(float))
    return [
        1000 * float(late[np.abs(late).argmin()])
        for one in clicks
        if begin + 0.5 < one.at < heard[-1] and len(late := heard - one.at)
    ]


def within(clicks: list[Heard]) -> float:
    """The share of the clicks that nobody minds."""
    return sum(EARLY_MS <= one.late_ms <= LATE_MS for one in clicks) / max(1, len(clicks))


def report(scene: Scene, clicks: list[Heard]) -> None:
    print(f"{len(clicks)} clicks, {100 * within(clicks):.1f} % within -20..+60 ms")
    low, middle, high = np.percentile([one.late_ms for one in clicks], [5, 50, 95]).round(1)
    print(f"sound minus picture: 5 % {low} ms, median {middle} ms, 95 % {high} ms")
    began = clicks[0].at
    for second in range(0, int(clicks[-1].at - began) + 1, 5):
        now = [one for one in clicks if second <= one.at - began < second + 5]
        told = [one for one in scene.told if second <= one.at - began < second + 5]
        if now and told:
            pictures = [one.picture_ms for one in now]
            print(
                f"{second:4d} s: picture {min(pictures):.0f}..{max(pictures):.0f} ms late, "
                f"measured {told[-1].glass_ms}; voice {told[-1].delay_ms} of {told[-1].target_ms}; "
                f"sound minus picture {' '.join(f'{one.late_ms:.0f}' for one in now)}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--newer", action="store_true", help="PipeWire 1.4 instead of Debian 12's")
    parser.add_argument("--seconds", type=float, default=120.0)
    asked = parser.parse_args()
    if native.BLAS_THREADS not in os.environ:
        # As the command does, before numpy is imported: threads that spin leave pictures out.
        native.limit_threads()
        os.execv(sys.executable, sys.orig_argv)
    native.set_up_malloc()
    native.freeze_heap()
    course = Course(1.5 - OWN_S, START_S + asked.seconds / 3, 0.7, 0.1)
    with (
        Session(VERSIONS["newer" if asked.newer else "debian"]) as session,
        tempfile.TemporaryDirectory() as home,
    ):
        os.environ |= session.environment
        play(session, talking(asked.seconds + 300))
        with daemon(session, Path(home), course, 1500.0) as scene, reader(session):
            settle(session, scene)
            clicks = listen(session, scene, asked.seconds)
            kept = kept_ms(scene.clip(asked.seconds), scene, clicks)
            print(f"in a clip: {np.percentile(kept, [0, 50, 100]).round(1)} ms off ({len(kept)})")
        report(scene, clicks)


if __name__ == "__main__":
    main()
