"""A state of the daemon in a few words, for a line on a terminal and for `ctl watch`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OUTPUTS = {"slate": "card"}
"""What viewers see, where the word for people is another one than the API's."""


def output_words(state: Mapping[str, Any]) -> str:
    """Say what viewers see: live, card, blank, freeze or bypass."""
    output = str(state["output"])
    return _OUTPUTS.get(output, output)


def look_words(state: Mapping[str, Any]) -> str:
    """Name the look that is wanted: the preset, else the prompt."""
    return str(state["preset"] or state["prompt"] or "no prompt")


def session_words(state: Mapping[str, Any]) -> str:
    """Say what the session is doing, and of a wait for how long and whether it is billed."""
    phase = clock(float(state.get("phase_s") or 0.0))
    match state["session"]:
        case "idle" if state.get("session_wanted"):
            return "no session yet"
        case "idle":
            return "no session"
        case "connecting":
            return f"Connecting {phase}"
        case "waiting":
            return f"Waiting for a GPU {phase}{_not_billed(state)}"
        case "starting":
            return f"Starting {phase}"
        case "reconnecting":
            return f"Reconnecting {phase}"
        case "backoff":
            return next_try_words(state) or "Trying again soon"
        case "refused":
            return "No session: refused"
        case other:
            return str(other)


def _not_billed(state: Mapping[str, Any]) -> str:
    return " · not billed" if state.get("billable", True) else ""


def next_try_words(state: Mapping[str, Any]) -> str:
    """Say when the next try comes; nothing where none is due."""
    seconds = state.get("next_try_in_s")
    return "" if seconds is None else f"Next try in {clock(float(seconds))}"


def clock(seconds: float) -> str:
    """Write a time as 0:42 or 1:02:03."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
