"""The presets: named prompts, one per hotkey."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Preset(BaseModel):
    """One look."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    """The short name that commands use: lower-case letters, digits, - and _."""
    name: Annotated[str, Field(min_length=1, max_length=64)]
    """The name that people read."""
    prompt: Annotated[str, Field(max_length=4000)]
    """What the model is asked for."""
    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    """The seed that goes with it, if it needs a certain one."""


BUILTIN_PRESETS: tuple[Preset, ...] = (
    Preset(
        id="van-gogh",
        name="Van Gogh",
        prompt="Van Gogh oil painting, swirling brushstrokes, vivid colors",
    ),
    Preset(
        id="noir",
        name="Film noir",
        prompt="1940s film noir, high-contrast black and white, hard shadows, light film grain",
    ),
)
