"""Stills of a look: from the model's output alone, when it has settled, for as long as it holds."""

from __future__ import annotations

import asyncio
import logging
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from sana_vcam.config.preset import Preset
from sana_vcam.config.schema import PrivacyConfig
from sana_vcam.media.frames import BypassGrant, CameraFrame, ModelFrame, Picture, SlateImage
from sana_vcam.media.pixels import to_i420
from sana_vcam.presets import thumbnails as module
from sana_vcam.presets.thumbnails import (
    OnAir,
    SettleDetector,
    Thumbnails,
    ThumbnailTaker,
    to_thumbnail,
)

NOIR = Preset(id="noir", name="Noir", prompt="black and white")
NEON = Preset(id="neon", name="Neon", prompt="neon lines")
LIVE = OnAir(
    live=True,
    prompt=NOIR.prompt,
    preset="noir",
    seed=0,
    paused=False,
    model_prompt=NOIR.prompt,
    chunk=7,
)


def model_frame(value: int = 90, received_at: float = 0.0) -> ModelFrame:
    return ModelFrame(to_i420(np.full((704, 1280, 3), value, np.uint8)), 0, received_at)


def decoded(jpeg: bytes | None) -> Any:
    assert jpeg is not None
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


# --- what may become one ------------------------------------------------------------------------


def test_a_still_is_small_and_cut_to_the_shape_of_the_virtual_camera() -> None:
    bgr = np.zeros((704, 1280, 3), np.uint8)
    bgr[:, 640:, 2] = 255
    picture = decoded(to_thumbnail(ModelFrame(to_i420(bgr), 0, 0.0)))
    assert picture.shape == (180, 320, 3)
    assert picture[90, 80].max() < 20
    assert picture[90, 240][2] > 230


class Disguised(ModelFrame):
    """A frame that could carry anything."""


def raw() -> CameraFrame:
    return CameraFrame(np.zeros((704, 1280, 3), np.uint8), 0, 0.0)


def bypassed() -> Picture:
    grant = BypassGrant.from_config(PrivacyConfig(allow_bypass=True))
    assert grant is not None
    return Picture.from_bypass(grant, raw())


@pytest.mark.parametrize(
    "made",
    [
        raw,
        bypassed,
        lambda: Picture.from_slate(SlateImage(raw().bgr)),
        lambda: Picture.black(64, 64),
        lambda: SlateImage(raw().bgr),
        lambda: raw().bgr,
        lambda: Disguised(np.zeros((4, 4, 4), np.uint8), 0, 0.0),
    ],
    ids=["camera", "bypass", "card", "black", "drawn card", "pixels", "disguised"],
)
def test_nothing_but_the_models_output_becomes_one(tmp_path: Path, made: Any) -> None:
    with pytest.raises(TypeError):
        to_thumbnail(made())
    with pytest.raises(TypeError):
        Thumbnails(tmp_path).put(NOIR, made())
    assert list(tmp_path.iterdir()) == []


# --- when ---------------------------------------------------------------------------------------


def test_a_look_settles_after_two_whole_chunks() -> None:
    settling = SettleDetector()
    found = [
        settling.settled(replace(LIVE, chunk=chunk), [NEON, NOIR], float(now))
        for now, chunk in enumerate([7, 7, 8, 8, 9, 9, 10])
    ]
    assert found == [None, None, None, None, NOIR, NOIR, NOIR]
    assert not settling.shows(model_frame(received_at=3.9))
    assert settling.shows(model_frame(received_at=4.0))


@pytest.mark.parametrize(
    "other",
    [
        replace(LIVE, live=False),
        replace(LIVE, paused=True),
        replace(LIVE, preset="neon"),
        replace(LIVE, preset=None),
        replace(LIVE, prompt="my own words", preset=None),
        replace(LIVE, prompt="what noir was before an edit"),
        replace(LIVE, model_prompt="the prompt before"),
        replace(LIVE, model_prompt=None),
        replace(LIVE, chunk=None),
    ],
    ids=[
        "not live", "paused", "another preset", "no preset", "own words", "edited", "not confirmed",
        "no state", "no chunk",
    ],
)  # fmt: skip
def test_any_disturbance_begins_the_wait_anew(other: OnAir) -> None:
    settling = SettleDetector()
    for chunk in (7, 8):
        assert settling.settled(replace(LIVE, chunk=chunk), [NEON, NOIR], 0.0) is None
    disturbed = other if other.chunk is None else replace(other, chunk=8)
    assert settling.settled(disturbed, [NEON, NOIR], 1.0) is None
    assert not settling.shows(model_frame(received_at=9.0))
    for now, chunk in ((2.0, 9), (3.0, 10)):
        assert settling.settled(replace(LIVE, chunk=chunk), [NEON, NOIR], now) is None
    assert settling.settled(replace(LIVE, chunk=11), [NEON, NOIR], 4.0) == NOIR
    assert not settling.shows(model_frame(received_at=3.9))


@pytest.mark.parametrize(
    "next_one",
    [replace(LIVE, chunk=0), replace(LIVE, chunk=9, seed=5)],
    ids=["another run", "another seed"],
)
def test_another_run_or_seed_begins_the_wait_anew(next_one: OnAir) -> None:
    settling = SettleDetector()
    for chunk in (7, 9):
        settling.settled(replace(LIVE, chunk=chunk), [NOIR], 0.0)
    assert settling.settled(next_one, [NOIR], 1.0) is None
    assert not settling.shows(model_frame(received_at=9.0))


def test_the_look_without_a_prompt_is_one_too() -> None:
    natural = Preset(id="natural", name="Natural", prompt="")
    on_air = replace(LIVE, prompt="", preset="natural", model_prompt=None)
    settling = SettleDetector(settled_chunks=0)
    assert settling.settled(on_air, [natural], 0.0) == natural


# --- on disk ------------------------------------------------------------------------------------


def test_a_still_is_kept_for_the_user_alone(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path / "state")
    kept.tidy([NOIR])
    assert kept.version(NOIR) is None
    assert kept.read(NOIR) is None
    kept.put(NOIR, model_frame(90))
    folder = tmp_path / "state" / "thumbnails"
    (file,) = folder.iterdir()
    assert file.name.startswith("noir.")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert abs(int(decoded(kept.read(NOIR)).mean()) - 90) <= 2
    assert kept.version(NOIR) is not None


def test_the_version_changes_with_the_still(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path)
    versions = set()
    for value in (10, 200):
        kept.put(NOIR, model_frame(value))
        versions.add(kept.version(NOIR))
    assert len(versions) == 2
    assert decoded(kept.read(NOIR)).mean() > 190


def test_another_process_finds_them_again(tmp_path: Path) -> None:
    Thumbnails(tmp_path).put(NOIR, model_frame())
    later = Thumbnails(tmp_path)
    assert later.version(NOIR) is None
    later.tidy([NOIR, NEON])
    assert later.version(NOIR) is not None
    assert later.version(NEON) is None


@pytest.mark.parametrize(
    "presets",
    [[], [NEON], [NOIR.model_copy(update={"prompt": "x"})], [NOIR.model_copy(update={"seed": 3})]],
    ids=["none", "removed", "another prompt", "another seed"],
)
def test_a_still_goes_with_its_look(tmp_path: Path, presets: list[Preset]) -> None:
    kept = Thumbnails(tmp_path)
    kept.put(NOIR, model_frame())
    kept.put(NEON, model_frame())
    kept.tidy(presets)
    assert kept.read(NOIR) is None
    assert kept.version(NOIR) is None
    assert (kept.read(NEON) is not None) == (NEON in presets)


def test_a_name_alone_keeps_the_still(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path)
    kept.put(NOIR, model_frame())
    renamed = NOIR.model_copy(update={"name": "Cinema", "evolve": ("x",)})
    kept.tidy([renamed])
    assert kept.read(renamed) is not None


def test_without_looks_there_is_no_folder_and_a_crash_leaves_nothing(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path)
    kept.put(NOIR, model_frame())
    (tmp_path / "thumbnails" / ".noir.jpg.x.tmp").touch()
    kept.tidy([NOIR])
    assert len(list((tmp_path / "thumbnails").iterdir())) == 1
    kept.tidy([])
    assert list(tmp_path.iterdir()) == []
    kept.tidy([])


def test_a_still_is_taken_again_only_after_a_while(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path, renew_after_s=600)
    assert kept.due(NOIR)
    kept.put(NOIR, model_frame())
    version = kept.version(NOIR)
    assert version is not None
    taken = version / 1e6
    assert [kept.due(NOIR, taken + s) for s in (1, 599, 601)] == [False, False, True]
    assert kept.due(NOIR, taken - 86400), "the clock was wrong when it was taken"
    assert kept.due(NEON)


# --- while the daemon runs ----------------------------------------------------------------------


@dataclass
class Studio:
    """What the taker sees of the daemon."""

    thumbnails: Thumbnails
    presets: list[Preset] = field(default_factory=lambda: [NOIR, NEON])
    on_air: OnAir = LIVE
    frame: ModelFrame | None = None
    changes: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_change(self) -> None:
        self.changes += 1
        self.changed.set()

    async def until(self, preset: Preset, has_still: bool) -> None:
        async with asyncio.timeout(30):
            while (self.thumbnails.version(preset) is not None) != has_still:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.001)
    monkeypatch.setattr(module, "RETRY_S", 0.001)
    return Studio(Thumbnails(tmp_path))


@asynccontextmanager
async def at_work(studio: Studio) -> AsyncIterator[None]:
    taker = ThumbnailTaker(
        studio.thumbnails,
        on_air=lambda: studio.on_air,
        on_show=lambda: studio.frame,
        presets=lambda: tuple(studio.presets),
        on_change=studio.on_change,
    )
    streams = asyncio.Event()
    streams.set()
    task = asyncio.create_task(taker.run(streams))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def later(chunks: int) -> OnAir:
    return replace(LIVE, chunk=7 + chunks)


async def test_it_takes_one_when_the_look_has_settled_and_tells(studio: Studio) -> None:
    async with at_work(studio):
        # The first look at the folder is told as well.
        async with asyncio.timeout(30):
            await studio.changed.wait()
        studio.on_air = later(2)
        studio.frame = model_frame(120, received_at=float("inf"))
        await studio.until(NOIR, has_still=True)
        assert abs(int(decoded(studio.thumbnails.read(NOIR)).mean()) - 120) <= 2
    assert studio.changes == 2


async def test_an_old_frame_is_not_taken(studio: Studio) -> None:
    async with at_work(studio):
        async with asyncio.timeout(30):
            await studio.changed.wait()
        studio.on_air = later(2)
        studio.frame = model_frame(received_at=0.0)
        await asyncio.sleep(0.05)
        assert studio.thumbnails.version(NOIR) is None
        studio.frame = model_frame(received_at=float("inf"))
        await studio.until(NOIR, has_still=True)


async def test_a_look_that_is_edited_loses_its_still(studio: Studio) -> None:
    studio.thumbnails.put(NOIR, model_frame())
    edited = NOIR.model_copy(update={"prompt": "grey"})
    async with at_work(studio):
        await studio.until(NOIR, has_still=True)
        studio.presets = [edited, NEON]
        await studio.until(NOIR, has_still=False)
        assert studio.thumbnails.read(NOIR) is None


async def test_a_folder_that_cannot_be_written_is_named_once_and_tried_again(
    studio: Studio, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "thumbnails").touch()
    studio.frame = model_frame(received_at=float("inf"))
    with caplog.at_level(logging.DEBUG, module.__name__):
        async with at_work(studio):
            async with asyncio.timeout(30):
                await studio.changed.wait()
                studio.on_air = later(2)
                while len(caplog.records) < 3:
                    await asyncio.sleep(0.001)
            (tmp_path / "thumbnails").unlink()
            await studio.until(NOIR, has_still=True)
    levels = [record.levelno for record in caplog.records]
    assert levels[:3] == [logging.WARNING, logging.DEBUG, logging.DEBUG]
