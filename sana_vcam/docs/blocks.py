"""What in a page written by hand is made from the code.

A page marks the place, and whatever stands between the marks is written anew:

    <!-- made: facts of x2 -->
    ...
    <!-- /made -->
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from sana_vcam.docs import applicationfacts, clientfacts, configfacts, doctorfacts, modelfacts
from sana_vcam.docs.markdown import PageFault

BLOCK = re.compile(r"^<!-- made: (?P<name>.+?) -->\n.*?^<!-- /made -->$", re.DOTALL | re.MULTILINE)

MAKERS: Mapping[str, Callable[[str], str]] = {
    **modelfacts.MAKERS,
    **clientfacts.MAKERS,
    **applicationfacts.MAKERS,
    **configfacts.MAKERS,
    **doctorfacts.MAKERS,
}
"""What makes a block, by the words before "of"; it is given the words behind it."""


def fill(page: Path) -> str:
    """Read a page, with its blocks as the code has them now. Raises `PageFault`."""

    def made(found: re.Match[str]) -> str:
        what, _, of = found["name"].partition(" of ")
        if what not in MAKERS:
            known = ", ".join(MAKERS)
            raise PageFault(f"{page}: nothing makes {found['name']!r}; have: {known}")
        return f"<!-- made: {found['name']} -->\n{MAKERS[what](of).rstrip()}\n<!-- /made -->"

    return BLOCK.sub(made, page.read_text(encoding="utf-8"))


def pages(folder: Path) -> list[Path]:
    """List the pages below `folder` that have a block, in their order."""
    return [page for page in sorted(folder.rglob("*.md")) if BLOCK.search(page.read_text("utf-8"))]
