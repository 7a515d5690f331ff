"""The switch of clips and recordings: off is nothing at all, and each end is one sentence."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
import pytest_asyncio

from sana_vcam.app import keeping as module
from sana_vcam.app.keeping import Keeping
from sana_vcam.config.schema import KeepConfig, PrivacyConfig, SinkConfig
from sana_vcam.errors import CommandFailed
from sana_vcam.media.frames import BypassGrant, CameraFrame, Picture
from sana_vcam.media.keeping import keeper as keeper_module
from sana_vcam.media.keeping.sound import RATE, SoundPiece
from sana_vcam.media.pixels import i420_to_bgr
from sana_vcam.media.sinks.sink import Sink
from tests.unit.media.keeping.material import FPS, SIZE, edited, numbers, read_back

PATIENCE_S = 60.0


@dataclass
class Studio:
    """A switch beside a real sink; viewers see a picture whenever a test says so."""

    folder: Path
    sink: Sink
    config: KeepConfig
    changes: int = 0
    shown: int = 0
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.keeping = Keeping(self.config, self.sink, FPS, self._changed, clock=lambda: self.now)

    def _changed(self) -> None:
        self.changes += 1

    async def show(self, count: int) -> None:
        """Show numbered pictures, no faster than they are encoded."""
        for _ in range(count):
            self.sink.send(edited(self.shown)[0])
            self.shown += 1
            self.now += 1 / FPS
            if (keeper := self.keeping._keeper) is not None:
                await asyncio.wrap_future(keeper.held())

    async def until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not so():
                await asyncio.sleep(0.002)

    async def begin(self) -> None:
        await self.until(lambda: self.keeping.clips)


@pytest_asyncio.fixture
async def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Studio]:
    sink = Sink.open(SinkConfig(kind="preview", width=SIZE[0], height=SIZE[1]))
    config = KeepConfig(clips=True, seconds=1, folder=tmp_path / "kept", reserve_mb=0)
    studio = Studio(tmp_path / "kept", sink, config)
    async with studio.keeping:
        yield studio
    assert studio.sink.on_sent is None
    ours = {"keeping", "recording"}
    await studio.until(lambda: not ours & {thread.name for thread in threading.enumerate()})


def test_while_it_is_off_nothing_of_it_is_loaded():
    """In a process of its own, since other tests load it."""
    program = (
        "import sys, sana_vcam.app.daemon\n"
        "loaded = [name for name in sys.modules if name.startswith('sana_vcam.media.keeping')]\n"
        "assert loaded == [], loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


async def test_while_it_is_off_there_is_nothing_and_it_says_what_switches_it_on(studio: Studio):
    off = Keeping(KeepConfig(), studio.sink, FPS, lambda: None)
    tasks = asyncio.all_tasks()
    async with off:
        assert asyncio.all_tasks() == tasks
        assert (off.clips, off.recording, off.error, off.dropped) == (False, None, None, 0)
        for asked in (off.clip(None, gif=False), off.record(on=True)):
            with pytest.raises(CommandFailed, match=r"--set keep\.clips=true") as refused:
                await asked
            assert refused.value.code == "rejected"
        assert (await off.record(on=False)).on is False


async def test_a_clip_has_the_last_seconds(studio: Studio):
    await studio.begin()
    await studio.show(60)
    saved = await studio.keeping.clip(None, gif=False)
    assert (saved.seconds, saved.note) == (pytest.approx(1, abs=0.001), f"1.0 s in {saved.path}")
    assert numbers(read_back(Path(saved.path))[0]) == list(range(36, 60))
    longer = await studio.keeping.clip(60, gif=False)
    assert longer.seconds == pytest.approx(60 / FPS, abs=0.001)
    assert numbers(read_back(Path(longer.path))[0]) == list(range(60))


async def test_a_clip_has_the_voice_while_that_is_on_or_says_why_not(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    sound = studio.keeping.sound
    await studio.begin()
    await studio.show(30)
    monkeypatch.setattr(sound, "voice_on", lambda: True)
    monkeypatch.setattr(sound, "error", "PulseAudio does not run")
    saved = await studio.keeping.clip(None, gif=False)
    assert saved.note == f"1.0 s in {saved.path}; without sound: PulseAudio does not run"
    began = await studio.keeping.record(on=True)
    assert began.note.endswith("; without sound: PulseAudio does not run")
    piece = SoundPiece(np.zeros(RATE, np.int16), studio.now - 1)

    async def held() -> tuple[SoundPiece, ...]:
        return (piece,)

    monkeypatch.setattr(sound, "held", held)
    heard = await studio.keeping.clip(None, gif=False)
    with av.open(heard.path) as file:
        assert [stream.type for stream in file.streams] == ["video", "audio"]


async def test_a_clip_before_the_first_picture_is_refused_in_words(studio: Studio):
    await studio.begin()
    with pytest.raises(CommandFailed, match="viewers have seen nothing yet") as refused:
        await studio.keeping.clip(None, gif=False)
    assert refused.value.code == "not_ready"
    with pytest.raises(CommandFailed, match="a GIF has at most 15 seconds"):
        await studio.keeping.clip(20, gif=True)


async def test_a_clip_says_that_the_raw_camera_is_not_in_it(studio: Studio):
    await studio.begin()
    await studio.show(30)
    grant = BypassGrant.from_config(PrivacyConfig(allow_bypass=True))
    assert grant is not None
    frame = CameraFrame(i420_to_bgr(edited(0)[1]), 0, 0.0)
    studio.sink.send(Picture.from_bypass(grant, frame))
    studio.now += 1 / FPS
    saved = await studio.keeping.clip(None, gif=False)
    assert saved.note.endswith("black where viewers saw the raw camera, which is not kept")
    await studio.show(30)
    assert "black" not in (await studio.keeping.clip(None, gif=False)).note


async def test_a_recording_begins_at_once_and_ends_when_told(studio: Studio):
    await studio.begin()
    await studio.show(10)
    began = await studio.keeping.record(on=None)
    assert began.on
    assert (await studio.keeping.record(on=True)).path == began.path
    await studio.show(40)
    recording = studio.keeping.recording
    assert recording is not None
    assert recording.path == began.path
    ended = await studio.keeping.record(on=None)
    assert (ended.on, ended.path) == (False, began.path)
    assert ended.note == f"1.7 s in {began.path}"
    assert studio.keeping.recording is None
    assert numbers(read_back(Path(began.path))[0]) == list(range(10, 50))


async def test_a_recording_that_ends_by_itself_is_said_in_the_state(studio: Studio):
    await studio.begin()
    await studio.show(1)
    began = await studio.keeping.record(on=True)
    await asyncio.to_thread(Path(began.path).unlink)
    await studio.show(30)
    await studio.until(lambda: studio.keeping.recording is None)
    assert "somebody removed it" in (studio.keeping.error or "")
    # The next one is not held up by it.
    assert (await studio.keeping.record(on=True)).path
    assert studio.keeping.error is None


async def test_a_disk_that_takes_no_file_is_a_refusal(studio: Studio):
    await studio.begin()
    await studio.show(2)
    studio.folder.write_text("a file in its place")
    for asked in (studio.keeping.clip(None, gif=False), studio.keeping.record(on=True)):
        with pytest.raises(CommandFailed, match=r"set keep\.folder") as refused:
            await asked
        assert refused.value.code == "rejected"
    assert studio.keeping.recording is None


async def test_switching_it_off_forgets_all_and_ends_the_recording(studio: Studio):
    await studio.begin()
    await studio.show(30)
    began = await studio.keeping.record(on=True)
    await studio.show(30)
    studio.keeping.follow(studio.config.model_copy(update={"clips": False}))
    assert (studio.keeping.clips, studio.sink.on_sent) == (False, None)
    await studio.until(lambda: studio.keeping.recording is None)
    assert numbers(read_back(Path(began.path))[0]) == list(range(30, 60))
    # On again: nothing from before is there.
    studio.keeping.follow(studio.config)
    await studio.begin()
    await studio.show(12)
    saved = await studio.keeping.clip(None, gif=False)
    assert saved.seconds == pytest.approx(12 / FPS, abs=0.001)


async def test_a_machine_that_is_too_slow_gives_up_and_tries_again(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "AGAIN_S", 0.0)
    monkeypatch.setattr(keeper_module, "MOST_WAITING", 0)
    studio.keeping.follow(studio.config.model_copy(update={"clips": False}))
    studio.keeping.follow(studio.config)
    await studio.begin()
    for _ in range(120):
        studio.sink.send(edited(1)[0])
    slow = studio.keeping._keeper
    assert slow is not None
    slow.wake()
    await studio.until(lambda: studio.keeping._keeper not in {None, slow})
    assert studio.keeping.error is None
