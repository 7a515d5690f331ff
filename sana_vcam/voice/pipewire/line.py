"""The delay line on PipeWire: a source of the server, a delay child, and what joins the two.

    microphone ─▶ sana_listen ═ child ═ sana_voice ─▶ sana_mic ─▶ whoever reads it

Nothing is steered step by step: whenever something changes, `_settle` looks at what there is and
asks for what is missing. What must never be heard is not muted but killed with the child that holds
it: on a mute, when the last reader leaves, when the connection to the server breaks, and, by the
kernel, when we die. A new child begins with an empty memory, and is faded in once its first sound
comes out.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time

from sana_vcam.errors import VoiceError
from sana_vcam.lib.backoff import backoff
from sana_vcam.lib.threads import end_task
from sana_vcam.voice.line import (
    MAX_DELAY_MS,
    OURS,
    SOURCE_NAME,
    LineState,
    LineStatus,
    VoiceLevel,
    unknown_microphone,
)
from sana_vcam.voice.pipewire import chain as chains
from sana_vcam.voice.pipewire import server
from sana_vcam.voice.pipewire.chain import STEP_S, Chain
from sana_vcam.voice.pipewire.connection import SoundServer, SoundServerLost
from sana_vcam.voice.pipewire.meter import LEVELS, LevelRecording
from sana_vcam.voice.pipewire.registry import CYCLE_S, Node

log = logging.getLogger(__name__)

FIRST_DELAY_MS = 2000.0
"""Delay until `shift` is told another one."""
FADE_IN_S = 0.5
MARGIN_S = 0.1
"""Waited beyond the delay before a new child is faded in: some cycles of the graph."""
LOOK_S = 0.5
"""A look at least this often, for what was asked for and has not come."""
REST_S = 2.0
"""A look at least this often when nothing is missing: what changes is told."""
APPEAR_S = 10.0
"""Time for a child to appear in the server."""
LONGEST_PAUSE_S = 5.0
"""Between two attempts to reach the server."""
STEADY_S = 30.0
"""A connection that held this long is no failed attempt."""


class PipeWireLine:
    """A `DelayLine` on the PipeWire server of this session."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._microphone = ""
        self._delay_ms = FIRST_DELAY_MS
        self._is_muted = True
        self._unmuted_from = 0.0
        self._wake = asyncio.Event()
        self._steering = asyncio.Lock()
        self._graph: SoundServer | None = None
        self._chain: Chain | None = None
        self._recording: LevelRecording | None = None
        self._is_measured = True
        self._listeners = False
        self._is_joined = False
        self._error: str | None = None

    # -- what a delay line can be asked --------------------------------------------------------

    async def open(self, microphone: str) -> None:
        """Begin to carry `microphone`, muted. Raises `VoiceError`; can be tried again later."""
        if self._task is not None:
            raise RuntimeError("a line is opened once; close it first")
        if microphone.startswith(OURS):
            raise VoiceError(f'"{microphone}" is our own: choose a real microphone')
        known = await server.microphones()
        if microphone not in {one.name for one in known}:
            raise unknown_microphone(microphone, known)
        self._microphone = microphone
        self._is_muted = True
        self._task = asyncio.create_task(self._carry(), name="voice line")

    def mute(self) -> None:
        """Silence the source at once, by the end of the child that holds what was said."""
        self._is_muted = True
        if self._chain is not None:
            self._chain.kill()
        self._wake.set()

    async def unmute(self, after_s: float) -> None:
        """Let a new child be faded in once `after_s` seconds have passed, and its own delay."""
        self._unmuted_from = time.monotonic() + after_s
        self._is_muted = False
        self._wake.set()

    async def prepare(self, delay_ms: float) -> float:
        """Give the silent tap a delay; in how many seconds it has the sound of it."""
        async with self._steering:
            if (tuned := self._tuned()) is None or not tuned[1].is_audible:
                return 0.0
            graph, chain, node = tuned
            try:
                self._set_aside(graph, chain, node, self._inner_ms(graph, delay_ms))
            except SoundServerLost as error:
                log.debug("the delay is set when PipeWire is back: %s", error)
                return 0.0
            return max(0.0, chain.ready_from - time.monotonic())

    async def shift(self, delay_ms: float, fade_s: float) -> None:
        """Fade to another delay, or set it if nothing is heard yet."""
        async with self._steering:
            self._delay_ms = min(max(delay_ms, 0.0), MAX_DELAY_MS)
            if (tuned := self._tuned()) is None:
                return
            graph, chain, node = tuned
            inner_ms = self._inner_ms(graph, self._delay_ms)
            try:
                if chain.is_audible:
                    self._set_aside(graph, chain, node, inner_ms)
                    await asyncio.sleep(max(0.0, chain.ready_from - time.monotonic()))
                    for controls in chain.cross_fade(inner_ms, fade_s):
                        if chain.is_killed():
                            return
                        graph.set_controls(node, controls)
                        await asyncio.sleep(STEP_S)
                else:
                    graph.set_controls(node, chain.retuned(inner_ms, time.monotonic()))
            except SoundServerLost as error:
                log.debug("the delay is set when PipeWire is back: %s", error)
        self._wake.set()

    def _tuned(self) -> tuple[SoundServer, Chain, Node] | None:
        """Give the child that can be told something now, with its node, if there is one."""
        graph, chain = self._graph, self._chain
        if graph is None or chain is None or chain.is_killed():
            return None
        node = graph.registry.named(chains.LISTEN, chain.mark)
        return (graph, chain, node) if node is not None else None

    def _set_aside(self, graph: SoundServer, chain: Chain, node: Node, inner_ms: float) -> None:
        if chain.is_ready_for(inner_ms):
            return
        graph.set_controls(node, chain.aside(inner_ms, time.monotonic()))

    def status(self) -> LineStatus:
        """Tell how the line is now."""
        return LineStatus(
            state=self._state(),
            listeners=self._listeners,
            delay_ms=self._lateness_ms(),
            microphone=self._microphone,
            error=self._error,
        )

    def _lateness_ms(self) -> float:
        """Tell how late it is: an application that came since may have changed the cycle."""
        graph, chain = self._graph, self._chain
        if graph is None or chain is None or not chain.is_audible or not chain.delay_ms:
            return self._delay_ms
        return chain.delay_ms + graph.registry.cycle_ms

    def _state(self) -> LineState:
        if self._task is None:
            return LineState.OFF
        if self._error is not None:
            return LineState.FAILED
        if self._is_muted:
            return LineState.SILENT
        if not self._is_joined:
            return LineState.OPENING
        if not self._listeners:
            return LineState.ASLEEP
        is_heard = self._chain is not None and self._chain.is_audible
        return LineState.HEARD if is_heard else LineState.SILENT

    def measure(self, on: bool) -> None:
        """Have levels measured from now on, or not: the recording takes half of what all does."""
        if on != self._is_measured:
            self._is_measured = on
            self._wake.set()

    def take_levels(self) -> list[VoiceLevel]:
        """Give the levels since the last call; none while nobody listens or while muted."""
        if self._recording is None or self._is_muted or not self._listeners:
            return []
        return self._recording.take()

    async def close(self) -> None:
        """Take away the child and the recording; the source stays, silent."""
        self.mute()
        task, self._task = self._task, None
        await end_task(task)

    # -- the connection ------------------------------------------------------------------------

    async def _carry(self) -> None:
        """Hold the line on a server that may go and come back, until cancelled."""
        waits = backoff(longest_s=LONGEST_PAUSE_S)
        while True:
            began = time.monotonic()
            try:
                await self._connected()
            except* (SoundServerLost, VoiceError) as lost:
                reason = "; ".join(str(error) for error in _leaves(lost))
                level = logging.DEBUG if self._error else logging.WARNING
                log.log(level, "the voice is silent: %s", reason)
                self._error = (
                    f"the sound server was lost ({reason}) and is looked for again; if it does "
                    "not come back: systemctl --user restart pipewire wireplumber pipewire-pulse"
                )
            except* Exception:
                self._error = "a defect, which the log tells; sana-vcam ctl voice off, then on"
                log.exception("a defect: the voice is silent")
                raise
            if time.monotonic() - began > STEADY_S:
                waits = backoff(longest_s=LONGEST_PAUSE_S)
            await asyncio.sleep(next(waits))

    async def _connected(self) -> None:
        try:
            async with SoundServer(self._wake.set) as graph, asyncio.TaskGroup() as tasks:
                self._graph = graph
                tasks.create_task(graph.run())
                tasks.create_task(self._follow(graph))
        finally:
            self._graph = None
            self._listeners = self._is_joined = False
            await self._forget()
            await self._stop_measuring()

    async def _follow(self, graph: SoundServer) -> None:
        while True:
            self._wake.clear()
            wait_s = await self._settle(graph)
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                continue

    # -- what there is, and what is missing ----------------------------------------------------

    async def _settle(self, graph: SoundServer) -> float:
        """Ask for what is missing, and tell after how many seconds to look again at the latest."""
        registry = graph.registry
        if not registry.is_synced:
            return LOOK_S
        self._take_away_strangers(graph)
        source = registry.named(SOURCE_NAME)
        if source is None:
            self._listeners = self._is_joined = False
            graph.create_source()
            return LOOK_S
        was_read, self._listeners = self._listeners, registry.is_read(source)
        if self._is_muted or (was_read and not self._listeners):
            # What it holds is of another time: the next reader gets a child without a past.
            await self._forget()
        await self._measure(graph)
        if self._is_muted:
            self._error = self._missing_microphone(graph)
            return REST_S
        return await self._let_through(graph, source)

    async def _let_through(self, graph: SoundServer, source: Node) -> float:
        chain = self._chain
        if chain is not None and chain.has_ended and not chain.is_killed():
            await self._forget()
            raise SoundServerLost("the delay child has ended")
        if chain is None or chain.is_killed():
            await self._forget()
            cycle_s = CYCLE_S if graph.registry.adds_a_cycle else chains.LONGEST_CYCLE_S
            is_slow = graph.registry.is_slow_to_retune
            stages_s = chains.STAGES_S if is_slow else chains.NO_STAGES_S
            inner_ms = self._inner_ms(graph, self._delay_ms)
            chain = self._chain = await Chain.start(inner_ms, cycle_s, stages_s)
            chain.deadline = time.monotonic() + APPEAR_S
        self._is_joined = self._join(graph, chain, source)
        self._error = self._missing_microphone(graph)
        if not self._is_joined:
            if time.monotonic() > chain.deadline:
                raise SoundServerLost("the delay child does not appear in PipeWire")
            return LOOK_S
        return await self._let_hear(graph, chain)

    def _join(self, graph: SoundServer, chain: Chain, source: Node) -> bool:
        """Link the microphone, the child and the source; whether the child is linked to the source.

        By the ids of their ports, so that nothing but the microphone that was chosen is heard.
        """
        registry = graph.registry
        listen = registry.named(chains.LISTEN, chain.mark)
        voice = registry.named(chains.VOICE, chain.mark)
        if listen is None or voice is None:
            return False
        microphone = registry.named(self._microphone)
        if microphone is not None:
            for output in registry.ports(microphone, "output"):
                for into in registry.ports(listen, "input"):
                    graph.link(microphone, output, listen, into)
        pairs = [
            graph.link(voice, output, source, into)
            for output in registry.ports(voice, "output")
            for into in registry.ports(source, "input")
        ]
        return bool(pairs) and all(pairs)

    async def _let_hear(self, graph: SoundServer, chain: Chain) -> float:
        """Fade the child in once its first sound comes out."""
        if not self._listeners:
            return REST_S
        now = time.monotonic()
        inner_ms = self._inner_ms(graph, self._delay_ms)
        if not chain.is_audible and inner_ms != chain.delay_ms:
            # Whoever has come may want a shorter cycle.
            if (node := graph.registry.named(chains.LISTEN, chain.mark)) is None:
                return LOOK_S
            graph.set_controls(node, chain.retuned(inner_ms, now))
        chain.fed_from = chain.fed_from or now
        sounds_from = max(chain.fed_from + chain.delay_ms / 1000, chain.ready_from) + MARGIN_S
        left_s = max(sounds_from, self._unmuted_from) - now
        if left_s > 0 and not chain.is_audible:
            return min(left_s, LOOK_S)
        # Once it is heard nothing here waits for a shift, and the levels are linked meanwhile.
        if not chain.is_audible:
            async with self._steering:
                node = graph.registry.named(chains.LISTEN, chain.mark)
                if node is None:
                    return LOOK_S
                for controls in chain.fade_in(FADE_IN_S):
                    if chain.is_killed():
                        return 0.0
                    graph.set_controls(node, controls)
                    await asyncio.sleep(STEP_S)
        graph.probe()
        return REST_S

    def _take_away_strangers(self, graph: SoundServer) -> None:
        """Take away what a former daemon may have left: nobody else feeds our source."""
        own = f"{os.getpid()}-"
        for node in graph.registry.nodes:
            if node.name in {chains.LISTEN, chains.VOICE, LEVELS} and not node.mark.startswith(own):
                graph.destroy(node)

    def _missing_microphone(self, graph: SoundServer) -> str | None:
        if graph.registry.named(self._microphone) is not None:
            return None
        return str(unknown_microphone(self._microphone, graph.registry.microphones))

    def _inner_ms(self, graph: SoundServer, delay_ms: float) -> float:
        """Give the delay for the child itself, without what the graph adds."""
        return max(0.0, min(delay_ms, MAX_DELAY_MS) - graph.registry.cycle_ms)

    async def _forget(self) -> None:
        chain, self._chain = self._chain, None
        if chain is not None:
            await chain.end()

    # -- levels --------------------------------------------------------------------------------

    async def _measure(self, graph: SoundServer) -> None:
        """Record coarsely while somebody listens, and what the child takes only."""
        chain = self._chain
        is_wanted = self._is_measured and self._listeners and not self._is_muted
        if chain is None or not is_wanted or (self._recording and self._recording.has_ended):
            await self._stop_measuring()
        if chain is None or not is_wanted:
            return
        if self._recording is None:
            self._recording = await LevelRecording.start()
        registry = graph.registry
        listen = registry.named(chains.LISTEN, chain.mark)
        levels = registry.named(LEVELS, self._recording.mark)
        if listen is not None and levels is not None:
            for output in registry.ports(listen, "output", monitor=True):
                for into in registry.ports(levels, "input"):
                    graph.link(listen, output, levels, into)

    async def _stop_measuring(self) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            await recording.end()


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    return [
        leaf
        for error in group.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]
