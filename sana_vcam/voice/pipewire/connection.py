"""One connection to the PipeWire server: what is in it, and what we ask of it.

`pw-dump` tells, `pw-cli` is told. Asking only writes to a pipe and waits for nothing; what came of
it is seen in the registry.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from sana_vcam.voice.line import SOURCE_DESCRIPTION, SOURCE_NAME
from sana_vcam.voice.pipewire import children
from sana_vcam.voice.pipewire.registry import Node, Registry

log = logging.getLogger(__name__)

SOURCE = {
    "factory.name": "support.null-audio-sink",
    "node.name": SOURCE_NAME,
    "node.description": SOURCE_DESCRIPTION,
    "media.class": "Audio/Source/Virtual",
    "object.linger": True,
    "audio.position": ["MONO"],
    "audio.rate": 48_000,
    "priority.session": 0,
}
"""Properties of the source: it is the server's own, outlives us, and is no output."""
AGAIN_S = 2.0
"""Time after which what was asked for, and has not come, is asked for again."""
UNREAD_BYTES = 65_536
"""So much that nobody takes means that `pw-cli` hangs."""
ANSWER_S = 5.0
"""Time for `pw-cli` to answer."""
MOST_CONTROLS = 16
"""In one command: `pw-cli` 0.3.65 drops one that needs more than 1024 bytes as a message."""
QUIT_S = 1.0


class SoundServerLost(Exception):
    """The server, or one of the two programs that speak with it, is gone or hangs."""


class SoundServer:
    """A connection while the `async with` block lasts; `changed` is called for every news."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.registry = Registry()
        self._changed = changed
        self._asked: dict[str, float] = {}
        self._probed: float | None = None

    async def __aenter__(self) -> Self:
        self._cli = await children.start("pw-cli", stdin=PIPE, stdout=PIPE)
        try:
            self._monitor = await children.start("pw-dump", "--monitor", stdout=PIPE)
        except BaseException:
            await children.end(self._cli)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # At the end of its input alone pw-cli computes for ever.
        with contextlib.suppress(TimeoutError, SoundServerLost):
            self._say("quit")
            async with asyncio.timeout(QUIT_S):
                await self._cli.wait()
        await children.end(self._cli)
        await children.end(self._monitor)

    async def run(self) -> None:
        """Follow the server until it is lost. Raises `SoundServerLost`."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._drain())
            tasks.create_task(self._follow())

    async def _follow(self) -> None:
        async for text in children.output_of(self._monitor):
            if self.registry.feed(text):
                self._changed()
        raise SoundServerLost("PipeWire has gone")

    async def _drain(self) -> None:
        # It writes a prompt for every line, and more for some.
        async for _ in children.output_of(self._cli):
            self._probed = None
        raise SoundServerLost("pw-cli has ended")

    # -- what we ask ---------------------------------------------------------------------------

    def create_source(self) -> None:
        """Have the source made, unless that was asked for just now."""
        if self._is_due("source"):
            log.info("making the source %s", SOURCE_DESCRIPTION)
            self._say(f"create-node adapter {json.dumps(SOURCE)}")

    def link(self, output: Node, port: int, into: Node, into_port: int) -> bool:
        """Have two ports linked; whether they are. Asked for again if nothing comes of it.

        Passive: the link alone keeps neither end awake.
        """
        if self.registry.is_linked(port, into_port):
            return True
        if self._is_due(f"link {port} {into_port}"):
            props = json.dumps({"link.passive": True, "object.linger": True})
            self._say(f"create-link {output.id} {port} {into.id} {into_port} {props}")
        return False

    def destroy(self, node: Node) -> None:
        """Have a node taken away."""
        if self._is_due(f"destroy {node.id}"):
            self._say(f"destroy {node.id}")

    def set_controls(self, node: Node, controls: Mapping[str, float]) -> None:
        """Set a filter's controls."""
        for some in itertools.batched(controls.items(), MOST_CONTROLS):
            flat = [part for pair in some for part in pair]
            self._say(f"set-param {node.id} Props {json.dumps({'params': flat})}")

    def probe(self) -> None:
        """See whether `pw-cli` still answers. Raises `SoundServerLost` if not."""
        now = time.monotonic()
        if self._probed is None:
            self._probed = now
            self._say("list-remotes")
        elif now > self._probed + ANSWER_S:
            raise SoundServerLost("pw-cli hangs")

    def _is_due(self, what: str) -> bool:
        now = time.monotonic()
        if now < self._asked.get(what, 0.0):
            return False
        self._asked[what] = now + AGAIN_S
        return True

    def _say(self, line: str) -> None:
        pipe = children.input_of(self._cli)
        if pipe.is_closing() or pipe.transport.get_write_buffer_size() > UNREAD_BYTES:
            raise SoundServerLost("pw-cli takes nothing any more")
        pipe.write(line.encode() + b"\n")
