"""Which look the words of a prompt select.

A prompt may name a place, which becomes the background, and a style, which everything is drawn in.
Words are whole words, singular or plural; the first rule with a match wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STYLES: tuple[tuple[str, str], ...] = (
    ("cyberpunk", "cyberpunk|synthwave|vaporwave|blade runner|futuristic|hologram"),
    ("neon", "neon|tron|glow|glowing"),
    ("van_gogh", "van gogh|starry night|impressionist|impressionism|monet|swirling"),
    ("watercolor", "watercolor|watercolour|aquarelle|gouache"),
    ("stained_glass", "stained glass|stained-glass|cathedral window"),
    ("papercut", "paper cut-out|cut-out|papercraft|origami|collage"),
    ("woodblock", "woodblock|ukiyo-e|ink wash|sumi-e|calligraphy|linocut|woodcut|engraving"),
    ("clay", "clay|claymation|plasticine|stop motion|stop-motion"),
    ("anime", "anime|manga|ghibli|cel shading|cartoon|pixar|disney|animated|illustration"),
    ("comic", "comic book|comic|graphic novel|superhero|halftone|pop art|warhol"),
    ("pixel_art", "pixel art|pixel|8-bit|16-bit|retro game|video game|minecraft|lego|brick"),
    ("low_poly", "low poly|low-poly|polygon|crystal|facet"),
    ("mosaic", "mosaic|tessellation|tile|pointillism"),
    ("pencil", "pencil|sketch|graphite|charcoal|line art|drawing|drawn|blueprint"),
    ("oil", "oil painting|oil|renaissance|rembrandt|painting|painted|brushstroke|canvas"),
    ("noir", "noir|film noir|detective"),
    ("vintage", "vintage|sepia|old film|retro|old photo|1920s|1970s|home movie|polaroid"),
    ("black_and_white", "black and white|black-and-white|monochrome|grayscale|greyscale"),
    ("negative", "negative|inverted|x-ray|infrared"),
    ("sunset", "sunset|sunrise|golden hour|golden-hour|golden light|dusk|dawn|warm light"),
    ("studio_light", "studio light|studio lighting|softbox|relight"),
    ("bronze", "bronze|copper|statue|sculpture|metal|metallic|robot|gold|golden"),
    ("snow", "snow|snowy|winter|ice|icy|frozen|frost|blizzard|christmas"),
    ("suit", "suit|tuxedo|blazer|jacket"),
    ("sweater", "sweater|jumper|cardigan|knitted|wool|embroidery"),
)
"""Look and the words that select it, separated by `|`; the order decides between two matches."""

SCENES: tuple[tuple[str, str], ...] = (
    ("speakeasy", "speakeasy|lounge|bar|pub|jazz club|nightclub|tavern|restaurant|cafe"),
    ("library", "library|bookshelf|bookshelves|bookcase|book|study"),
    ("loft", "loft|brick wall|brick-walled|warehouse"),
    ("office", "office|workplace|meeting room|conference room|living room|room|kitchen"),
    ("reef", "reef|underwater|under the sea|under water|aquarium|mermaid"),
    ("beach", "beach|ocean|sea|seaside|tropical|island|palm tree|coast"),
    ("space", "space|galaxy|planet|star|cosmos|nebula|moon|mars|spaceship|astronaut"),
    ("forest", "forest|wood|jungle|rainforest|tree|garden|meadow|park"),
    ("mountains", "mountain|alps|lake|canyon|landscape|nature"),
)
"""Place and the words that name it."""

BACKGROUND = "background|backdrop|behind|surroundings"
BLUR = "blur|blurred|blurry|bokeh|out of focus|defocused"

_LEFT_ALONE = re.compile(r"\b(?:leaving|keeping) [^.]* unchanged|\bon an? (?:\w+ )?background")
"""What a prompt says about parts that are to stay, and about the ground of a drawing."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The background and the style of an edit; None leaves that part of the source as it is."""

    scene: str | None
    style: str | None

    def __str__(self) -> str:
        return " + ".join(name for name in (self.scene, self.style) if name) or "source"


def choose(prompt: str) -> Selection:
    """Select the look for a prompt; a prompt that no rule knows gets the style "invented"."""
    text = " ".join(prompt.lower().split())
    if not text:
        return Selection(None, None)
    text = _LEFT_ALONE.sub(" ", text)
    if _has(text, BLUR):
        return Selection("blurred", None)
    if _has(text, BACKGROUND):
        return Selection(_first(text, SCENES) or "imagined", None)
    style = _first(text, STYLES)
    # The words of the style do not name a place as well: a comic book is no library.
    scene = _first(_without(text, style), SCENES)
    if style is None and scene is None:
        return Selection(None, "invented")
    return Selection(scene, style)


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{words})(?:s|es)?(?!\w)")


def _has(text: str, words: str) -> bool:
    return _pattern(words).search(text) is not None


def _without(text: str, style: str | None) -> str:
    return text if style is None else _pattern(dict(STYLES)[style]).sub(" ", text)


def _first(text: str, rules: tuple[tuple[str, str], ...]) -> str | None:
    return next((name for name, words in rules if _has(text, words)), None)
