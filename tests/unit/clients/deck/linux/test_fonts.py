"""The font of a text is one that has its letters, whatever comes first on the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import ImageFont

from sana_vcam.clients.deck.linux import fonts

LATIN, HEBREW, ARABIC = "Film noir", "\u05e6\u05d9\u05d5\u05e8", "\u0631\u0633\u0645"
CYRILLIC, CJK, EMOJI = "\u041d\u0443\u0430\u0440", "\u6c34\u5f69\u753b", "\U0001f3a8"
LIBERATION, DEJAVU = "LiberationSans-Regular.ttf", "DejaVuSans.ttf"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    fonts._chosen.cache_clear()
    fonts._installed.cache_clear()
    yield
    fonts._chosen.cache_clear()
    fonts._installed.cache_clear()


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A font without Arabic before one that has it, and nothing else."""
    for name in (LIBERATION, DEJAVU):
        try:
            ImageFont.truetype(name, 16)
        except OSError:
            pytest.skip(f"{name} is not installed")
    damaged = tmp_path / "damaged.ttf"
    damaged.write_bytes(b"no font")
    usual = ("NoSuchFont.ttf", str(damaged), LIBERATION, DEJAVU)
    monkeypatch.setattr(fonts, "USUAL", usual)
    monkeypatch.setattr(fonts, "_installed", _none)


def _none() -> tuple[str, ...]:
    return ()


_none.cache_clear = lambda: None  # type: ignore[attr-defined]


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    ("text", "name"),
    [
        (LATIN, fonts.OWN),
        ("", fonts.OWN),
        (" \u200d\ufe0f\n", fonts.OWN),
        (CYRILLIC, LIBERATION),
        (HEBREW, DEJAVU),
        (ARABIC, DEJAVU),
        (f"Film {ARABIC}", DEJAVU),
        (f"{HEBREW} {ARABIC}", DEJAVU),
    ],
)
def test_the_first_that_has_the_letters_is_taken(text: str, name: str) -> None:
    assert fonts._chosen(text) == name
    assert fonts.font_for(text, 20).size == 20


@pytest.mark.usefixtures("listed")
def test_else_the_one_that_has_most_of_them() -> None:
    assert fonts._chosen(f"{CJK} {ARABIC}") == DEJAVU
    assert fonts._chosen(CJK) == fonts.OWN


@pytest.mark.parametrize("text", [HEBREW, ARABIC, CYRILLIC, CJK, EMOJI, f"Film {CJK}"])
def test_where_any_font_of_the_machine_has_them_the_letters_are_legible(text: str) -> None:
    letters = frozenset(text) - {" "}
    most = max(fonts._count(name, letters) for name in fonts._candidates())
    assert fonts._count(fonts._chosen(text), letters) == most


def test_fonts_below_the_user_s_own_folder_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "fonts" / "deep").mkdir(parents=True)
    for name in ("A-Bold.ttf", "Z.otf", "b.TTF", "readme.txt"):
        (tmp_path / "fonts" / "deep" / name).write_bytes(b"")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "none"))
    assert [Path(path).name for path in fonts._installed()] == ["Z.otf", "b.TTF", "A-Bold.ttf"]
