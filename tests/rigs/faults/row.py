"""A row of the matrix, and what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tests.rigs.faults.clip import Seen
from tests.rigs.faults.stage import Plan, Stage, Wire

RECOVERY_S = 5.0
GAP_S = 0.100
"""No more than this between frames at 24 fps, beyond what an idle thread was late as well."""
CROWDED = 0.5
"""From this part of the time on in which something waited for a processor, the machine does more
than it can, and a gap says little of the daemon: then `CROWDED_GAP_S` is the bound. A picture that
waits for something else than a processor is gone for longer."""
CROWDED_GAP_S = 0.400
LATE_S = 0.5
"""What is for the machine in a time for which a picture may stay."""
STILL_S = 2.5 + LATE_S
"""The model's last picture stays for 2.5 s; what is longer is a dead picture."""


class Program(StrEnum):
    """What viewers are to see from the cause to the end."""

    LIVE = "live stays"
    CARD = "a card"
    EITHER = "live or a card"
    BLACK = "black stays"
    STILL = "the still stays"
    RAW = "the raw camera"


ALLOWED: dict[Program, frozenset[Seen]] = {
    Program.LIVE: frozenset({Seen.LIVE}),
    Program.CARD: frozenset({Seen.LIVE, Seen.CARD}),
    Program.EITHER: frozenset({Seen.LIVE, Seen.CARD}),
    Program.BLACK: frozenset({Seen.BLACK}),
    Program.STILL: frozenset({Seen.LIVE}),
    Program.RAW: frozenset({Seen.LIVE, Seen.RAW}),
}


@dataclass(frozen=True)
class Row:
    """One fault: what is done, what viewers are to see, and how soon all is well again.

    `recovery_s` is None where nothing has to come back, and longer than five seconds only for the
    reason in `why`. `exits` are the statuses with which the daemon may end, and `still_s` how long
    the model's last picture may stay.
    """

    name: str
    cause: str
    program: Program
    play: Callable[[Stage], Awaitable[None]]
    plan: Plan = field(default_factory=Plan)
    recovery_s: float | None = RECOVERY_S
    why: str = ""
    exits: frozenset[int] = frozenset({0})
    still_s: float = STILL_S

    def on(self, wire: Wire) -> Row:
        """Make the same row with another model, or another generation of its words."""
        return replace(self, name=f"{self.name} ({wire.name})", plan=replace(self.plan, wire=wire))

    @property
    def group(self) -> str:
        """The part of the name before the colon."""
        return self.name.partition(":")[0]


@dataclass
class Result:
    """What was measured; `faults` is what is wrong, `slow` what took too long. Empty: survived."""

    name: str
    cause: str
    expected: str
    faults: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    frames: int = 0
    gap_ms: int | None = None
    machine_ms: int | None = None
    gaps_over: int = 0
    crowded: float = 0.0
    still_s: float | None = None
    card_after_s: float | None = None
    live_again_s: float | None = None
    bound_s: float | None = None
    why: str = ""
    raw: int = 0
    left_open: int = 0
    took_s: float = 0.0
    before: list[str] = field(default_factory=list)
    """What was slow each time that the row was played before this one."""
    log: list[str] = field(default_factory=list)

    @property
    def survived(self) -> bool:
        """Whether everything was as it has to be."""
        return not self.faults and not self.slow
