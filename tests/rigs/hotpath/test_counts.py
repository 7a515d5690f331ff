"""The hot path must not grow by more than 15 %; if it must: python -m tests.rigs.hotpath.counts."""

from __future__ import annotations

import pytest

from tests.rigs.hotpath import counts

MOST = 1.15


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


def test_another_conversion_would_be_noticed(monkeypatch: pytest.MonkeyPatch):
    from sana_vcam.media import publisher

    once = publisher.bgr_to_bgra_bytes

    def twice(bgr):
        once(bgr)
        return once(bgr)

    monkeypatch.setattr(publisher, "bgr_to_bgra_bytes", twice)
    grown = counts.count()
    assert grown["bytes of pixels"] > MOST * counts.kept()["bytes of pixels"]
