"""The facts that every check looks at, gathered once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sana_vcam.config import paths
from sana_vcam.config.load import API_KEY, Loaded, load
from sana_vcam.config.schema import Config
from sana_vcam.control.access import discovery, group
from sana_vcam.errors import ConfigError, StartupError
from sana_vcam.host.doctor.daemons import RunningDaemons, find_daemons
from sana_vcam.host.machine import Machine
from sana_vcam.host.service.install import Scope, system_scope, user_scope
from sana_vcam.host.service.status import Status, read_status
from sana_vcam.host.systemd import why_unreachable
from sana_vcam.lib.statefile import read_bounded
from sana_vcam.media.v4l2.devices import Device, list_devices


@dataclass(frozen=True, slots=True)
class Process:
    """A running process, as far as we may look."""

    pid: int
    words: tuple[str, ...]
    uid: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The machine, what it is configured to do, and what it does now."""

    machine: Machine
    now: float
    """The clock's time, in seconds since 1970."""
    online: bool
    loaded: Loaded | None
    """None if the configuration is wrong, and `config_error` says how."""
    config_error: str
    config: Config
    """What is configured; the defaults if that is wrong."""
    devices: tuple[Device, ...]
    processes: tuple[Process, ...]
    daemons: RunningDaemons
    reached: int | None
    """The process of the daemon that `sana-vcam ctl` talks to, if there is one."""
    running_key: str
    """Where that daemon has its API key from; empty if it has none, or is not to be looked into."""
    scope: Scope
    service: Status
    no_systemd: str
    """Why the machine's systemd cannot be asked; empty if it can."""
    no_user_systemd: str
    """The same of the user's own."""
    container: str
    """The kind of container that this is; empty for a machine."""

    @property
    def linux(self) -> bool:
        """Whether this is Linux; elsewhere most checks mean nothing."""
        return self.machine.platform == "linux"

    @property
    def kernel(self) -> str:
        """The release of the running kernel."""
        return self.machine.text("/proc/sys/kernel/osrelease") or ""


def gather(
    machine: Machine, *, now: float, online: bool = False, config_path: Path | None = None
) -> Facts:
    """Look at everything once. What cannot be looked at is empty; only a defect raises."""
    loaded, trouble = None, ""
    try:
        loaded = load(config_path, {}, machine.environ)
    except ConfigError as error:
        trouble = str(error)
    daemons = find_daemons(machine)
    reached = _reached(machine, daemons)
    scope = system_scope()
    if not machine.path(scope.unit).exists():
        scope = user_scope(machine)
    return Facts(
        machine=machine,
        now=now,
        online=online,
        loaded=loaded,
        config_error=trouble,
        config=loaded.config if loaded else Config(),
        devices=tuple(list_devices(machine)) if machine.platform == "linux" else (),
        processes=tuple(_processes(machine)),
        daemons=daemons,
        reached=reached,
        running_key=_key_of(machine, reached),
        scope=scope,
        service=read_status(scope, machine),
        no_systemd=why_unreachable(machine, system=True),
        no_user_systemd=why_unreachable(machine, system=False),
        container=_container(machine),
    )


def _reached(machine: Machine, daemons: RunningDaemons) -> int | None:
    """Find the daemon that control.json names, if it runs; else that of the machine's service."""
    try:
        own = discovery.find(paths.runtime_dir())
    except StartupError:
        own = None
    if own is not None:
        closed = machine.uid in daemons.hidden and machine.path(f"/proc/{own.pid}").exists()
        if own.pid in daemons.pids or closed:
            return own.pid
    try:
        shared = group.find()
    except PermissionError:
        return None
    return shared.control_file.pid if shared else None


def _key_of(machine: Machine, pid: int | None) -> str:
    """Find out whether a running daemon has a key: as it does itself, in its environment."""
    folder = machine.path(f"/proc/{pid}")
    try:
        words, texts = (
            os.fsdecode(read_bounded(folder / name)).split("\0") for name in ("cmdline", "environ")
        )
    except OSError:
        return ""
    pairs = (text.partition("=") for text in texts)
    environ = {name: value for name, _, value in pairs if name}
    try:
        loaded = load(_config_in(words), {}, environ)
    except ConfigError:
        return ""
    return loaded.origins[API_KEY] if loaded.config.reactor.api_key is not None else ""


def _config_in(words: list[str]) -> Path | None:
    """Find the file that a command line names."""
    for word, after in pairwise([*words, ""]):
        if word == "--config":
            return Path(after)
        if word.startswith("--config="):
            return Path(word.partition("=")[2])
    return None


def _container(machine: Machine) -> str:
    said = machine.run("systemd-detect-virt", "--container").out.strip()
    if said not in {"", "none"}:
        return said
    marks = {"/.dockerenv": "docker", "/run/.containerenv": "podman"}
    return next((kind for mark, kind in marks.items() if machine.path(mark).exists()), "")


def _processes(machine: Machine) -> list[Process]:
    found = []
    for folder in machine.path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            uid = folder.stat().st_uid
        except OSError:
            continue
        if int(folder.name) != os.getpid():
            found.append(Process(int(folder.name), tuple(word for word in words if word), uid))
    return found
