"""Checks of v4l2loopback: is it there, for this kernel, allowed to load, and set up to stay."""

from __future__ import annotations

import re
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
from sana_vcam.host.doctor.packages import offered_driver, offered_headers
from sana_vcam.host.service.templates import as_root
from sana_vcam.media.v4l2.devices import LABEL, keep_command

MODULE = "/sys/module/v4l2loopback"
SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
NO_CAMERA = "There is no virtual camera, so apps have nothing to pick."
LOAD = "sudo modprobe v4l2loopback"
UNLOAD = "sudo modprobe -r v4l2loopback"

_REJECTED = re.compile(
    r"key was rejected|loading of (unsigned )?module.* is (rejected|restricted)|lockdown:.*modul",
    re.IGNORECASE,
)
_SETTINGS = ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")
"""Where modprobe.d(5) and modules-load.d(5) are looked for."""
_SIGNING_KEYS = ("/var/lib/shim-signed/mok/MOK.der", "/var/lib/dkms/mok.pub")


def check_driver(facts: Facts) -> Iterator[Finding]:
    """Yield every finding about the driver; none where the sink is no v4l2loopback device."""
    if not facts.linux or facts.config.sink.kind not in {"auto", "v4l2loopback"}:
        return
    module = _module(facts)
    yield module
    yield from _secure_boot(facts)
    if not _is_installed(facts):
        yield unknown("driver.kept", "looked at once the driver is installed")
    elif settings() in module.fix:
        yield unknown("driver.kept", "not set; the command above sets it")
    else:
        yield _kept(facts)


def _is_loaded(facts: Facts) -> bool:
    return facts.machine.path(MODULE).is_dir()


def _module(facts: Facts) -> Finding:
    name = "driver.module"
    if _is_loaded(facts):
        return fine(
            name, f"loaded, {facts.machine.text(f'{MODULE}/version') or 'of unknown version'}"
        )
    # modinfo looks among the modules of the running kernel.
    magic = facts.machine.run("modinfo", "--field=vermagic", "v4l2loopback")
    built_for, *_ = magic.out.split() or [facts.kernel]
    if magic.ok and built_for != facts.kernel:
        return problem(
            name,
            f"built for kernel {built_for}, and {facts.kernel} is running",
            *_building(
                facts,
                f"{NO_CAMERA} The module does not fit; restart into the other kernel, or build it.",
            ),
        )
    if magic.ok:
        load = LOAD if _has_settings(facts) else settings()
        return problem(name, "installed, not loaded", NO_CAMERA, load)
    if facts.container:
        where = f"This is a container ({facts.container}): the driver is its host's. Load it there,"
        return problem(name, "not loaded", f"{NO_CAMERA} {where} and give the device in.")
    built = _built(facts)
    if not built:
        offer = offered_driver(facts)
        commands = (*offer.commands, settings()) if offer.commands else ()
        return problem(name, "not installed", f"{NO_CAMERA} {offer.note}".strip(), *commands)
    short = "; ".join(line.strip() for line in built.splitlines()[:3])
    means = f"{NO_CAMERA} The kernel was updated and its headers were not there."
    return problem(
        name,
        f"installed, but not built for the running kernel {facts.kernel} ({short})",
        *_building(facts, means),
    )


def _building(facts: Facts, means: str) -> tuple[str, ...]:
    """Write what comes of it, and the commands that build the driver for the running kernel."""
    headers = offered_headers(facts)
    if headers.note and not headers.commands:
        return (f"{means} {headers.note}",)
    commands = (*headers.commands, "sudo dkms autoinstall", LOAD)
    return (f"{means} {headers.note}".strip(), *commands)


def _built(facts: Facts) -> str:
    """Read for which kernels DKMS has built it; empty if it does not know the driver."""
    return facts.machine.run("dkms", "status", "v4l2loopback").out.strip()


def _is_installed(facts: Facts) -> bool:
    """Whether the driver is on this machine, for whichever kernel."""
    if _is_loaded(facts) or _built(facts):
        return True
    return facts.machine.run("modinfo", "--field=vermagic", "v4l2loopback").ok


def _secure_boot(facts: Facts) -> Iterator[Finding]:
    """Find out whether the kernel refuses the module because it is not signed."""
    name = "driver.secure_boot"
    enabled = _secure_boot_is_on(facts)
    if enabled is None:
        return
    if not enabled or _is_loaded(facts):
        yield fine(name, "on, and it accepts the driver" if enabled else "off")
        return
    if not _is_installed(facts):
        yield unknown(name, "on; whether it takes the driver shows once that is installed")
        return
    refused = _refusal(facts)
    key = next((key for key in _SIGNING_KEYS if facts.machine.path(key).exists()), "")
    means = "The kernel loads only modules whose key is enrolled. "
    if key:
        means += (
            "Enrol the key that DKMS signs with: choose a password, restart, and confirm it in the "
            "blue screen."
        )
    else:
        means += "DKMS makes one when it builds the driver, and has not: look again after that."
    yield finding(
        name,
        Severity.PROBLEM if refused else Severity.WARNING,
        f"on, and the kernel has refused the driver: {refused}" if refused else "on",
        means,
        *((f"sudo mokutil --import {key}", "sudo reboot") if key else ()),
    )


def _secure_boot_is_on(facts: Facts) -> bool | None:
    """Whether it is; None where there is no Secure Boot at all, or nobody says."""
    said = facts.machine.run("mokutil", "--sb-state").out.lower()
    if "secureboot" in said:
        return "enabled" in said
    try:
        # Four bytes of attributes, then the value (efivarfs, in the kernel's documentation).
        value = facts.machine.path(SECURE_BOOT).read_bytes()
    except OSError:
        return None
    return value[4:5] == b"\x01"


def _refusal(facts: Facts) -> str:
    """Find the kernel's own words about a module that it refused; empty if there are none."""
    log = facts.machine.run("journalctl", "--dmesg", "--boot", "--no-pager", "--output=cat").out
    lines = log or facts.machine.run("dmesg").out
    return next((line.strip() for line in lines.splitlines() if _REJECTED.search(line)), "")


def _kept(facts: Facts) -> Finding:
    settled = {
        "its options (/etc/modprobe.d)": _has_settings(facts),
        "to load it at boot (/etc/modules-load.d)": _is_loaded_at_boot(facts),
    }
    missing = [what for what, there in settled.items() if not there]
    if not missing:
        return fine("driver.kept", "the driver is loaded with its options")
    return warning(
        "driver.kept",
        f"not set: {' and '.join(missing)}",
        "After the next boot the virtual camera is not there, or not one that browsers list.",
        settings(),
    )


def _has_settings(facts: Facts) -> bool:
    """Whether any file of modprobe.d(5) sets the module's options."""
    lines = (line for root in _SETTINGS for line in _lines(facts, f"{root}/modprobe.d"))
    return any(line.split()[:2] == ["options", "v4l2loopback"] for line in lines)


def _is_loaded_at_boot(facts: Facts) -> bool:
    lines = [line for root in _SETTINGS for line in _lines(facts, f"{root}/modules-load.d")]
    lines += (facts.machine.text("/etc/modules") or "").splitlines()
    return any(line.strip() == "v4l2loopback" for line in lines)


def _lines(facts: Facts, folder: str) -> Iterator[str]:
    for path in sorted(facts.machine.path(folder).glob("*.conf")):
        yield from (facts.machine.text(f"{folder}/{path.name}") or "").splitlines()


def settings() -> str:
    """Write the command that writes the driver's settings, and loads it."""
    return as_root("service", "install", "--driver")


def reload_commands(label: str, number: int) -> tuple[str, ...]:
    """Write the commands that load the module anew with one device; what uses it must be closed.

    The label goes through a file: on the command line modprobe cuts it at its first space.
    """
    keep = (settings(),) if label == LABEL else tuple(keep_command(label, number).splitlines())
    return (*keep, UNLOAD, LOAD)
