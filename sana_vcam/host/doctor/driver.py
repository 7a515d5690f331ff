"""Checks of v4l2loopback: is it there, for this kernel, allowed to load, and set up to stay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sana_vcam.host.doctor.facts import Facts
from sana_vcam.host.doctor.findings import Finding, Severity, finding, fine, problem, warning
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
_HEADERS = "sudo apt install linux-headers-$(uname -r)"
_PACKAGES = {
    "debian": "sudo apt install v4l2loopback-dkms linux-headers-$(uname -r)",
    "ubuntu": "sudo apt install v4l2loopback-dkms linux-headers-$(uname -r)",
    "fedora": "sudo dnf install akmod-v4l2loopback",
    "arch": "sudo pacman -S v4l2loopback-dkms linux-headers",
    "opensuse": "sudo zypper install v4l2loopback-kmp-default",
    "suse": "sudo zypper install v4l2loopback-kmp-default",
}
_SIGNING_KEYS = ("/var/lib/shim-signed/mok/MOK.der", "/var/lib/dkms/mok.pub")


def check_driver(facts: Facts) -> Iterator[Finding]:
    """Yield every finding about the driver; none where the sink is no v4l2loopback device."""
    if not facts.linux or facts.config.sink.kind not in {"auto", "v4l2loopback"}:
        return
    yield _module(facts)
    yield from _secure_boot(facts)
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
            f"{NO_CAMERA} The module does not fit; restart into the other kernel, or build it.",
            "sudo dkms autoinstall",
            LOAD,
        )
    if magic.ok:
        load = LOAD if _has_settings(facts) else settings()
        return problem(name, "installed, not loaded", NO_CAMERA, load)
    package = _package(facts)
    built = facts.machine.run("dkms", "status", "v4l2loopback").out.strip()
    if not built:
        return problem(name, "not installed", NO_CAMERA, package, settings())
    short = "; ".join(line.strip() for line in built.splitlines()[:3])
    return problem(
        name,
        f"installed, but not built for the running kernel {facts.kernel} ({short})",
        f"{NO_CAMERA} The kernel was updated and its headers were not there.",
        *((_HEADERS,) if package.startswith("sudo apt") else ()),
        "sudo dkms autoinstall",
        LOAD,
    )


def _package(facts: Facts) -> str:
    """Choose the command that installs the driver on this distribution."""
    text = facts.machine.text("/etc/os-release") or ""
    pairs = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    names = f"{pairs.get('ID', '')} {pairs.get('ID_LIKE', '')}".replace('"', "").split()
    known = (_PACKAGES[name] for name in names if name in _PACKAGES)
    return next(known, _PACKAGES["debian"])


def _secure_boot(facts: Facts) -> Iterator[Finding]:
    """Find out whether the kernel refuses the module because it is not signed."""
    name = "driver.secure_boot"
    enabled = _secure_boot_is_on(facts)
    if enabled is None:
        return
    if not enabled or _is_loaded(facts):
        yield fine(name, "on, and it accepts the driver" if enabled else "off")
        return
    refused = _refusal(facts)
    key = next((key for key in _SIGNING_KEYS if facts.machine.path(key).exists()), _SIGNING_KEYS[1])
    yield finding(
        name,
        Severity.PROBLEM if refused else Severity.WARNING,
        f"on, and the kernel has refused the driver: {refused}" if refused else "on",
        "The kernel loads only modules whose key is enrolled. Enrol the key that DKMS signs with: "
        "choose a password, restart, and confirm it in the blue screen.",
        f"sudo mokutil --import {key}",
        "sudo reboot",
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
    """Whether any file of modprobe.d sets the module's options."""
    lines = _lines(facts, "/etc/modprobe.d")
    return any(line.split()[:2] == ["options", "v4l2loopback"] for line in lines)


def _is_loaded_at_boot(facts: Facts) -> bool:
    lines = [*_lines(facts, "/etc/modules-load.d")]
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
