"""What the page says of the playlist that plays."""

import pytest

PLAYS = {
    "name": "warm-up",
    "entry": 2,
    "entries": 3,
    "look": "clay",
    "seconds_left": 62.4,
    "note": "",
}
SAY = """
    const { playingWords } = await import("./playlists.js");
    return playingWords(given, 2);
"""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "warm-up, 2 of 3: clay, 1:00 left."),
        ({"seconds_left": 1.0}, "warm-up, 2 of 3: clay, 0:00 left."),
        ({"seconds_left": None}, "warm-up, 2 of 3: clay, until you go on."),
        (
            {"seconds_left": None, "note": "look 1 of warm-up is left out: no preset 'x'"},
            "warm-up, 2 of 3: clay, until you go on. look 1 of warm-up is left out: no preset 'x'.",
        ),
    ],
)
def test_what_plays_and_for_how_long(evaluate, changes, says):
    assert evaluate(SAY, PLAYS | changes) == says
