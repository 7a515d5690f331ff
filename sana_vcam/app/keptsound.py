"""The delayed voice in clips and recordings, while both are on. Lives on the event loop."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from sana_vcam.errors import KeepingFailed
from sana_vcam.lib.threads import run_blocking, run_loop
from sana_vcam.voice.line import SOURCE_NAME

if TYPE_CHECKING:
    from sana_vcam.media.keeping.listening import SourceRecorder
    from sana_vcam.media.keeping.sound import SoundPiece

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""How soon it is noticed that the voice was switched on or off."""
AGAIN_S = 10.0
COMES_S = 0.2
"""So late comes the sound of a moment."""
ELSEWHERE = "the sound of clips and recordings is taken from PipeWire or PulseAudio, on Linux"


class KeptSound:
    """Listens to the delayed voice; what fails costs the sound alone."""

    def __init__(self, *, look_s: float = LOOK_S) -> None:
        self.voice_on: Callable[[], bool] = lambda: False
        """Whether the voice is on; set by whoever knows, before it runs."""
        self.error: str | None = None
        """Why there is no sound while the voice is on."""
        self._look_s = look_s
        self._listener: SourceRecorder | None = None
        self._on_piece: Callable[[SoundPiece], None] | None = None

    @property
    def is_on(self) -> bool:
        """Whether files are to have sound: the voice is on and can be listened to."""
        return self._listener is not None

    @property
    def note(self) -> str:
        """What a file lacks, for people; empty where nothing was to be expected."""
        return f"; without sound: {self.error}" if self.error and self.voice_on() else ""

    async def held(self) -> tuple[SoundPiece, ...]:
        """Give the sound of the last minute, up to now."""
        if self._listener is None:
            return ()
        await asyncio.sleep(COMES_S)
        listener = self._listener
        return () if listener is None else listener.held()

    def pass_on(self, on_piece: Callable[[SoundPiece], None] | None) -> None:
        """Have each piece given to a recording, on a thread; None: to nobody any more."""
        self._on_piece = on_piece
        if self._listener is not None:
            self._listener.on_piece = on_piece

    async def run(self) -> None:
        """Listen whenever the voice is on, until cancelled."""
        while True:
            if self.voice_on():
                try:
                    await self._listen()
                except KeepingFailed as error:
                    if str(error) != self.error:
                        log.warning("clips and recordings are without sound: %s", error)
                    self.error = str(error)
                    await asyncio.sleep(AGAIN_S)
            await asyncio.sleep(self._look_s)

    async def _listen(self) -> None:
        """Listen until the voice is off. Raises `KeepingFailed`."""
        if sys.platform != "linux":
            raise KeepingFailed(ELSEWHERE)
        await run_blocking(_load, name="sound-load")
        from sana_vcam.media.keeping.listening import SourceRecorder

        listener = self._listener = SourceRecorder(SOURCE_NAME)
        listener.on_piece = self._on_piece
        self.error = None
        hearing = asyncio.create_task(run_loop(listener.run, name="sound"), name="sound")
        try:
            while self.voice_on() and not hearing.done():
                await asyncio.wait({hearing}, timeout=self._look_s)
        finally:
            self._listener = None
            hearing.cancel()
            await asyncio.wait({hearing})
        if not hearing.cancelled():
            hearing.result()


def _load() -> None:
    """Import what takes a while, away from the event loop."""
    import sana_vcam.media.keeping.listening  # noqa: F401
