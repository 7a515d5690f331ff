"""How far an edit is: a bar on a terminal, a line for each step in a pipe, or JSON for scripts.

A thread writes, because a terminal that is held or a pipe that nobody reads would hold up the event
loop, and with it the end of a billed session.
"""

from __future__ import annotations

import contextlib
import json
import queue
import sys
import threading
import time

from sana_vcam.lib.screen import columns, cut, is_terminal
from sana_vcam.lib.statusline import ERASE
from sana_vcam.lib.threads import run_blocking

BAR = 30
EVERY_S = 0.25
WAITING = 200
"""So many lines may wait for a slow reader; progress beyond that is left out."""
END_S = 2.0
"""How long the end of the process waits for a reader."""


class EditProgress:
    """The teller of one edit; on the event loop."""

    def __init__(self, *, json_events: bool, yes: bool) -> None:
        """Begin to write. `yes`: questions are answered so without being asked."""
        self._json = json_events
        self._bar = not json_events and is_terminal(sys.stderr)
        self._asks = not (json_events or yes) and sys.stdin.isatty() and sys.stderr.isatty()
        self._step = ""
        self._shown: tuple[str, int, int] | None = None
        self._shown_at = float("-inf")
        self._lines: queue.Queue[tuple[str, bool] | None] = queue.Queue()
        self._writer = threading.Thread(target=self._write, name="edit-progress", daemon=True)
        self._writer.start()

    def step(self, name: str, done: int, total: int) -> None:
        """Show a step and the pictures so far, a few times a second."""
        now = time.monotonic()
        shown = (name, done, total)
        is_new = name != self._step
        if not is_new and (shown == self._shown or now - self._shown_at < EVERY_S):
            return
        self._step, self._shown, self._shown_at = name, shown, now
        if self._json:
            self._event("progress", step=name, done=done, total=total)
        elif self._bar:
            width = columns(sys.stderr)
            line = cut(_bar(name, done, total), None if width is None else width - 1)
            self._put(f"{ERASE}{line}", passing=True)
        elif is_new:
            self._put(f"{name} ...\n")

    def say(self, sentence: str) -> None:
        """Say something that the user should know."""
        if self._json:
            self._event("notice", message=sentence)
        else:
            self._put(f"{self._clear}{sentence}\n")

    def done(self, sentence: str, **facts: object) -> None:
        """Say that the edit is whole."""
        if self._json:
            self._event("done", **facts)
        else:
            self._put(f"{self._clear}{sentence}\n")

    def failed(self, message: str) -> None:
        """Note the failure for scripts; the sentence itself is printed by the command line."""
        if self._json:
            self._event("error", message=message)
        elif self._bar and self._shown is not None:
            self._put("\n")

    @property
    def asks(self) -> bool:
        """Whether questions are asked."""
        return self._asks

    async def may_go_live(self, question: str) -> bool:
        """Ask on a terminal; elsewhere, or with --yes, say it and go on."""
        if not self._asks:
            self.say(question)
            return True
        return await self.ask(f"{question}. Go on? [y/N] ")

    async def ask(self, question: str) -> bool:
        """Ask on the terminal; anything but a yes is a no."""
        self._put(f"{self._clear}{question}")
        answer = await run_blocking(sys.stdin.readline, name="edit-question")
        return answer.strip().lower() in {"y", "yes"}

    def close(self) -> None:
        """Write what waits, as far as it is read."""
        self._lines.put(None)
        self._writer.join(END_S)

    @property
    def _clear(self) -> str:
        return ERASE if self._bar else ""

    def _event(self, event: str, **facts: object) -> None:
        line = json.dumps({"event": event, **facts}, default=str)
        self._put(f"{line}\n", passing=event == "progress")

    def _put(self, text: str, *, passing: bool = False) -> None:
        if not passing or self._lines.qsize() < WAITING:
            self._lines.put((text, self._json))

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            text, is_event = line
            stream = sys.stdout if is_event else sys.stderr
            # A reader that has gone needs no news, and the edit goes on.
            with contextlib.suppress(OSError, ValueError):
                stream.write(text)
                stream.flush()


def _bar(name: str, done: int, total: int) -> str:
    if name not in {"preparing", "editing", "writing"} or not total:
        return f"{name} ..."
    part = min(1.0, done / total)
    full = round(part * BAR)
    return f"{name:9} [{'#' * full}{'.' * (BAR - full)}] {done}/{total}  {part:4.0%}"
