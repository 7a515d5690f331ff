"""What somebody may have meant who typed a word that is none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

ALIKE = 0.6
"""From which likeness on, 0 to 1, a known word is proposed."""
LEAST_BEGINNING = 2
"""How many first letters are enough."""


def meant(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that is very like this one, or begins so; None without any.

    Case does not count.
    """
    word = word[:64].lower()
    by_lower = {one.lower(): one for one in known}
    found = get_close_matches(word, by_lower, n=1, cutoff=ALIKE)
    if not found and len(word) >= LEAST_BEGINNING:
        found = [one for one in by_lower if one.startswith(word)]
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Write `; did you mean preset?`; nothing where no known word is like it."""
    found = meant(word, known)
    return "" if found is None else f"; did you mean {found}?"
