"""The rig finds what it is there for: planted faults of each kind, and only those."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.rigs.fuzz.cases import Cases, Outcome, judge, play
from tests.rigs.fuzz.damage import damaged, whole_files, whole_pictures
from tests.rigs.fuzz.players import fuzz


@dataclass
class Planted:
    """Cases of which some have a fault."""

    def play_file(self, number: int, folder: Path) -> Outcome:
        if number == 3:
            os.abort()
        if number == 5:
            raise ValueError("a defect")
        if number == 6:
            os.write(2, b"Traceback of a library")
        if number == 7:
            threading.Event().wait()
        return Outcome.SHOWN

    def decode_picture(self, number: int) -> Outcome:
        return Outcome.DROPPED


def test_a_crash_a_defect_a_traceback_and_a_hang_are_faults_and_the_rest_goes_on():
    todo = [("file", number) for number in range(12)] + [("picture", 0)]
    outcomes, faults = fuzz(Planted(), iter(todo), 2, stuck_s=8.0)

    assert outcomes == {"files shown": 8, "pictures dropped as torn": 1}
    assert len(faults) == 4
    said = {fault.partition(":")[0]: fault for fault in faults}
    assert "died with -6" in said["file 3"]
    assert "ValueError: a defect" in said["file 5"]
    assert "Traceback of a library" in said["file 6"]
    assert "not done after 8 s" in said["file 7"]


def test_every_whole_file_plays_and_every_whole_picture_is_one(tmp_path):
    for name, data in whole_files().items():
        path = tmp_path / name
        path.write_bytes(data)
        assert play(path) is Outcome.SHOWN, name
    assert len(whole_pictures()) >= 9


def test_a_case_is_the_same_for_the_same_seed():
    whole = bytes(range(256)) * 8
    first, again, other = (
        [damaged(whole, np.random.default_rng((seed, number))) for number in range(20)]
        for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other
    assert sum(one != whole for one in first) >= 19


@pytest.mark.parametrize(
    "picture",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)],
)
def test_what_is_no_picture_is_a_fault(picture):
    with pytest.raises(AssertionError):
        judge(picture)


def test_the_pictures_of_a_camera_are_damaged_as_well():
    cases = Cases(1, {}, whole_pictures())
    outcomes = {cases.decode_picture(number) for number in range(60)}

    assert outcomes == {Outcome.SHOWN, Outcome.DROPPED}
