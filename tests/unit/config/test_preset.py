"""The built-in presets, and finding and stepping."""

from __future__ import annotations

import json

import pytest

from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.errors import CommandFailed
from sana_vcam.presets.catalog import find, presets_json, render_presets, step

IDS = [
    "natural", "van-gogh", "watercolor", "pencil", "renaissance", "stained-glass", "woodblock",
    "anime", "comic", "clay", "papercraft", "pixel", "low-poly", "noir", "vintage", "neon",
    "cyberpunk", "office", "library", "loft", "speakeasy", "beach", "forest", "snow", "space",
    "underwater", "golden-hour", "studio-light", "suit", "sweater",
]  # fmt: skip


def preset(preset_id: str, prompt: str = "x") -> Preset:
    return Preset(id=preset_id, name=preset_id.title(), prompt=prompt)


A, B, C = preset("a"), preset("b"), preset("c")
PLAIN = preset("plain", prompt="")


def test_the_built_in_ids_are_as_promised() -> None:
    assert [p.id for p in BUILTIN_PRESETS] == IDS


def test_the_first_is_the_way_back_to_normal() -> None:
    natural = BUILTIN_PRESETS[0]
    assert (natural.id, natural.name, natural.prompt) == ("natural", "Natural (no prompt)", "")
    assert [p.id for p in BUILTIN_PRESETS if not p.prompt] == ["natural"]


def test_every_name_and_prompt_is_used_once() -> None:
    assert len({p.name for p in BUILTIN_PRESETS}) == len(BUILTIN_PRESETS)
    assert len({p.prompt for p in BUILTIN_PRESETS}) == len(BUILTIN_PRESETS)


def test_a_new_background_leaves_the_subject_alone() -> None:
    replacing = [p.prompt for p in BUILTIN_PRESETS if p.prompt.startswith("Replace")]
    assert len(replacing) == 9
    for prompt in replacing:
        assert prompt.startswith("Replace the background with ")
        assert prompt.endswith(", leaving the subject unchanged.")


def test_find_takes_the_id_alone() -> None:
    assert find(BUILTIN_PRESETS, "noir").name == "Film noir"
    with pytest.raises(CommandFailed):
        find(BUILTIN_PRESETS, "Film noir")


@pytest.mark.parametrize(
    ("presets", "asked", "message"),
    [
        ((A, B, preset("noir")), "noire", "no preset 'noire'; have: noir, a, b"),
        ((A, B, C), "x", "no preset 'x'; have: a, b, c"),
        ((A, preset("van-gogh")), "Van Gogh", "no preset 'Van Gogh'; have: van-gogh, a"),
        ((), "x", "no preset 'x'; have: none"),
    ],
)
def test_an_unknown_id_lists_what_there_is_the_nearest_first(
    presets: tuple[Preset, ...], asked: str, message: str
) -> None:
    with pytest.raises(CommandFailed) as caught:
        find(presets, asked)
    assert (caught.value.code, str(caught.value)) == ("not_found", message)


@pytest.mark.parametrize(
    ("presets", "current", "by", "expected"),
    [
        ((A, B, C), "a", 1, B),
        ((A, B, C), "c", 1, A),
        ((A, B, C), "a", -1, C),
        ((A, B, C), "b", 5, A),
        ((A, B, C), "b", -5, C),
        ((A, B, C), "b", 0, B),
        ((A,), "a", 1, A),
        ((A, B, C), None, 1, A),
        ((A, B, C), None, 2, B),
        ((A, B, C), None, -1, C),
        ((A, B, C), None, 0, A),
        ((A, B, C), "gone", 1, A),
        ((PLAIN, A, B), None, 1, A),
        ((PLAIN, A, B), None, -1, B),
        ((A, PLAIN, B), None, 1, B),
        ((PLAIN, A, B), "b", 1, PLAIN),
    ],
)
def test_step(presets: tuple[Preset, ...], current: str | None, by: int, expected: Preset) -> None:
    assert step(presets, current, by) == expected


def test_the_first_press_of_next_is_seen() -> None:
    assert step(BUILTIN_PRESETS, None, 1).prompt


def test_stepping_through_all_comes_back() -> None:
    seen, current = [], BUILTIN_PRESETS[0]
    for _ in BUILTIN_PRESETS:
        current = step(BUILTIN_PRESETS, current.id, 1)
        seen.append(current.id)
    assert seen == [*IDS[1:], IDS[0]]


def test_step_without_presets() -> None:
    with pytest.raises(CommandFailed, match="no presets") as caught:
        step((), None, 1)
    assert caught.value.code == "not_found"


def test_the_table() -> None:
    seeded = Preset(id="long-id", name="Seeded", prompt="a style", seed=7)
    assert render_presets((PLAIN, seeded)) == (
        "plain    Plain   (no prompt)\nlong-id  Seeded  a style  [seed 7]"
    )
    assert render_presets(()) == ""


def test_the_json() -> None:
    listed = json.loads(presets_json(BUILTIN_PRESETS))
    assert tuple(Preset(**item) for item in listed) == BUILTIN_PRESETS
