"""One private session: its own D-Bus, PipeWire, session manager and Pulse server, in one folder.

Nothing of the user's own session is in it, and no hardware. A stand-in for a microphone is: what is
played into the sink `test_mic_in` comes out of the source `test_mic`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.rigs.pipewire.versions import Version

LONGEST_PATH = 60
"""A socket's path must stay below 108 bytes, names below the folder included."""
READY_S = 60.0
GONE_S = 10.0
UNSET = ("DISPLAY", "WAYLAND_DISPLAY", "PIPEWIRE_REMOTE", "PIPEWIRE_CONFIG_DIR", "PULSE_SINK")

SERVER = """
context.properties = {
    default.clock.rate = 48000
    default.clock.allowed-rates = [ 48000 ]
    module.jackdbus-detect = false
}
"""
MICROPHONE = """
context.modules = [
  { name = libpipewire-module-loopback
    args = {
      node.description = "Test Microphone"
      audio.position = [ MONO ]
      capture.props = {
        node.name = test_mic_in
        node.description = "Into the test microphone"
        media.class = Audio/Sink
      }
      playback.props = {
        node.name = test_mic
        node.description = "Test Microphone"
        media.class = Audio/Source
        priority.session = 1000
      }
    }
  }
]
"""
OLD_MANAGER = """
alsa_monitor.enabled = false
v4l2_monitor.enabled = false
if libcamera_monitor then libcamera_monitor.enabled = false end
"""
OLD_BLUETOOTH = "bluez_monitor.enabled = false\n"
NEW_MANAGER = """
wireplumber.profiles = {
  main = {
    hardware.audio = disabled
    hardware.bluetooth = disabled
    hardware.video-capture = disabled
  }
}
"""


class Session:
    """A running session while the `with` block lasts."""

    def __init__(self, version: Version, *, microphone: bool = True) -> None:
        self.version = version
        self.microphone = microphone
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        top = tempfile.gettempdir()
        self.folder = Path(tempfile.mkdtemp(prefix="pw", dir=top if len(top) < 30 else "/tmp"))
        try:
            assert len(str(self.folder)) < LONGEST_PATH, f"{self.folder} is too long for a socket"
            self.environment = self._environment()
            self._configure()
            address = self.environment["DBUS_SESSION_BUS_ADDRESS"]
            self.spawn(
                "dbus",
                "dbus-daemon",
                "--session",
                "--nofork",
                "--nopidfile",
                f"--address={address}",
            )
            self.until("the bus", (self.folder / "run/bus").is_socket)
            self.start_server()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    # -- the server ----------------------------------------------------------------------------

    def start_server(self) -> None:
        """Start PipeWire, its session manager and its Pulse server; ready when this returns."""
        self.spawn("pipewire", "pipewire")
        self.until("PipeWire", lambda: self.succeeds("pw-cli", "info", "0"))
        self.spawn("wireplumber", "wireplumber")
        self.spawn("pulse", "pipewire-pulse")
        # The sockets are there before the session manager works.
        self.until("the session manager", self._is_managed)
        self.until("the Pulse server", lambda: self.succeeds("pactl", "info"))

    def stop_server(self) -> None:
        """End what `start_server` started, as when the user's session restarts its sound."""
        for name in ("pulse", "wireplumber", "pipewire"):
            self.stop(name)

    def _is_managed(self) -> bool:
        return any(
            data.get("props", {}).get("metadata.name") == "default"
            for data in self.objects().values()
        )

    # -- processes -----------------------------------------------------------------------------

    def spawn(
        self, name: str, *words: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process of the session; it dies with us, and is ended with the session."""
        with (self.folder / f"{name}.log").open("ab") as output:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *words],
                env={**self.environment, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.folder,
            )
        self._processes[name] = process
        return process

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End a process that `spawn` started, and wait for it."""
        process = self._processes.pop(name)
        if process.poll() is None:
            process.send_signal(how)
            try:
                process.wait(GONE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def is_running(self, name: str) -> bool:
        """Whether a process that `spawn` started has not ended."""
        process = self._processes.get(name)
        return process is not None and process.poll() is None

    def log(self, name: str) -> str:
        """Give what a process printed so far."""
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def run(self, *words: str) -> str:
        """Run a command in the session and give what it printed."""
        done = subprocess.run(
            words,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=READY_S,
        )
        if done.returncode:
            raise AssertionError(f"{' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def succeeds(self, *words: str) -> bool:
        """Whether a command ends well."""
        try:
            self.run(*words)
        except AssertionError:
            return False
        return True

    # -- what is in the server -----------------------------------------------------------------

    def objects(self) -> dict[int, dict[str, Any]]:
        """Give what `pw-dump` says, by id."""
        text = self.run("pw-dump").lstrip()
        found: dict[int, dict[str, Any]] = {}
        # Another array follows when something changes meanwhile.
        while text:
            array, end = json.JSONDecoder().raw_decode(text)
            found |= {data["id"]: data for data in array}
            text = text[end:].lstrip()
        return found

    def nodes(self) -> dict[str, dict[str, Any]]:
        """Give the nodes' information by name; of two with one name the later one."""
        return {
            data["info"]["props"].get("node.name", ""): data["info"]
            for data in self.objects().values()
            if data.get("type", "").endswith(":Node") and data.get("info")
        }

    def until[T](self, what: str, probe: Callable[[], T], seconds: float = READY_S) -> T:
        """Ask until the answer is true, and give it."""
        deadline = time.monotonic() + seconds
        while not (answer := probe()):
            if time.monotonic() > deadline:
                logs = "\n".join(f"{name}: {self.log(name)[-500:]}" for name in self._processes)
                raise AssertionError(f"{what}: not within {seconds:.0f} s\n{logs}")
            time.sleep(0.05)
        return answer

    # -- its files -----------------------------------------------------------------------------

    def _environment(self) -> dict[str, str]:
        run = self.folder / "run"
        return {
            **{name: value for name, value in os.environ.items() if name not in UNSET},
            "HOME": str(self.folder / "home"),
            "XDG_RUNTIME_DIR": str(run),
            "PIPEWIRE_RUNTIME_DIR": str(run),
            "PULSE_RUNTIME_PATH": str(run / "pulse"),
            "PULSE_SERVER": f"unix:{run / 'pulse/native'}",
            "PULSE_COOKIE": str(self.folder / "cookie"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={run / 'bus'}",
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "LC_ALL": "C.UTF-8",
            **self.version.environment(self.folder),
        }

    def _configure(self) -> None:
        for name in ("home", "run/pulse", "state", "data", "cache"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "run").chmod(0o700)
        config = self.folder / "config"
        fragments = config / "pipewire/pipewire.conf.d"
        fragments.mkdir(parents=True)
        # Files of the installed version would be read otherwise, which end the other one.
        if prefix := self.version.prefix():
            for file in (prefix / "usr/share/pipewire").glob("*.conf"):
                shutil.copy(file, config / "pipewire")
            (config / "wireplumber").mkdir()
            shutil.copy(prefix / "usr/share/wireplumber/wireplumber.conf", config / "wireplumber")
        (fragments / "50-test.conf").write_text(SERVER)
        if self.microphone:
            (fragments / "60-microphone.conf").write_text(MICROPHONE)
        # WirePlumber 0.4 reads Lua, 0.5 reads .conf.
        for name, text in {
            "main.lua.d/51-test.lua": OLD_MANAGER,
            "bluetooth.lua.d/51-test.lua": OLD_BLUETOOTH,
            "wireplumber.conf.d/51-test.conf": NEW_MANAGER,
        }.items():
            path = config / "wireplumber" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def _end(self) -> None:
        for name in reversed(list(self._processes)):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)
