"""What a command will cost, said before it is sent."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from sana_vcam.lib.printing import printable_lines

STILL = "viewers keep a still until take or back"
LIVE = "viewers stay live until take or back"


def of_rehearsal(state: Mapping[str, Any]) -> str | None:
    """Say what a rehearsal costs while the daemon is in `state`; None where none can begin.

    It runs in the session that streams, so nothing is billed besides that session; or in one of its
    own, which is.
    """
    if state.get("session") != "streaming":
        return None
    if state.get("billable") is False:
        return f"costs nothing: the model runs on this machine; {STILL}"
    price = state.get("price_per_min")
    money = f"{price:g} {state.get('currency') or ''}".rstrip() if price else ""
    if state.get("second_session"):
        known = f" ({money} a minute each)" if price else ""
        return f"a second session is billed beside the one that runs{known}; {LIVE}"
    known = f" ({money} a minute)" if price else ""
    return f"billed as the session that runs{known}, and nothing besides; {STILL}"


def say_before_rehearsal(reply: Mapping[str, Any]) -> None:
    """Print the price on standard error; `reply` is the daemon's to `get_state`."""
    said = of_rehearsal(reply["data"]) if reply["type"] == "ok" else None
    if said is not None:
        print(printable_lines(f"rehearse: {said}"), file=sys.stderr, flush=True)
