"""Image edits chosen by the words of a prompt: what the stand-in shows in place of a model's work.

Real editing, but classical: no trained model, no randomness. A frame, a prompt and a seed, and the
number of the frame in its run, always give the same picture.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from sana_vcam.standin.looks import drawing, grading, scenes, tiles
from sana_vcam.standin.looks.canvas import Effect, Rgb, Touch
from sana_vcam.standin.looks.choice import choose

__all__ = ["describe", "edit", "names"]

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
