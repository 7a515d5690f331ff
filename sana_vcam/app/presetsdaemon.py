"""The presets of a daemon that runs: asked for, and edited through it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sana_vcam.clients import connection
from sana_vcam.config import paths
from sana_vcam.config.preset import Preset
from sana_vcam.control.protocol import messages
from sana_vcam.errors import CommandFailed, StartupError
from sana_vcam.presets.catalog import ListedPreset


def running_daemon() -> connection.DaemonAddress | None:
    """Find the daemon of this user that runs now; None if none answers."""
    from sana_vcam.clients.terminal import Failure
    from sana_vcam.control.access import discovery  # loads a WebSocket

    try:
        if discovery.find(paths.runtime_dir()) is None:
            return None
        found = connection.find_daemon(None, None, None)
        connection.ask(found, messages.GetState())
    except (StartupError, Failure):
        return None
    return found


def listed(daemon: connection.DaemonAddress) -> tuple[Preset, ...]:
    """Ask it for its presets. Raises `CommandFailed` if it refuses."""
    presets = ask(daemon, messages.ListPresets())["presets"]
    found = (ListedPreset(**preset).model_dump(exclude={"thumbnail"}) for preset in presets)
    return tuple(Preset(**preset) for preset in found)


def ask(daemon: connection.DaemonAddress, command: messages.Command) -> dict[str, Any]:
    """Have it run a command. Raises `CommandFailed` if it refuses."""
    return _data(connection.ask(daemon, command))


def ask_in_turn(
    daemon: connection.DaemonAddress, commands: Iterable[messages.Command]
) -> dict[str, Any]:
    """Have it run commands of one connection. Raises `CommandFailed` if it refuses one."""
    return _data(connection.ask_in_turn(daemon, commands))


def _data(reply: dict[str, Any]) -> dict[str, Any]:
    if reply["type"] == "error":
        raise CommandFailed(reply["data"]["code"], reply["data"]["message"])
    data: dict[str, Any] = reply["data"]
    return data
