"""Whether the machine was too busy to judge anything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rigs.bench import beside, machine
from tests.rigs.bench.machine import OTHERS, STOLEN, Look, between, too_busy

SPIN = "import time\nwhile time.process_time() < 0.4: pass\n"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SPIN!r}])"


def looked(at, used, stolen, own, waiting=None):
    return Look(at, used, stolen, own, waiting)


def test_others_take_what_neither_the_measured_nor_the_idle_takes():
    found = between(looked(10.0, 100.0, 1.0, 40.0, 5.0), looked(20.0, 113.0, 1.5, 50.0, 7.5))

    assert found[OTHERS] == pytest.approx(0.3)
    assert found[STOLEN] == pytest.approx(0.05)
    assert found[machine.WAITING] == pytest.approx(25.0)


def test_a_kernel_that_tells_no_pressure_is_borne():
    assert machine.WAITING not in between(looked(0, 0, 0, 0), looked(1, 1, 0, 1))


def test_the_family_has_its_ended_grandchildren():
    before = machine.family_s(os.getpid())
    subprocess.run([sys.executable, "-c", CHILD], check=True)

    assert machine.family_s(os.getpid()) - before >= 0.4
    assert machine.look().own_s >= before + 0.4


def during(others, stolen=0.0):
    return {OTHERS: others, STOLEN: stolen}


def test_a_quiet_machine_can_be_judged():
    assert too_busy([during(0.05)] * 9 + [during(1.0)], [20.0, 20.5, 21.0, 20.2]) == ""


def test_others_that_take_much_of_many_runs_are_too_busy():
    busy = [during(0.0)] * 4 + [during(0.3, 0.2)] * 4

    assert too_busy(busy, []).startswith("in every fourth run others took 0.50 cores or more")


async def test_a_measure_is_told_with_what_others_did_meanwhile(monkeypatch):
    looks = iter([looked(0.0, 0.0, 0.0, 0.0), looked(10.0, 15.0, 0.0, 5.0)])
    monkeypatch.setattr(machine, "look", lambda: next(looks))

    async def measuring():
        return {"figure": 1}

    found = await machine.watched(measuring())
    assert found["figure"] == 1
    assert found["machine"][OTHERS] == 1.0
    assert "others took 1.00 cores" in found["machine"]["too busy to judge"]


def test_a_floor_that_moves_is_too_busy():
    assert "cost 1.50 times as much" in too_busy([], [10.0, 10.0, 14.0, 15.0, 15.0])
    assert too_busy([], [10.0, 15.0]) == "", "two turns say nothing of a spread"


@pytest.mark.parametrize(("name", "count"), [("1", 1), ("2", 2), ("encoder", 1)])
def test_what_runs_beside_is_as_many_as_it_says(name, count):
    assert len(beside.commands(name)) == count


async def test_what_runs_beside_ends_with_the_block(monkeypatch):
    monkeypatch.setattr(beside, "LOOP", ("sleep", "600"))
    before = set(_children())
    async with beside.running("2"):
        assert len(set(_children()) - before) == 2
    assert set(_children()) == before


async def test_what_should_run_beside_and_does_not_is_said(monkeypatch):
    monkeypatch.setattr(beside, "LOOP", ("false",))

    async def measured():
        async with beside.running("1") as started:
            await started[0].wait()

    with pytest.raises(RuntimeError, match="beside 1 busy loop ended with status 1"):
        await measured()


def _children():
    """The processes that this one has started and that still run."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            found += [pid] if state != "Z" else []
    return found
