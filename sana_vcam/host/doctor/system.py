"""Checks of the service, of systemd, of the clock and of the kernel."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator

from sana_vcam.host.doctor.facts import Case
from sana_vcam.host.doctor.findings import Finding, Group, Severity
from sana_vcam.host.service.install import SYSTEM_KEY
from sana_vcam.host.service.templates import as_root

OLDEST_SYSTEMD = 252
OLDEST_KERNEL = (5, 10)
"""The oldest long-term kernel that is still maintained; older ones were never tried."""
EARLIEST = 1_767_225_600.0
"""2026-01-01: this program is younger, so an earlier clock is wrong."""
LATEST = EARLIEST + 20 * 365.25 * 86_400


# --- the service --------------------------------------------------------------------------------


def check_service(case: Case) -> Iterator[Finding]:
    """Whether the service is installed, runs, and runs what is installed."""
    if not case.linux:
        yield _service("systemd", Severity.UNKNOWN, "services are for Linux")
        return
    version = _systemd_version(case)
    if version is None:
        yield _service(
            "systemd", Severity.UNKNOWN, "there is no systemd here; run it by: sana-vcam run"
        )
        return
    yield _systemd(version)
    yield from _unit(case)
    if case.scope.system:
        yield _credentials(case)


def _service(
    name: str, severity: Severity, found: str, means: str = "", mend: Iterable[str] = ()
) -> Finding:
    titles = {
        "systemd": "systemd",
        "installed": "unit",
        "running": "running",
        "version": "version",
        "answers": "answers",
        "credentials": "key",
    }
    return Finding(
        f"service.{name}", Group.SERVICE, titles[name], severity, found, means, tuple(mend)
    )


def _systemd_version(case: Case) -> int | None:
    found = re.match(r"systemd (\d+)", case.machine.run("systemctl", "--version").out)
    return int(found[1]) if found else None


def _systemd(version: int) -> Finding:
    if version >= OLDEST_SYSTEMD:
        return _service("systemd", Severity.FINE, str(version))
    return _service(
        "systemd",
        Severity.WARNING,
        f"{version}, older than {OLDEST_SYSTEMD}",
        "The unit has lines that it may not know. See what it says to them:",
        ["systemd-analyze --user verify ~/.config/systemd/user/sana-vcam.service"],
    )


def _unit(case: Case) -> Iterator[Finding]:
    status, scope = case.service, case.scope
    if status.unit is None:
        yield _service(
            "installed",
            Severity.WARNING,
            "not installed",
            "The virtual camera is there only while you run sana-vcam by hand.",
            ["sana-vcam service install"],
        )
        return
    logs = f"sana-vcam service logs{' --system' if scope.system else ''}"
    if status.enabled.startswith("enabled"):
        yield _service("installed", Severity.FINE, f"{status.unit}, {status.enabled}")
    else:
        yield _service(
            "installed",
            Severity.WARNING,
            f"{status.unit}, {status.enabled}",
            "It does not start by itself.",
            [scope.command("enable")],
        )
    if not status.runs:
        ended = f", {status.result}" if status.result not in {"", "success"} else ""
        yield _service(
            "running",
            Severity.PROBLEM if status.active == "failed" else Severity.WARNING,
            f"{status.active}{ended}",
            "Viewers see nothing. Its log says why it ended, if it did.",
            [logs, scope.command("start")],
        )
        return
    yield _service("running", Severity.FINE, f"{status.active} since {status.since}")
    if status.outdated:
        yield _service(
            "version",
            Severity.WARNING,
            f"{status.running_version} runs, {status.installed_version} is installed",
            "What the new version mends is not mended yet.",
            [scope.command("restart")],
        )
    elif status.running_version:
        yield _service("version", Severity.FINE, status.running_version)
    if status.trouble:
        yield _service(
            "answers",
            Severity.WARNING,
            status.trouble,
            "It runs, and says this about itself, or nothing.",
            [logs],
        )
    elif status.viewers_see:
        yield _service("answers", Severity.FINE, f"viewers see {status.viewers_see}")


def _credentials(case: Case) -> Finding:
    """How the system service's key lies on the disk."""
    if not case.machine.path(SYSTEM_KEY).exists():
        return _service("credentials", Severity.FINE, "no key lies on the disk in clear")
    if case.machine.run("systemd-creds", "--version").ok:
        return _service(
            "credentials",
            Severity.WARNING,
            f"{SYSTEM_KEY} holds it in clear, and systemd-creds could encrypt it",
            "A copy of the disk gives it away. Install again; it asks for the key:",
            [as_root("service", "install", "--system"), f"sudo rm {SYSTEM_KEY}"],
        )
    return _service(
        "credentials",
        Severity.UNKNOWN,
        f"{SYSTEM_KEY} holds it in clear, for root alone; this systemd has no systemd-creds",
    )


# --- the machine --------------------------------------------------------------------------------


def check_machine(case: Case) -> Iterator[Finding]:
    """The clock, and the kernel."""
    yield _clock(case)
    if case.linux:
        yield _kernel(case)


def _machine(
    name: str, title: str, severity: Severity, found: str, means: str = "", *mend: str
) -> Finding:
    return Finding(f"machine.{name}", Group.MACHINE, title, severity, found, means, mend)


def _clock(case: Case) -> Finding:
    today = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(case.now))
    synchronise = "sudo timedatectl set-ntp true"
    if not EARLIEST <= case.now <= LATEST:
        return _machine(
            "clock",
            "clock",
            Severity.PROBLEM,
            f"it says {today}",
            "Certificates and tokens are not valid then, so the platform cannot be reached.",
            synchronise,
            "timedatectl timesync-status",
        )
    said = case.machine.run("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if said.out.strip() == "no":
        return _machine(
            "clock",
            "clock",
            Severity.WARNING,
            f"{today}, not synchronised",
            "If it goes wrong by minutes, the platform refuses tokens.",
            synchronise,
        )
    word = "synchronised" if said.out.strip() == "yes" else "nobody says whether synchronised"
    return _machine("clock", "clock", Severity.FINE, f"{today}, {word}")


def _kernel(case: Case) -> Finding:
    release = case.kernel
    found = re.match(r"(\d+)\.(\d+)", release)
    if found is None:
        return _machine("kernel", "kernel", Severity.UNKNOWN, "it does not say which it is")
    if (int(found[1]), int(found[2])) >= OLDEST_KERNEL:
        return _machine("kernel", "kernel", Severity.FINE, release)
    oldest = ".".join(map(str, OLDEST_KERNEL))
    return _machine(
        "kernel",
        "kernel",
        Severity.WARNING,
        f"{release}, older than {oldest}",
        "The driver and the camera were never tried with it. Update the system:",
        "sudo apt update && sudo apt full-upgrade",
    )
