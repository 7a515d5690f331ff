"""One preset, a named prompt for a hotkey, and those that are built in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True, slots=True)
class Expected:
    """The words for what a key takes, where its type alone does not say it."""

    text: str


ID_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
MAX_NAME_CHARS = 64
MAX_PROMPT_CHARS = 4000
MAX_CONTINUATIONS = 12


class Preset(BaseModel):
    """One look."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: Annotated[
        str,
        Field(pattern=ID_PATTERN),
        Expected("a short name of lower-case letters, digits, - and _"),
    ]
    """The short name that commands use: lower-case letters, digits, - and _."""
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS)]
    """The name that people read."""
    prompt: Annotated[str, Field(max_length=MAX_PROMPT_CHARS)]
    """What the model is asked for. Empty: the output stays close to the camera."""
    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    """The seed that goes with it, if it needs a certain one."""
    evolve: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=MAX_PROMPT_CHARS)], ...],
        Field(max_length=MAX_CONTINUATIONS),
        Expected(f"a list of at most {MAX_CONTINUATIONS} prompts"),
    ] = ()
    """Whole prompts to go on with from this look; they are suggested first."""


def _builtin(preset_id: str, name: str, prompt: str) -> Preset:
    return Preset(id=preset_id, name=name, prompt=prompt)


def _background(preset_id: str, name: str, place: str) -> Preset:
    return _builtin(
        preset_id, name, f"Replace the background with {place}, leaving the subject unchanged."
    )


BUILTIN_PRESETS: tuple[Preset, ...] = (
    # First, because the first key of a board is where a hand goes to get back to normal.
    _builtin("natural", "Natural (no edit)", ""),
    _builtin("van-gogh", "Van Gogh", "Van Gogh oil painting, swirling brushstrokes, vivid colors"),
    _builtin(
        "watercolor",
        "Watercolor",
        "Delicate watercolor painting, soft washes of color, visible paper texture",
    ),
    _builtin(
        "pencil",
        "Pencil sketch",
        "Graphite pencil sketch, fine cross-hatching, white drawing paper",
    ),
    _builtin(
        "renaissance",
        "Renaissance portrait",
        "Renaissance oil portrait, warm chiaroscuro light, rich dark tones, fine craquelure",
    ),
    _builtin(
        "stained-glass",
        "Stained glass",
        "Stained glass window, bold lead lines, luminous jewel-colored glass",
    ),
    _builtin(
        "woodblock",
        "Woodblock print",
        "Japanese woodblock print, flat muted colors, crisp black outlines, washi paper",
    ),
    _builtin(
        "anime", "Anime", "Hand-drawn anime film, clean line art, soft cel shading, bright colors"
    ),
    _builtin(
        "comic", "Comic book", "Comic book art, bold ink outlines, halftone dots, flat colors"
    ),
    _builtin(
        "clay", "Clay figure", "Stop-motion clay animation, soft clay texture, visible fingerprints"
    ),
    _builtin(
        "papercraft", "Paper cut-out", "Layered paper cut-out art, soft shadows, pastel colors"
    ),
    _builtin("pixel", "Pixel art", "16-bit pixel art, limited color palette, chunky square pixels"),
    _builtin(
        "low-poly", "Low poly", "Low-poly 3D render, faceted triangular surfaces, clean soft light"
    ),
    _builtin(
        "noir",
        "Film noir",
        "1940s film noir, high-contrast black and white, hard shadows, light film grain",
    ),
    _builtin(
        "vintage",
        "Vintage film",
        "1970s home movie, faded warm colors, soft focus, gentle film grain",
    ),
    _builtin(
        "neon", "Neon", "Neon line art on a dark background, glowing magenta and cyan outlines"
    ),
    _builtin(
        "cyberpunk",
        "Cyberpunk",
        "Cyberpunk night scene, neon signs, rain-wet reflections, teal and magenta light",
    ),
    _background("office", "Bright office", "a bright modern office with plants and large windows"),
    _background(
        "library", "Library", "a quiet wood-panelled library with tall shelves of old books"
    ),
    _background("loft", "Brick loft", "a tidy brick-walled loft with soft daylight"),
    _background("speakeasy", "Speakeasy", "a dimly lit speakeasy lounge"),
    _background("beach", "Beach", "a sunny tropical beach with calm turquoise water"),
    _background("forest", "Forest", "a misty pine forest with soft morning light"),
    _background("snow", "Snowy mountains", "snow-covered mountains under a clear winter sky"),
    _background("space", "Space station", "a space station window overlooking the Earth"),
    _background(
        "underwater", "Underwater", "a clear blue coral reef with sun rays and drifting fish"
    ),
    _builtin(
        "golden-hour",
        "Golden hour",
        "Relight the scene with warm golden-hour sunlight from the side, leaving everything else "
        "unchanged.",
    ),
    _builtin(
        "studio-light",
        "Studio light",
        "Relight the subject with soft, even studio lighting, leaving everything else unchanged.",
    ),
    _builtin(
        "suit",
        "Dark suit",
        "Dress the subject in a tailored dark suit and white shirt, leaving the face and the "
        "background unchanged.",
    ),
    _builtin(
        "sweater",
        "Knitted sweater",
        "Dress the subject in a cozy knitted wool sweater, leaving the face and the background "
        "unchanged.",
    ),
)


def nearest_first(word: str, choices: Sequence[str]) -> list[str]:
    """Sort the choices, the ones most like `word` first, equals in their order."""
    return sorted(choices, key=lambda c: -SequenceMatcher(None, word.lower(), c).ratio())


def not_found_text(presets: Sequence[Preset], preset_id: str) -> str:
    """Say that no preset has this id, and which ones there are."""
    ids = nearest_first(preset_id, [preset.id for preset in presets])
    return f"no preset {preset_id!r}; have: {', '.join(ids) or 'none'}"
