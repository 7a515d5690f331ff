"""The list of presets after each edit, and the edits that are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.errors import CommandFailed
from sana_vcam.presets.edits import (
    MOST,
    Add,
    Edit,
    ListEdit,
    Move,
    Remove,
    RestoreBuiltins,
    Revise,
    Save,
    apply,
)


def preset(preset_id: str, prompt: str = "x") -> Preset:
    return Preset(id=preset_id, name=preset_id.title(), prompt=prompt)


A, B, C, D = (preset(name) for name in "abcd")


@pytest.mark.parametrize(
    ("edit", "after"),
    [
        (Save(D), (A, B, C, D)),
        (Save(preset("b", "y")), (A, preset("b", "y"), C)),
        (Save(D, replaces="a"), (D, B, C)),
        (Save(preset("a", "y"), replaces="a"), (preset("a", "y"), B, C)),
        (Add(D), (A, B, C, D)),
        (Revise("b", {"prompt": "y"}), (A, preset("b", "y"), C)),
        (Revise("b", {"id": "d", "name": "D"}), (A, D, C)),
        (Remove("b"), (A, C)),
        (Move("c", 0), (C, A, B)),
        (Move("a", 1), (B, A, C)),
        (Move("a", 99), (B, C, A)),
        (Move("a", 0), (A, B, C)),
        (RestoreBuiltins(), BUILTIN_PRESETS),
    ],
)
def test_the_list_after_an_edit(edit: Edit, after: tuple[Preset, ...]) -> None:
    assert apply(edit, (A, B, C)) == after


@pytest.mark.parametrize(
    ("edit", "code", "words"),
    [
        (Remove("x"), "not_found", "no preset 'x'; have: a, b"),
        (Move("x", 0), "not_found", "no preset 'x'"),
        (Save(D, replaces="x"), "not_found", "no preset 'x'"),
        (Revise("x", {}), "not_found", "no preset 'x'"),
        (Save(B, replaces="a"), "rejected", "'a' cannot be called 'b'"),
        (Revise("a", {"id": "b"}), "rejected", "'a' cannot be called 'b'"),
        (Add(B), "rejected", "there is a preset 'b' already"),
    ],
)
def test_what_is_refused_and_why(edit: Edit, code: str, words: str) -> None:
    with pytest.raises(CommandFailed) as refused:
        apply(edit, (A, B))
    assert refused.value.code == code
    assert words in str(refused.value)


def test_there_is_an_end_to_adding() -> None:
    full = tuple(preset(f"p{number}") for number in range(MOST))
    for edit in (Save(A), Add(A)):
        with pytest.raises(CommandFailed, match="500 presets; remove one first"):
            apply(edit, full)
    assert len(apply(Save(preset("p7", "y")), full)) == MOST


IDS = st.sampled_from("abcdef")
EDITS = st.one_of(
    st.builds(Save, st.builds(preset, IDS), st.none() | IDS),
    st.builds(Remove, IDS),
    st.builds(Move, IDS, st.integers(0, 9)),
)


@given(st.lists(EDITS, max_size=20))
def test_ids_stay_unique_whatever_is_done(edits: list[ListEdit]) -> None:
    presets: tuple[Preset, ...] = (A, B, C)
    for edit in edits:
        try:
            presets = apply(edit, presets)
        except CommandFailed:
            continue
        ids = [one.id for one in presets]
        assert len(set(ids)) == len(ids)
