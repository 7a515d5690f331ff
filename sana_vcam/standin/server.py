"""Serve one stand-in model with reactor-runtime until a signal ends it.

Nothing leaves the machine: no ICE server is named, and the address bound is 127.0.0.1 unless told
otherwise. Standard output carries one line, the ready event; logs go to standard error.
"""

from __future__ import annotations

import asyncio
import errno
import importlib
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from types import FrameType

import cv2
from reactor_runtime import log as runtime_log
from reactor_runtime.core import RuntimeConfig
from reactor_runtime.serve import serve as serve_runtime
from reactor_runtime.transport.webrtc.config import WebRtcConfig

from sana_vcam.standin.hosted import HOSTED
from sana_vcam.standin.loopback import get_json
from sana_vcam.standin.settings import Settings, Wire
from sana_vcam.standin.spawned import serve_cloud
from sana_vcam.standin.unheard import stage

log = logging.getLogger(__name__)

WIRES: dict[Wire, str] = {
    "live": HOSTED["sana-streaming"].target,
    "npm": "sana_vcam.standin.models.wire_npm:SanaStreaming",
    "page": "sana_vcam.standin.models.wire_page:SanaStreaming",
}
"""Class of each generation of the wire of `sana-streaming`, as "module:Class"."""

DRAIN_S = 1.0
"""Time a running session gets to end after a signal."""

PORT_TRIES = 5
"""How often a free port is looked for when another process takes it before the runtime binds it."""


class PortTaken(Exception):
    """The address cannot be bound; the text says why, and what to do."""


def run(settings: Settings) -> int:
    """Serve until SIGTERM, SIGINT or, if so set, the end of stdin; return the exit status.

    Must run in the main thread, in a process of its own: the runtime takes over its signals, and
    ends the process by force if it does not come down in time.

    Raises:
        PortTaken: the port is in use, or may not be bound.
    """
    runtime_log.configure(level=logging.INFO if settings.verbose else logging.WARNING)
    cv2.setNumThreads(1)
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _leave)
    for _ in range(PORT_TRIES):
        served = replace(settings, port=settings.port or free_port(settings.host))
        check_port(served.host, served.port)
        try:
            return _serve(served)
        except SystemExit as left:
            if left.code == 0:
                return 0
            # uvicorn lost the race for the port; it has logged so itself.
            if settings.port:
                break
    raise PortTaken(f"another process took the port on {settings.host} first: try again")


def run_cloud(settings: Settings, options: Sequence[str]) -> int:
    """Serve the account's front until a signal; return the exit status.

    Raises:
        PortTaken: the port is in use, or may not be bound.
    """
    check_port(settings.host, settings.port)
    return asyncio.run(serve_cloud(settings, options))


def _serve(settings: Settings) -> int:
    sana = settings.model == "sana-streaming"
    target = WIRES[settings.wire] if sana else settings.hosted.target
    module, _, name = target.partition(":")
    model = getattr(importlib.import_module(module), name)
    model.configure(settings)
    if settings.deaf or settings.no_schema:
        stage(model.hearing)
    threading.Thread(target=_announce, args=(settings,), name="announce", daemon=True).start()
    config = RuntimeConfig(
        model_ref=target,
        model_name=settings.hosted.name,
        host=settings.host,
        port=settings.port,
        grace_period=DRAIN_S,
    )
    webrtc = WebRtcConfig(ice_servers=(), sender_max_kbps=settings.max_kbps)
    return asyncio.run(serve_runtime(config, webrtc))


def free_port(host: str) -> int:
    """Find a TCP port that is free at this moment.

    Raises:
        PortTaken: this host is not an address of this machine.
    """
    with _bound(host, 0) as probe:
        port: int = probe.getsockname()[1]
        return port


def check_port(host: str, port: int) -> None:
    """Raise PortTaken, with words for the user, unless the port can be bound now."""
    _bound(host, port).close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    probe = socket.socket(family, socket.SOCK_STREAM)
    # As uvicorn does, so that connections of a previous server in TIME_WAIT do not count.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((host, port))
    except OSError as error:
        probe.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"port {port} on {host} is taken: choose another with --port, or --port 0 for any"
            ) from error
        raise PortTaken(f"cannot listen on {host}:{port}: {error}") from error
    return probe


def _announce(settings: Settings) -> None:
    """Print the ready line once a session can begin; then watch stdin, if so set."""
    while not _available(settings.url):
        time.sleep(0.02)
    print(json.dumps({"event": "standin_ready", "url": settings.url}), flush=True)
    if settings.exit_with_stdin:
        _end_with_stdin()


def _available(url: str) -> bool:
    try:
        return bool(get_json(f"{url}/health")["state"] == "available")
    except OSError:
        return False


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """End a process that is still starting; the runtime takes the signals over once it is up."""
    raise SystemExit(0)


def _end_with_stdin() -> None:
    """Read stdin to its end, then ask the process to stop: a killed parent leaves no orphan."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    log.info("standard input has ended")
    os.kill(os.getpid(), signal.SIGTERM)
