"""The guest's benchmark, without a guest: its arithmetic, and what it says when it cannot run."""

import dataclasses
import json
import subprocess
import sys

import pytest

from tests.rigs.bench import guest
from tests.rigs.bench.guest import CLIENT, CPU, WHOLE, Spent, Told
from tests.rigs.guest.inside.bench import (
    BARE,
    CONTENDERS,
    DRIVER,
    KEEPS_UP,
    MEASURED,
    MEASURING,
    PIPE,
    TRACKS,
    Track,
    shown,
)
from tests.rigs.guest.inside.bench_writes import COPY, HANDED, TAKEN, UNWATCHED, WATCHED
from tests.rigs.guest.inside.scenario import Result
from tests.rigs.guest.rig import Cache, Guest
from tests.rigs.guest.settings import Report

FRAME = 1 / 24
NAMES = ["bench_writes.short", "bench.short"]


def runs(bare, pipe, driver):
    each = {BARE: bare, PIPE: pipe, DRIVER: driver}
    return {
        name: [{CPU: cpu, WHOLE: 2 * cpu, CLIENT: cpu / 2} for cpu in cpus]
        for name, cpus in each.items()
    }


def seen_runs(bare, pipe, driver):
    return {
        name: [{CPU: run[CPU]} for run in each] for name, each in runs(bare, pipe, driver).items()
    }


WINDOWS = {name: [{WHOLE: 1.0, CLIENT: 0.25}, {WHOLE: 1.2, CLIENT: 0.5}] for name in CONTENDERS}


def report(**errors):
    writes = {
        name: {"p50": p50, "p99": 2 * p50}
        for name, p50 in (
            (COPY, 2.0),
            (UNWATCHED, 3.0),
            (WATCHED, 4.0),
            (HANDED, 1.0),
            (TAKEN, 9.0),
        )
    }
    seen = {
        "bench_writes.short": {"writes": writes},
        "bench.short": {
            "track": "320x176 at 24 a second",
            "tried": {"640x352 at 24 a second": 17.0, "320x176 at 24 a second": 23.9},
            "runs": seen_runs([0.2, 0.4], [0.3, 0.5], [0.4, 0.5]),
        },
    }
    results = {name: Result(name, errors.get(name, ""), seen[name], 1.0) for name in NAMES}
    return Report(results, "")


def test_each_ratio_is_within_one_turn():
    found = guest.ratios(runs([0.2, 0.4, 0.1], [0.3, 0.5, 0.2], [0.4, 0.4, 0.3]))

    assert found[f"CPU: {PIPE} / {BARE}"] == {"median": 1.5, "by turn": [1.5, 1.25, 2.0]}
    assert found[f"CPU: {DRIVER} / {BARE}"]["median"] == 2.0
    assert found[f"CPU by the host, whole guest: {DRIVER} / {PIPE}"] == {
        "median": 1.333,
        "by turn": [1.333, 0.8, 1.5],
    }
    assert len(found) == 9


def test_a_turn_in_which_one_did_not_keep_up_does_not_count():
    each = runs([0.2, 0.4], [0.3, 0.5], [0.4, 0.4])
    each[DRIVER][0][KEEPS_UP] = each[PIPE][1][KEEPS_UP] = False
    each[DRIVER][1][KEEPS_UP] = each[PIPE][0][KEEPS_UP] = True
    found = guest.ratios(each)

    assert found[f"CPU: {DRIVER} / {BARE}"]["by turn"] == [1.0]
    assert found[f"CPU: {PIPE} / {BARE}"]["by turn"] == [1.5]
    assert found[f"CPU: {DRIVER} / {PIPE}"] == "none: in no turn did both keep up"


def test_turns_that_do_not_pair_up_are_an_error():
    with pytest.raises(ValueError, match="longer"):
        guest.ratios(runs([0.2, 0.2], [0.3], [0.4, 0.4]))
    with pytest.raises(ValueError, match="shorter"):
        guest.figures(report(), NAMES, WINDOWS | {PIPE: WINDOWS[PIPE][:1]})


def test_the_figures_name_the_track_and_weigh_each_write_in_copies():
    found = guest.figures(report(), NAMES, WINDOWS)

    way = found["the whole way"]
    assert way["track"] == "320x176 at 24 a second"
    assert way[f"CPU: {DRIVER} / {BARE}"]["by turn"] == [2.0, 1.25]
    assert way["runs"][DRIVER] == [
        {CPU: 0.4, WHOLE: 1.0, CLIENT: 0.25},
        {CPU: 0.5, WHOLE: 1.2, CLIENT: 0.5},
    ]
    assert found["median write, copies in memory"] == {
        UNWATCHED: 1.5,
        WATCHED: 2.0,
        HANDED: 0.5,
        TAKEN: 4.5,
    }
    json.dumps(found)


def test_a_guest_that_keeps_up_at_no_track_gives_the_writes_alone(capsys):
    slow = report()
    for key in ("runs", "track"):
        del slow.results["bench.short"].seen[key]
    found = guest.figures(slow, NAMES, {})

    assert found["median write, copies in memory"][UNWATCHED] == 1.5
    why = "the guest is too slow on this machine now, even for 320x176 at 6 a second"
    assert found["the whole way"] == {"left out": why}
    assert f"left out: {why}" in capsys.readouterr().err


def test_a_scenario_that_failed_or_never_ended_is_no_figure():
    with pytest.raises(AssertionError, match=r"bench\.short failed:\nno picture"):
        guest.figures(report(**{"bench.short": "no picture"}), NAMES, WINDOWS)
    half = {"bench_writes.short": report().results["bench_writes.short"]}
    with pytest.raises(AssertionError, match=r"bench\.short gave no result: out of memory"):
        guest.figures(Report(half, "out of memory"), NAMES, WINDOWS)


def test_the_host_is_asked_at_the_guests_marks_only(capsys):
    looks = iter(
        [
            Spent(10.0, 5.0, {100: 1.0, 300: 2.0, 200: 0.0}),
            # The client is 300: 400 came later, and 200 has ended.
            Spent(20.0, 17.0, {100: 3.0, 300: 6.5, 400: 9.0}),
            Spent(30.0, 17.0, {300: 7.0}),
            Spent(34.0, 18.0, {300: 7.0}),
        ]
    )
    told = Told(looks.__next__)
    said = f"--- bench\n{MEASURING}{DRIVER}\n{MEASURED}{DRIVER}\n{MEASURING}{BARE}\n"
    for letter in said:
        told.write(letter)

    assert told.windows == {DRIVER: [{WHOLE: 1.2, CLIENT: 0.45}]}
    print(f"{MEASURED}{BARE}", file=told)
    assert told.windows[BARE] == [{WHOLE: 0.25, CLIENT: 0.0}]
    assert capsys.readouterr().err == said + f"{MEASURED}{BARE}\n"
    assert next(looks, None) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_what_a_guest_has_spent_is_that_of_its_session_with_those_that_ended():
    burn = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"
    command = ["sh", "-c", f"sh -c '{burn}'; echo done; exec sleep 600"]
    assert guest.spent().stubs == {}
    before = guest.spent().whole_s
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        after = guest.spent()
        process.kill()

    assert after.whole_s > before


async def test_guests_that_are_not_built_are_left_out_with_a_sentence(
    tmp_path, monkeypatch, capsys
):
    nothing = dataclasses.replace(Cache.default(), folder=tmp_path / "cache")
    setting = dataclasses.replace(guest.SETTING, guest=Guest("uml", cache=nothing))
    monkeypatch.setattr(guest, "SETTING", setting)

    found = await guest.measure(tmp_path, long=False)

    assert list(found) == ["left out"]
    assert "python -m tests.rigs.guest.rig build" in found["left out"]
    said = capsys.readouterr()
    assert said.out == ""
    assert f"left out: {found['left out']}" in said.err


async def test_a_guest_that_does_not_come_up_is_left_out_with_its_last_words(tmp_path, monkeypatch):
    known = set(guest.SETTING.names)

    class Dead:
        def run(self, folder, names):
            assert folder.is_dir()
            assert set(names) <= known
            return Report({}, "the guest died after 1 s: no such processor")

    monkeypatch.setattr(guest, "SETTING", Dead())

    found = await guest.measure(tmp_path, long=True)

    assert found == {
        "left out": "the guest did not come up: the guest died after 1 s: no such processor"
    }


def test_pictures_before_and_after_the_measured_time_do_not_count(tmp_path):
    stamps = tmp_path / "stamps.json"
    stamps.write_text(json.dumps([[n, n * FRAME] for n in range(100)]))
    pictures = [(n, n * FRAME + 0.1) for n in range(100)]

    found = shown(pictures, stamps, 24 * FRAME + 0.09, 72 * FRAME + 0.09)

    assert found["distinct frames a second"] == 24.0
    delay = found["camera read to picture at the consumer, ms"]
    assert (delay["count"], delay["p50"], delay["p99"]) == (48, 100.0, 100.0)
    assert found["judder"] == 0.0
    assert found["longest gap, ms"] == pytest.approx(1e3 * FRAME, abs=0.1)


def test_of_next_to_no_pictures_only_the_rate_is_told(tmp_path):
    assert shown([(1, 0.5), (2, 0.6)], tmp_path / "none", 0.0, 4.0) == {
        "distinct frames a second": 0.5
    }


@pytest.mark.parametrize(("rate", "sustained"), [(24.0, True), (21.7, True), (21.5, False)])
def test_a_track_is_sustained_if_nearly_every_picture_arrives(rate, sustained):
    assert Track(640, 352, 24).sustained_by({"distinct frames a second": rate}) is sustained


def test_larger_tracks_are_tried_first():
    work = [track.width * track.height * track.fps for track in TRACKS]
    assert work == sorted(work, reverse=True)
