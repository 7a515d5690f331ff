"""Markdown as text for a terminal."""

from __future__ import annotations

import pytest

from sana_vcam.lib.pagetext import as_text, filled, inline, links
from sana_vcam.lib.screen import cells


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("**Bold**, *soft*, `code`", "Bold, soft, `code`"),
        ("`a * b * c` and 2 * 3 * 4", "`a * b * c` and 2 * 3 * 4"),
        ("[a page](x/y.md#z) and [`ctl`](c.md)", "a page and `ctl`"),
        ("[Reactor](https://reactor.inc)", "Reactor <https://reactor.inc>"),
        ("[docs.reactor.inc](https://docs.reactor.inc)", "https://docs.reactor.inc"),
        ("![A look](look.webp)", "[picture: A look]"),
        ("`[cost] x` then [more](m.md)", "`[cost] x` then more"),
        (r"a \| b", "a | b"),
        ("`**`", "`**`"),
    ],
)
def test_a_line_without_its_signs(marked: str, plain: str) -> None:
    assert inline(marked) == plain


def test_headings_paragraphs_lists_and_code() -> None:
    page = """# One
<!-- made: of nothing -->
Words that are
filled.

1. First
   goes on:

   ```sh
   sana-vcam a-line-that-is-longer-than-the-width-and-stays-whole
   ```

2. Second
- a
  - b that is long enough to be broken
"""
    assert as_text(page, 24).splitlines() == [
        "One",
        "===",
        "",
        "Words that are filled.",
        "",
        "1. First goes on:",
        "",
        "       sana-vcam a-line-that-is-longer-than-the-width-and-stays-whole",
        "",
        "2. Second",
        "- a",
        "  - b that is long",
        "    enough to be broken",
    ]


def test_headings_stand_out_where_they_can() -> None:
    assert as_text("## Two\n", 80, lambda line: f"<{line}>") == "<Two>\n---\n"
    assert as_text("### Three\n", 80) == "Three\n"


def test_a_table_that_fits() -> None:
    table = "| a | long head |\n| --- | --- |\n| one \\| two | `x` |\n"
    assert as_text(table, 40) == ("a          long head\n---------  ---------\none | two  `x`\n")
    assert as_text("| | |\n| --- | --- |\n| key | value |\n", 40) == "key  value\n"


def test_a_table_is_broken_in_its_cells() -> None:
    table = "| a | b |\n| --- | --- |\n| one | some words more |\n| two | `a b` |\n"
    assert as_text(table, 14) == (
        "a    b\n---  ---------\none  some\n     words\n     more\n\ntwo  `a b`\n"
    ).replace("---------", "-" * 9)


def test_a_table_that_is_too_wide_becomes_records() -> None:
    table = "| a | b | c |\n| --- | --- | --- |\n| first | unbreakable | |\n| second | y | z |\n"
    assert as_text(table, 16) == ("first\n  b: unbreakable\n\nsecond\n  b: y\n  c: z\n")


def test_cells_are_counted_as_a_terminal_has_them() -> None:
    lines = list(filled("漢字 漢字 漢字", 9))
    assert lines == ["漢字 漢字", "漢字"]
    assert max(map(cells, lines)) == 9


def test_code_is_broken_only_if_it_is_too_long() -> None:
    assert list(filled("see `a b c` now", 9)) == ["see", "`a b c`", "now"]
    assert list(filled("`aa bb cc dd`", 7)) == ["`aa bb", "cc dd`"]


def test_links_are_listed_once_and_none_of_code() -> None:
    page = "[a](a.md) ![p](p.svg) [b](b.md) [a](a.md)\n```sh\necho [x](y)\n```\n`[c](c.md)`\n"
    assert links(page) == ["a.md", "b.md"]
