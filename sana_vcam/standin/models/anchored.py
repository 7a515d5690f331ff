"""What the generations of the typed package have in common: anchors, and told pauses."""

from __future__ import annotations

from typing import override

from reactor_runtime.interface import InputField, ModelMessage, event

from sana_vcam.standin.app import ModelRun
from sana_vcam.standin.clip import Frame
from sana_vcam.standin.models.sana import SanaModel


class GenerationPaused(ModelMessage):
    """An accepted pause; the chunk in the making still follows."""

    chunk_index: int


class GenerationResumed(ModelMessage):
    """An accepted resume."""

    chunk_index: int


class Anchored(ModelMessage):
    """A new grounding of the edit on the source; chunk_index is the first chunk after it."""

    chunk_index: int


class AnchoredSana(SanaModel):
    """The model, grounding its edit on the source now and then."""

    @event(
        name="set_anchor_interval",
        description="Re-ground on the source every this many chunks; 0 is never.",
    )
    async def set_anchor_interval(self, chunks: int = InputField(default=20, ge=0)) -> None:
        """Stage an interval for the next chunk boundary."""
        async with self._command("set_anchor_interval"):
            self.session.anchor_interval = chunks

    @override
    async def _before_chunk(self, run: ModelRun, frames: list[Frame]) -> None:
        interval, index = self.session.anchor_interval, run.chunks_made
        if interval and index and index % interval == 0:
            await self.send(Anchored(chunk_index=index))
