"""An API key as people keep it, freed of what is around it."""

from __future__ import annotations

import re
import string

API_KEY_VARIABLE = "REACTOR_API_KEY"
INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060\u00ad\u00a0\u2028\u2029"
"""What editors and web pages leave around a copied word, and do not show."""
_AROUND = f"{string.whitespace}\0{INVISIBLE}"
_SETTING = re.compile(
    rf"(?:(?:export|set|setx)\s+|\$env:)?{API_KEY_VARIABLE}\s*[=:]\s*", re.IGNORECASE
)
_HEADER = re.compile(r"(?:authorization\s*:\s*)?bearer\s+", re.IGNORECASE)
_QUOTES = ('""', "''", "``", "\u201c\u201d", "\u2018\u2019", "\u201e\u201c", "\u00ab\u00bb", "<>")


def bare_key(text: str) -> str:
    """Take a key out of its quotes, of a shell's or .env's line, and of an HTTP header.

    Also what an editor puts around it unseen. What is within the key stays as it is.
    """
    before = None
    while text != before:
        before, text = text, text.strip(_AROUND)
        for start in (_SETTING, _HEADER):
            if found := start.match(text):
                text = text[found.end() :]
        if len(text) > 1 and text[0] + text[-1] in _QUOTES:
            text = text[1:-1]
    return text
