"""What is known of the daemon: one immutable picture, made from its messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class KnownPreset:
    """One of the daemon's presets."""

    id: str
    name: str
    still_name: str | None = None
    """Names its still, and changes with it; None while there is none."""


type SettingValue = str | float | bool


@dataclass(frozen=True, slots=True)
class KnownSetting:
    """One of the settings of the model that runs."""

    name: str
    values: tuple[SettingValue, ...]
    """All of them, if they are few: its words, or off and on."""
    value: SettingValue | None

    @property
    def next_value(self) -> SettingValue | None:
        """What comes after the value that it has; None if it has no words to go through."""
        if not self.values:
            return None
        now = self.values[0] if self.value is None else self.value
        at = self.values.index(now) + 1 if now in self.values else 0
        return self.values[at % len(self.values)]


@dataclass(frozen=True, slots=True)
class DaemonState:
    """Everything that keys may show. A daemon of another version may know more, or less."""

    online: bool = False
    why: str | None = None
    """Why there is no connection, in words."""
    state: Mapping[str, Any] = field(default_factory=dict)
    presets: tuple[KnownPreset, ...] = ()
    settings: tuple[KnownSetting, ...] = ()
    """Of the model; an older daemon does not tell them."""
    stills: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    """Of presets, by id: the still's name and its JPEG."""

    @property
    def active(self) -> KnownPreset | None:
        """The preset that is on."""
        active = self.state.get("preset")
        return next((preset for preset in self.presets if preset.id == active), None)

    def still(self, preset: KnownPreset) -> bytes | None:
        """Find a preset's JPEG, if it has come."""
        return self.stills.get(preset.id, ("", None))[1]

    def missing(self) -> tuple[KnownPreset, ...]:
        """List the presets whose still is not here yet, or has changed."""
        return tuple(
            preset
            for preset in self.presets
            if preset.still_name and self.stills.get(preset.id, ("",))[0] != preset.still_name
        )

    def with_state(self, state: Mapping[str, Any]) -> DaemonState:
        """Take in a `state` event."""
        return replace(self, online=True, why=None, state=state)

    def with_stats(self, stats: Mapping[str, Any]) -> DaemonState:
        """Take in a `stats` event."""
        return replace(self, state={**self.state, **stats}) if self.state else self

    def with_presets(self, presets: Sequence[Mapping[str, Any]]) -> DaemonState:
        """Take in a `presets` event."""
        known = tuple(KnownPreset(p["id"], p["name"], p.get("thumbnail")) for p in presets)
        wanted = {preset.id for preset in known if preset.still_name}
        stills = {id_: still for id_, still in self.stills.items() if id_ in wanted}
        return replace(self, presets=known, stills=stills)

    def with_settings(self, settings: Sequence[Mapping[str, Any]]) -> DaemonState:
        """Take in a `settings` event."""
        known = tuple(
            KnownSetting(
                one["name"],
                (False, True) if one["kind"] == "boolean" else tuple(one["choices"]),
                one["value"],
            )
            for one in settings
        )
        return replace(self, settings=known)

    @property
    def rehearses(self) -> bool:
        """Whether a look is rehearsed that can be taken, or put back."""
        return self.online and self.state.get("rehearsal") in {"coming", "ready"}

    def is_rehearsed(self, preset: str) -> bool:
        """Whether it is this look that is rehearsed."""
        return self.rehearses and self.state.get("preset") == preset

    @property
    def keeps(self) -> bool:
        """Whether what viewers see is held, for clips and recordings."""
        return self.online and bool(self.state.get("clips"))

    def setting(self, name: str) -> KnownSetting | None:
        """Find a setting of the model."""
        return next((setting for setting in self.settings if setting.name == name), None)

    def with_value(self, name: str, value: SettingValue) -> DaemonState:
        """Take note that a setting was given a value, until the daemon says what it has."""
        settings = tuple(
            replace(setting, value=value) if setting.name == name else setting
            for setting in self.settings
        )
        return replace(self, settings=settings)

    def with_still(self, preset: KnownPreset, jpeg: bytes) -> DaemonState:
        """Take in a still that has come."""
        return replace(self, stills={**self.stills, preset.id: (preset.still_name or "", jpeg)})

    def offline(self, why: str) -> DaemonState:
        """Take note that there is no daemon; the presets stay, to keep their places."""
        return replace(self, online=False, why=why, state={}, settings=())
