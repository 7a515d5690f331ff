"""The commands of a session as pure state: what is staged, what runs, what is refused and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sana_vcam.standin.clip import Clip

MODES = ("file", "live")
MAX_PROMPT_CHARACTERS = 4000
"""Longest prompt accepted. The real limit is unknown; this one is only ever hit on purpose."""

DEFAULT_ANCHOR_INTERVAL = 20

SourceMode = Literal["file", "live"]


class CommandRefused(Exception):
    """A command that the state does not allow; its text is the reason sent to the client."""


@dataclass(slots=True)
class ModelSession:
    """One client session, from connect to the end.

    Every method either applies a command completely or raises CommandRefused and changes nothing.
    `started` holds from start to the end of the run, `begun` until a reset; `completed` counts the
    chunks of the current or last run, `completed_before` those of the run before it.
    """

    mode: SourceMode = "file"
    seed: int = 0
    prompt: str = ""
    clip: Clip | None = None
    anchor_interval: int = DEFAULT_ANCHOR_INTERVAL
    begun: bool = False
    started: bool = False
    paused: bool = False
    completed: int = 0
    completed_before: int = 0

    @property
    def running(self) -> bool:
        """Whether chunks are being made: started and not paused."""
        return self.started and not self.paused

    @property
    def last_chunk(self) -> int:
        """Zero-based index of the last completed chunk, 0 before the first."""
        return max(0, self.completed - 1)

    def set_mode(self, mode: str) -> None:
        """Choose the source of the next start; repeating the current mode is always allowed.

        Raises:
            CommandRefused: the mode is unknown, or it would change while a run is on.
        """
        if mode not in MODES:
            raise CommandRefused(f'unknown mode "{mode}": use "file" or "live"')
        if self.started and mode != self.mode:
            raise CommandRefused("the mode is fixed while generating: reset first")
        self.mode = "live" if mode == "live" else "file"

    def set_prompt(self, prompt: str) -> None:
        """Stage a prompt for the next chunk; a blank one lets the source through.

        Raises:
            CommandRefused: the prompt is too long.
        """
        if len(prompt) > MAX_PROMPT_CHARACTERS:
            raise CommandRefused(f"the prompt is longer than {MAX_PROMPT_CHARACTERS} characters")
        self.prompt = prompt if prompt.strip() else ""

    def start(self) -> None:
        """Begin a run, or do nothing during one.

        In live mode a camera need not be published yet: the run waits for its frames.

        Raises:
            CommandRefused: file mode without a clip.
        """
        if self.started:
            return
        if self.mode == "file" and self.clip is None:
            raise CommandRefused("no source video: send set_video first, or set_mode live")
        self.begun = self.started = True
        self.completed_before, self.completed = self.completed, 0

    def pause(self) -> None:
        """Stop after the current chunk.

        Raises:
            CommandRefused: nothing is running, or it is paused already.
        """
        if not self.started:
            raise CommandRefused("not generating")
        if self.paused:
            raise CommandRefused("already paused")
        self.paused = True

    def resume(self) -> None:
        """Continue after a pause.

        Raises:
            CommandRefused: not paused.
        """
        if not self.paused:
            raise CommandRefused("not paused")
        self.paused = False

    def reset(self) -> None:
        """Forget the run, the prompt and the clip; mode, seed and anchor interval stay."""
        self.begun = self.started = self.paused = False
        self.prompt, self.clip = "", None
        self.completed = self.completed_before = 0

    def complete_chunk(self) -> int:
        """Count a chunk of the run and return its zero-based index."""
        self.completed += 1
        return self.completed - 1

    def finish(self) -> None:
        """End a run that has edited its whole clip; all that was staged stays staged."""
        self.started = self.paused = False
