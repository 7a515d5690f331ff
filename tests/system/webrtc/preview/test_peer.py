"""One viewer's connection: it stays on this machine; and the packets that wait for it."""

import asyncio
import ipaddress
import logging
import re
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from sana_vcam.control.preview import peer as peer_module
from sana_vcam.control.preview.offer import read_offer
from sana_vcam.control.preview.peer import MAX_WAITING, PacketTrack, Peer
from tests.fakes.offers import CHROMIUM


def own_udp_sockets():
    """The local addresses of this process' UDP sockets, as Linux tells them."""
    inodes = set()
    for link in Path("/proc/self/fd").iterdir():
        try:
            match = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
        except OSError:
            continue
        inodes |= {match[1]} if match else set()
    found = []
    for name in ("udp", "udp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                raw = bytes.fromhex(fields[1].partition(":")[0])
                words = [raw[at : at + 4][::-1] for at in range(0, len(raw), 4)]
                found.append(ipaddress.ip_address(b"".join(words)))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's list of sockets")
async def test_it_listens_on_loopback_only(monkeypatch):
    monkeypatch.undo()
    before = own_udp_sockets()
    peer = Peer(lambda: None)
    answer = await peer.answer(read_offer(CHROMIUM))
    opened = own_udp_sockets()
    for address in before:
        opened.remove(address)
    assert [str(address) for address in opened] == ["127.0.0.1"]
    candidates = re.findall(r"a=candidate:(.*)", answer)
    assert len(candidates) == 1
    assert " 127.0.0.1 " in candidates[0]
    assert "typ host" in candidates[0]
    assert "c=IN IP4 127.0.0.1\r\n" in answer
    await peer.close()
    assert own_udp_sockets() == before


async def test_a_library_that_would_use_another_address_is_noticed(monkeypatch):
    monkeypatch.setattr(peer_module, "_confine", lambda _: None)
    monkeypatch.setattr("aioice.ice.get_host_addresses", lambda **_: ["127.0.0.2"])
    peer = Peer(lambda: None)
    with pytest.raises(RuntimeError, match="would not stay on this machine"):
        await peer.answer(read_offer(CHROMIUM))
    await peer.close()


async def test_it_is_not_connected_once_it_has_ended():
    peer = Peer(lambda: None)
    peer.end()
    assert not await peer.until_connected()
    await peer.until_ended()
    await peer.close()


async def test_the_librarys_checks_are_not_in_the_log(preview_server, sink, scene, caplog):
    from tests.fakes.viewers import looking

    caplog.set_level(logging.INFO)
    sink.send(scene)
    async with looking(preview_server):
        pass
    assert {one.name for one in caplog.records} == {"sana_vcam.control.preview.previews"}


async def test_a_viewer_that_has_lost_too_much_gets_a_keyframe(
    preview_server, sink, scene, monkeypatch
):
    from sana_vcam.control.preview.encoder import Encoder
    from tests.fakes.viewers import looking, until

    sink.send(scene)
    async with looking(preview_server) as (one, _):
        wanted = []
        monkeypatch.setattr(Encoder, "want_keyframe", lambda _: wanted.append(True))
        receiver = one.connection.getReceivers()[0]
        source = next(iter(receiver.getSynchronizationSources())).source
        # What a browser sends when it cannot decode: a picture loss indication.
        await receiver._send_rtcp_pli(source)
        await until(lambda: wanted)


def packet(number, *, is_keyframe=False):
    made = Packet(bytes([number]))
    made.pts, made.time_base = number, Fraction(1, 90_000)
    made.is_keyframe = is_keyframe
    return made


async def test_packets_begin_with_a_keyframe_and_keep_their_order():
    track = PacketTrack()
    assert not track.put(packet(0))
    assert track.put(packet(1, is_keyframe=True))
    assert track.put(packet(2))
    assert [(await track.recv()).pts for _ in range(2)] == [1, 2]
    waiting = asyncio.create_task(track.recv())
    await asyncio.sleep(0)
    track.put(packet(3))
    assert (await waiting).pts == 3


async def test_a_viewer_that_is_behind_goes_on_at_a_keyframe():
    track = PacketTrack()
    track.put(packet(0, is_keyframe=True))
    for number in range(1, MAX_WAITING):
        assert track.put(packet(number))
    assert not track.put(packet(100))
    assert not track.put(packet(101))
    assert track.put(packet(102, is_keyframe=True))
    assert (await track.recv()).pts == 102


async def test_a_track_that_was_stopped_has_no_more():
    track = PacketTrack()
    track.stop()
    with pytest.raises(MediaStreamError):
        await track.recv()
