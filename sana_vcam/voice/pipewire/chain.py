"""The child that delays: PipeWire's own filter chain, in C, in its real-time thread.

    sana_listen ─▶ stages ─┬─▶ tap a: pick ─▶ delay ─▶ gain ─┐
                           └─▶ tap b: pick ─▶ delay ─▶ gain ─┴─▶ sana_voice

It starts with both gains at 0 and an empty memory. Two taps, so that a change of the delay is a
cross-fade from one to the other. Neither end connects itself to anything.

Before version 1.4 a filter that is given another delay has the right sound only after that delay:
it moves the place where it writes. There the voice goes through fixed delays first, each tap picks
it at one of `STAGES_S`, and only what is left is a tap's own.

A control changes between two cycles of the graph only, up to 43 ms apart, and so a fade would be a
staircase, which clicks. So the voice goes through `BRANCHES` branches side by side: branch j takes
the voice earlier by some branch times, has its own gain, and gives it on later by as many. All of
them carry the same sound, but a step of their gains comes out of each at another time: one big step
becomes `BRANCHES` small ones. The filters of 0.3.65 can delay and add, and nothing more.
"""

from __future__ import annotations

import itertools
import os
from asyncio.subprocess import Process
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from sana_vcam.config.paths import runtime_dir
from sana_vcam.errors import VoiceError
from sana_vcam.lib.atomicfile import replace_file
from sana_vcam.lib.threads import run_blocking
from sana_vcam.voice.line import MAX_DELAY_MS
from sana_vcam.voice.pipewire import children
from sana_vcam.voice.pipewire.registry import MARK

LISTEN = "sana_listen"
"""Node that takes the microphone; it has the controls, too."""
VOICE = "sana_voice"
"""Node that gives the delayed voice."""
STEP_S = 0.02
"""Distance of two steps of a fade: about a cycle of the graph, in which the last one holds."""

_numbers = itertools.count(1)

BRANCHES = 16
BRANCH_S = 128.02 / 48_000
"""Distance of two branches; all of them together span the longest cycle."""
LONGEST_CYCLE_S = 2048 / 48_000
"""What readers may want at most."""
LEAST_GAIN = 1e-9
"""In the place of none, 180 dB down: a mixer of 0.3.65 with one input only forgets its gain."""
STAGES_S = (0.0, 1.25, 2.0, 2.75)
"""How late the voice is in the places where a tap can pick it, about as late as models are. With
each of them the child takes about 4 % more CPU."""
NO_STAGES_S = (0.0,)
INPUTS = 8
"""What a mixer has. One that is not linked costs as much as the others, unless its gain is 0."""
SPAN_MS = 1000 * BRANCH_S * (BRANCHES - 1)
"""What the branches need; no delay is shorter."""
SETTLED_S = 0.1
"""Time in which a tap that was given another delay has it in all branches."""

_CONFIGURATION = """
context.spa-libs = {{
  audio.convert.* = audioconvert/libspa-audioconvert
  support.* = support/libspa-support
}}
context.modules = [
  {{ name = libpipewire-module-rt args = {{ nice.level = -11 }} flags = [ ifexists nofail ] }}
  {{ name = libpipewire-module-protocol-native }}
  {{ name = libpipewire-module-client-node }}
  {{ name = libpipewire-module-adapter }}
  {{ name = libpipewire-module-filter-chain
    args = {{
      node.description = "SANA VCam voice"
      audio.channels = 1
      audio.position = [ MONO ]
      filter.graph = {{
        nodes = [
{nodes}
        ]
        links = [
{links}
        ]
        inputs = [ "s0:In" ]
        outputs = [ "m{last}:Out" ]
      }}
      capture.props = {{
        node.name = {listen}
        node.latency = {cycle}/48000
        node.passive = true
        node.autoconnect = false
        state.restore-props = false
        {key} = "{mark}"
      }}
      playback.props = {{
        node.name = {voice}
        node.passive = true
        node.autoconnect = false
        state.restore-props = false
        {key} = "{mark}"
      }}
    }}
  }}
]
"""
_DELAY = """{{ type = builtin label = delay name = {name} config = {{ "max-delay" = {most} }}
            control = {{ "Delay (s)" = {delay_s:.6f} }} }}"""
_MIXER = """{{ type = builtin label = mixer name = {name}
            control = {{ {gains} }} }}"""
_LINK = '{{ output = "{output}:Out" input = "{into}" }}'


def configuration(
    delay_ms: float,
    mark: str,
    cycle_s: float = LONGEST_CYCLE_S,
    stages_s: Sequence[float] = NO_STAGES_S,
) -> str:
    """Write the configuration of a child that starts silent with this delay.

    `cycle_s` is the longest cycle of the graph that it wants.
    """
    nodes = ["{ type = builtin label = copy name = s0 }"]
    links: list[str] = []
    for stage, (before_s, at_s) in enumerate(itertools.pairwise(stages_s), 1):
        delay_s = at_s - before_s
        nodes.append(_DELAY.format(name=f"s{stage}", most=delay_s + 0.01, delay_s=delay_s))
        links.append(_LINK.format(output=f"s{stage - 1}", into=f"s{stage}:In"))
    own_s = MAX_DELAY_MS / 1000 - stages_s[-1]
    for tap, gain in (("a", 1), ("b", 2)):
        picked, first_s = _split(delay_ms, stages_s)
        nodes.append(_mixer(f"{tap}p", picked))
        links += [
            _LINK.format(output=f"s{stage}", into=f"{tap}p:In {stage + 1}")
            for stage in range(len(stages_s))
        ]
        nodes.append(_DELAY.format(name=f"{tap}0", most=own_s, delay_s=first_s))
        links.append(_LINK.format(output=f"{tap}p", into=f"{tap}0:In"))
        for branch in range(BRANCHES):
            links.append(_LINK.format(output=f"{tap}{branch}", into=f"m{branch}:In {gain}"))
            if branch:
                nodes.append(_short(f"{tap}{branch}"))
                links.append(_LINK.format(output=f"{tap}{branch - 1}", into=f"{tap}{branch}:In"))
    for branch in range(BRANCHES):
        nodes.append(_mixer(f"m{branch}", 2))
        if branch:
            nodes.append(_short(f"p{branch}"))
            links.append(_LINK.format(output=f"m{branch - 1}", into=f"p{branch}:In"))
            links.append(_LINK.format(output=f"p{branch}", into=f"m{branch}:In 3"))
    return _CONFIGURATION.format(
        nodes="\n".join(f"          {node}" for node in nodes),
        links="\n".join(f"          {link}" for link in links),
        last=BRANCHES - 1,
        cycle=round(48_000 * cycle_s),
        listen=LISTEN,
        voice=VOICE,
        key=MARK,
        mark=mark,
    )


def _short(name: str) -> str:
    return _DELAY.format(name=name, most=0.01, delay_s=BRANCH_S)


def _split(delay_ms: float, stages_s: Sequence[float]) -> tuple[int, float]:
    """Tell in which place a tap picks the voice, and the seconds that it adds before its branches.

    The last place is the best one: what a tap adds itself is what a change waits for.
    """
    first_s = max(0.0, delay_ms - SPAN_MS) / 1000
    stage = bisect_right(stages_s, first_s) - 1
    return stage, first_s - stages_s[stage]


def _mixer(name: str, heard: int) -> str:
    gains = " ".join(f'"{gain}" = {value}' for gain, value in _gains_of(heard).items())
    return _MIXER.format(name=name, gains=gains)


def _gains_of(heard: int) -> dict[str, float]:
    """Give the gains of a mixer that lets one input through."""
    return {f"Gain {place + 1}": float(place == heard) for place in range(INPUTS)}


def new_mark() -> str:
    """Give a name for one child that no other has, of this process or another."""
    return f"{os.getpid()}-{next(_numbers)}"


class Chain:
    """One delay child. It is used until it has to forget what it holds, and then killed."""

    def __init__(
        self,
        process: Process,
        mark: str,
        delay_ms: float,
        stages_s: Sequence[float] = NO_STAGES_S,
    ) -> None:
        self.mark = mark
        self.delay_ms = delay_ms
        self._stages_s = stages_s
        self._is_killed = False
        self.fed_from: float | None = None
        """Since when it takes sound, by `time.monotonic()`."""
        self.is_audible = False
        self.deadline = 0.0
        """When it must have done what it was told at last, by `time.monotonic()`."""
        self._process = process
        self._tap = 0
        self._aside_ms: float | None = None
        self.ready_from = 0.0
        """When the tap that was set last has the sound of its delay, by `time.monotonic()`."""

    @classmethod
    async def start(
        cls,
        delay_ms: float,
        cycle_s: float = LONGEST_CYCLE_S,
        stages_s: Sequence[float] = NO_STAGES_S,
    ) -> Chain:
        """Start a child with an empty memory, which gives silence."""
        mark = new_mark()
        text = configuration(delay_ms, mark, cycle_s, stages_s).encode()
        # PipeWire 1.x reads files only whose names end like this.
        path = runtime_dir() / "voice.conf"
        try:
            await run_blocking(lambda: _write(path, text), name="voice configuration")
        except OSError as error:
            raise VoiceError(f"{path} cannot be written: {error.strerror}") from error
        process = await children.start("pipewire", "-c", str(path))
        return cls(process, mark, delay_ms, stages_s)

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone, without our doing or with it."""
        return self._process.returncode is not None

    def is_killed(self) -> bool:
        """Whether we have ended it, so that nothing of it may be used any more."""
        return self._is_killed

    def kill(self) -> None:
        """End it at once, with all that it holds. Does not wait."""
        self._is_killed = True
        children.kill(self._process)

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        self._is_killed = True
        await children.end(self._process)

    # -- its controls --------------------------------------------------------------------------

    def retuned(self, delay_ms: float, now: float) -> dict[str, float]:
        """Give the controls that set the delay of a child that nobody hears."""
        self.delay_ms = delay_ms
        self.ready_from = now + self._own_s(delay_ms) + SETTLED_S
        return self._set(self._tap, delay_ms)

    def fade_in(self, fade_s: float) -> Iterator[dict[str, float]]:
        """Yield the controls of each step to full level."""
        for share in _steps(fade_s):
            yield self._gains(share, 0.0)
        self.is_audible = True

    def aside(self, delay_ms: float, now: float) -> dict[str, float]:
        """Give the controls that set the delay of the silent tap, to be faded to later."""
        self._aside_ms = delay_ms
        self.ready_from = now + self._own_s(delay_ms) + SETTLED_S
        return self._set(1 - self._tap, delay_ms)

    def is_ready_for(self, delay_ms: float) -> bool:
        """Whether the silent tap was given this delay."""
        return self._aside_ms is not None and abs(self._aside_ms - delay_ms) < 1.0

    def cross_fade(self, delay_ms: float, fade_s: float) -> Iterator[dict[str, float]]:
        """Yield the controls of each step to the silent tap, which has another delay."""
        for share in _steps(fade_s):
            yield self._gains(1.0 - share, share)
        self._tap, self._aside_ms = 1 - self._tap, self.delay_ms
        self.delay_ms = delay_ms

    def _own_s(self, delay_ms: float) -> float:
        """Give the time that a tap needs for another delay."""
        return _split(delay_ms, self._stages_s)[1] if len(self._stages_s) > 1 else 0.0

    def _set(self, tap: int, delay_ms: float) -> dict[str, float]:
        picked, first_s = _split(delay_ms, self._stages_s)
        name = "ab"[tap]
        picks = {f"{name}p:{gain}": value for gain, value in _gains_of(picked).items()}
        return {f"{name}0:Delay (s)": first_s} | picks

    def _gains(self, own: float, other: float) -> dict[str, float]:
        first, second = (own, other) if self._tap == 0 else (other, own)
        return {
            f"m{branch}:Gain {gain}": max(LEAST_GAIN, round(value / BRANCHES, 6))
            for branch in range(BRANCHES)
            for gain, value in ((1, first), (2, second))
        }


def _write(path: Path, text: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(path, text, lasting=False)


def _steps(fade_s: float) -> list[float]:
    count = max(1, round(fade_s / STEP_S))
    return [step / count for step in range(1, count + 1)]
