"""Markdown as plain text for a terminal: filled to a width, tables that fit, code as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from sana_vcam.lib.screen import cells, padded

CODE_INDENT = "    "
GAP = "  "
MOST_COLUMNS = 4
"""A table of more columns that is too wide is written as one record for each row."""

_COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_FENCE = re.compile(r"^( *)```")
_HEADING = re.compile(r"^(#+) (.*)$")
_ITEM = re.compile(r"^( *)([-*]|\d+\.) +(.*)$")
_RULE_ROW = re.compile(r"^[\s|:-]+$")
_CELL_END = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"(`[^`]+`)")
_PICTURE = re.compile(r"!\[([^]]*)\]\([^)\s]+\)")
_LINK = re.compile(r"\[([^]]+)\]\(([^)\s]+)\)")
_STRONG = re.compile(r"\*\*(\S.*?)\*\*|(?<![\w*])\*(\S[^*]*?)\*(?!\w)")
_FIXED = "\N{NO-BREAK SPACE}"

type Strong = Callable[[str], str]
"""What makes a heading stand out."""


def as_text(page: str, width: int, strong: Strong = str) -> str:
    """Write a page of Markdown for a terminal of `width` cells; code is never broken."""
    lines = _COMMENT.sub("", page).split("\n")
    blocks = ("\n".join(block) for block in _blocks(lines, width, strong))
    return "\n\n".join(block for block in blocks if block) + "\n"


def links(page: str) -> list[str]:
    """List where a page's links lead, each once, in their order; code has none."""
    prose = _CODE.sub("", re.sub(r"^ *```.*?^ *```$", "", page, flags=re.DOTALL | re.MULTILINE))
    return list(dict.fromkeys(target for _, target in _LINK.findall(_PICTURE.sub("", prose))))


def title_of(page: str) -> str:
    """Find the first heading of a page, as text; empty without one."""
    found = re.search(r"^# (.*)$", page, re.MULTILINE)
    return inline(found[1]) if found else ""


def inline(text: str) -> str:
    """Take the signs of Markdown out of a text in a line; code keeps its backticks."""
    codes = _CODE.findall(text)
    plain = _unmarked(_CODE.sub("\0", text))
    for code in codes:
        plain = plain.replace("\0", code, 1)
    return plain.replace("\\|", "|")


def _unmarked(text: str) -> str:
    text = _PICTURE.sub(lambda found: f"[picture: {found[1]}]", text)
    text = _LINK.sub(_link, text)
    return _STRONG.sub(lambda found: found[1] or found[2], text)


def _link(found: re.Match[str]) -> str:
    text, target = found[1], found[2]
    if "://" not in target:
        return text
    return target if text in target else f"{text} <{target}>"


# -- blocks ----------------------------------------------------------------------------------------


def _blocks(lines: Sequence[str], width: int, strong: Strong) -> Iterator[list[str]]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif fence := _FENCE.match(line):
            end = _end_of_fence(lines, at)
            shift = len(fence[1])
            yield [f"{fence[1]}{CODE_INDENT}{one[shift:]}".rstrip() for one in lines[at + 1 : end]]
            at = end + 1
        elif heading := _HEADING.match(line):
            yield list(_heading(inline(heading[2]), len(heading[1]), width, strong))
            at += 1
        elif line.lstrip().startswith("|"):
            end = _end(lines, at, lambda one: one.lstrip().startswith("|"))
            yield list(_table(lines[at:end], width))
            at = end
        else:
            end = _end(lines, at, _goes_on)
            yield list(_text(lines[at:end], width))
            at = end


def _end(lines: Sequence[str], at: int, goes_on: Callable[[str], bool]) -> int:
    while at < len(lines) and goes_on(lines[at]):
        at += 1
    return at


def _end_of_fence(lines: Sequence[str], at: int) -> int:
    return _end(lines, at + 1, lambda one: not _FENCE.match(one))


def _goes_on(line: str) -> bool:
    is_other = _FENCE.match(line) or _HEADING.match(line) or line.lstrip().startswith("|")
    return bool(line.strip()) and not is_other


def _heading(text: str, level: int, width: int, strong: Strong) -> Iterator[str]:
    for line in filled(text, width):
        yield strong(line)
    if level <= 2:
        yield ("=" if level == 1 else "-") * min(cells(text), width)


def _text(lines: Sequence[str], width: int) -> Iterator[str]:
    """Fill a paragraph, or the items of a list, each with what belongs to it below its words."""
    first = rest = " " * (len(lines[0]) - len(lines[0].lstrip()))
    words: list[str] = []
    for line in lines:
        if item := _ITEM.match(line):
            yield from _filled(words, first, rest, width)
            first = f"{item[1]}{item[2]} "
            rest, words = " " * len(first), [item[3]]
        elif line.startswith("    ") and not words:
            yield line.rstrip()
        else:
            words.append(line.strip())
    yield from _filled(words, first, rest, width)


def _filled(words: Sequence[str], first: str, rest: str, width: int) -> Iterator[str]:
    if words:
        yield from filled(inline(" ".join(words)), width, first, rest)


def filled(text: str, width: int, first: str = "", rest: str = "") -> Iterator[str]:
    """Break a text into lines of at most `width` cells; code that fits into one stays whole."""
    whole = _CODE.sub(
        lambda found: (
            found[1].replace(" ", _FIXED) if cells(found[1]) <= width - len(rest) else found[1]
        ),
        text,
    )
    line, is_empty = first, True
    for word in whole.split(" "):
        if not word:
            continue
        if not is_empty and cells(line) + 1 + cells(word) > width:
            yield line.replace(_FIXED, " ")
            line, is_empty = rest, True
        line += word if is_empty else f" {word}"
        is_empty = False
    yield line.replace(_FIXED, " ")


# -- tables ----------------------------------------------------------------------------------------


def _table(lines: Sequence[str], width: int) -> Iterator[str]:
    rows = [_row(line) for line in lines if not _RULE_ROW.match(line) or set(line) <= {"|", " "}]
    count = max(map(len, rows))
    rows = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = _widths(rows, width)
    if widths is None:
        yield from _records(rows, width)
        return
    head, *body = rows
    if any(head):
        yield from _line_of(head, widths)
        yield GAP.join("-" * one for one in widths).rstrip()
    shown = [list(_line_of(row, widths)) for row in body]
    is_tall = any(len(one) > 1 for one in shown)
    for number, one in enumerate(shown):
        if number and is_tall:
            yield ""
        yield from one


def _row(line: str) -> list[str]:
    parts = _CELL_END.split(line.strip().removeprefix("|"))
    return [inline(part.strip()) for part in (parts[:-1] if not parts[-1].strip() else parts)]


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """Choose how wide the columns are; None if it cannot be read so."""
    columns = list(zip(*rows, strict=True))
    room = width - len(GAP) * (len(columns) - 1)
    natural = [max(map(cells, column)) for column in columns]
    if sum(natural) <= room:
        return natural
    least = [max(cells(word) for cell in column for word in cell.split(" ")) for column in columns]
    if sum(least) > room or len(columns) > MOST_COLUMNS:
        return None
    spare, needs = room - sum(least), [n - m for n, m in zip(natural, least, strict=True)]
    return [m + spare * need // sum(needs) for m, need in zip(least, needs, strict=True)]


def _line_of(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    columns = [list(filled(cell, width)) for cell, width in zip(row, widths, strict=True)]
    for number in range(max(map(len, columns))):
        parts = [column[number] if number < len(column) else "" for column in columns]
        yield GAP.join(map(padded, parts, widths)).rstrip()


def _records(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Write each row as its first cell, and below it the others with their headings."""
    head, *body = rows
    for number, (first, *others) in enumerate(body):
        if number:
            yield ""
        yield from filled(first, width)
        for title, cell in zip(head[1:], others, strict=True):
            if cell:
                yield from filled(f"{title}: {cell}" if title else cell, width, GAP, GAP * 2)
