"""The models that can be hosted: their names, their sizes, and the lengths of their chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HostedName = Literal["sana-streaming", "x2", "joyai", "vidu", "helios"]


@dataclass(frozen=True, slots=True)
class Hosted:
    """One model: where it is, and what it does unless told otherwise.

    `target` is the class to serve, as "module:Class". The sizes are those of main_video in pixels,
    0x0 if it follows the source; `chunk_frames` go out at once, `first_chunk` at first.
    """

    name: str
    target: str
    size: tuple[int, int]
    chunk_frames: int
    first_chunk: int


_MODELS = "sana_vcam.standin.models"

HOSTED: dict[HostedName, Hosted] = {
    "sana-streaming": Hosted(
        "sana-streaming", f"{_MODELS}.wire_live:SanaStreaming", (1280, 704), 24, 9
    ),
    "x2": Hosted("xmax/x2", f"{_MODELS}.x2:X2", (0, 0), 4, 4),
    "joyai": Hosted("joy-video-edit", f"{_MODELS}.joyai:JoyVideoEdit", (1248, 720), 8, 1),
    "vidu": Hosted("reactor/vidu-s2-editing", f"{_MODELS}.vidu:ViduEditing", (952, 544), 1, 1),
    "helios": Hosted("reactor/helios", f"{_MODELS}.helios:Helios", (640, 384), 33, 33),
}
"""Where a number is from: the platform's documents and, for X2, Vidu and Helios, what its plugin
for ComfyUI measured. SANA's first chunk is 9 frames, so that 33, the shortest clip, are two."""


def hosted_named(name: str) -> HostedName | None:
    """Find a model by its word here or its name on the platform, with or without the owner."""
    wanted = name.strip().lower()
    for word, hosted in HOSTED.items():
        if wanted in (word, hosted.name, hosted.name.partition("/")[2] or word, f"reactor/{word}"):
            return word
    return None
