"""A backend of the desktop's portal that grants the camera, run by Debian's own Python.

Debian's Python has the D-Bus module, and may be older than ours.
"""

import dbus  # type: ignore[import-not-found]
import dbus.service  # type: ignore[import-not-found]
from dbus.mainloop.glib import DBusGMainLoop  # type: ignore[import-not-found]
from gi.repository import GLib  # type: ignore[import-not-found]

NAME = "org.freedesktop.impl.portal.desktop.fake"
ACCESS = "org.freedesktop.impl.portal.Access"
STORE = "org.freedesktop.impl.portal.PermissionStore"
PROPERTIES = "org.freedesktop.DBus.Properties"
GRANTED = 0


class Backend(dbus.service.Object):  # type: ignore[misc]
    """What the portal asks before a program may have the camera."""

    @dbus.service.method(ACCESS, in_signature="osssssa{sv}", out_signature="ua{sv}")  # type: ignore[untyped-decorator]
    def AccessDialog(self, _handle, _app, _window, _title, _subtitle, _body, _options):  # type: ignore[no-untyped-def]
        return dbus.UInt32(GRANTED), dbus.Dictionary({}, signature="sv")

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")  # type: ignore[untyped-decorator]
    def Get(self, _interface, _name):  # type: ignore[no-untyped-def]
        return False

    @dbus.service.method(PROPERTIES, in_signature="s", out_signature="a{sv}")  # type: ignore[untyped-decorator]
    def GetAll(self, _interface):  # type: ignore[no-untyped-def]
        return dbus.Dictionary({"disable-camera": False}, signature="sv")


def main() -> None:
    DBusGMainLoop(set_as_default=True)
    bus = dbus.SessionBus()
    name = dbus.service.BusName(NAME, bus)
    backend = Backend(bus, "/org/freedesktop/portal/desktop")
    store = bus.get_object(STORE, "/org/freedesktop/impl/portal/PermissionStore")
    # No dialog for programs outside a sandbox.
    dbus.Interface(store, STORE).SetPermission("devices", True, "camera", "", ["yes"])
    print("ready", name.get_name(), backend, flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
