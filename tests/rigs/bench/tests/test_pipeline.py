"""How the contenders take turns."""

import contextlib
import itertools
from types import SimpleNamespace

import pytest

from tests.rigs.bench import pipeline
from tests.rigs.bench.machine import OTHERS, STOLEN
from tests.rigs.bench.targets import APP, LARGE

SETTINGS = tuple(
    pipeline.Setting(name, (64, 32), (), ("bare", "script", "daemon"), (64, 32))
    for name in (LARGE, APP)
)


class Model:
    """A stand-in that is always ready."""

    url = "http://model"

    async def until_session(self, state):
        assert state == "ready"


@pytest.fixture
def played(monkeypatch):
    """Who was run, in which setting; nothing is really started, and each run takes ten seconds."""
    found = []
    clock = itertools.count(0, 10)

    @contextlib.asynccontextmanager
    async def running_standin(*arguments):
        yield Model()

    async def ran(name, place, standin, clip, setting, page):
        assert place.is_dir()
        next(clock)
        found.append((setting.name, name))
        if found.count((LARGE, "script")) == 2 and found[-1] == (LARGE, "script"):
            raise AssertionError("script shows nothing")
        return {"seconds": 6.0, "CPU, s": 1.0, "pictures": 144, "machine": {OTHERS: 0.5, STOLEN: 0}}

    monkeypatch.setattr(pipeline, "running_standin", running_standin)
    monkeypatch.setattr(pipeline, "_run", ran)
    monkeypatch.setattr(pipeline, "_clips", lambda home, settings: {(64, 32): None})
    monkeypatch.setattr(pipeline, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    return found


async def test_each_turn_begins_with_another_contender(tmp_path, played):
    await pipeline.contest(tmp_path, SETTINGS, minutes=4)

    turns = [played[n : n + 6] for n in range(0, len(played), 6)]
    assert len(turns) == 2
    assert [name for _, name in turns[0]] == ["bare", "script", "daemon"] * 2
    assert [name for _, name in turns[1]] == ["script", "daemon", "bare"] * 2


async def test_without_time_there_is_one_turn_and_it_says_that_this_decides_nothing(
    tmp_path, played, capsys
):
    found = await pipeline.contest(tmp_path, SETTINGS, minutes=0)

    assert len(played) == 6
    assert [run["turn"] for run in found[APP]["runs"]["daemon"]] == [0]
    assert "1 turns decide nothing: 6 are needed" in capsys.readouterr().err


async def test_a_run_that_fails_is_told_and_the_others_go_on(tmp_path, played):
    found = await pipeline.contest(tmp_path, SETTINGS, minutes=4)

    assert found["failed"] == [f"{LARGE}, script, turn 2: script shows nothing"]
    runs = found[LARGE]["runs"]
    assert [run["turn"] for run in runs["script"]] == [0]
    assert [run["turn"] for run in runs["daemon"]] == [0, 1]
    assert found["machine"]["too busy to judge"].startswith("in every fourth run others took 0.50")
