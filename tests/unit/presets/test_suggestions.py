"""Continuations of a look: its own first, then by rule; whole prompts that never pile up."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.presets.suggestions import LABEL_CHARS, LONGEST, MOST, suggestions

OWN = Preset(
    id="own",
    name="My look",
    prompt="Oil painting of a harbour.",
    evolve=("Oil painting of a harbour, boats arriving.", "Oil painting of a stormy harbour."),
)


def prompts(prompt: str, *presets: Preset, active: str | None = None) -> list[str]:
    return [one.prompt for one in suggestions(prompt, presets, active)]


@pytest.mark.parametrize("preset", BUILTIN_PRESETS, ids=lambda preset: preset.id)
def test_every_built_in_look_has_four_to_six_others(preset: Preset) -> None:
    found = suggestions(preset.prompt, BUILTIN_PRESETS)
    assert 4 <= len(found) <= 6
    assert preset.prompt not in [one.prompt for one in found]
    assert len({one.prompt for one in found}) == len({one.label for one in found}) == len(found)


@pytest.mark.parametrize("preset", BUILTIN_PRESETS, ids=lambda preset: preset.id)
def test_what_is_to_be_left_alone_is_still_left_alone(preset: Preset) -> None:
    _, comma, leave = preset.prompt.partition(", leaving")
    for prompt in prompts(preset.prompt):
        assert not comma or prompt.endswith(f", leaving{leave}"), prompt
        assert prompt.split()[0] == (preset.prompt.split() or ["Relight"])[0]


@pytest.mark.parametrize(
    ("prompt", "one_of_them"),
    [
        (
            "Replace the background with a sunny beach, leaving the subject unchanged.",
            "Replace the background with a sunny beach, in thick morning fog, "
            "leaving the subject unchanged.",
        ),
        (
            "change the background to my old office",
            "Replace the background with my old office, with rain running down the windows, "
            "leaving the subject unchanged.",
        ),
        (
            "Replace the background with a forest with soft morning light, keep the person.",
            "Replace the background with a forest, at night under a starry sky, "
            "leaving the subject unchanged.",
        ),
        (
            "Replace the background with the surface of the moon.",
            "Replace the background with the surface of the moon, in deep blue twilight, "
            "leaving the subject unchanged.",
        ),
        (
            "Relight the subject with soft light, leaving everything else unchanged.",
            "Relight the subject with pale moonlight through a window, "
            "leaving everything else unchanged.",
        ),
        (
            "Dress the subject in a raincoat",
            "Dress the subject in a raincoat made of soft velvet, "
            "leaving the face and the background unchanged.",
        ),
        ("as a clay figure", "as a clay figure, in warm golden-hour light"),
        ("Make it a comic.", "Make it a comic, in calm pastel colors."),
        ("A charcoal drawing", "A charcoal drawing, in pale morning mist"),
        (
            "",
            "Relight the scene with cool blue-hour light after sunset, "
            "leaving everything else unchanged.",
        ),
    ],
)
def test_each_kind_of_prompt_is_continued_in_its_form(prompt: str, one_of_them: str) -> None:
    assert one_of_them in prompts(prompt)


def test_a_looks_own_continuations_come_first() -> None:
    found = suggestions(OWN.prompt, [OWN])
    assert [one.prompt for one in found[:2]] == list(OWN.evolve)
    assert found[0].label == "Oil painting of a harbour,…"
    assert len(found) == MOST


def test_a_continuation_leads_to_the_others_and_back() -> None:
    found = suggestions(OWN.evolve[0], [OWN], "own")
    assert [one.prompt for one in found[:2]] == [OWN.evolve[1], OWN.prompt]
    assert found[1].label == "Back to My look"


def test_of_looks_with_the_same_prompt_the_active_one_counts() -> None:
    twin = OWN.model_copy(update={"id": "twin", "evolve": ("Another.",)})
    assert prompts(OWN.prompt, OWN, twin)[0] == OWN.evolve[0]
    assert prompts(OWN.prompt, OWN, twin, active="twin")[0] == "Another."


def test_small_differences_of_writing_do_not_matter() -> None:
    assert prompts("  oil  painting of a Harbour ", OWN)[:2] == list(OWN.evolve)


PROMPTS = st.one_of(
    st.text(max_size=200),
    st.sampled_from([preset.prompt for preset in BUILTIN_PRESETS]),
    st.builds("Replace the background with {}, leaving the subject unchanged.".format, st.text()),
    st.builds("relight the scene with {}".format, st.text(max_size=20)),
    st.builds("Dress the subject in {}.".format, st.text(max_size=20)),
    st.builds("Dress the subject in {}.".format, st.sampled_from(["in deep blue", ", in linen"])),
)


@given(PROMPTS, st.lists(st.integers(0, MOST - 1), max_size=6))
@example("DRESS THE 0 IN\r.", [0, 0])
@example("dress the subject in in deep blue", [0, 1, 2])
@example("replace the background with at sunrise with soft pink light", [0, 1, 2])
def test_a_chain_of_suggestions_never_grows(prompt: str, choices: list[int]) -> None:
    first = suggestions(prompt)
    assert 4 <= len(first) <= MOST
    longest = max(len(one.prompt) for one in first)
    for choice in choices:
        found = suggestions(prompt)
        assert found == suggestions(prompt), "the same at any time"
        assert all(len(one.label) <= LABEL_CHARS and one.label for one in found)
        prompt = found[choice % len(found)].prompt
        assert len(prompt) <= longest


@given(st.integers(LONGEST - 80, LONGEST))
def test_no_suggestion_is_longer_than_a_prompt_may_be(length: int) -> None:
    assert all(len(prompt) <= LONGEST for prompt in prompts("x" * length))
