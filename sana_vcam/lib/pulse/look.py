"""One look at what a server has: connect, be told, and go. It records nothing, and starts none."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from sana_vcam.lib.pulse.connection import PulseConnection, PulseSource, find_server


@dataclass(frozen=True, slots=True)
class PulseServer:
    """A server that speaks PulseAudio's protocol, as it was at one moment."""

    name: str
    is_pipewire: bool
    sources: tuple[PulseSource, ...]


def look_at_pulse() -> PulseServer:
    """Ask the user's server what it has; blocks for milliseconds. Raises `PulseError`."""
    with closing(PulseConnection(find_server())) as server:
        return PulseServer(server.server_name, server.is_pipewire, server.sources)
