"""A look that is being tried: what was wanted before comes back when the trial ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sana_vcam.engine.desired import DesiredState

_NAMES_THE_LOOK = ("prompt", "preset")


@dataclass(frozen=True)
class Trial:
    """The one trial that there is at a time.

    It belongs to a connection, and ends with it: whoever tries a look and is gone, by a closed
    page or a crash, leaves nothing of it on the screen.
    """

    owner: object
    """The connection that tries."""
    before: DesiredState
    """What was wanted before, by somebody who did not only try."""
    tried: Mapping[str, object]
    """The fields of `DesiredState` that are tried."""

    @classmethod
    def of(
        cls, owner: object, fields: Mapping[str, object], now: DesiredState, last: Trial | None
    ) -> Trial:
        """Begin to try `fields` while `now` is wanted; `last` is the trial that this one replaces.

        What comes back is never another's trial.
        """
        before = now if last is None else now.changed(last.back(now))
        return cls(owner, before, fields)

    def back(self, now: DesiredState) -> dict[str, object]:
        """List the fields that come back while `now` is wanted.

        Nothing if another look has been asked for since, by a key or a command; of this look only
        what nobody has asked for since.
        """
        if any(getattr(now, name) != self.tried[name] for name in _NAMES_THE_LOOK):
            return {}
        return {
            name: getattr(self.before, name)
            for name, value in self.tried.items()
            if getattr(now, name) == value
        }
