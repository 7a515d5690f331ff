"""One preset, a named prompt for a hotkey, and those that are built in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from sana_vcam.lib.nearest import meant


@dataclass(frozen=True, slots=True)
class Expected:
    """The words for what a key takes, where its type alone does not say it."""

    text: str


MOST_NAMED = 6
"""Of more presets than these a complaint names only the one that is near."""
ID_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
MAX_NAME_CHARS = 64
MAX_GROUP_CHARS = 40
MAX_PROMPT_CHARS = 4000
MAX_CONTINUATIONS = 12
MAX_IMAGE_CHARS = 1024
IMAGE_PATTERN = r"^[^\x00-\x1f]+$"
MAX_SETTINGS = 32
MAX_SETTING_CHARS = 200
SETTING_PATTERN = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
OWN_SETTINGS = {
    "seed": "a look's seed stands beside its settings: seed = 42",
    "anchor_interval": "the anchor interval is that of all looks: [start] anchor_interval",
}
"""Settings of a model that have a key of their own, and where it is."""


def _others_only(settings: Mapping[str, object]) -> Mapping[str, object]:
    """Refuse the settings that have a key of their own, so that no value is given twice."""
    for name, where in OWN_SETTINGS.items():
        if name in settings:
            raise ValueError(where)
    return settings


SettingName = Annotated[str, Field(pattern=SETTING_PATTERN)]
SettingValue = (
    StrictBool
    | StrictInt
    | Annotated[float, Field(strict=True, allow_inf_nan=False)]
    | Annotated[StrictStr, Field(max_length=MAX_SETTING_CHARS)]
)
Settings = Annotated[
    dict[SettingName, SettingValue],
    Field(max_length=MAX_SETTINGS),
    AfterValidator(_others_only),
]
"""Values of a model's settings by their names."""


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
    image: (
        Annotated[
            str,
            Field(min_length=1, max_length=MAX_IMAGE_CHARS, pattern=IMAGE_PATTERN),
            Expected("the path of a PNG, JPEG or WebP file, from the folder of the presets' file"),
        ]
        | None
    ) = None
    """A reference image for a model that takes one: a file beside the presets' own."""
    settings: Annotated[
        Settings,
        Expected(
            "a table of the model's settings, each a number, true, false or a text, without "
            "seed and anchor_interval, which have keys of their own"
        ),
    ] = {}
    """Values of the model's settings that go with it; `list_settings` names them."""
    group: Annotated[str, Field(min_length=1, max_length=MAX_GROUP_CHARS)] | None = None
    """A group of your own that it is listed in, such as Work."""


def image_path(image: str, folder: Path) -> Path:
    """Find a preset's image, which is named from the `folder` of the presets' file."""
    return folder / os.path.expanduser(image)  # noqa: PTH111  (never raises)


BUILTINS = """\
natural | Natural (no prompt) |
van-gogh | Van Gogh | Van Gogh oil painting, swirling brushstrokes, vivid colors
watercolor | Watercolor | Delicate watercolor painting, soft washes of color, visible paper texture
pencil | Pencil sketch | Graphite pencil sketch, fine cross-hatching, white drawing paper
renaissance | Renaissance portrait | Renaissance oil portrait, warm chiaroscuro light, rich dark \
tones, fine craquelure
stained-glass | Stained glass | Stained glass window, bold lead lines, luminous jewel-colored glass
woodblock | Woodblock print | Japanese woodblock print, flat muted colors, crisp black outlines, \
washi paper
anime | Anime | Hand-drawn anime film, clean line art, soft cel shading, bright colors
comic | Comic book | Comic book art, bold ink outlines, halftone dots, flat colors
clay | Clay figure | Stop-motion clay animation, soft clay texture, visible fingerprints
papercraft | Paper cut-out | Layered paper cut-out art, soft shadows, pastel colors
pixel | Pixel art | 16-bit pixel art, limited color palette, chunky square pixels
low-poly | Low poly | Low-poly 3D render, faceted triangular surfaces, clean soft light
noir | Film noir | 1940s film noir, high-contrast black and white, hard shadows, light film grain
vintage | Vintage film | 1970s home movie, faded warm colors, soft focus, gentle film grain
neon | Neon | Neon line art on a dark background, glowing magenta and cyan outlines
cyberpunk | Cyberpunk | Cyberpunk night scene, neon signs, rain-wet reflections, teal and magenta \
light
office | Bright office | + a bright modern office with plants and large windows
library | Library | + a quiet wood-panelled library with tall shelves of old books
loft | Brick loft | + a tidy brick-walled loft with soft daylight
speakeasy | Speakeasy | + a dimly lit speakeasy lounge
beach | Beach | + a sunny tropical beach with calm turquoise water
forest | Forest | + a misty pine forest with soft morning light
snow | Snowy mountains | + snow-covered mountains under a clear winter sky
space | Space station | + a space station window overlooking the Earth
underwater | Underwater | + a clear blue coral reef with sun rays and drifting fish
golden-hour | Golden hour | Relight the scene with warm golden-hour sunlight from the side, \
leaving everything else unchanged.
studio-light | Studio light | Relight the subject with soft, even studio lighting, leaving \
everything else unchanged.
suit | Dark suit | Dress the subject in a tailored dark suit and white shirt, leaving the face and \
the background unchanged.
sweater | Knitted sweater | Dress the subject in a cozy knitted wool sweater, leaving the face and \
the background unchanged.
"""
"""A line each: id, name, prompt. After a + stands what the background is replaced with. The first
is the one without an edit, because the first key of a board is where a hand goes to get back to
normal."""


def _builtin(line: str) -> Preset:
    preset_id, name, prompt = (part.strip() for part in line.split("|"))
    if prompt.startswith("+ "):
        place = prompt[2:]
        prompt = f"Replace the background with {place}, leaving the subject unchanged."
    return Preset(id=preset_id, name=name, prompt=prompt)


BUILTIN_PRESETS = tuple(map(_builtin, BUILTINS.splitlines()))


def nearest_first(word: str, choices: Sequence[str]) -> list[str]:
    """Sort the choices, the ones most like `word` first, equals in their order."""
    return sorted(choices, key=lambda c: -SequenceMatcher(None, word.lower(), c).ratio())


def not_found_text(
    presets: Sequence[Preset], preset_id: str, listing: str = "sana-vcam presets"
) -> str:
    """Say that no preset has this id, and which ones there are: of many the one that is near.

    `listing` is the command that lists them.
    """
    ids = nearest_first(preset_id, [preset.id for preset in presets])
    if len(ids) <= MOST_NAMED:
        return f"no preset {preset_id!r}; have: {', '.join(ids) or 'none'}"
    near = meant(preset_id, ids)
    hint = f"did you mean {near!r}? All of them" if near else "all of them"
    return f"no preset {preset_id!r}; {hint}: {listing}"
