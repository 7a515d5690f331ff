"""Notifications to systemd of how the service is doing (sd_notify(3)); nothing elsewhere."""

from __future__ import annotations

import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class Notifier:
    """Readiness, status lines and watchdog pings, sent to `$NOTIFY_SOCKET` without waiting."""

    def __init__(self, address: str | None = None) -> None:
        """`address` defaults to the environment's; an @ stands for an abstract socket."""
        address = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._last_status = ""
        self._is_ready = False

    def ready(self) -> None:
        """Say that the virtual camera is being fed."""
        self._is_ready = True
        self._send("READY=1")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Say that the configuration is being read again, for as long as the block runs.

        Before the daemon is ready nothing is sent: the READY=1 at the end would be untrue.
        """
        if self._is_ready:
            # Type=notify-reload (systemd 253) wants to know that this answers its own signal.
            since_us = time.monotonic_ns() // 1000
            self._send(f"RELOADING=1\nMONOTONIC_USEC={since_us}")
        try:
            yield
        finally:
            if self._is_ready:
                self._send("READY=1")

    def stopping(self) -> None:
        """Say that the session is being closed."""
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        """Say that the playout has ticked since the last time."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Set the line of `systemctl status`; it is sent when it changes."""
        # A second line would be an assignment of its own.
        text = " ".join(text.splitlines())
        if text != self._last_status:
            self._last_status = text
            self._send(f"STATUS={text}")

    def _send(self, line: str) -> None:
        if sys.platform == "win32" or not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                # The event loop does not wait for a service manager whose queue is full.
                sock.setblocking(False)
                sock.sendto(line.encode(errors="replace"), self._address)
        except OSError as error:
            log.debug("systemd was not told %s: %s", line, error)
