"""`sana-vcam licences`: what is installed with it, under which licences, and whether they fit.

sana-vcam is under the MIT licence, which lets itself be combined with anything; what can conflict
is what others want of a whole that is passed on. So the question for each package is whether its
licence lets an installation be passed on as it is. Sources: the core metadata of each package
(packaging.python.org/en/latest/specifications/core-metadata), SPDX's list of licences and its
expressions (spdx.org/licenses, Annex D of the specification), and for what is compatible with what
gnu.org/licenses/license-list.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from importlib import metadata
from pathlib import Path

from sana_vcam.lib.screen import cells, padded

PROJECT = "sana-vcam"
TESTING = "test"
"""The extra with the tools for tests, which come with no installation for use."""
NOTICES = (
    "clients/deck/streamdeck/com.sana-vcam.deck.sdPlugin/NOTICES.txt",
    "clients/deck/companion/bundle/LICENSES.txt",
)
"""Below the package: the notices of what the plugins for decks carry."""


class Reach(IntEnum):
    """How far what a licence asks reaches, the least first."""

    OWN_WORK = 0
    """To the package itself: permissive."""
    OWN_FILES = 1
    """To changed files or a library that can be exchanged: weak copyleft."""
    WHOLE = 2
    """To all that it is passed on with: copyleft."""
    UNKNOWN = 3


_REACHES: dict[Reach, tuple[str, ...]] = {
    Reach.OWN_WORK: (
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT"),
        *("MIT-0", "MIT-CMU", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib"),
    ),
    Reach.OWN_FILES: (
        *("LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "MPL-2.0"),
    ),
    Reach.WHOLE: (
        *("AGPL-3.0-only", "AGPL-3.0-or-later", "GPL-2.0-only", "GPL-2.0-or-later"),
        *("GPL-3.0-only", "GPL-3.0-or-later"),
    ),
}
REACHES = {name: reach for reach, names in _REACHES.items() for name in names}
"""The licences that are known here by their SPDX names."""

SPOKEN = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "gnu general public license v2 (gplv2)": "GPL-2.0-only",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "this is free and unencumbered software released into the public domain.": "Unlicense",
}
"""What packages without an SPDX expression write, in lower case, and what they mean by it.

Plain "BSD" may be two clauses or three, which reach as far.
"""

ON_CONDITION = {
    "pyvirtualcam": (
        "for OBS and Unity Capture, on Windows and macOS only: each user installs it. An "
        "installation that holds it is not to be passed on, since version 2 of the GPL does not "
        "go with Apache-2.0"
    ),
}
"""Packages whose licence reaches to the whole, by name, and how they are used all the same."""

COPYLEFT_LIBRARIES = {"x264": "GPL-2.0-or-later", "x265": "GPL-2.0-or-later"}
"""Compiled libraries that wheels may carry and their metadata does not name, as of PyAV's."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """An installed package: how it is licensed, and what it is installed for."""

    name: str
    version: str
    licence: str
    """An SPDX expression, or the package's own words if they mean none."""
    wanted_by: tuple[str, ...] = ()
    """The extras of sana-vcam that lead to it; "" is sana-vcam itself."""
    carries: tuple[str, ...] = ()
    """Compiled libraries inside whose copyleft its metadata does not tell."""

    @property
    def reach(self) -> Reach:
        """How far what its licence asks reaches."""
        return reach(self.licence)

    @property
    def condition(self) -> str:
        """Why it fits although its licence reaches to the whole; empty if it needs no reason."""
        if self.reach < Reach.WHOLE:
            return ""
        if self.wanted_by == (TESTING,):
            return "for tests only: no installation for use has it"
        return ON_CONDITION.get(self.name.lower(), "")

    @property
    def fits(self) -> bool:
        """Whether it can be used as it is used here."""
        return self.reach < Reach.WHOLE or bool(self.condition)


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that sana-vcam comes with on this machine."""

    installed: tuple[Dependency, ...]
    inside: tuple[Dependency, ...]
    """What the plugins for decks carry: parts of npm packages."""
    missing: tuple[str, ...] = field(default=())
    """Wanted by sana-vcam or an extra and not installed here, so nothing is known of them."""

    @property
    def conflicts(self) -> tuple[Dependency, ...]:
        """What does not fit, or says nothing that is understood."""
        return tuple(one for one in (*self.installed, *self.inside) if not one.fits)


def reach(expression: str) -> Reach:
    """Judge an SPDX expression: of OR the licence that asks least counts, of AND the other one."""
    words = re.findall(r"[()]|[\w.+-]+", expression)
    found, rest = _any_of(words)
    return Reach.UNKNOWN if rest else found


def _any_of(words: list[str]) -> tuple[Reach, list[str]]:
    found, words = _all_of(words)
    while words[:1] == ["OR"]:
        other, words = _all_of(words[1:])
        found = min(found, other)
    return found, words


def _all_of(words: list[str]) -> tuple[Reach, list[str]]:
    found, words = _one(words)
    while words[:1] == ["AND"]:
        other, words = _one(words[1:])
        found = max(found, other)
    return found, words


def _one(words: list[str]) -> tuple[Reach, list[str]]:
    if not words:
        return Reach.UNKNOWN, words
    if words[0] == "(":
        found, rest = _any_of(words[1:])
        return (found, rest[1:]) if rest[:1] == [")"] else (Reach.UNKNOWN, rest)
    found, rest = REACHES.get(words[0], Reach.UNKNOWN), words[1:]
    # An exception only ever allows more; which one it is does not matter then.
    return (found, rest[2:]) if rest[:1] == ["WITH"] else (found, rest)


def licence_of(said: metadata.PackageMetadata) -> str:
    """Read a package's licence as an SPDX expression: of what it says the most exact counts."""
    fields = {"License-Expression": "", "License": ""}
    fields |= {name: said[name] for name in fields if name in said}
    if fields["License-Expression"]:
        return fields["License-Expression"]
    # Some put the licence's whole text there.
    first = fields["License"].strip().split("\n")[0].strip()
    classifiers = [
        line.split(" :: ")[-1]
        for line in said.get_all("Classifier") or []
        if line.startswith("License :: ") and line.count(" :: ") > 1
    ]
    spoken = [_spoken(words) for words in (first, *classifiers)]
    known = (words for words in spoken if reach(words) is not Reach.UNKNOWN)
    return next(known, next(filter(None, spoken), "says none"))


def _spoken(words: str) -> str:
    return SPOKEN.get(words.lower(), words)


Find = Callable[[str], metadata.Distribution]


def inventory(find: Find = metadata.distribution) -> Inventory:
    """Read what is installed here: files of some 70 packages, so not on an event loop."""
    installed, missing = _installed(find)
    return Inventory(installed, tuple(_inside()), missing)


def _installed(find: Find) -> tuple[tuple[Dependency, ...], tuple[str, ...]]:
    project = find(PROJECT)
    extras = project.metadata.get_all("Provides-Extra") or []
    wanted_by: dict[str, set[str]] = {}
    found: dict[str, metadata.Distribution] = {}
    missing: set[str] = set()
    for extra in ("", *extras):
        waiting = list(_requirements(project, {extra}))
        seen: set[tuple[str, frozenset[str]]] = set()
        while waiting:
            name, asked = waiting.pop()
            if (name, asked) in seen or name == PROJECT:
                continue
            seen.add((name, asked))
            try:
                distribution = found.get(name) or find(name)
            except metadata.PackageNotFoundError:
                # What others want for another system or of an extra of theirs is not told.
                if name in {mine for mine, _ in _requirements(project, {extra})}:
                    missing.add(name)
                continue
            found[name] = distribution
            wanted_by.setdefault(name, set()).add(extra)
            waiting += _requirements(distribution, set(asked))
    dependencies = (_dependency(found[name], wanted_by[name]) for name in sorted(found))
    return tuple(dependencies), tuple(sorted(missing))


def _requirements(
    distribution: metadata.Distribution, extras: set[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what a package wants: names as PEP 503 has them, and the extras of each.

    Conditions other than extras are not judged: what is there is told.
    """
    for line in distribution.requires or []:
        requirement, _, marker = line.partition(";")
        match = re.match(r"\s*([\w.-]+)\s*(?:\[([^\]]*)\])?", requirement)
        if match is None:
            continue
        named = set(re.findall(r"extra\s*==\s*['\"]([\w.-]+)['\"]", marker))
        if named and not named & extras:
            continue
        asked = (one.strip() for one in (match[2] or "").split(",") if one.strip())
        yield re.sub(r"[-_.]+", "-", match[1]).lower(), frozenset(asked)


def _dependency(distribution: metadata.Distribution, wanted_by: set[str]) -> Dependency:
    return Dependency(
        distribution.name,
        distribution.version,
        licence_of(distribution.metadata),
        tuple(sorted(wanted_by)) if "" not in wanted_by else ("",),
        tuple(_carried(distribution)),
    )


def _carried(distribution: metadata.Distribution) -> Iterator[str]:
    names = {path.name for path in distribution.files or []}
    for library, licence in COPYLEFT_LIBRARIES.items():
        if any(re.match(rf"(lib)?{library}\W", name) for name in names):
            yield f"{library} ({licence})"


def _inside() -> Iterator[Dependency]:
    package = Path(__file__).parents[1]
    for notice in NOTICES:
        text = (package / notice).read_text("utf-8")
        for name, version, licence in re.findall(r"^(\S+) (\d\S*) \((.+)\)$", text, re.MULTILINE):
            yield Dependency(name, version, licence, ("deck",))


def render(found: Inventory) -> str:
    """Write a table for people, and below it what needs a reason."""
    rows = [(one.name, one.version, one.licence, _purpose(one)) for one in found.installed]
    rows += [(one.name, one.version, one.licence, "in the plugins") for one in found.inside]
    widths = [max(cells(row[column]) for row in rows) for column in range(3)]
    lines = ["  ".join((*map(padded, row[:3], widths), row[3])).rstrip() for row in rows]
    notes = [
        f"{one.name}: {one.licence}; {one.condition}" for one in found.installed if one.condition
    ]
    notes += [
        f"{one.name} carries {', '.join(one.carries)}: whoever passes an installation on does so "
        "under version 3 of the GPL, with which the licences above go"
        for one in found.installed
        if one.carries
    ]
    if found.missing:
        notes.append(f"not installed here, so not judged: {', '.join(found.missing)}")
    bad = [f"{one.name}: {one.licence}: does not fit" for one in found.conflicts]
    verdict = bad or ["no licence conflicts"]
    return "\n".join([*lines, "", *notes, *verdict])


def _purpose(one: Dependency) -> str:
    return "" if "" in one.wanted_by else f"[{','.join(one.wanted_by)}]"


def to_json(found: Inventory) -> str:
    """Write all of it for scripts."""
    return json.dumps(
        {
            "installed": [_record(one) for one in found.installed],
            "inside": [_record(one) for one in found.inside],
            "missing": found.missing,
            "conflicts": [one.name for one in found.conflicts],
        },
        indent=2,
    )


def _record(one: Dependency) -> Mapping[str, object]:
    return {
        "name": one.name,
        "version": one.version,
        "licence": one.licence,
        "extras": [name for name in one.wanted_by if name],
        "carries": one.carries,
        "fits": one.fits,
        "condition": one.condition or None,
    }
