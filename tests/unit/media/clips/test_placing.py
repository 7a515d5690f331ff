"""Which picture of the clip a frame is: by count, by the holes, and by what moves."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from sana_vcam.media.clips.placing import AREAS, ReturnedFrame, follow_motion, place

FRAME_S = 1 / 24
CHUNKS = (9, 24, 24, 24)
MADE = sum(CHUNKS)
STILL = np.zeros((AREAS[1], AREAS[0]), np.float32)


def moving(count: int, seed: int = 1) -> list[np.ndarray]:
    """Pictures that differ from one another in the same manner as those of a clip."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 6, (count, AREAS[1], AREAS[0]))
    return list(np.cumsum(steps, axis=0).astype(np.float32))


def arrivals(
    numbers: list[int],
    *,
    rests: dict[int, float] | None = None,
    late: dict[int, float] | None = None,
    looks: list[np.ndarray] | None = None,
) -> list[ReturnedFrame]:
    """Frames of these numbers, played out evenly; `rests` and `late` are seconds by number."""
    at, came = 0.0, []
    for number in range(MADE):
        at += FRAME_S + (rests or {}).get(number, 0.0)
        if number in numbers:
            look = STILL if looks is None else looks[number]
            came.append(ReturnedFrame(at + (late or {}).get(number, 0.0), 1.0, look))
    return came


def without(*lost: int) -> list[int]:
    return [number for number in range(MADE) if number not in lost]


def test_as_many_as_were_made_are_in_their_places():
    slow = {number: random.Random(number).random() for number in range(MADE)}
    assert place(arrivals(without(), late=slow), CHUNKS, whole=True) == without()


@pytest.mark.parametrize("lost", [(20,), (12, 13, 14), (20, 50, 51), (40, 41, 42, 43, 60)])
def test_holes_in_a_chunk_are_lost_frames(lost: tuple[int, ...]):
    assert place(arrivals(without(*lost)), CHUNKS, whole=True) == without(*lost)


def test_a_rest_between_chunks_is_none():
    came = arrivals(without(45), rests={9: 0.7, 33: 0.9, 57: 1.4})
    assert place(came, CHUNKS, whole=True) == without(45)


def test_frames_lost_beside_a_rest_are_lost_in_that_chunk():
    """They leave no hole of their own: only what moves tells the chunk's first from its last."""
    lost, rests = (31, 32), {9: 0.7, 33: 0.9, 57: 1.4}
    placed = place(arrivals(without(*lost), rests=rests), CHUNKS, whole=True)
    assert placed[:9] == without(*lost)[:9]
    assert placed[31:] == without(*lost)[31:]
    clip = moving(MADE)
    came = arrivals(without(*lost), rests=rests, looks=clip)
    assert place(came, CHUNKS, whole=True, clip=clip) == without(*lost)


def test_a_delay_that_is_caught_up_with_is_no_hole():
    late = {number: FRAME_S * (46 - number) for number in range(40, 46)}
    came = arrivals(without(70), late=late)
    assert place(came, CHUNKS, whole=True) == without(70)


def test_what_moves_tells_where_time_does_not():
    """A busy machine: each frame is late by a part of a second of its own."""
    rng = random.Random(3)
    late = {number: rng.expovariate(1 / 0.1) for number in range(MADE)}
    lost = (14, 15, 37, 52, 53, 71)
    clip = moving(MADE)
    came = arrivals(without(*lost), late=late, looks=clip)
    placed = place(came, CHUNKS, whole=True, clip=clip)
    off = [number - true for number, true in zip(placed, without(*lost), strict=True)]
    # The frame after a loss holds the motion of the lost ones as well, and may be taken for those.
    assert max(map(abs, off)) <= 1
    assert sum(each != 0 for each in off) <= len(lost)


def test_an_edit_that_relights_is_told_by_its_motion():
    clip = moving(MADE)
    rng = np.random.default_rng(5)
    edited = [130 - 0.3 * look + rng.normal(0, 0.3, look.shape) for look in clip]
    dark = [0.4 * look + 20 + rng.normal(0, 0.3, look.shape) for look in clip]
    lost = (14, 37, 38, 52)
    came = arrivals(without(*lost), looks=[look.astype(np.float32) for look in dark])
    assert place(came, CHUNKS, whole=True, clip=clip) == without(*lost)
    # A negative moves against its picture; the holes still say the same.
    came = arrivals(without(*lost), looks=[look.astype(np.float32) for look in edited])
    placed = place(came, CHUNKS, whole=True, clip=clip)
    assert max(abs(number - true) for number, true in zip(placed, without(*lost), strict=True)) <= 4


def test_of_a_take_that_broke_off_only_holes_count():
    """Of the last chunk nothing came: that is the loss, and no hole."""
    assert place(arrivals(list(range(57))), CHUNKS, whole=False) == list(range(57))
    numbers = [number for number in range(57) if number != 40]
    assert place(arrivals(numbers), CHUNKS, whole=False) == numbers


def test_frames_that_come_before_their_chunk_is_told_are_in_order():
    assert place(arrivals(list(range(30))), (9,), whole=False) == list(range(30))


def test_a_repeated_frame_is_left_out():
    came = arrivals(without())
    came.insert(33, ReturnedFrame(came[32].at + 0.01, 0.02, STILL))
    came[0] = ReturnedFrame(came[0].at, math.inf, STILL)
    numbers = place(came, CHUNKS, whole=True)
    assert numbers[33] is None
    assert [number for number in numbers if number is not None] == without()


def test_without_a_word_about_chunks_frames_are_in_order():
    assert place(arrivals(without(5)), (), whole=True) == list(range(MADE - 1))
    assert place([], CHUNKS, whole=True) == []


# -- the way up: what the model has never seen -----------------------------------------------------


def came_live(clip: list[np.ndarray], seen: list[int]) -> list[ReturnedFrame]:
    """Edited frames of these pictures, in order, as the model made them."""
    rng = np.random.default_rng(7)
    return [
        ReturnedFrame(place * FRAME_S, 1.0, (0.5 * clip[number] + rng.normal(0, 0.5, STILL.shape)))
        for place, number in enumerate(seen)
    ]


def test_what_the_way_up_left_out_is_told_by_what_moves():
    clip = moving(200)
    seen = [number for number in range(8, 200) if number not in {60, 61, 62, 120}]
    came = came_live(clip, seen)
    placed = follow_motion(came, list(range(len(came))), clip)
    off = [(number or 0) - true for number, true in zip(placed, seen, strict=True)]
    assert None not in placed
    assert max(map(abs, off)) <= 3
    assert sum(each != 0 for each in off) <= 4


def test_a_run_that_begins_with_copies_of_the_first_picture_leaves_them_out():
    clip = moving(100)
    seen = [0] * 6 + list(range(100)) + [99] * 10
    came = came_live(clip, seen)
    placed = follow_motion(came, list(range(len(came))), clip)
    kept = [number for number in placed if number is not None]
    assert kept == list(range(100))


def test_where_nothing_is_alike_frames_follow_one_another():
    """An edit that has nothing of its source, such as another scene altogether."""
    came = came_live(moving(120, seed=2), list(range(120)))
    assert follow_motion(came, list(range(120)), moving(120)) == list(range(120))
    still = [STILL] * 50
    assert follow_motion(came_live(still, list(range(50))), list(range(50)), still) == list(
        range(50)
    )


def test_a_hole_that_was_found_holds_unless_what_moves_says_otherwise():
    clip = moving(120)
    seen = [number for number in range(120) if number not in range(50, 56)]
    found = [*range(50), *range(56, 120)]
    assert follow_motion(came_live([STILL] * 120, found), found, [STILL] * 120) == found
    wrong = [*range(20), *range(26, 120)]
    placed = follow_motion(came_live(clip, seen), wrong, clip)
    off = [(number or 0) - true for number, true in zip(placed, seen, strict=True)]
    assert sum(each != 0 for each in off) <= 2


def test_a_frame_that_was_left_out_before_stays_out():
    clip = moving(50)
    came = came_live(clip, list(range(50)))
    numbers: list[int | None] = [*range(20), None, *range(20, 49)]
    assert follow_motion(came, numbers, clip)[20] is None
    assert follow_motion([], [], clip) == []
