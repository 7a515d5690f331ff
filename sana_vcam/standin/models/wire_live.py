"""The wire of today's `sana-streaming`, from its version 2 on: live only, with typed replies."""

from __future__ import annotations

from reactor_runtime.interface import ModelMessage, event

from sana_vcam.standin.models.anchored import AnchoredSana, GenerationPaused, GenerationResumed
from sana_vcam.standin.models.sana import GenerationReset, PromptAccepted


class StateMessage(ModelMessage):
    """A snapshot of the run; current_chunk is the zero-based index of the last completed chunk."""

    name = "state"
    running: bool
    started: bool
    paused: bool
    current_chunk: int
    current_prompt: str | None
    seed: int
    anchor_interval: int
    has_prompt: bool


class SanaStreaming(AnchoredSana):
    """The model as its front ends of today drive it.

    set_prompt, pause, resume and reset answer their caller with a message; the other commands are
    acknowledged without one. A refusal is broadcast and acknowledged.
    """

    @event(name="set_prompt", description="Set the edit instruction; lands at the next chunk.")
    async def set_prompt(self, prompt: str = "") -> PromptAccepted:
        """Stage a prompt; a blank one removes the edit."""
        async with self._answered("set_prompt", PromptAccepted) as answer:
            self.session.set_prompt(prompt)
            answer.message = PromptAccepted(prompt=prompt)
        return answer.message

    @event(name="pause", description="Pause after the current chunk.")
    async def pause(self) -> GenerationPaused:
        """Let the chunk in the making finish, then make no more."""
        async with self._answered("pause", GenerationPaused) as answer:
            self.session.pause()
            answer.message = GenerationPaused(chunk_index=self.session.last_chunk)
        return answer.message

    @event(name="resume", description="Resume after a pause.")
    async def resume(self) -> GenerationResumed:
        """Go on."""
        async with self._answered("resume", GenerationResumed) as answer:
            self._go_on()
            answer.message = GenerationResumed(chunk_index=self.session.last_chunk)
        return answer.message

    @event(name="reset", description="Abort the run, clear the prompt, return to idle.")
    async def reset(self) -> GenerationReset:
        """Start over."""
        async with self._answered("reset", GenerationReset) as answer:
            self._start_over()
            answer.message = GenerationReset(reason="reset requested")
        return answer.message

    def _state(self) -> StateMessage:
        session = self.session
        return StateMessage(
            running=session.running,
            started=session.started,
            paused=session.paused,
            current_chunk=session.last_chunk,
            current_prompt=session.prompt or None,
            seed=session.seed,
            anchor_interval=session.anchor_interval,
            has_prompt=bool(session.prompt),
        )
