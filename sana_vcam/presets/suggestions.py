"""How a look may go on: a few whole prompts that continue the one in force.

What a preset says itself comes first; the rest is made by rule. The model takes an instruction
that says what to change and what to leave, so each rule knows the form of one kind of prompt
(another background, another light, other clothes, a style) and varies a single thing in it: time
of day, weather, mood or material. A variation takes the place of the one before, so that a chain
of suggestions never grows. Pure, and the same for the same prompt at any time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as pydantic_dataclass

from sana_vcam.config.preset import Preset

MOST = 6
"""How many suggestions there are at most."""
LONGEST = 4000
"""How many characters a prompt may have."""
LABEL_CHARS = 32
"""How many characters fit on a button."""


@pydantic_dataclass(frozen=True, config=ConfigDict(extra="forbid", use_attribute_docstrings=True))
class Suggestion:
    """One way for a look to go on."""

    label: str
    """A few words for a button."""
    prompt: str
    """The whole prompt, for `set_prompt`."""


@dataclass(frozen=True, slots=True)
class _Form:
    """A kind of prompt: how it begins, what stands around the words that vary, and the variations.

    `variations` are appended to the words after `joint`; with `whole` they are used instead.
    """

    begin: re.Pattern[str]
    before: str
    after: str
    variations: Mapping[str, str]
    joint: str = ", "
    whole: bool = False


_OUTDOORS = {
    "Sunrise": "at sunrise with soft pink light",
    "Golden hour": "in warm golden-hour light",
    "Night": "at night under a starry sky",
    "Rain": "on a rainy day with wet reflections",
    "Snow": "in gently falling snow",
    "Fog": "in thick morning fog",
}
_INDOORS = {
    "Morning": "with bright morning sun through the windows",
    "Evening": "in the evening with warm lamps lit",
    "Night": "at night with city lights outside",
    "Rain outside": "with rain running down the windows",
    "Candlelight": "lit by many candles",
    "Festive": "decorated with strings of small lights",
}
_ELSEWHERE = {
    "Brighter": "in bright, clear light",
    "Dusk": "in deep blue twilight",
    "Glowing": "with softly glowing lights",
    "Misty": "in a faint drifting mist",
    "Vivid": "in vivid, saturated colors",
    "Calm": "in calm, muted colors",
}
_STYLE = {
    "Golden hour": "in warm golden-hour light",
    "Moonlight": "at night in cool moonlight",
    "Rain": "on a rainy day with wet reflections",
    "Winter": "in winter with falling snow",
    "Calm": "in calm pastel colors",
    "Dramatic": "with dramatic light and deep shadows",
}
_GREY_STYLE = {
    "Softer": "in soft, even grey tones",
    "Harder": "with harder light and deep black shadows",
    "One lamp": "at night, lit by a single lamp",
    "Rain": "on a rainy day with wet reflections",
    "Mist": "in pale morning mist",
    "Backlit": "with a bright rim of light from behind",
}
_CLOTHES = {
    "Deep blue": "in deep blue",
    "Earth tones": "in warm earth tones",
    "Velvet": "made of soft velvet",
    "Linen": "made of light linen",
    "Embroidered": "with fine golden embroidery",
    "Scarf": "with a knitted scarf",
}
_LIGHTS = {
    "Golden hour": "warm golden-hour sunlight from the side",
    "Blue hour": "cool blue-hour light after sunset",
    "Moonlight": "pale moonlight through a window",
    "Candlelight": "flickering warm candlelight from below",
    "Neon": "magenta and cyan neon light from both sides",
    "Overcast": "soft, even light of an overcast day",
}

_INDOOR_WORDS = re.compile(
    r"\b(office|library|loft|lounge|bar|cafe|café|room|kitchen|studio|hall|house|home|apartment|"
    r"restaurant|museum|theat(?:er|re)|church|cathedral|castle|classroom|indoors?)\b"
)
_ELSEWHERE_WORDS = re.compile(
    r"\b(space|spaceship|station|planet|moon|mars|galaxy|nebula|underwater|reef|ocean floor|"
    r"aquarium|abstract|gradient|plain|solid|void)\b"
)
_GREY_WORDS = re.compile(
    r"\b(black and white|black-and-white|monochrome|noir|graphite|pencil|charcoal|sepia|"
    r"ink drawing|engraving)\b"
)
_LIGHT_AT_END = re.compile(
    r",?\s+(?:with|in|under)(?:\s+[\w-]+){1,4}?\s*\b(?:light|daylight|sunlight|sky|skies)$",
    re.IGNORECASE,
)
"""What goes from the end of a prompt, because another light would contradict it."""

_SUBJECT = ", leaving the subject unchanged."
_ALL_ELSE = ", leaving everything else unchanged."
_FACE = ", leaving the face and the background unchanged."


def suggestions(
    prompt: str, presets: Sequence[Preset] = (), active: str | None = None
) -> tuple[Suggestion, ...]:
    """Make at most six continuations of a prompt, at least four unless it is very long.

    `active` is the id of the preset that the prompt came from; it settles which one is meant if
    several have this prompt.
    """
    wanted = _plain(prompt)
    seen = {wanted}
    found: list[Suggestion] = []
    for suggestion in (*_own(wanted, presets, active), *_made(prompt.strip())):
        words = _plain(suggestion.prompt)
        if words not in seen and len(suggestion.prompt) <= LONGEST:
            seen.add(words)
            found.append(suggestion)
    return tuple(islice(found, MOST))


# -- what presets say themselves -----------------------------------------------------------------


def _own(prompt: str, presets: Sequence[Preset], active: str | None) -> Iterator[Suggestion]:
    """Yield the continuations of the preset that the prompt is, or is a continuation of."""
    related = [preset for preset in presets if preset.evolve and prompt in _course(preset)]
    related.sort(key=lambda preset: (preset.id != active, prompt != _plain(preset.prompt)))
    for preset in related[:1]:
        yield from (Suggestion(_label(text), text) for text in preset.evolve)
        if prompt != _plain(preset.prompt) and preset.prompt:
            yield Suggestion(f"Back to {preset.name}"[:LABEL_CHARS], preset.prompt)


def _course(preset: Preset) -> list[str]:
    return [_plain(text) for text in (preset.prompt, *preset.evolve)]


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(". ").casefold()


def _label(text: str) -> str:
    """Cut the beginning out of a text, between two words."""
    words = " ".join(text.split())
    if len(words) <= LABEL_CHARS:
        return words
    head = words[: LABEL_CHARS - 1]
    return f"{head.rpartition(' ')[0] or head}…"


# -- what is made by rule ------------------------------------------------------------------------


def _made(prompt: str) -> Iterator[Suggestion]:
    if not prompt:
        yield from _relit()
        return
    for form in _forms(prompt):
        match = form.begin.match(prompt)
        if match is None:
            continue
        core = _LIGHT_AT_END.sub("", _core(match.group(1), form.variations))
        for label, words in form.variations.items():
            said = words if form.whole else f"{core}{form.joint}{words}"
            yield Suggestion(label, f"{form.before}{said}{form.after}")
        return
    yield from _restyled(prompt)


def _relit() -> Iterator[Suggestion]:
    for label, words in _LIGHTS.items():
        yield Suggestion(label, f"Relight the scene with {words}{_ALL_ELSE}")


def _restyled(prompt: str) -> Iterator[Suggestion]:
    """Yield a style under other conditions; a full stop at its end stays there."""
    variations = _GREY_STYLE if _GREY_WORDS.search(prompt.casefold()) else _STYLE
    stop = "." if prompt.endswith(".") else ""
    core = _core(prompt.rstrip(". "), variations)
    for label, words in variations.items():
        yield Suggestion(label, f"{core}, {words}{stop}")


def _forms(prompt: str) -> Iterator[_Form]:
    yield _Form(
        _begin(r"(?:replace|change) the background (?:with|to)"),
        "Replace the background with ",
        _SUBJECT,
        _place_variations(prompt.casefold()),
    )
    subject = "subject" if "the subject" in prompt.casefold() else "scene"
    yield _Form(
        _begin(r"relight the \w+ (?:with|in|by)"),
        f"Relight the {subject} with ",
        _ALL_ELSE,
        _LIGHTS,
        whole=True,
    )
    yield _Form(
        _begin(r"(?:dress|put) the \w+ in"),
        "Dress the subject in ",
        _FACE,
        _CLOTHES,
        joint=" ",
    )


def _begin(words: str) -> re.Pattern[str]:
    """Match a prompt of this kind; group 1 is what varies, without what is to be left.

    Group 1 has a word: a prompt that names nothing is of no kind, and of none with a variation
    after it either.
    """
    return re.compile(
        rf"{words}\s+([^\s,.].*?)(?:,?\s*(?:\b(?:leaving|keeping|keep|leave)\b.*))?[.\s]*$",
        re.IGNORECASE | re.DOTALL,
    )


def _place_variations(prompt: str) -> Mapping[str, str]:
    if _ELSEWHERE_WORDS.search(prompt):
        return _ELSEWHERE
    return _INDOORS if _INDOOR_WORDS.search(prompt) else _OUTDOORS


def _core(words: str, variations: Mapping[str, str]) -> str:
    """Take off the variations that stand at the end, but not the last words there are."""
    core = words.strip(" ,.")
    while end := next((text for text in variations.values() if _ends_with(core, text)), ""):
        shorter = core[: -len(end)].rstrip(" ,.")
        if not shorter:
            break
        core = shorter
    return core


def _ends_with(words: str, end: str) -> bool:
    return f" {words}"[-len(end) - 1 :].casefold() == f" {end}"
