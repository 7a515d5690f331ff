"""The voice's switch. While it is off there is no task and no process, and nothing is imported."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sana_vcam.config.schema import VoiceConfig
from sana_vcam.control.protocol.voice import KnownMicrophone, Microphones, VoiceState, VoiceSwitched
from sana_vcam.errors import CommandFailed, VoiceError
from sana_vcam.lib.threads import supervise_optional
from sana_vcam.media.latency.meter import LatencyMeter
from sana_vcam.media.playout.program import Program
from sana_vcam.media.states import ProgramSource
from sana_vcam.voice.line import DelayLine, LineState, Microphone

if TYPE_CHECKING:
    from sana_vcam.voice.following import OnProgram, PictureDelay
    from sana_vcam.voice.voice import Voice


def advice(source: str) -> tuple[str, ...]:
    """What somebody has to know who switches it on; `source` is what applications choose."""
    return (
        f'In the call, choose "{source}" as well as the camera: both are equally late.',
        "Use headphones: an echo that is seconds old is not removed by the call.",
        "You answer that much later; tell the others.",
    )


class Voicing:
    """Switches the voice on and off, and tells it what viewers see. Lives on the event loop."""

    def __init__(
        self,
        config: VoiceConfig,
        program: Program,
        latency: LatencyMeter,
        on_change: Callable[[], None],
        *,
        make_line: Callable[[], DelayLine] | None = None,
        list_microphones: Callable[[], Awaitable[Sequence[Microphone]]] | None = None,
    ) -> None:
        """Prepare; opens nothing. Lines and microphones are this machine's unless given."""
        self._config = config
        self._program = program
        self._latency = latency
        self._on_change = on_change
        self._make_line = make_line or _make_line
        self._list_microphones = list_microphones or _list_microphones
        self._microphone = config.microphone
        self._voice: Voice | None = None
        self._task: asyncio.Task[None] | None = None
        self._was_on = False
        self.is_watched: Callable[[], bool] = lambda: False
        """Whether anybody is shown the state, and with it how loud one speaks."""
        self._switching = asyncio.Lock()
        program.on_switched = self._program_switched

    async def __aenter__(self) -> Self:
        if self._config.on:
            self._start(self._make(self._microphone))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stop()

    @property
    def is_on(self) -> bool:
        """Whether it is switched on."""
        return self._voice is not None

    @property
    def state(self) -> VoiceState | None:
        """Tell how the voice is; None until it is switched on for the first time."""
        if not self._was_on:
            return None
        voice = self._voice
        if voice is None:
            return VoiceState(
                on=False,
                state=LineState.OFF,
                microphone=self._microphone,
                delay_ms=0,
                target_ms=None,
                listeners=False,
                level_dbfs=None,
                error=None,
            )
        status = voice.status
        line = status.line
        return VoiceState(
            on=True,
            state=line.state,
            microphone=self._microphone,
            delay_ms=round(line.delay_ms),
            target_ms=None if status.target_ms is None else round(status.target_ms),
            listeners=line.listeners,
            level_dbfs=None if status.level_dbfs is None else float(math.floor(status.level_dbfs)),
            error=line.error,
        )

    def follow(self, config: VoiceConfig) -> None:
        """Take on what can change while the voice is on; a microphone at the next switching on."""
        if config.microphone != self._config.microphone:
            self._microphone = config.microphone if self._voice is None else self._microphone
        self._config = config
        if self._voice is not None:
            self._settle(self._voice)

    async def switch(self, on: bool | None, microphone: str | None) -> VoiceSwitched:
        """Switch the voice on or off, or over; raises `rejected` with what mends it."""
        async with self._switching:
            wanted = (self._voice is None) if on is None else on
            changes = microphone is not None and microphone != self._microphone
            is_new = wanted and self._voice is None
            if wanted and (self._voice is None or changes):
                await self._switch_on(microphone or self._microphone)
            elif not wanted:
                await self._stop()
            voice = self._voice
        self._on_change()
        return VoiceSwitched(
            on=voice is not None,
            microphone=self._microphone,
            advice=advice(voice.status.line.source) if is_new and voice is not None else (),
        )

    async def list_microphones(self) -> Microphones:
        """List what can be carried; raises `rejected` where nothing can."""
        try:
            known = await self._list_microphones()
        except VoiceError as error:
            raise CommandFailed("rejected", str(error)) from None
        listed = tuple(KnownMicrophone(name=one.name, description=one.description) for one in known)
        return Microphones(microphones=listed, chosen=self._microphone)

    async def _switch_on(self, microphone: str) -> None:
        try:
            if not microphone:
                raise VoiceError(_none_chosen(await self._list_microphones()))
            voice = self._make(microphone)
            if self._voice is None:
                await voice.open()
            else:
                # One line at a time: two would be two sources.
                if microphone not in {one.name for one in await self._list_microphones()}:
                    raise VoiceError(f'there is no microphone "{microphone}": sana-vcam devices')
                await self._stop()
        except VoiceError as error:
            raise CommandFailed("rejected", str(error)) from None
        self._microphone = microphone
        self._start(voice)

    def _make(self, microphone: str) -> Voice:
        from sana_vcam.voice.following import Follower
        from sana_vcam.voice.voice import Voice

        voice = Voice(
            self._make_line(),
            Follower(first_guess_ms=self._config.first_guess_ms),
            microphone,
            program=self._on_program,
            picture=self._picture_delay,
            is_watched=self.is_watched,
            on_change=self._on_change,
        )
        self._settle(voice)
        return voice

    def _settle(self, voice: Voice) -> None:
        follower, config = voice.follower, self._config
        follower.trim_ms = config.trim_ms
        follower.max_ms = config.max_ms
        follower.on_blank_mute = config.on_blank == "mute"
        # What passed black until now does so no more.
        voice.program_switched()

    def _start(self, voice: Voice) -> None:
        self._was_on = True
        self._voice = voice
        self._task = asyncio.create_task(supervise_optional("the voice", voice.run), name="voice")

    async def _stop(self) -> None:
        voice, task = self._voice, self._task
        self._voice = self._task = None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        if voice is not None:
            # A task that was never begun has closed nothing.
            await voice.close()

    def _program_switched(self) -> None:
        if self._voice is not None:
            self._voice.program_switched()

    def _on_program(self) -> OnProgram:
        from sana_vcam.voice.following import OnProgram

        if self._program.switches.blank:
            return OnProgram.BLANK
        match self._program.output:
            case ProgramSource.LIVE:
                return OnProgram.LIVE
            case ProgramSource.BYPASS:
                return OnProgram.BYPASS
        return OnProgram.STILL

    def _picture_delay(self) -> PictureDelay | None:
        from sana_vcam.voice.following import PictureDelay

        reading = self._latency.reading
        if reading is None:
            return None
        return PictureDelay(
            delay_ms=reading.latency_s * 1000,
            low_ms=reading.low_s * 1000,
            high_ms=reading.high_s * 1000,
            sure=reading.confidence,
        )


def _none_chosen(known: Sequence[Microphone]) -> str:
    if not known:
        return "there is no microphone here: plug one in"
    names = ", ".join(f'"{one.name}" ({one.description})' for one in known)
    return f"choose a microphone: sana-vcam ctl voice on --microphone NAME, with one of: {names}"


def _make_line() -> DelayLine:
    from sana_vcam.voice import engines

    return engines.make_line()


async def _list_microphones() -> Sequence[Microphone]:
    from sana_vcam.voice import engines

    return await engines.list_microphones()
