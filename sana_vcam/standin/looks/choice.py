"""Which look the words of a prompt select.

A prompt may name a place, which becomes the background, and a style, which everything is drawn in.
Words are whole words, singular or plural; the first rule with a match wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STYLES: tuple[tuple[str, str], ...] = (
    ("van_gogh", "van gogh|starry night|post-impressionist|swirling"),
    ("impressionist", "impressionist|impressionism|monet|renoir"),
    ("pointillism", "pointillism|pointillist|seurat"),
    ("watercolor", "watercolor|watercolour|aquarelle|gouache"),
    ("stained_glass", "stained glass|stained-glass|cathedral window"),
    ("mosaic", "mosaic|tessellation|tile"),
    ("pastel", "pastel|chalk|crayon"),
    ("ink_wash", "ink wash|sumi-e|sumi|calligraphy|ink painting|ukiyo-e|woodblock"),
    ("oil", "oil painting|oil paint|oil|rembrandt|painting|painted|painterly|brushstroke|canvas"),
    ("charcoal", "charcoal"),
    ("engraving", "engraving|etching|banknote|woodcut|linocut"),
    ("blueprint", "blueprint|technical drawing|schematic"),
    ("anime", "anime|manga|ghibli|cel shading|cel-shaded|japanese animation"),
    ("pencil", "pencil|sketch|graphite|line art|drawing|drawn"),
    ("pop_art", "pop art|pop-art|warhol|lichtenstein|screen print"),
    ("comic", "comic book|comic|graphic novel|superhero|halftone"),
    ("clay", "clay|claymation|plasticine|play-doh|stop motion|stop-motion"),
    ("cartoon", "cartoon|pixar|disney|animated|illustration"),
    ("bricks", "lego|brick|toy block"),
    ("pixel_art", "pixel art|pixel|pixelated|8-bit|8 bit|16-bit|retro game|video game|minecraft"),
    ("low_poly", "low poly|low-poly|polygon|origami|crystal|facet"),
    ("embroidery", "embroidery|cross stitch|cross-stitch|knitted|wool|tapestry"),
    ("noir", "noir|film noir|detective"),
    ("thermal", "thermal|infrared|heat map|heatmap|predator"),
    ("x_ray", "x-ray|xray|x ray|radiograph|skeleton"),
    ("negative", "negative|inverted"),
    ("night_vision", "night vision|night-vision|matrix|surveillance"),
    ("hologram", "hologram|holographic|projection|star wars"),
    ("neon", "neon|cyberpunk|synthwave|vaporwave|blade runner|tron|glow|glowing|futuristic"),
    ("sunset", "sunset|sunrise|golden hour|golden-hour|golden light|dusk|dawn|warm light|autumn"),
    (
        "vintage",
        "vintage|sepia|old film|retro|old photo|1920s|1930s|1970s|home movie|antique|silent film"
        "|polaroid",
    ),
    ("black_and_white", "black and white|black-and-white|monochrome|grayscale|greyscale|silver"),
    ("gold", "gold|golden|gilded"),
    ("bronze", "bronze|copper|statue|sculpture|metal|metallic|robot|steampunk"),
    ("marble", "marble|stone|plaster|porcelain"),
    ("snow", "snow|snowy|winter|ice|icy|frozen|frost|blizzard|christmas"),
    ("underwater", "underwater|under the sea|under water|aquarium|submerged|mermaid"),
    ("fire", "fire|flame|burning|lava|inferno|volcano|hell"),
    ("dream", "dream|dreamy|ethereal|soft focus|heaven|angelic|fairy tale"),
)
"""Look and the words that select it, separated by `|`; the order decides between two matches."""

SCENES: tuple[tuple[str, str], ...] = (
    ("speakeasy", "speakeasy|lounge|bar|pub|jazz club|nightclub|tavern|restaurant|cafe"),
    ("library", "library|bookshelf|bookshelves|bookcase|book|study"),
    ("office", "office|workplace|meeting room|conference room|living room|room|kitchen"),
    ("beach", "beach|ocean|sea|seaside|tropical|island|palm tree|coast"),
    ("space", "space|galaxy|planet|star|cosmos|nebula|moon|mars|spaceship|astronaut"),
    ("forest", "forest|wood|jungle|rainforest|tree"),
    ("city", "city|skyline|street|tokyo|new york|downtown|skyscraper"),
    ("mountains", "mountain|alps|lake|canyon|landscape|nature"),
    ("garden", "garden|flower|meadow|field|park|spring"),
    ("sunset_sky", "sunset|sunrise|sky|horizon"),
    ("white_wall", "white|white wall|plain"),
    ("studio", "studio|backdrop|portrait"),
)
"""Place and the words that name it; `sunset_sky` and later ones only count as backgrounds."""

BACKGROUND = "background|backdrop|behind|surroundings"
BLUR = "blur|blurred|blurry|bokeh|out of focus|defocused"
ONLY_AS_BACKGROUND = frozenset({"sunset_sky", "white_wall", "studio"})


@dataclass(frozen=True, slots=True)
class Choice:
    """The background and the style of an edit; None leaves that part of the source as it is."""

    scene: str | None
    style: str | None

    def __str__(self) -> str:
        return " + ".join(name for name in (self.scene, self.style) if name) or "source"


def choose(prompt: str) -> Choice:
    """Return the look for a prompt; a prompt that no rule knows gets the style "invented"."""
    text = " ".join(prompt.lower().split())
    if not text:
        return Choice(None, None)
    if _has(text, BACKGROUND):
        if _has(text, BLUR):
            return Choice("blurred", None)
        return Choice(_first(text, SCENES) or "imagined", None)
    if _has(text, BLUR):
        return Choice("blurred", None)
    style = _first(text, STYLES)
    # The words of the style do not name a place as well: a comic book is no library.
    scene = _first(_without(text, style), SCENES)
    if scene in ONLY_AS_BACKGROUND:
        scene = None
    if style is None and scene is None:
        return Choice(None, "invented")
    return Choice(scene, style)


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{words})(?:s|es)?(?!\w)")


def _has(text: str, words: str) -> bool:
    return _pattern(words).search(text) is not None


def _without(text: str, style: str | None) -> str:
    return text if style is None else _pattern(dict(STYLES)[style]).sub(" ", text)


def _first(text: str, rules: tuple[tuple[str, str], ...]) -> str | None:
    return next((name for name, words in rules if _has(text, words)), None)
