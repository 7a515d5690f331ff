"""What is still to be sent to the daemon: one wish about each thing, the newest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from sana_vcam.clients.osc.addresses import Wish

FIRST: Sequence[str] = ("blank", "freeze")
"""What goes before everything else, and replaces nothing."""
MOST = 64
"""The most things that may wait; each has one wish."""
MOST_STEPS = 1000


class Outbox:
    """Keeps wishes until they are taken, one by one. It never grows beyond `MOST`."""

    def __init__(self) -> None:
        self._waiting: dict[str, Wish] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, wish: Wish) -> bool:
        """Keep a wish in place of an older one about the same; False if there is no room."""
        about = wish.about
        before = self._waiting.pop(about, None)
        if before is None and len(self._waiting) >= MOST:
            return False
        kept = self._joined(before, wish)
        if kept is not None:
            self._waiting[about] = kept
        if about == "look":
            # Whichever look it was a step from, this one is meant now.
            self._waiting.pop("step", None)
        return True

    @staticmethod
    def _joined(before: Wish | None, wish: Wish) -> Wish | None:
        """Make one wish of two about the same; None if nothing is left to do."""
        if before is None:
            return wish
        if wish.about == "step":
            by = cast("int", before.data["by"]) + cast("int", wish.data["by"])
            by = max(-MOST_STEPS, min(MOST_STEPS, by))
            return replace(wish, data={"by": by}) if by else None
        if wish.about in FIRST and "on" not in wish.data:
            # Two toggles are none; one after "on" is "off".
            return replace(wish, data={"on": not before.data["on"]}) if before.data else None
        return wish

    def take(self) -> Wish | None:
        """Take the wish that is to be sent next; None if none waits."""
        about = next((one for one in FIRST if one in self._waiting), None)
        if about is None:
            about = next(iter(self._waiting), None)
        return None if about is None else self._waiting.pop(about)
