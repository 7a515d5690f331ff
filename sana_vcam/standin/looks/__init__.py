"""Image edits chosen by the words of a prompt: what the stand-in shows in place of a model's work.

Real editing, but classical: no trained model, no randomness. A frame, a prompt and a seed, and the
number of the frame in its run, always give the same picture.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from sana_vcam.standin.looks import drawing, grading, moving, scenes, tiles
from sana_vcam.standin.looks.canvas import Effect, Extent, Rgb, Touch
from sana_vcam.standin.looks.choice import choose
from sana_vcam.standin.looks.scenes import PLACES

__all__ = ["describe", "edit", "invent", "names"]

_EFFECTS: dict[str, Effect] = {
    **drawing.EFFECTS,
    **grading.EFFECTS,
    **tiles.EFFECTS,
    **scenes.EFFECTS,
}


def edit(frame: Rgb, prompt: str, seed: int, *, index: int = 0) -> Rgb:
    """Edit a frame as the prompt describes it: (H, W, 3) RGB uint8, of the same size.

    An empty prompt returns the frame itself. The frame given is never written to. `index` counts
    the frames of a run: flakes fall with it. The first call for a prompt, or for a size, also
    draws what is the same in every frame, and may take a few tenths of a second.
    """
    selection = choose(prompt)
    touch = Touch(_mixed(prompt, seed), index)
    for name in (selection.scene, selection.style):
        if name is not None:
            frame = _EFFECTS[name](frame, touch)
    return frame


def invent(
    size: Extent,
    prompt: str,
    seed: int,
    *,
    index: int = 0,
    image: Rgb | None = None,
    strength: float = 1.0,
) -> Rgb:
    """Make picture `index` of a moving scene from a prompt alone: (H, W, 3) RGB uint8.

    The prompt names the place, the style, and with the seed the colours; an image is mixed into the
    place by its strength, 0 to 1.
    """
    selection = choose(prompt)
    touch = Touch(_mixed(prompt, seed), index)
    draw = PLACES.get(selection.scene or "", scenes.imagined)
    picture = moving.scene(size, draw, touch, image, strength)
    if selection.style is not None:
        picture = _EFFECTS[selection.style](picture, touch)
    return picture


def describe(prompt: str) -> str:
    """Name the look that a prompt selects, such as "oil" or "beach + snow"; "source" if empty."""
    return str(choose(prompt))


def names() -> list[str]:
    """List the name of every look, styles before places."""
    return list(_EFFECTS)


@lru_cache(maxsize=64)
def _mixed(prompt: str, seed: int) -> int:
    """Mix prompt and seed into a number below 2**31 that any change of either changes."""
    digest = hashlib.blake2b(f"{seed} {' '.join(prompt.split())}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) >> 1
