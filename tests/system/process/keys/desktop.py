"""A desktop of the tests' own: a private session bus, the real portal on it, and its backend.

The backend implements org.freedesktop.impl.portal.GlobalShortcuts 1, as that of a desktop does. For
what only newer portals than this machine's have, `NewPortal` stands in for the portal itself.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self

from dbus_fast import DBusError, Message, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

PORTAL = "/usr/libexec/xdg-desktop-portal"
TOOLS = {"dbus-daemon": "dbus-daemon", "setpriv": "util-linux"}
PATIENCE_S = 60.0
NAME = "org.freedesktop.impl.portal.desktop.tests"
DESKTOP = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
DESCRIPTION = f"""[portal]
DBusName={NAME}
Interfaces={{interfaces}}
UseIn=tests
"""
# No service files: what the tests do not start does not run.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""

Options = Annotated[dict[str, Variant], DBusSignature("a{sv}")]
Shortcuts = Annotated[list[tuple[str, dict[str, Variant]]], DBusSignature("a(sa{sv})")]
Answer = Annotated[tuple[int, dict[str, Variant]], DBusSignature("ua{sv}")]
Properties = Annotated[list[tuple[str, Variant]], DBusSignature("a(sv)")]
Units = Annotated[list[tuple[str, list[tuple[str, Variant]]]], DBusSignature("a(sa(sv))")]
Press = Annotated[tuple[str, str, int, dict[str, Variant]], DBusSignature("osta{sv}")]


class ToolMissing(Exception):
    """The portal cannot be run here; says what would mend it."""


def require_portal() -> None:
    """Raise `ToolMissing` where there is no bus or no portal."""
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if not Path(PORTAL).exists():
        missing.append("xdg-desktop-portal")
    if missing:
        raise ToolMissing(f"apt install --no-install-recommends {' '.join(missing)}")


async def until(wanted: Callable[[], Any], what: str) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never came: {what}") from None


class Session(ServiceInterface):
    """The backend's end of a session."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.impl.portal.Session")

    @dbus_method()
    def Close(self) -> None:
        pass

    @dbus_signal()
    def Closed(self) -> None:
        pass


@dataclass
class Wish:
    """What a program has asked for."""

    description: str
    preferred: str | None


class Backend(ServiceInterface):
    """What a desktop's own program does for the portal: keeps hotkeys, and says when they go."""

    def __init__(self, bus: MessageBus) -> None:
        super().__init__("org.freedesktop.impl.portal.GlobalShortcuts")
        self._bus = bus
        self.response = 0
        """What the user says in the dialog: 0 yes, 1 no, 2 it broke."""
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()
        """The user takes this long to answer."""
        self.answer.set()
        self.app_ids: list[str] = []
        self.sessions: list[str] = []
        self.wishes: dict[str, Wish] = {}

    @dbus_method()
    def CreateSession(
        self, handle: DBusObjectPath, session: DBusObjectPath, app_id: DBusStr, options: Options
    ) -> Answer:
        self.app_ids.append(app_id)
        self.sessions.append(session)
        self._bus.export(session, Session())
        # The portal 1.16 passes this on, and does not stand its absence.
        return (0, {"shortcuts": Variant("a(sa{sv})", [])})

    @dbus_method()
    async def BindShortcuts(
        self,
        handle: DBusObjectPath,
        session: DBusObjectPath,
        shortcuts: Shortcuts,
        window: DBusStr,
        options: Options,
    ) -> Answer:
        self.asked.set()
        await self.answer.wait()
        if self.response:
            return (self.response, {})
        self.wishes = {
            name: Wish(
                said["description"].value,
                said["preferred_trigger"].value if "preferred_trigger" in said else None,
            )
            for name, said in shortcuts
        }
        return (0, {"shortcuts": self._kept()})

    @dbus_method()
    def ListShortcuts(self, handle: DBusObjectPath, session: DBusObjectPath) -> Answer:
        return (0, {"shortcuts": self._kept()})

    @dbus_signal()
    def Activated(self, session: str, name: str, at: int) -> Press:
        return (session, name, at, {})

    @dbus_signal()
    def Deactivated(self, session: str, name: str, at: int) -> Press:
        return (session, name, at, {})

    def _kept(self) -> Variant:
        return Variant(
            "a(sa{sv})",
            [
                (
                    name,
                    {
                        "description": Variant("s", wish.description),
                        "trigger_description": Variant("s", wish.preferred or ""),
                    },
                )
                for name, wish in self.wishes.items()
            ],
        )

    def press(self, name: str, times: int = 1) -> None:
        """Press a hotkey, hold it for so many repeats, and let it go."""
        for at in range(times):
            self.Activated(self.sessions[-1], name, at)
        self.Deactivated(self.sessions[-1], name, times)

    def close(self) -> None:
        """End the newest session, as a desktop may."""
        (session,) = self._bus._path_exports[self.sessions[-1]].values()
        session.Closed()


class Desktop:
    """A session bus while the `async with` block lasts; what else there is, a test starts."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    async def __aenter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="keys", dir="/tmp"))
        self.address = f"unix:path={self.folder / 'bus'}"
        (self.folder / "bus.conf").write_text(BUS.format(socket=self.folder / "bus"))
        self.spawn("bus", "dbus-daemon", "--nofork", f"--config-file={self.folder}/bus.conf")
        try:
            await until(self._listens, "the bus")
            self.bus = await MessageBus(bus_address=self.address).connect()
        except BaseException:
            await self._end()
            raise
        self.backend = Backend(self.bus)
        return self

    def _listens(self) -> bool:
        """Whether the bus takes connections; its socket is there a moment before."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.folder / "bus")) == 0

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bus.disconnect()
        await asyncio.gather(self.bus.wait_for_disconnect(), return_exceptions=True)
        await self._end()

    async def _end(self) -> None:
        for name in reversed(list(self._processes)):
            await self.kill(name)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def environment(self) -> Mapping[str, str]:
        """What processes of this desktop have in theirs."""
        unset = {"DISPLAY", "WAYLAND_DISPLAY"}
        folder = str(self.folder)
        return {
            **{name: value for name, value in os.environ.items() if name not in unset},
            "DBUS_SESSION_BUS_ADDRESS": self.address,
            "XDG_DESKTOP_PORTAL_DIR": folder,
            "XDG_CURRENT_DESKTOP": "tests",
            "XDG_DATA_HOME": folder,
            "HOME": folder,
            "G_MESSAGES_DEBUG": "all",
        }

    def spawn(self, name: str, *words: str) -> None:
        """Start a process of the desktop, which dies with us."""
        with (self.folder / f"{name}.log").open("ab") as output:
            self._processes[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *words],
                env=dict(self.environment) if name != "bus" else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    async def kill(self, name: str) -> None:
        """Kill a process of the desktop."""
        process = self._processes.pop(name)
        process.kill()
        await asyncio.to_thread(process.wait)

    async def start_portal(self, interfaces: str = "GlobalShortcuts") -> None:
        """Start the portal, or start it again, over a backend that has these."""
        listed = "".join(f"org.freedesktop.impl.portal.{name};" for name in interfaces.split())
        (self.folder / "tests.portal").write_text(DESCRIPTION.format(interfaces=listed))
        if not self.bus._path_exports.get(PATH):
            self.bus.export(PATH, self.backend)
            await self.bus.request_name(NAME)
        self.spawn("portal", PORTAL)
        await self.owned(DESKTOP)

    async def owned(self, name: str) -> None:
        """Wait until somebody has a name."""
        ask = Message(
            destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus",
            member="NameHasOwner",
            signature="s",
            body=[name],
        )
        async with asyncio.timeout(PATIENCE_S):
            while not (reply := await self.bus.call(ask)) or reply.body != [True]:
                await asyncio.sleep(0.01)

    async def become(self, portal: ServiceInterface, *more: ServiceInterface) -> None:
        """Have these in place of the real portal."""
        for interface in (portal, *more):
            self.bus.export(PATH, interface)
        await self.bus.request_name(DESKTOP)


@dataclass
class Registered:
    """What the registry of a newer portal was told, and how it takes it."""

    ids: list[str] = field(default_factory=list)
    unseen: int = 0
    """So many times more, the desktop entry is not found."""


class Registry(ServiceInterface):
    """org.freedesktop.host.portal.Registry, which portals have from 1.20 on."""

    def __init__(self, registered: Registered) -> None:
        super().__init__("org.freedesktop.host.portal.Registry")
        self._registered = registered

    @dbus_method()
    def Register(self, app_id: DBusStr, options: Options) -> None:
        if self._registered.unseen:
            self._registered.unseen -= 1
            raise DBusError("org.freedesktop.portal.Error.Failed", "Can't create registered app")
        self._registered.ids.append(app_id)


class NewPortal(ServiceInterface):
    """The portal 1.21, as far as a session goes: it gives none to a program without an id."""

    def __init__(self, registered: Registered) -> None:
        super().__init__("org.freedesktop.portal.GlobalShortcuts")
        self._registered = registered
        self.speaks = asyncio.Event()
        self.speaks.set()

    @dbus_method()
    async def CreateSession(self, options: Options) -> DBusObjectPath:
        await self.speaks.wait()
        if not self._registered.ids:
            raise DBusError("org.freedesktop.portal.Error.NotAllowed", "An app id is required")
        raise DBusError("org.freedesktop.portal.Error.Failed", "as far as this one goes")


class Systemd(ServiceInterface):
    """The user's own systemd, as far as it puts a process into a scope: by a line of `cgroup`."""

    def __init__(self, cgroup: Path) -> None:
        super().__init__("org.freedesktop.systemd1.Manager")
        self._cgroup = cgroup
        self.scopes: list[tuple[str, list[int]]] = []

    @dbus_method()
    def StartTransientUnit(
        self, name: DBusStr, mode: DBusStr, properties: Properties, aux: Units
    ) -> DBusObjectPath:
        self.scopes.append((name, dict(properties)["PIDs"].value))
        self._cgroup.write_text(f"0::/user.slice/app.slice/{name}\n")
        return "/org/freedesktop/systemd1/job/1"

    async def serve(self, bus: MessageBus) -> None:
        """Have its name on the bus."""
        bus.export("/org/freedesktop/systemd1", self)
        await bus.request_name("org.freedesktop.systemd1")


@contextlib.asynccontextmanager
async def silent_bus(folder: Path) -> AsyncIterator[str]:
    """The address of something that takes connections, and never says a word."""
    ended = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_unix_server(say_nothing, folder / "bus")
    async with server:
        yield f"unix:path={folder / 'bus'}"
        ended.set()
