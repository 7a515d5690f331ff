"""The preview server: a few viewers, and one encoder that runs only for them.

The WebRTC library is loaded for the first viewer; a daemon whose preview is never opened does
not load it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from sana_vcam.errors import CommandFailed
from sana_vcam.lib.threads import run_blocking, run_loop, wait_out

if TYPE_CHECKING:
    from av.packet import Packet

    from sana_vcam.control.preview.encoder import Encoder, Source
    from sana_vcam.control.preview.peer import Peer

MAX_VIEWERS = 4
CONNECT_WITHIN_S = 10.0

log = logging.getLogger(__name__)


class Subscription:
    """One viewer's preview: the task that stays with it, and what ends it if the task never ran."""

    def __init__(
        self,
        peer: Peer,
        task: asyncio.Task[None],
        dismiss: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self.peer = peer
        self._task = task
        self._dismiss = dismiss

    async def close(self) -> None:
        """End it, and wait until nothing of it is left. Idempotent."""
        self._task.cancel()
        await asyncio.wait({self._task})
        # A task that is cancelled before its first step does nothing at all.
        await self._dismiss()


class PreviewServer:
    """Opens previews of one source; lives on the event loop.

    Args:
        source: What the operator sees; called on the encoder's thread only.
        compare: Has the source show before and after, or not.
        is_slow: Whether only a third of the pictures is to be shown.
        connect_within_s: A viewer who takes longer is closed.
    """

    def __init__(
        self,
        source: Source,
        *,
        compare: Callable[[bool], None] = lambda _: None,
        is_slow: Callable[[], bool] = lambda: False,
        connect_within_s: float = CONNECT_WITHIN_S,
    ) -> None:
        self._source = source
        self._is_slow = is_slow
        self._compare = compare
        self._connect_within_s = connect_within_s
        self._peers: set[Peer] = set()
        self._watching: set[Peer] = set()
        self._comparing: set[Peer] = set()
        self._encoder: Encoder | None = None
        self._encoding: asyncio.Task[None] | None = None

    @property
    def viewers(self) -> int:
        """How many viewers look now."""
        return len(self._watching)

    async def open(self, offer: str, replaces: Subscription | None) -> tuple[Subscription, str]:
        """Answer a browser's WebRTC offer (SDP), and show it what the operator sees.

        `replaces` is closed as soon as the offer has been understood.

        Raises:
            CommandFailed: `invalid_data` if the offer is none, `not_ready` if there is no room.
        """
        await run_blocking(_load, name="preview-load")
        from sana_vcam.control.preview.offer import read_offer  # see the module
        from sana_vcam.control.preview.peer import Peer

        understood = read_offer(offer)
        if replaces is not None:
            await replaces.close()
        if len(self._peers) >= MAX_VIEWERS:
            raise CommandFailed(
                "not_ready", f"{MAX_VIEWERS} previews are open; close one, or take snapshots"
            )
        peer = Peer(self._want_keyframe)
        self._peers.add(peer)
        try:
            answer = await peer.answer(understood)
        except BaseException:
            await self._dismiss(peer)
            raise
        task = asyncio.create_task(self._attend(peer), name="preview")
        return Subscription(peer, task, partial(self._dismiss, peer)), answer

    def compare(self, preview: Subscription, *, on: bool) -> None:
        """Show this viewer alone before and after, or no more; the others' picture stands."""
        if on and preview.peer in self._watching:
            self._comparing.add(preview.peer)
        else:
            self._comparing.discard(preview.peer)
        self._compare(bool(self._comparing))

    async def _attend(self, peer: Peer) -> None:
        """Stay with a viewer from the answer to the end."""
        try:
            async with asyncio.timeout(self._connect_within_s):
                is_there = await peer.until_connected()
            if is_there:
                self._watching.add(peer)
                self._encode()
                log.info("a preview is looked at (%d now)", len(self._watching))
                await peer.until_ended()
        except TimeoutError:
            log.info("a preview was asked for, but nobody came to look")
        finally:
            await wait_out(asyncio.ensure_future(self._dismiss(peer)))

    async def _dismiss(self, peer: Peer) -> None:
        """Close a viewer's connection, and stop encoding after the last one."""
        if peer not in self._peers:
            return
        self._watching.discard(peer)
        self._comparing.discard(peer)
        self._compare(bool(self._comparing))
        if not self._watching and self._encoding is not None:
            encoding, self._encoding, self._encoder = self._encoding, None, None
            encoding.cancel()
            await asyncio.wait({encoding})
            log.info("nobody looks at the preview")
        try:
            await peer.close()
        finally:
            self._peers.discard(peer)

    def _encode(self) -> None:
        """Start encoding; where it runs already, ask for a keyframe for the viewer who is new."""
        if self._encoder is not None:
            self._encoder.want_keyframe()
            return
        from sana_vcam.control.preview.encoder import Encoder  # see the module

        loop = asyncio.get_running_loop()

        def send(packet: Packet[Any], is_comparison: bool) -> None:
            loop.call_soon_threadsafe(self._deliver, packet, is_comparison)

        self._encoder = Encoder(self._source, send, self._is_slow)
        self._encoding = asyncio.create_task(self._run(self._encoder), name="preview-encoder")

    async def _run(self, encoder: Encoder) -> None:
        """Encode for as long as this task lives. A preview that fails is no reason to crash."""
        try:
            await run_loop(encoder.run, name="preview")
        except Exception:
            log.exception("the preview cannot be encoded; its viewers have to take snapshots")
            for peer in self._watching:
                peer.end()

    def _deliver(self, packet: Packet[Any], is_comparison: bool) -> None:
        for peer in self._watching:
            if is_comparison and peer not in self._comparing:
                peer.track.skip()
            elif not peer.track.put(packet):
                self._want_keyframe()

    def _want_keyframe(self) -> None:
        if self._encoder is not None:
            self._encoder.want_keyframe()


def _load() -> None:
    """Import what takes a while, away from the event loop."""
    import sana_vcam.control.preview.encoder  # see the module
    import sana_vcam.control.preview.peer  # noqa: F401
