"""The arithmetic on the first seconds, and what the bounded daemon tells the SDK."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest

from sana_vcam.media.camera.timecode import encode_counter
from sana_vcam.media.pixels import to_i420
from sana_vcam.reactor import client as client_module
from sana_vcam.reactor.models.sana import SANA
from tests.fakes.reactor import FakeReactor, FakeTrack
from tests.rigs.bench import ramp
from tests.rigs.bench.contenders.bounded import Bounds, bounded, opened_with
from tests.rigs.bench.contenders.clip import Clip
from tests.rigs.bench.contenders.watcher import HEIGHT, WIDTH, Seen
from tests.system.webrtc.reactor.rig import within


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return Clip(tmp_path_factory.mktemp("clip"), (320, 176), 24)


def frame(number):
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    encode_counter(picture, number)
    return to_i420(picture)


def test_every_second_picture_is_kept_early_and_one_in_eight_later(tmp_path):
    watching = ramp.EarlyWatcher(tmp_path / "fifo")
    try:
        for number in range(40):
            watching._look(frame(number).reshape(-1), 10.0 + number / 2)
    finally:
        watching.close()
    kept = [number for number, _, _ in watching.seen.kept]

    assert kept == [0, 2, 4, 6, 8, 10, 16, 24, 32]
    assert len(watching.seen.pictures) == 40


def test_a_rate_is_of_its_time_alone():
    record = [ramp.Sample(100 + n / 2, n * 125_000, 2 * n * 125_000, 5e5 + n) for n in range(30)]

    found = ramp.rates(record, 100.0, 14.0)

    assert found["up, early, kbps"] == found["up, later, kbps"] == 2000
    assert found["down, early, kbps"] == 4000
    assert (found["first target, kbps"], found["last target, kbps"]) == (500, 500)


def test_nothing_sent_is_no_rate():
    assert set(ramp.rates([], 0.0, 5.0).values()) == {None}


def test_the_figures_are_by_time_since_the_first_picture(clip, tmp_path):
    stamps = tmp_path / "stamps.json"
    stamps.write_text(json.dumps([[n, n / 10] for n in range(100)]))
    seen = Seen(pictures=[(n, n / 10 + (0.3 if n < 50 else 0.1)) for n in range(100)])
    for number, at in seen.pictures:
        luma = clip.reference(number, (WIDTH, HEIGHT)).astype(np.int16)
        off = 8 if at < 1.3 else 2
        seen.kept.append((number, at, np.clip(luma + off, 0, 255).astype(np.uint8)))

    found = ramp.figures_of(seen, stamps, clip, 10.0)

    assert found["PSNR, second 1, dB"] == pytest.approx(30.1, abs=0.3)
    assert found["PSNR, second 2, dB"] == pytest.approx(42.1, abs=0.3)
    assert found["degraded, s"] == pytest.approx(0.8, abs=0.3)
    assert found["delay p50, early, ms"] == pytest.approx(300)
    assert found["delay p50, later, ms"] == pytest.approx(100)
    assert found["frames a second, early"] == pytest.approx(10, abs=0.5)


def test_a_row_has_the_medians_of_its_runs_and_leaves_out_what_is_missing():
    runs = {"none": [{"a": 1, "b": None}, {"a": 3, "b": 2.0}, {"a": 9, "b": None}]}

    assert ramp.table(runs) == [{"bounds": "none", "a": 3, "b": 2.0}]


class Told(FakeTrack):
    def __init__(self):
        super().__init__()
        self.bounds = []

    async def set_bitrate(self, **bounds):
        self.bounds.append((self.published, bounds))


async def test_the_bounded_daemon_bounds_before_its_first_picture(monkeypatch):
    monkeypatch.setattr(client_module, "Reactor", FakeReactor)
    opening, track = {"start_bps": 5}, {"min_bps": 6}
    bounds = Bounds(opening, track, lifted_after_s=0.01)
    monkeypatch.setattr(client_module, "start_high", opened_with(bounds))
    kind = bounded(bounds, [])
    client = kind(record=SANA, api_url="http://127.0.0.1:9", local=True, send_size=(4, 2))
    made = []
    make = client._make_reactor

    def remembered(token):
        reactor = make(token)
        reactor.told = []

        async def told(**bounds):
            reactor.told.append((reactor.status.value, bounds))

        reactor.set_bitrate = told
        reactor.tracks["camera"] = Told()
        made.append(reactor)
        return reactor

    monkeypatch.setattr(client, "_make_reactor", remembered)
    monkeypatch.setattr(kind, "_record", lambda _: asyncio.sleep(0))
    await client.connect()
    await client.publish()
    await within(asyncio.gather(*client.jobs))
    await client.close()

    assert [bounds for _, bounds in made[0].told] == [opening]
    assert made[0].tracks["camera"].bounds == [(False, track), (True, {"min_bps": 1})]


def test_the_variants_differ_from_none_and_from_each_other():
    told = [json.dumps(vars(bounds), sort_keys=True) for bounds in ramp.VARIANTS.values()]

    assert len(set(told)) == len(told)
    assert ramp.VARIANTS[ramp.NONE] == Bounds()
