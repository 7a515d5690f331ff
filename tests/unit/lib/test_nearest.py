"""A word that is none, and the one that was meant."""

from __future__ import annotations

import pytest

from sana_vcam.lib.nearest import did_you_mean, meant

WORDS = ("blank", "Preset", "snapshot", "state", "standin")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("blnk", "blank"),
        ("BLANK", "blank"),
        ("preste", "Preset"),
        ("sna", "snapshot"),
        ("xyz", None),
        ("", None),
        ("s", None),
        ("x" * 100_000, None),
    ],
)
def test_the_nearest_word_is_proposed_whatever_its_case(typed, found):
    assert meant(typed, WORDS) == found
    assert did_you_mean(typed, WORDS) == ("" if found is None else f"; did you mean {found}?")
