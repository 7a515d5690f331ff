"""What the user wants of the model, kept apart from what a session happens to give."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wants:
    """Sent to every session anew; replaced as a whole, on the event loop."""

    prompt: str
    preset: str | None
    seed: int
    anchor_interval: int
    paused: bool = False
