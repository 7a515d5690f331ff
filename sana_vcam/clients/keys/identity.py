"""Who asks the portal: the program's id, by which the desktop keeps the hotkeys of a program.

From 1.20 on, a program that is in no sandbox says it by `org.freedesktop.host.portal.Registry`,
before its first other call; from 1.21 on, no session of hotkeys is given without an id. Older
portals, and those that do not find the desktop entry, read it from the unit of systemd in which the
process runs. (xdg-desktop-portal: data/org.freedesktop.host.portal.Registry.xml,
desktop-portal/global-shortcuts.c, shared/xdp-app-info-host.c at 1.22.)
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

from dbus_fast import Variant

from sana_vcam.clients.keys.calls import DESKTOP, PATH, UNKNOWN, BusInterface, Caller, CallFailed
from sana_vcam.clients.keys.entry import APP_ID
from sana_vcam.lib.threads import run_blocking

REGISTRY = BusInterface(DESKTOP, PATH, "org.freedesktop.host.portal.Registry")
SYSTEMD = BusInterface(
    "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"
)
CGROUP = Path("/proc/self/cgroup")
LOOKS = 20
LOOK_S = 0.05

log = logging.getLogger("sana_vcam.clients.keys")


class EntryUnseen(Exception):
    """The portal does not find the desktop entry, or not yet."""


async def identify(caller: Caller) -> None:
    """Say who we are, on a connection that has not asked the portal for anything yet.

    Raises:
        EntryUnseen: the portal does not find the desktop entry.
        PortalFailed: it does not answer.
    """
    try:
        await caller.call(REGISTRY, "Register", "sa{sv}", [APP_ID, {}])
    except CallFailed as error:
        if error.name in UNKNOWN:
            await _enter_scope(caller)
        elif error.name.endswith(".NotAllowed"):
            # Of a sandbox the portal knows the program by itself.
            log.debug("the portal takes no id: %s", error)
        else:
            raise EntryUnseen(str(error)) from error


async def _enter_scope(caller: Caller) -> None:
    """Have systemd put this process into a unit whose name tells the id, unless it has one."""
    if os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid()):
        # The main process of a service of somebody's: it has the name that it was given.
        return
    if await run_blocking(_has_unit, name="keys-unit"):
        return
    unit = f"app-{APP_ID}-{os.getpid()}.scope"
    properties = [
        ["PIDs", Variant("au", [os.getpid()])],
        ["CollectMode", Variant("s", "inactive-or-failed")],
    ]
    try:
        await caller.call(
            SYSTEMD, "StartTransientUnit", "ssa(sv)a(sa(sv))", [unit, "fail", properties, []]
        )
    except CallFailed as error:
        log.warning("the desktop may not keep the hotkeys: it cannot tell who asks (%s)", error)
        return
    # The reply comes before systemd has moved it.
    for _ in range(LOOKS):
        if await run_blocking(_has_unit, name="keys-unit"):
            return
        await asyncio.sleep(LOOK_S)


def _has_unit() -> bool:
    """Whether this process runs in a unit that is named after the id. Blocks."""
    try:
        return f"/app-{APP_ID}" in CGROUP.read_text()
    except OSError:
        return False
