"""The presets in the text of a configuration file: edited in place, all else left as it is.

The text is cut at its table headers. Each `[[presets]]` table is a slot; what lies between two
slots (other tables, blank lines, comments) is a gap, which no edit changes. Comments right above
a slot's header move with it, and stay where they are when it is removed. The comments inside a
table belong to it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import tomlkit
import tomlkit.items

from sana_vcam.config.preset import Preset
from sana_vcam.config.text import preset_table, switched_off_presets, toml
from sana_vcam.presets.edits import Change, Edit, Reset, apply, change

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_SLOT = re.compile(r"""\s*\[\[\s*(["']?)presets\1\s*\]\]""")
_LIST = re.compile(r"""\s*(["']?)presets\1\s*=""")
_NOTHING = re.compile(r"\s*(#.*)?$", re.DOTALL)
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*",
    re.DOTALL,
)


def edited(text: str, presets: Sequence[Preset], edit: Edit) -> str:
    """Return the text of a valid file after an edit of `presets`, the list that is in force.

    Raises:
        CommandFailed: as `presetedits.change` does.
    """
    layout = _cut(text if text.endswith("\n") or not text else f"{text}\n")
    after = apply(edit, presets)
    if isinstance(edit, Reset):
        return layout.without_slots().without_list().text
    if not layout.slots:
        return layout.without_list().with_all(after).text
    layout = layout.changed(change(edit, presets))
    return (layout if layout.slots else layout.with_all(after)).text


def comments(text: str) -> list[str]:
    """Return every comment of a TOML text in order, from its # to the end of the line."""
    found = (match.group().rstrip("\r") for match in _TOKEN.finditer(text))
    return [token for token in found if token.startswith("#")]


@dataclass(frozen=True, slots=True)
class _Slot:
    """One `[[presets]]` table: the comments right above it, and its own lines."""

    lead: str
    table: str

    @property
    def text(self) -> str:
        return self.lead + self.table


@dataclass(frozen=True, slots=True)
class _Layout:
    """A text as gaps and slots by turns; there is one gap more."""

    gaps: tuple[str, ...]
    slots: tuple[_Slot, ...]
    newline: str

    @property
    def text(self) -> str:
        slots = (*(slot.text for slot in self.slots), "")
        return "".join(gap + slot for gap, slot in zip(self.gaps, slots, strict=True))

    def changed(self, wanted: Change) -> _Layout:
        """Return the layout after one change; there is a slot at `taken`."""
        if wanted.taken is None:
            slot = _Slot("", self._rendered(wanted.put))
            return self._with(wanted.place, slot)
        taken = self.slots[wanted.taken]
        if wanted.put is None:
            return self._without(wanted.taken, taken.lead)
        slot = replace(taken, table=_revised(taken.table, wanted.put, self.newline))
        if wanted.place == wanted.taken:
            slots = [*self.slots]
            slots[wanted.taken] = slot
            return replace(self, slots=tuple(slots))
        return self._without(wanted.taken, "")._with(wanted.place, slot)

    def with_all(self, presets: Sequence[Preset]) -> _Layout:
        """Return a layout without slots after the whole list has been added."""
        (gap,) = self.gaps
        if not presets:
            return replace(self, gaps=(_with_empty_list(gap, self.newline),))
        # The list as `config init` wrote it, switched off, would only repeat what is added.
        switched_off = switched_off_presets().replace("\n", self.newline)
        head, _, tail = gap.partition(switched_off)
        blank = "" if not head or _ends_blank(head) else self.newline
        slots = tuple(_Slot("", self._rendered(preset)) for preset in presets)
        between = (self.newline,) * (len(slots) - 1)
        return replace(self, gaps=(head + blank, *between, tail), slots=slots)

    def without_slots(self) -> _Layout:
        """Return the layout without any preset."""
        layout = self
        while layout.slots:
            layout = layout._without(0, layout.slots[0].lead)
        return layout

    def without_list(self) -> _Layout:
        """Return a layout without slots, and without a list written as `presets = [...]`."""
        (gap,) = self.gaps
        return replace(self, gaps=(_without_list(gap),))

    def _rendered(self, preset: Preset | None) -> str:
        return "" if preset is None else preset_table(preset).replace("\n", self.newline)

    def _without(self, place: int, left: str) -> _Layout:
        """Take a slot out; `left` stays of it."""
        above, below = self.gaps[place] + left, self.gaps[place + 1]
        if not above or _ends_blank(above):
            below = re.sub(r"\A\r?\n", "", below)
        gaps = (*self.gaps[:place], above + below, *self.gaps[place + 2 :])
        return replace(self, gaps=gaps, slots=self.slots[:place] + self.slots[place + 1 :])

    def _with(self, place: int, slot: _Slot) -> _Layout:
        """Put a slot in: above the one at `place`, or below the last one."""
        if not self.slots:
            (gap,) = self.gaps
            return replace(self, gaps=(gap, ""), slots=(slot,))
        last = place == len(self.slots)
        gaps = [*self.gaps]
        gaps.insert(place if last else place + 1, self.newline)
        return replace(
            self, gaps=tuple(gaps), slots=(*self.slots[:place], slot, *self.slots[place:])
        )


# --- cutting ------------------------------------------------------------------------------------


def _cut(text: str) -> _Layout:
    lines: list[str] = _LINE.findall(text)
    starts = _headers(lines)
    gaps: list[str] = []
    slots: list[_Slot] = []
    gap_from = 0
    for start, end in pairwise([*starts, len(lines)]):
        if not _SLOT.match(lines[start]):
            continue
        lead = _lead(lines, gap_from, start)
        table_end = _table_end(lines, start, end)
        gaps.append("".join(lines[gap_from:lead]))
        slots.append(_Slot("".join(lines[lead:start]), "".join(lines[start:table_end])))
        gap_from = table_end
    newline = "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
    return _Layout((*gaps, "".join(lines[gap_from:])), tuple(slots), newline)


def _headers(lines: Sequence[str]) -> list[int]:
    """Return the lines that begin a table.

    A line inside a text or list of several lines may look like one, too. What comes before it
    since the last header is no TOML then, as the text or list is not closed.
    """
    found: list[int] = []
    since = 0
    for number, line in enumerate(lines):
        if line.lstrip().startswith("[") and _parsed("".join(lines[since:number])) is not None:
            found.append(number)
            since = number
    return found


def _lead(lines: Sequence[str], least: int, start: int) -> int:
    """Return the first of the comment lines right above a header; the file's own are not its."""
    lead = start
    while lead > least and lines[lead - 1].lstrip().startswith("#"):
        lead -= 1
    return lead if lead > 0 else start


def _table_end(lines: Sequence[str], start: int, end: int) -> int:
    """Return the line after a table's last one, with the comments that follow it at once."""
    whole = _parsed("".join(lines[start:end]))
    last = end
    while last > start + 1 and _NOTHING.match(lines[last - 1]):
        last -= 1
    # The end of a text of several lines may look like a comment.
    while _parsed("".join(lines[start:last])) != whole:
        last += 1
    after = last
    while after < end and lines[after].lstrip().startswith("#"):
        after += 1
    # Right above the next header they are about that one.
    return last if after == end and end < len(lines) else after


def _parsed(text: str) -> Mapping[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _ends_blank(text: str) -> bool:
    return text.endswith(("\n\n", "\n\r\n")) or text in {"\n", "\r\n"}


# --- one table ----------------------------------------------------------------------------------


def _revised(table: str, preset: Preset, newline: str) -> str:
    """Return a table with the preset's values; what has not changed stays as it is written.

    Comments at or in a value that goes stay as lines at the table's end.
    """
    document = tomlkit.parse(table)
    entry: Any = document["presets"][0]
    wanted = preset.model_dump(mode="json")
    defaults = {name: field.default for name, field in Preset.model_fields.items()}
    before = Preset.model_validate(entry.unwrap()).model_dump(mode="json")
    for key in wanted:
        if wanted[key] == before[key]:
            continue
        left = comments(entry[key].as_string()) if key in entry else []
        if wanted[key] == _jsonable(defaults[key]):
            left += comments(entry[key].trivia.comment)
            del entry[key]
        else:
            entry[key] = tomlkit.value(toml(getattr(preset, key)).replace("\n", newline))
        for comment in left:
            trivia = tomlkit.items.Trivia(comment=comment, trail=newline)
            entry.add(tomlkit.items.Comment(trivia))
    text = tomlkit.dumps(document)
    return text if text.endswith("\n") else f"{text}{newline}"


def _jsonable(default: object) -> object:
    return list(default) if isinstance(default, tuple) else default


# --- a list in one statement --------------------------------------------------------------------


def _without_list(text: str) -> str:
    """Return a text without `presets = [...]`; the comments in it stay as lines."""
    lines: list[str] = _LINE.findall(text)
    found = _list_lines(lines)
    if found is None:
        return text
    start, end = found
    kept = [f"{comment}\n" for comment in comments("".join(lines[start:end]))]
    return "".join([*lines[:start], *kept, *lines[end:]])


def _list_lines(lines: Sequence[str]) -> tuple[int, int] | None:
    head_end = next(iter(_headers(lines)), len(lines))
    for start in range(head_end):
        if _LIST.match(lines[start]) and _parsed("".join(lines[:start])) is not None:
            end = start + 1
            while _parsed("".join(lines[start:end])) is None:
                end += 1
            return start, end
    return None


def _with_empty_list(text: str, newline: str) -> str:
    """Return a text that says that there is no preset, above its first table."""
    lines: list[str] = _LINE.findall(text)
    start = next(iter(_headers(lines)), len(lines))
    lead = _lead(lines, 0, start) if start < len(lines) else start
    return "".join([*lines[:lead], f"presets = []{newline}{newline}", *lines[lead:]])
