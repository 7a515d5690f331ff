"""Neither a frame nor a daemon at rest may take 15 % more than is kept.

If it must: python -m tests.rigs.hotpath.counts
"""

from __future__ import annotations

import pytest

from tests.rigs.hotpath import counts, resting

MOST = 1.15
AT_ONCE, FOR_GOOD = "bytes of memory at once", "blocks of memory for good"


@pytest.fixture(scope="module")
def counted() -> dict[str, float]:
    return counts.count()


def test_no_more_instructions_than_were_kept(counted: dict[str, float]):
    known = counts.kept()["instructions"].get(counts.VERSION)
    if known is None:
        pytest.skip(f"nothing is kept for Python {counts.VERSION}; see the module's sentence")
    assert 0 < counted["instructions"] <= MOST * known


def test_no_more_pixels_are_written_than_were_kept(counted: dict[str, float]):
    assert 0 < counted["bytes of pixels"] <= MOST * counts.kept()["bytes of pixels"]


def test_a_frame_takes_no_more_memory_than_was_kept(counted: dict[str, float]):
    assert 0 < counted[AT_ONCE] <= MOST * counts.kept()[AT_ONCE]
    # Some are in meters, which drop them again after a while.
    assert counted[FOR_GOOD] <= counts.kept()[FOR_GOOD] + 2


def test_a_daemon_at_rest_wakes_up_no_more_often_than_was_kept(tmp_path):
    most = MOST * counts.kept()[resting.KEY]
    woken = resting.wakeups_a_second(tmp_path, most)
    assert woken["ticks"] > 0
    assert sum(woken.values()) <= most, woken


def test_another_conversion_would_be_noticed(monkeypatch: pytest.MonkeyPatch):
    from sana_vcam.media import publisher

    once = publisher.bgr_to_bgra_bytes

    def twice(bgr):
        once(bgr)
        return once(bgr)

    monkeypatch.setattr(publisher, "bgr_to_bgra_bytes", twice)
    grown = counts.count()
    assert grown["bytes of pixels"] > MOST * counts.kept()["bytes of pixels"]
