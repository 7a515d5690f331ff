"""Checks of the service, of systemd, of the clock and of the kernel."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterator

from sana_vcam.host.doctor.facts import Facts
from sana_vcam.host.doctor.findings import (
    Finding,
    Severity,
    finding,
    fine,
    problem,
    unknown,
    warning,
)
from sana_vcam.host.doctor.packages import update_command
from sana_vcam.host.service.install import SYSTEM_KEY
from sana_vcam.host.service.templates import as_root

OLDEST_SYSTEMD = 252
OLDEST_KERNEL = (5, 10)
"""The oldest long-term kernel that is still maintained; older ones were never tried."""
EARLIEST = 1_767_225_600.0
"""2026-01-01: this program is younger, so an earlier clock is wrong."""
LATEST = EARLIEST + 20 * 365.25 * 86_400


def check_service(facts: Facts) -> Iterator[Finding]:
    """Find out whether the service is installed, runs, and runs what is installed."""
    if not facts.linux:
        yield unknown("service.systemd", "services are for Linux")
        return
    version = re.match(r"systemd (\d+)", facts.machine.run("systemctl", "--version").out)
    if version is None:
        yield unknown("service.systemd", "there is no systemd here; run it by: sana-vcam run")
        return
    why = facts.no_systemd if facts.scope.system else facts.no_systemd or facts.no_user_systemd
    if why:
        # A unit could neither be installed nor run, which is no fault of its own.
        by_hand = "Services cannot run; run it by: sana-vcam run"
        yield unknown("service.systemd", f"{version[1]} is installed; {why}", by_hand)
        return
    yield _systemd(facts, int(version[1]))
    yield from _unit(facts)
    if facts.scope.system:
        yield _credentials(facts)


def _systemd(facts: Facts, version: int) -> Finding:
    if version >= OLDEST_SYSTEMD:
        return fine("service.systemd", str(version))
    user = "" if facts.scope.system else "--user "
    verify = f"systemd-analyze {user}verify {shlex.quote(facts.service.unit or '')}"
    return warning(
        "service.systemd",
        f"{version}, older than {OLDEST_SYSTEMD}",
        "The unit has lines that it may not know. See what it says to them.",
        *((verify,) if facts.service.unit else ()),
    )


def _unit(facts: Facts) -> Iterator[Finding]:
    status, scope = facts.service, facts.scope
    if status.unit is None:
        yield warning(
            "service.installed",
            "not installed",
            "The virtual camera is there only while you run sana-vcam by hand.",
            "sana-vcam service install",
        )
        return
    logs = f"sana-vcam service logs{' --system' if scope.system else ''}"
    found = f"{status.unit}, {status.enabled}"
    if status.enabled.startswith("enabled"):
        yield fine("service.installed", found)
    else:
        means = "It does not start by itself."
        yield warning("service.installed", found, means, scope.command("enable"))
    if not status.runs:
        ended = f", {status.result}" if status.result not in {"", "success"} else ""
        yield finding(
            "service.running",
            Severity.PROBLEM if status.active == "failed" else Severity.WARNING,
            f"{status.active}{ended}",
            "Viewers see nothing. Its log says why it ended, if it did.",
            logs,
            scope.command("start"),
        )
        return
    yield fine("service.running", f"{status.active} since {status.since}")
    if status.outdated:
        yield warning(
            "service.version",
            f"{status.running_version} runs, {status.installed_version} is installed",
            "What the new version mends is not mended yet.",
            scope.command("restart"),
        )
    elif status.running_version:
        yield fine("service.version", status.running_version)
    if status.trouble:
        means = "It runs, and says this about itself, or nothing."
        yield warning("service.answers", status.trouble, means, logs)
    elif status.viewers_see:
        yield fine("service.answers", f"viewers see {status.viewers_see}")


def _credentials(facts: Facts) -> Finding:
    """Find out how the system service's key lies on the disk."""
    name = "service.credentials"
    try:
        facts.machine.path(SYSTEM_KEY).stat()
    except PermissionError:
        return unknown(name, f"you may not look into {SYSTEM_KEY.parent}")
    except OSError:
        return fine(name, "no key lies on the disk in clear")
    clear = f"{SYSTEM_KEY} holds it in clear"
    if not facts.machine.run("systemd-creds", "--version").ok:
        return unknown(name, f"{clear}, for root alone; this systemd has no systemd-creds")
    return warning(
        name,
        f"{clear}, and systemd-creds could encrypt it",
        "A copy of the disk gives it away. Install again; it asks for the key:",
        as_root("service", "install", "--system"),
        f"sudo rm {SYSTEM_KEY}",
    )


def check_machine(facts: Facts) -> Iterator[Finding]:
    """Look at the clock and at the kernel."""
    yield _clock(facts)
    if facts.linux:
        yield _kernel(facts)


def _clock(facts: Facts) -> Finding:
    today = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(facts.now))
    synchronise = "sudo timedatectl set-ntp true"
    if not EARLIEST <= facts.now <= LATEST:
        return problem(
            "machine.clock",
            f"it says {today}",
            "Certificates and tokens are not valid then, so the platform cannot be reached.",
            synchronise,
            "timedatectl timesync-status",
        )
    asked = facts.machine.run("timedatectl", "show", "--property=NTPSynchronized", "--value")
    said = asked.out.strip()
    if said == "no":
        return warning(
            "machine.clock",
            f"{today}, not synchronised",
            "If it goes wrong by minutes, the platform refuses tokens.",
            synchronise,
        )
    if said != "yes":
        # The time is plausible, and nothing more is known.
        return unknown("machine.clock", f"{today}; nobody says whether it is synchronised")
    return fine("machine.clock", f"{today}, synchronised")


def _kernel(facts: Facts) -> Finding:
    release = facts.kernel
    found = re.match(r"(\d+)\.(\d+)", release)
    if found is None:
        return unknown("machine.kernel", "it does not say which it is")
    if (int(found[1]), int(found[2])) >= OLDEST_KERNEL:
        return fine("machine.kernel", release)
    update = update_command(facts)
    return warning(
        "machine.kernel",
        f"{release}, older than {'.'.join(map(str, OLDEST_KERNEL))}",
        "The driver and the camera were never tried with it. A newer one comes with the system's "
        f"updates{', on the host of this container' if facts.container else ''}.",
        *((update,) if update and not facts.container else ()),
    )
