"""What `run` and `demo` say to a person: where the dashboard is, and a line with what happens."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sana_vcam.clients.statewords import look_words, next_try_words, output_words, session_words
from sana_vcam.config import paths
from sana_vcam.control.access import discovery
from sana_vcam.control.protocol.state import State
from sana_vcam.lib.printing import printable
from sana_vcam.lib.screen import Ink, cut
from sana_vcam.lib.statusline import StatusLine
from sana_vcam.media.states import ProgramSource

LINE_EVERY_S = 0.5
PATIENCE_S = 3.0
"""How long the introduction waits for the dashboard's address."""
LOOK_CELLS = 40
INKS = {ProgramSource.LIVE: Ink.GOOD, ProgramSource.SLATE: Ink.CARE}
"""Of what viewers see; all else hides the model's picture, or shows the raw camera."""
FAILED = frozenset({"backoff", "refused"})
"""The states of a session whose opening has failed."""


class Console:
    """Tells a daemon's states; its methods run on the event loop but for `published`.

    `introduce` writes what is said first, given the dashboard's address or None, and gives None as
    long as something for it is not known. On a terminal a line is rewritten at the bottom;
    elsewhere a line is printed for each change.
    """

    def __init__(
        self,
        line: StatusLine,
        introduce: Callable[[State, str | None], str | None],
        *,
        runtime_dir: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._introduce = introduce
        self._runtime_dir = runtime_dir
        self._clock = clock
        self._began: float | None = None
        self._introduced = False
        self._dashboard: str | None = None
        self._shown_at = float("-inf")
        self._key: tuple[object, ...] = ()
        self._session = ""
        # What is amiss is read after the address, not instead of it.
        line.hold()

    def published(self) -> None:
        """Read the dashboard's address with its token; blocks, so in a thread.

        Only on a terminal, where nobody but the user reads it.
        """
        if self._line.is_shown and self._dashboard is None:
            found = discovery.find(self._runtime_dir or paths.runtime_dir())
            self._dashboard = None if found is None else found.dashboard

    def show(self, state: State) -> None:
        """Show a state, at most twice a second."""
        now = self._clock()
        if not self._introduced:
            self._begin(state, now)
            return
        if self._line.is_shown:
            self._tell_of_a_failed_try(state)
        key = (state.output, state.session, state.prompt, state.error)
        if key == self._key and (not self._line.is_shown or now - self._shown_at < LINE_EVERY_S):
            return
        self._key, self._shown_at = key, now
        if self._line.is_shown:
            self._line.show(
                live_line(state.model_dump(mode="json")), INKS.get(state.output, Ink.BAD)
            )
        else:
            _say(live_line(state.model_dump(mode="json")))

    def _begin(self, state: State, now: float) -> None:
        self._began = now if self._began is None else self._began
        waits = self._line.is_shown and self._dashboard is None and now < self._began + PATIENCE_S
        text = None if waits else self._introduce(state, self._dashboard)
        if text is not None:
            self._introduced = True
            self._line.release(f"{text}\n")

    def _tell_of_a_failed_try(self, state: State) -> None:
        before, self._session = self._session, state.session
        if state.session in FAILED and state.session != before:
            said = state.model_dump(mode="json", include={"error", "next_try_in_s"})
            error = str(said["error"] or "No session could be opened.")
            end = "" if error.endswith((".", "?", "!")) else "."
            text = f"{time.strftime('%H:%M:%S')} {error}{end} {next_try_words(said)}"
            _say(printable(text.rstrip()))


def live_line(state: Mapping[str, Any]) -> str:
    """Describe in one line what is happening; what matters most stands first."""
    error = f"  ! {state['error']}" if state["error"] else ""
    delay = "" if state["delay_ms"] is None else f"  smoothing {state['delay_ms']} ms"
    return printable(
        f"{output_words(state).upper():6} {session_words(state)}{error}  "
        f"[{cut(look_words(state), LOOK_CELLS)}]  camera {state['fps_camera']:.1f} fps, "
        f"edited {state['fps_model']:.1f}, shown {state['fps_output']:.1f}{delay}"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr)
