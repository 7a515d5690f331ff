"""One private session with a PulseAudio server and no other: nothing of the user's is in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import Any

from tests.rigs.pipewire import VERSIONS, Session
from tests.rigs.pipewire.session import UNSET

TOOLS = {
    "pulseaudio": "pulseaudio",
    "pactl": "pulseaudio-utils",
    "parec": "pulseaudio-utils",
    "dbus-daemon": "dbus-daemon",
}
"""Commands that a session needs, and the packages of Debian that they come from."""
MODULES = (
    "module-suspend-on-idle timeout=1",
    "module-always-sink",
    "module-switch-on-connect",
)
"""What Debian loads and could move streams or change defaults, too."""


class PulseMissing(Exception):
    """PulseAudio cannot be run on this machine; says what would mend it."""


class PulseSession(Session):
    """A running session while the `with` block lasts."""

    def __init__(self) -> None:
        missing = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
        if missing:
            raise PulseMissing(f"apt install --no-install-recommends {' '.join(missing)}")
        super().__init__(VERSIONS["debian"], microphone=False)

    def start_server(self) -> None:
        """Start PulseAudio; ready when this returns."""
        words = [
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
            *("--realtime=no", "--high-priority=no", "--disable-shm=yes"),
            *("-L", f"module-native-protocol-unix socket={self.folder / 'run/pulse/native'}"),
        ]
        self.spawn("pulseaudio", *words, *(word for one in MODULES for word in ("-L", one)))
        self.until("PulseAudio", lambda: self.succeeds("pactl", "info"))

    def stop_server(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the server, as when the user's session restarts its sound."""
        self.stop("pulseaudio", how)
        (self.folder / "run/pulse/native").unlink(missing_ok=True)

    def sources(self) -> dict[str, dict[str, Any]]:
        """Give what `pactl` says of the sources, by name."""
        told = json.loads(self.run("pactl", "-f", "json", "list", "sources"))
        return {one["name"]: one for one in told}

    def _environment(self) -> dict[str, str]:
        run = self.folder / "run"
        return {
            **{name: value for name, value in os.environ.items() if name not in UNSET},
            "HOME": str(self.folder / "home"),
            "XDG_RUNTIME_DIR": str(run),
            "PULSE_RUNTIME_PATH": str(run / "pulse"),
            "PULSE_SERVER": f"unix:{run / 'pulse/native'}",
            "PULSE_COOKIE": str(self.folder / "cookie"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={run / 'bus'}",
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "LC_ALL": "C.UTF-8",
        }

    def _configure(self) -> None:
        for name in ("home", "run/pulse", "state", "config"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "run").chmod(0o700)
