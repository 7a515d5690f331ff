"""The listening socket, and who has the port if it cannot be opened."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.access import discovery, peers, sockdiag
from sana_vcam.errors import StartupError


def address(config: ControlConfig) -> str:
    """Read the IP address to listen on from the configuration."""
    # The name is not looked up: it could lead anywhere.
    return "127.0.0.1" if config.host.lower() == "localhost" else config.host


def open_socket(config: ControlConfig, runtime_dir: Path) -> socket.socket:
    """Open the listening socket.

    Raises:
        StartupError: it cannot be opened; the message names who has the port, if that is known.
    """
    host = address(config)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    other = config.port % 65535 + 1
    fix = f"choose another port: SANA_VCAM_CONTROL__PORT={other}, or [control] port = {other}"
    try:
        return socket.create_server((host, config.port), family=family)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise StartupError(
                f"cannot listen on {host} port {config.port}: {error.strerror}; {fix}"
            ) from error
        who = _holder(sockdiag.endpoint(host, config.port), runtime_dir)
        raise StartupError(
            f"port {config.port} of {host} is taken by {who}; stop that, or {fix}"
        ) from error


def _holder(server: sockdiag.Endpoint, runtime_dir: Path) -> str:
    holder = peers.listener(server)
    if holder is None:
        return "another program"
    if holder.pid is None:
        return f"a program of the user with the id {holder.uid}"
    running = discovery.find(runtime_dir)
    if running is not None and running.pid == holder.pid:
        return f"a sana-vcam that already runs (pid {holder.pid}; try: sana-vcam ctl state)"
    return f"{holder.command or 'a program'} (pid {holder.pid})"
