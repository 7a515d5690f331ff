"""`sana-vcam service status`: the unit, the running daemon, and what viewers see, in one view."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sana_vcam import __version__
from sana_vcam.config import paths
from sana_vcam.control.access import discovery, group
from sana_vcam.control.access.discovery import ControlFile
from sana_vcam.control.access.tokens import TOKEN_VARIABLE
from sana_vcam.host.machine import Machine
from sana_vcam.host.service.install import UNIT, Scope

LOG_LINES = 8
EXIT_RUNNING, EXIT_STOPPED, EXIT_NOT_INSTALLED = 0, 3, 4
"""As systemctl(1) has them: 3 not running, 4 no such unit."""


@dataclass(frozen=True, slots=True)
class DaemonReport:
    """A running daemon's word about itself."""

    version: str
    pid: int
    state: dict[str, Any] | None
    """What `get_state` answers; None if it does not answer, and `trouble` says why."""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the service. Texts are systemd's own words, empty where it does not say."""

    scope: str
    unit: str | None
    """The unit's file, if there is one."""
    enabled: str
    active: str
    """active, activating, reloading, deactivating, inactive or failed."""
    result: str
    """How it ended, if it did: success, exit-code, signal, watchdog, timeout …"""
    since: str
    restarts: int
    installed_version: str
    running_version: str | None
    pid: int | None
    viewers_see: str | None
    session: str | None
    trouble: str
    """What is wrong with the daemon's answer, or with what it says; empty if nothing is."""
    log: tuple[str, ...]

    @property
    def runs(self) -> bool:
        """Whether systemd has it running."""
        return self.active in {"active", "reloading"}

    @property
    def outdated(self) -> bool:
        """Whether an older or newer version than the installed one is running."""
        return self.running_version not in {None, self.installed_version}

    @property
    def exit_status(self) -> int:
        """The exit status: 0 running, 3 installed and not running, 4 not installed."""
        if self.runs:
            return EXIT_RUNNING
        return EXIT_NOT_INSTALLED if self.unit is None else EXIT_STOPPED


def read_status(scope: Scope, machine: Machine) -> Status:
    """Ask systemd, the journal and the daemon. Raises nothing that a machine can cause."""
    shown = _properties(scope, machine)
    unit = shown.get("FragmentPath") or str(machine.path(scope.unit))
    exists = shown.get("LoadState") == "loaded" or Path(unit).exists()
    active = shown.get("ActiveState") or "inactive"
    daemon = ask_daemon(scope, machine) if active not in {"inactive", "failed"} else None
    state = (daemon.state if daemon else None) or {}
    last = (f"--lines={LOG_LINES}", "--no-pager", "--quiet", "--output=short-iso")
    # A daemon that the user started by hand is not the service.
    is_service = daemon is not None and str(daemon.pid) == shown.get("MainPID")
    return Status(
        scope="system" if scope.system else "user",
        unit=unit if exists else None,
        enabled=shown.get("UnitFileState") or "disabled",
        active=active,
        result=shown.get("Result") or "",
        since=shown.get("ActiveEnterTimestamp" if active == "active" else "StateChangeTimestamp")
        or "",
        restarts=int(shown.get("NRestarts") or 0),
        installed_version=__version__,
        running_version=daemon.version if daemon and is_service else None,
        pid=daemon.pid if daemon and is_service else None,
        viewers_see=_what_viewers_see(state) if is_service and state else None,
        session=state.get("session") if is_service else None,
        trouble=_trouble(daemon, state, is_service=is_service),
        log=tuple(machine.run(*scope.journalctl, *last).out.splitlines()) if exists else (),
    )


def _properties(scope: Scope, machine: Machine) -> Mapping[str, str]:
    names = (
        "LoadState,ActiveState,UnitFileState,MainPID,Result,NRestarts,FragmentPath,"
        "ActiveEnterTimestamp,StateChangeTimestamp"
    )
    shown = machine.run(*scope.systemctl, "show", UNIT, f"--property={names}")
    pairs = (line.partition("=") for line in shown.out.splitlines())
    return {name: value for name, _, value in pairs}


def _control_file(scope: Scope) -> ControlFile | None:
    if not scope.system:
        return discovery.find(paths.runtime_dir())
    shared = group.find()
    return shared.control_file if shared else None


def ask_daemon(scope: Scope, machine: Machine) -> DaemonReport:
    """Find the running daemon by its control.json, and ask it for its state."""
    try:
        found = _control_file(scope)
    except PermissionError:
        why = f"only members of the group {group.GROUP} may ask it: {group.JOIN_GROUP}"
        return DaemonReport("", 0, None, why)
    if found is None:
        return DaemonReport("", 0, None, "no daemon has left word (control.json)")
    result = machine.run(
        *(sys.executable, "-m", "sana_vcam", "ctl", "--json", "--url", found.url, "state"),
        **{TOKEN_VARIABLE: found.token.get_secret_value()},
    )
    try:
        state = json.loads(result.out)["data"] if result.ok else None
    except (ValueError, KeyError, TypeError):
        state = None
    trouble = "" if state else f"the daemon does not answer: {result.reason}"
    return DaemonReport(found.version, found.pid, state, trouble)


def _what_viewers_see(state: Mapping[str, Any]) -> str:
    words = {
        "live": "the edited picture",
        "slate": f"a card: {state.get('card')}",
        "blank": "black, as you asked",
        "freeze": "a still picture, as you asked",
        "bypass": "the raw camera, as you asked",
    }
    output = str(state.get("output"))
    return f"{words.get(output, output)}, in {state.get('sink_name')}"


def _trouble(daemon: DaemonReport | None, state: Mapping[str, Any], *, is_service: bool) -> str:
    if daemon is None:
        return ""
    if daemon.trouble:
        return daemon.trouble
    if not is_service:
        return f"another daemon, not the service, answers (pid {daemon.pid})"
    return str(state.get("error") or "")


def to_json(status: Status) -> str:
    """Write the status as JSON: every field, and `outdated`."""
    return json.dumps(asdict(status) | {"outdated": status.outdated}, indent=2, ensure_ascii=False)


def render(status: Status, scope: Scope) -> str:
    """Write the status as text for a terminal."""
    if status.unit is None:
        flag = " --system" if scope.system else ""
        lines = ["not installed", f"  install it:  sana-vcam service install{flag}"]
        return "\n".join([*lines, *_more(status)])
    rows = [
        ("unit", f"{status.unit} ({status.scope}, {status.enabled})"),
        ("now", _now(status)),
        ("version", _version(status)),
        ("viewers see", status.viewers_see or "nothing"),
        ("session", status.session or "-"),
    ]
    if status.trouble:
        rows.append(("trouble", status.trouble))
    lines = [f"{name:<12} {value}" for name, value in rows]
    if status.outdated:
        lines.append(f"\nThe new version runs after:  {scope.command('restart')}")
    elif not status.runs:
        lines.append(f"\nStart it:  {scope.command('start')}")
    return "\n".join([*lines, *_more(status)])


def _now(status: Status) -> str:
    since = f" since {status.since}" if status.since else ""
    ended = f" ({status.result})" if status.result not in {"", "success"} else ""
    again = f", restarted {status.restarts} times" if status.restarts else ""
    return f"{status.active}{ended}{since}{again}"


def _version(status: Status) -> str:
    if status.outdated:
        return f"{status.running_version} runs, {status.installed_version} is installed"
    return status.installed_version


def _more(status: Status) -> list[str]:
    return ["", "last log lines", *(f"  {line}" for line in status.log)] if status.log else []
