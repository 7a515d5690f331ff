"""The daemon whose picture stops after some ticks and for ever, as with a driver that hangs.

    python -m tests.rigs.guest.inside.hanging TICKS run [options]

Everything else is the real process.
"""

from __future__ import annotations

import sys
import threading

from sana_vcam.media.frames import Picture
from sana_vcam.media.playout.program import Program


def hang_after(ticks: int) -> None:
    """Let the playout of this process hang once it has shown so many pictures."""
    print(f"the picture stops after {ticks} ticks", file=sys.stderr, flush=True)
    show, left = Program.next, iter(range(ticks))

    def show_or_hang(program: Program, now: float) -> Picture:
        if next(left, None) is None:
            threading.Event().wait()
        return show(program, now)

    Program.next = show_or_hang  # type: ignore[method-assign]


def main() -> int:
    hang_after(int(sys.argv.pop(1)))
    from sana_vcam.__main__ import main as daemon

    return daemon()


if __name__ == "__main__":
    sys.exit(main())
