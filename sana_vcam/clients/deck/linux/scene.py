"""What is known of the daemon: one immutable picture, made from its messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Look:
    """One of the daemon's presets."""

    id: str
    name: str
    still_name: str | None = None
    """Names its still, and changes with it; None while there is none."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that keys may show. A daemon of another version may know more, or less."""

    online: bool = False
    why: str | None = None
    """Why there is no connection, in words."""
    state: Mapping[str, Any] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    stills: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    """Of looks, by id: the still's name and its JPEG."""

    @property
    def active(self) -> Look | None:
        """The look that is on."""
        preset = self.state.get("preset")
        return next((look for look in self.looks if look.id == preset), None)

    def still(self, look: Look) -> bytes | None:
        """A look's JPEG, if it has come."""
        return self.stills.get(look.id, ("", None))[1]

    def missing(self) -> tuple[Look, ...]:
        """Looks whose still is not here yet, or has changed."""
        return tuple(
            look
            for look in self.looks
            if look.still_name and self.stills.get(look.id, ("",))[0] != look.still_name
        )

    def with_state(self, state: Mapping[str, Any]) -> Scene:
        """The scene after a `state` event."""
        return replace(self, online=True, why=None, state=state)

    def with_stats(self, stats: Mapping[str, Any]) -> Scene:
        """The scene after a `stats` event."""
        return replace(self, state={**self.state, **stats}) if self.state else self

    def with_presets(self, presets: Sequence[Mapping[str, Any]]) -> Scene:
        """The scene after a `presets` event."""
        looks = tuple(Look(p["id"], p["name"], p.get("thumbnail")) for p in presets)
        wanted = {look.id for look in looks if look.still_name}
        stills = {id_: still for id_, still in self.stills.items() if id_ in wanted}
        return replace(self, looks=looks, stills=stills)

    def with_still(self, look: Look, jpeg: bytes) -> Scene:
        """The scene after a still has come."""
        return replace(self, stills={**self.stills, look.id: (look.still_name or "", jpeg)})

    def offline(self, why: str) -> Scene:
        """The scene without a daemon; the looks stay, to keep their places."""
        return replace(self, online=False, why=why, state={})
