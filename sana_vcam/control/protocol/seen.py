"""What viewers see, in words: one source for the page, the command line and keypads."""

from __future__ import annotations

from sana_vcam.config.kinds import AWAY_BLACK
from sana_vcam.media.states import CameraKind, ProgramSource


def viewers_see(
    output: ProgramSource,
    *,
    card: str | None,
    kind: CameraKind | None,
    name: str,
    made_up: bool,
    away: str = "",
) -> str:
    """Say what comes after "Viewers see".

    `card` is the headline of a card that is shown; `kind` and `name` are the camera's; `made_up`:
    the model takes no camera; `away` is what stands for every card: black, or a picture's name.
    """
    match output:
        case ProgramSource.BLANK:
            return "black"
        case ProgramSource.FREEZE:
            return "a still picture"
        case ProgramSource.SLATE if away and not card:
            return away if away == AWAY_BLACK else f"your picture “{away}”"
        case ProgramSource.SLATE:
            return f"the card “{card}”" if card else "a card"
        case ProgramSource.LIVE if made_up:
            return "a picture that the model makes up"
    whom = {
        CameraKind.SCENE: "the test scene",
        CameraKind.FILE: f"the file “{name}”",
    }
    what = whom.get(kind, "you") if kind is not None else "you"
    return f"{what}, edited" if output is ProgramSource.LIVE else f"{what}, not edited"


def covered(*, blank: bool, freeze: bool, bypass: bool) -> tuple[str, ...]:
    """List the switches that are on and not seen, because a stronger one is on as well."""
    on = [
        name for name, is_on in zip(_STRONGEST_FIRST, (blank, freeze, bypass), strict=True) if is_on
    ]
    return tuple(on[1:])


_STRONGEST_FIRST = ("blank", "freeze", "bypass")
