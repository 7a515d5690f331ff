"""The camera portal in a session without a desktop: the real portal, over a backend that grants.

The portal 1.16 sees only cameras that were there when it started.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.rigs.pipewire.session import Session
from tests.rigs.pipewire.versions import PipeWireMissing

PORTAL = "/usr/libexec/xdg-desktop-portal"
STORE = "/usr/libexec/xdg-permission-store"
PACKAGES = "xdg-desktop-portal python3-dbus python3-gi libglib2.0-bin"
DESCRIPTION = """[portal]
DBusName=org.freedesktop.impl.portal.desktop.fake
Interfaces=org.freedesktop.impl.portal.Access;org.freedesktop.impl.portal.Lockdown;
UseIn=fake
"""
OWNED = (
    *("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus"),
    *("--object-path", "/org/freedesktop/DBus"),
    *("--method", "org.freedesktop.DBus.NameHasOwner", "org.freedesktop.portal.Desktop"),
)
CAMERA = (
    *("gdbus", "call", "--session", "--dest", "org.freedesktop.portal.Desktop"),
    *("--object-path", "/org/freedesktop/portal/desktop"),
    *("--method", "org.freedesktop.DBus.Properties.Get"),
    *("org.freedesktop.portal.Camera", "IsCameraPresent"),
)


def require_portal() -> None:
    """Raise `PipeWireMissing` where the portal cannot be run."""
    if not all(map(shutil.which, (PORTAL, STORE, "gdbus"))):
        raise PipeWireMissing(f"apt install --no-install-recommends {PACKAGES}")


def start_portal(session: Session) -> None:
    """Start the portal; ready when this returns.

    To be called when the camera is there, and before a browser starts.
    """
    folder = session.folder / "portals"
    folder.mkdir()
    (folder / "fake.portal").write_text(DESCRIPTION)
    session.environment |= {"XDG_DESKTOP_PORTAL_DIR": str(folder), "XDG_CURRENT_DESKTOP": "fake"}
    session.spawn("permissions", STORE)
    session.spawn("backend", "/usr/bin/python3", str(Path(__file__).with_name("portalbackend.py")))
    session.until("the portal's backend", lambda: "ready" in session.log("backend"))
    session.spawn("portal", PORTAL)
    # To speak to it before it owns its name would have D-Bus start another one.
    session.until("the portal", lambda: "true" in session.run(*OWNED))
    session.until("the camera portal", lambda: session.succeeds(*CAMERA))


def shows_camera(session: Session) -> bool:
    """Whether the portal says that there is a camera."""
    return "true" in session.run(*CAMERA)
