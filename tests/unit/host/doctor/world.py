"""A made-up machine on which everything is in order, for tests to break."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from sana_vcam import __version__
from sana_vcam.config import paths
from sana_vcam.config.locknames import lock_name
from sana_vcam.control.access import discovery
from sana_vcam.control.access.discovery import ControlFile
from sana_vcam.host.doctor.command import examine
from sana_vcam.host.doctor.facts import gather
from sana_vcam.host.machine import Machine
from sana_vcam.media.v4l2 import ioctl
from tests.unit.host.service.fakes import Commands
from tests.unit.media.v4l2.test_devices import CAPTURE, MJPG
from tests.unit.media.v4l2.test_devices import Machine as Devices

NOW = 1_800_000_000.0
PID, PORT, INODE = 4242, 7262, 9999
KERNEL = "6.1.0-18-amd64"
UNIX_HEAD = "Num       RefCount Protocol Flags    Type St Inode Path\n"
LISTEN_HEAD = (
    "  sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode\n"
)
LISTEN_ROW = (
    "   0: 0100007F:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000  {uid}"
    "        0 {inode} 1 0 0 10 0\n"
)
PROGRAMS = (
    *("apt", "apt-cache", "dnf", "pacman", "zypper", "sudo", "su", "systemctl", "journalctl"),
    *(
        "timedatectl",
        "systemd-analyze",
        "modprobe",
        "dkms",
        "mokutil",
        "reboot",
        "dmesg",
        "tee",
        "grep",
    ),
    *("v4l2loopback-ctl", "usermod", "install", "chmod", "ls", "curl", "getent", "ss", "rm"),
    "sana-vcam",
)
STATE = {
    "output": "live",
    "card": None,
    "sink_name": "SANA VCam (/dev/video10)",
    "session": "streaming",
    "error": None,
}
CAMERA_MODES = {MJPG: {(1280, 720): [30, 24]}}


class World:
    """Files, devices, processes and commands, all of them in order."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.devices = Devices(root)
        self.commands = Commands()
        self.environ = {
            "REACTOR_API_KEY": "rk_something_long",
            "XDG_CONFIG_HOME": "/home/me/.config",
            "HOME": "/home/me",
            "USER": "me",
        }
        self.now = NOW
        self.online = False
        self.config: Path | None = None
        self.platform = "linux"
        self.camera = self.devices.add(
            2, "Webcam", "uvcvideo", CAPTURE, formats=CAMERA_MODES, by_id="usb-webcam-index0"
        )
        self.sink = self.devices.add(10, "SANA VCam", ioctl.LOOPBACK_DRIVER, CAPTURE)
        self.put("/sys/class/video4linux/video10/format", "YU12:1280x720@24/1")
        self.put("/proc/sys/kernel/osrelease", KERNEL)
        self.put("/sys/module/v4l2loopback/version", "0.12.7")
        self.put("/sys/module/v4l2loopback/parameters/exclusive_caps", "Y,N,N,N,N,N,N,N")
        self.put("/etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
        self.put("/etc/modprobe.d/x.conf", "options v4l2loopback exclusive_caps=1\n")
        self.put("/etc/modules-load.d/x.conf", "v4l2loopback\n")
        self.put("/home/me/.config/systemd/user/sana-vcam.service", "[Unit]\n")
        self.path("/usr/bin").mkdir(parents=True)
        for program in PROGRAMS:
            self.path(f"/usr/bin/{program}").symlink_to("/bin/sh")
        self.path("/run/systemd/system").mkdir(parents=True)
        self.put("/proc/1/comm", "systemd\n")
        for device in (self.camera, self.sink):
            device.chmod(0o660)
        gid = self.sink.stat().st_gid
        self.put("/etc/group", f"audio:x:{gid + 1}:me\nvideo:x:{gid}:\n")
        self.put("/proc/net/unix", UNIX_HEAD)
        self.daemon(PID, self.sink, f"socket:[{INODE}]")
        self.listens(INODE)
        control_file = ControlFile(
            url=f"ws://127.0.0.1:{PORT}/ws", token=SecretStr("t"), pid=PID, version=__version__
        )
        discovery.publish(control_file, paths.runtime_dir())
        self.unit()
        say = self.commands.say
        say("systemctl show --property=Version", "Version=252\n")
        say("apt-cache show", "Package: it\n")
        say("systemctl --version", "systemd 252 (252.39)\n+PAM\n")
        say("journalctl --user-unit", "2026-11-20T00:00:00 sana-vcam: ready\n")
        say("journalctl --dmesg", "usb 1-1: new device\n")
        say("timedatectl", "yes\n")
        say("mokutil", "SecureBoot disabled\n")
        say("pw-dump", self.dump(str(self.sink)))
        self.says(STATE)

    # -- its pieces ------------------------------------------------------------------------------

    def path(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def put(self, path: str, text: str, mode: int = 0o644) -> Path:
        place = self.path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(mode)
        return place

    def remove(self, path: str) -> None:
        place = self.path(path)
        shutil.rmtree(place) if place.is_dir() else place.unlink()

    def process(self, pid: int, command: str, words: list[str]) -> None:
        self.put(f"/proc/{pid}/comm", command + "\n")
        self.put(f"/proc/{pid}/cmdline", "\0".join(words) + "\0")
        self.path(f"/proc/{pid}/fd").mkdir()

    def open_file(self, pid: int, target: str | Path, locked_by: int = 0) -> None:
        folder = self.path(f"/proc/{pid}/fd")
        number = len(list(folder.iterdir()))
        (folder / str(number)).symlink_to(target)
        lock = f"lock:\t1: FLOCK  ADVISORY  WRITE {locked_by} 00:19:4711 0 EOF\n"
        self.put(f"/proc/{pid}/fdinfo/{number}", f"pos:\t0\n{lock if locked_by else ''}")

    def daemon(self, pid: int, *targets: str | Path, folder: str = "/run/user/1000/x") -> None:
        """Let a daemon run, with its two locks."""
        self.process(pid, "python3", ["/opt/x/bin/python3", "/opt/x/bin/sana-vcam", "run"])
        self.open_file(pid, f"{folder}/daemon.lock", locked_by=pid)
        self.name(lock_name(Path(folder), 1000), inode=pid)
        for target in (f"socket:[{pid}]", *targets):
            self.open_file(pid, target)

    def name(self, name: str, inode: int) -> None:
        """Let somebody have an abstract socket of this name."""
        path = self.path("/proc/net/unix")
        row = f"0000000000000000: 00000002 00000000 00000000 0002 01 {inode} @{name}\n"
        path.write_text(path.read_text() + row)

    def listens(self, inode: int, uid: int = 1000, port: int = PORT) -> None:
        self.put("/proc/net/tcp", LISTEN_HEAD)
        self.also_listens(inode, port, uid)

    def also_listens(self, inode: int, port: int, uid: int = 1000) -> None:
        path = self.path("/proc/net/tcp")
        path.write_text(path.read_text() + LISTEN_ROW.format(inode=inode, uid=uid, port=port))

    def no_daemon(self) -> None:
        """End it, and the service with it."""
        self.remove(f"/proc/{PID}")
        self.put("/proc/net/tcp", LISTEN_HEAD)
        self.put("/proc/net/unix", UNIX_HEAD)
        (paths.runtime_dir() / "control.json").unlink()
        self.unit(active="inactive", pid=0)

    def unit(
        self,
        *,
        active: str = "active",
        enabled: str = "enabled",
        pid: int = PID,
        result: str = "success",
        load: str = "loaded",
    ) -> None:
        path = "/home/me/.config/systemd/user/sana-vcam.service" if load == "loaded" else ""
        self.commands.say(
            "systemctl --user show",
            f"LoadState={load}\nActiveState={active}\nUnitFileState={enabled}\nMainPID={pid}\n"
            f"Result={result}\nNRestarts=0\nFragmentPath={path}\n"
            "ActiveEnterTimestamp=Fri 2026-11-20 10:00:00 UTC\n"
            "StateChangeTimestamp=Fri 2026-11-20 10:00:00 UTC\n",
        )

    def says(self, state: dict[str, object]) -> None:
        self.commands.say(
            f"{sys.executable} -m sana_vcam ctl", json.dumps({"type": "ok", "data": state})
        )

    def runs_version(self, version: str) -> None:
        folder = paths.runtime_dir()
        control_file = discovery.find(folder)
        assert control_file is not None
        discovery.publish(control_file.model_copy(update={"version": version}), folder)

    @staticmethod
    def dump(path: str) -> str:
        props = {
            "media.class": "Video/Source",
            "api.v4l2.path": path,
            "node.description": f"a camera at {path}",
        }
        return json.dumps([{"id": 1, "info": {"props": props}}, {"id": 2, "info": None}])

    # -- looking at it ---------------------------------------------------------------------------

    def machine(self) -> Machine:
        return Machine(
            root=self.root,
            environ=self.environ,
            uid=1000,
            platform=self.platform,
            runner=self.commands,
            ioctl=self.devices.ioctl,
        )

    def facts(self):
        return gather(self.machine(), now=self.now, online=self.online, config_path=self.config)

    def findings(self, **changes):
        return examine(replace(self.facts(), **changes))
