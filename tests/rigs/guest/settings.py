"""Which scenarios run in which guest; one boot each."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.rigs.guest.inside import service
from tests.rigs.guest.inside.scenario import Result, scenarios
from tests.rigs.guest.rig import Guest, GuestDied, GuestTimeout, Share
from tests.rigs.guest.rig.debian import SERIES
from tests.rigs.guest.rig.guest import PROJECT

RESULTS = "results.jsonl"


@dataclass(frozen=True)
class Setting:
    """A guest, how v4l2loopback is loaded in it, and the scenarios that it runs."""

    name: str
    guest: Guest
    exclusive_caps: int
    modules: tuple[str, ...]
    only: tuple[str, ...] = ()
    """The scenarios of the modules that run here; empty for all."""
    timeout_s: float = 600
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        every = tuple(name for module in self.modules for name in scenarios(module))
        assert set(self.only) <= set(every), f"no such scenario: {set(self.only) - set(every)}"
        names = tuple(name for name in every if name in self.only) if self.only else every
        object.__setattr__(self, "names", names)

    def run(self, folder: Path, names: Sequence[str] = ()) -> Report:
        """Boot the guest and run the scenarios. What they leave behind comes into `folder`."""
        (folder / RESULTS).touch()
        share = Share(folder, Path("/results"), writable=True)
        guest = dataclasses.replace(self.guest, shares=[*self.guest.shares, share])
        program = (sys.executable, "-m", "tests.rigs.guest.inside", f"/results/{RESULTS}")
        died = ""
        try:
            outcome = guest.run(
                [*program, str(self.exclusive_caps), *(names or self.names)],
                timeout_s=self.timeout_s,
                on_output=lambda piece: print(piece, end="", flush=True),
            )
            if outcome.status:
                died = f"exit status {outcome.status} of the runner:\n{outcome.output[-3000:]}"
        except (GuestDied, GuestTimeout) as error:
            died = str(error)
        lines = (folder / RESULTS).read_text().splitlines()
        return Report({one.scenario: one for one in map(Result.from_json, lines)}, died)


@dataclass(frozen=True)
class Report:
    """What became of a setting's scenarios. `died` says why the guest ended early, if it did."""

    results: dict[str, Result]
    died: str


READABLE_BY_ALL = (
    Share(Path(sys.base_prefix).resolve(), service.PYTHON),
    Share(Path(sys.prefix).resolve(), service.PACKAGES),
    Share(PROJECT, service.PROJECT),
)
"""The installation once more, outside of the home folder in which it may lie."""
STOCK = (
    *("consumers.ffmpeg", "consumers.gstreamer", "consumers.v4l2_ctl", "consumers.opencv"),
    *("life.killed_and_started_again", "watched.a_viewer_comes_and_goes"),
)
"""On the emulated processor, where everything takes long."""
STOCK_SHARED = ("consumers.ffmpeg", "consumers.v4l2_ctl")
# Only this driver has no event for its consumers, and is looked at from outside.
WITHOUT_EVENTS = ("watched.a_list_of_devices_is_nobody",)

SETTINGS = (
    Setting(
        "newest-exclusive",
        Guest("uml", udev=True),
        1,
        ("consumers", "refusals", "life", "webcam", "watched", "doctor", "browser"),
    ),
    Setting("newest-shared", Guest("uml", udev=True), 0, ("consumers", "refusals", "browser")),
    Setting(
        "systemd",
        Guest("uml", systemd=True, shares=READABLE_BY_ALL),
        1,
        ("service",),
    ),
    *(
        Setting(
            f"{series}-exclusive",
            Guest("qemu", series=series, udev=True),
            1,
            ("consumers", "life", "watched"),
            only=(*STOCK, *(WITHOUT_EVENTS if series == "0.12" else ())),
        )
        for series in SERIES
    ),
    *(
        Setting(
            f"{series}-shared",
            Guest("qemu", series=series, udev=True),
            0,
            ("consumers",),
            only=STOCK_SHARED,
        )
        for series in SERIES
    ),
)
