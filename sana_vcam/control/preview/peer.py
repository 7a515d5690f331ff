"""One viewer of the preview: a WebRTC connection that cannot leave this machine."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from sana_vcam.control.preview.offer import CODEC, Offer

LOOPBACK = "127.0.0.1"
MAX_WAITING = 48
"""Packets that a viewer may be behind: two seconds."""
_REPAIR = "video/rtx"

# Each check of each connection is a line of its own at INFO.
logging.getLogger("aioice").setLevel(logging.WARNING)


class PacketTrack(MediaStreamTrack):
    """A video that was encoded already, from a keyframe on.

    Whoever falls too far behind goes on at the next keyframe, since what lies between depends on
    what is missing.
    """

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._packets: deque[Packet[Any]] = deque()
        self._filled = asyncio.Event()
        self._needs_keyframe = True

    def put(self, packet: Packet[Any]) -> bool:
        """Queue a packet for sending; False if a keyframe is needed first."""
        if len(self._packets) >= MAX_WAITING:
            self._packets.clear()
            self._needs_keyframe = True
        if self._needs_keyframe and not packet.is_keyframe:
            return False
        self._needs_keyframe = False
        self._packets.append(packet)
        self._filled.set()
        return True

    def skip(self) -> None:
        """Take note that a packet is not for this viewer, who goes on at the next keyframe."""
        self._needs_keyframe = True

    async def recv(self) -> Packet[Any]:
        """Give the oldest packet to the sender, waiting for one."""
        while not self._packets:
            if self.readyState != "live":
                raise MediaStreamError
            self._filled.clear()
            await self._filled.wait()
        return self._packets.popleft()


class Peer:
    """A connection to one viewer, used once.

    Args:
        want_keyframe: Called when the viewer has lost too much to go on.
    """

    def __init__(self, want_keyframe: Callable[[], None]) -> None:
        self.track = PacketTrack()
        self._want_keyframe = want_keyframe
        self._connected = asyncio.Event()
        self._ended = asyncio.Event()
        # Without a list of our own the library would ask a STUN server on the internet.
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.on("connectionstatechange", self._follow)

    async def answer(self, offer: Offer) -> str:
        """Take up the connection, and write our description (SDP) with every address in it."""
        connection = self._connection
        transceiver = connection.addTransceiver(self.track, direction="sendonly")
        transceiver.setCodecPreferences(
            [
                codec
                for codec in RTCRtpSender.getCapabilities("video").codecs
                if codec.mimeType in {CODEC, _REPAIR}
            ]
        )
        # The library keeps this to itself, since it means to encode by itself.
        transceiver.sender._send_keyframe = self._want_keyframe  # type: ignore[method-assign]
        _confine(transceiver)
        await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        _require_confined(transceiver)
        return str(connection.localDescription.sdp)

    async def until_connected(self) -> bool:
        """Wait until it is connected, or has ended; False if it has ended."""
        await _first(self._connected, self._ended)
        return self._connected.is_set() and not self._ended.is_set()

    async def until_ended(self) -> None:
        """Wait until the viewer is gone, or `end` was called."""
        await self._ended.wait()

    def end(self) -> None:
        """Have `until_connected` and `until_ended` return."""
        self._ended.set()

    async def close(self) -> None:
        """Close the connection; no task of it is left afterwards."""
        self._ended.set()
        await self._connection.close()

    def _follow(self) -> None:
        match self._connection.connectionState:
            case "connected":
                self._connected.set()
            case "failed" | "closed":
                self._ended.set()


def _confine(transceiver: RTCRtpTransceiver) -> None:
    """Make ICE use loopback and nothing else; the library by itself uses all but loopback.

    A socket that is bound there reaches no other machine and is reached by none. A browser need
    not tell its own addresses, which it hides behind mDNS names: it sends to ours, and so its
    address becomes known.
    """
    ice: Any = transceiver.sender.transport.transport.iceGatherer._connection
    gather = ice.get_component_candidates

    async def on_loopback(component: int, addresses: list[str], **more: Any) -> Any:  # noqa: ARG001
        return await gather(component=component, addresses=[LOOPBACK], **more)

    ice.get_component_candidates = on_loopback


def _require_confined(transceiver: RTCRtpTransceiver) -> None:
    """Refuse to go on if the library has changed in a way that `_confine` does not know."""
    gatherer = transceiver.sender.transport.transport.iceGatherer
    addresses = {candidate.ip for candidate in gatherer.getLocalCandidates()}
    if addresses != {LOOPBACK}:
        raise RuntimeError("the preview's connection would not stay on this machine")


async def _first(*events: asyncio.Event) -> None:
    tasks = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
