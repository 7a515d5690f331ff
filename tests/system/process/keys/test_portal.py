"""Hotkeys through the real portal of the desktop, over a backend of the tests' own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sana_vcam.app.cli import main
from sana_vcam.clients.connection import find_daemon
from sana_vcam.clients.keys import identity
from sana_vcam.clients.keys.actions import ACTIONS, with_triggers
from sana_vcam.clients.keys.calls import PortalFailed
from sana_vcam.clients.keys.entry import APP_ID, entry, entry_path
from sana_vcam.clients.keys.run import Hotkeys, Surroundings, list_bound
from sana_vcam.config import paths
from tests.system.process.keys.desktop import (
    PATIENCE_S,
    Desktop,
    NewPortal,
    Registered,
    Registry,
    Systemd,
    silent_bus,
    until,
)
from tests.unit.clients.deck.linux.rig import Controls, serving_daemon

ENTRY = entry(["/usr/bin/env", "keys"])


def around(address: str, answer_s: float = PATIENCE_S) -> Surroundings:
    return Surroundings(
        lambda: find_daemon(None, None, paths.runtime_dir()),
        lambda: address,
        retry_s=0.02,
        answer_s=answer_s,
        return_s=PATIENCE_S,
    )


@contextlib.asynccontextmanager
async def serving(desktop: Desktop) -> AsyncIterator[Hotkeys]:
    hotkeys = Hotkeys(around(desktop.address), ACTIONS, ENTRY)
    task = asyncio.create_task(hotkeys.serve())
    try:
        await until(lambda: hotkeys.bound or task.done(), "hotkeys")
        await until(lambda: hotkeys.link.daemon.presets or task.done(), "the looks")
        yield hotkeys
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def fails(address: str, answer_s: float = PATIENCE_S) -> str:
    """What it says that ends it."""
    with pytest.raises(PortalFailed) as raised:
        async with asyncio.timeout(PATIENCE_S):
            await Hotkeys(around(address, answer_s), ACTIONS, ENTRY).serve()
    return str(raised.value)


async def test_the_command_passes_every_hotkey_on_and_lists_them(
    desktop: Desktop,
    controls: Controls,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    await desktop.start_portal()
    environment = {
        **os.environ,
        "DBUS_SESSION_BUS_ADDRESS": desktop.address,
        "XDG_DATA_HOME": str(desktop.folder),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sana_vcam", "keys"),
        *("--bind", "blank=super+f9", "--bind", "clip="),
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = ""
    while "hotkeys: blank" not in said or "connected to the daemon" not in said:
        line = await asyncio.wait_for(process.stderr.readline(), PATIENCE_S)
        assert line, said
        said += line.decode()

    wishes = desktop.backend.wishes
    assert list(wishes) == [action.id for action in ACTIONS]
    assert wishes["blank"].preferred == "LOGO+f9"
    assert wishes["freeze"].preferred == "CTRL+ALT+f"
    assert wishes["clip"].preferred is None
    assert all(wish.description for wish in wishes.values())
    assert f"Exec={sys.executable.rpartition('/')[0]}/" in entry_path().read_text()

    press = desktop.backend.press
    press("blank", times=4)
    await controls.wait_done("blank", True)
    press("blank")
    await controls.wait_done("blank", False)
    press("freeze")
    await controls.wait_done("freeze", True)
    press("look-3")
    await controls.wait_done("apply_preset", controls.looks[2].id)
    press("next")
    await controls.wait_done("step_preset", 1)
    press("previous")
    await controls.wait_done("step_preset", -1)
    press("clip")
    await controls.wait_done("clip", (None, False))
    assert [done for done in controls.done if done[0] == "blank"] == [
        ("blank", True),
        ("blank", False),
    ]
    press("look-7")
    while "look-7: there are only 4 looks" not in said:
        said += (await asyncio.wait_for(process.stderr.readline(), PATIENCE_S)).decode()

    process.send_signal(signal.SIGTERM)
    _, rest = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (process.returncode, "Traceback" in rest.decode()) == (0, False)

    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.address)
    assert await asyncio.to_thread(main, ["keys", "--list", "--json"]) == 0
    hotkeys = json.loads(capsys.readouterr().out)["hotkeys"]
    listed = {hotkey["id"]: hotkey["trigger"] for hotkey in hotkeys}
    assert listed == {name: wish.preferred or "" for name, wish in wishes.items()}
    assert await asyncio.to_thread(main, ["keys", "--list"]) == 0
    assert "blank       LOGO+f9           Show viewers black" in capsys.readouterr().out


async def test_portal_session_and_daemon_come_back(desktop: Desktop):
    await desktop.start_portal()
    controls = Controls()
    async with serving_daemon(controls), serving(desktop) as hotkeys:
        desktop.backend.press("blank")
        await controls.wait_done("blank", True)

        desktop.backend.close()
        await until(lambda: len(desktop.backend.sessions) == 2 and hotkeys.bound, "a new session")
        desktop.backend.press("blank")
        await controls.wait_done("blank", False)

        await desktop.kill("portal")
        await until(lambda: not hotkeys.bound, "its end")
        await desktop.start_portal()
        await until(lambda: len(desktop.backend.sessions) == 3 and hotkeys.bound, "its return")
        desktop.backend.press("freeze")
        await controls.wait_done("freeze", True)


async def test_a_daemon_that_starts_later_is_found(desktop: Desktop):
    await desktop.start_portal()
    hotkeys = Hotkeys(around(desktop.address), ACTIONS, ENTRY)
    task = asyncio.create_task(hotkeys.serve())
    try:
        await until(lambda: hotkeys.bound, "hotkeys")
        await until(lambda: hotkeys.link.daemon.why, "that there is no daemon")
        for _ in range(2):
            controls = Controls()
            async with serving_daemon(controls):
                await until(lambda: hotkeys.link.daemon.online, "the daemon")
                desktop.backend.press("blank")
                await controls.wait_done("blank", True)
            await until(lambda: not hotkeys.link.daemon.online, "its end")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_user_who_says_no_ends_it(desktop: Desktop):
    await desktop.start_portal()
    desktop.backend.response = 1
    assert "you refused the hotkeys" in await fails(desktop.address)
    desktop.backend.response = 2
    assert "gives no reason" in await fails(desktop.address)


async def test_a_portal_that_goes_while_the_user_is_asked(desktop: Desktop):
    await desktop.start_portal()
    desktop.backend.answer.clear()
    asking = asyncio.create_task(fails(desktop.address))
    await desktop.backend.asked.wait()
    await desktop.kill("portal")
    assert await asking == "the desktop's portal has gone"
    desktop.backend.answer.set()


async def test_a_desktop_without_hotkeys_is_told_with_those_that_have_them(desktop: Desktop):
    await desktop.start_portal(interfaces="Lockdown")
    said = await fails(desktop.address)
    assert "GNOME does from 48 on, KDE Plasma from 5.27" in said
    assert "sana-vcam ctl blank" in said


async def test_no_portal_and_a_bus_that_goes(desktop: Desktop):
    assert "sudo apt install xdg-desktop-portal" in await fails(desktop.address)
    await desktop.start_portal()
    hotkeys = Hotkeys(around(desktop.address), ACTIONS, ENTRY)
    serving = asyncio.create_task(hotkeys.serve())
    await until(lambda: hotkeys.bound, "hotkeys")
    await desktop.kill("bus")
    with pytest.raises(PortalFailed, match="the session bus has gone"):
        await asyncio.wait_for(serving, PATIENCE_S)


async def test_a_bus_that_hangs_and_one_that_is_not_there(tmp_path: Path):
    async with silent_bus(tmp_path) as address:
        assert "the session bus does not answer" in await fails(address, answer_s=0.1)
    assert "the session bus cannot be reached" in await fails(f"unix:path={tmp_path}/none")
    assert "the session bus cannot be reached" in await fails("nonsense")


async def test_a_newer_portal_is_told_who_asks_before_anything_else(desktop: Desktop):
    registered = Registered(unseen=1)
    await desktop.become(NewPortal(registered), Registry(registered))
    assert "as far as this one goes" in await fails(desktop.address)
    # It was asked twice: a portal may see a new file a little later.
    assert registered.ids == [APP_ID]


async def test_a_newer_portal_that_never_finds_the_entry(desktop: Desktop):
    registered = Registered()
    portal = NewPortal(registered)
    await desktop.become(portal)
    said = await fails(desktop.address)
    assert f"does not find {APP_ID}.desktop" in said
    portal.speaks.clear()
    # On a machine that does much else, it may be the bus that answers too late.
    assert "does not answer" in await fails(desktop.address, answer_s=0.1)
    portal.speaks.set()


async def test_an_older_portal_reads_who_asks_from_a_scope_of_systemd(
    desktop: Desktop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    cgroup = tmp_path / "cgroup"
    cgroup.write_text("0::/user.slice/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope\n")
    monkeypatch.setattr(identity, "CGROUP", cgroup)
    monkeypatch.delenv("SYSTEMD_EXEC_PID", raising=False)
    systemd = Systemd(cgroup)
    await systemd.serve(desktop.bus)
    await desktop.start_portal()
    for _ in range(2):
        assert await list_bound(around(desktop.address), ENTRY) == []
        # The second time it is in its scope already.
        assert systemd.scopes == [(f"app-{APP_ID}-{os.getpid()}.scope", [os.getpid()])]
    cgroup.write_text("0::/user.slice/app.slice/somebodys.service\n")
    monkeypatch.setenv("SYSTEMD_EXEC_PID", str(os.getpid()))
    assert await list_bound(around(desktop.address), ENTRY) == []
    assert len(systemd.scopes) == 1, "a service stays where it was started"


async def test_what_a_desktop_keeps_is_listed(desktop: Desktop):
    await desktop.start_portal()
    assert await list_bound(around(desktop.address), ENTRY) == []
    desktop.backend.response = 0
    actions = with_triggers({"blank": "F9"})
    hotkeys = Hotkeys(around(desktop.address), actions, ENTRY)
    serving = asyncio.create_task(hotkeys.serve())
    await until(lambda: hotkeys.bound, "hotkeys")
    assert await list_bound(around(desktop.address), ENTRY) == hotkeys.bound
    assert hotkeys.bound[0].trigger == "F9"
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
