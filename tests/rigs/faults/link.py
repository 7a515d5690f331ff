"""A network between two namespaces that can lose packets, or all of them, when told to.

Few kernels have netem, so the two ends are TUN devices and a thread here carries each packet.
"""

from __future__ import annotations

import fcntl
import os
import random
import select
import socket
import struct
import subprocess
import threading

NEAR, FAR = "10.77.1.1", "10.77.1.2"
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000
PACKET = 1 << 16


class Link:
    """Connects this namespace (`NEAR`) with a new one (`FAR`), in which `prefix` starts programs.

    `loss` is the part of packets lost each way, 0 to 1; 1 is a black hole. With
    `udp_blocked` only what is not UDP gets through, as in some offices.
    """

    def __init__(self, seed: int = 0) -> None:
        self.loss = 0.0
        self.udp_blocked = False
        self.carried = self.lost = 0
        self._random = random.Random(seed)
        self._near = _tun("near", NEAR, FAR)
        maker = threading.Thread(target=self._make_far_end, name="far end")
        maker.start()
        maker.join()
        self._wake, self._waker = os.pipe()
        self._relay = threading.Thread(target=self._carry, name="link")
        self._relay.start()

    @property
    def prefix(self) -> tuple[str, ...]:
        """What a command has to begin with to run at the far end."""
        return ("nsenter", f"--net=/proc/{os.getpid()}/fd/{self._namespace}")

    def close(self) -> None:
        """Take both ends away."""
        os.write(self._waker, b"x")
        self._relay.join()
        for descriptor in (self._near, self._far, self._namespace, self._wake, self._waker):
            os.close(descriptor)

    def _make_far_end(self) -> None:
        """In a thread of its own: a namespace belongs to a thread, and outlives it by its file."""
        os.unshare(os.CLONE_NEWNET)
        subprocess.run(("ip", "link", "set", "lo", "up"), check=True)
        self._far = _tun("far", FAR, NEAR)
        self._namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY)

    def _is_lost(self, packet: bytes) -> bool:
        return self._random.random() < self.loss or (self.udp_blocked and _is_udp(packet))

    def _carry(self) -> None:
        others = {self._near: self._far, self._far: self._near}
        while True:
            ready, _, _ = select.select([*others, self._wake], [], [])
            if self._wake in ready:
                return
            for end in ready:
                packet = os.read(end, PACKET)
                if self._is_lost(packet):
                    self.lost += 1
                else:
                    self.carried += 1
                    os.write(others[end], packet)


def _is_udp(packet: bytes) -> bool:
    """Whether an IP packet carries UDP."""
    protocol = packet[9] if packet[0] >> 4 == 4 else packet[6]
    return protocol == socket.IPPROTO_UDP


def _tun(name: str, address: str, peer: str) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    subprocess.run(("ip", "address", "add", address, "peer", peer, "dev", name), check=True)
    subprocess.run(("ip", "link", "set", name, "up"), check=True)
    return descriptor
