"""Checks of v4l2loopback: is it there, for this kernel, allowed to load, and set up to stay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sana_vcam.host.doctor.facts import Case
from sana_vcam.host.doctor.findings import Finding, Group, Severity
from sana_vcam.host.service.templates import as_root
from sana_vcam.media.v4l2.devices import LABEL, keep_command

MODULE = "/sys/module/v4l2loopback"
SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
NO_CAMERA = "There is no virtual camera, so apps have nothing to pick."

_REJECTED = re.compile(
    r"key was rejected|loading of (unsigned )?module.* is (rejected|restricted)|lockdown:.*modul",
    re.IGNORECASE,
)
_PACKAGES = {
    "debian": "sudo apt install v4l2loopback-dkms linux-headers-$(uname -r)",
    "ubuntu": "sudo apt install v4l2loopback-dkms linux-headers-$(uname -r)",
    "fedora": "sudo dnf install akmod-v4l2loopback",
    "arch": "sudo pacman -S v4l2loopback-dkms linux-headers",
    "opensuse": "sudo zypper install v4l2loopback-kmp-default",
    "suse": "sudo zypper install v4l2loopback-kmp-default",
}
_HEADERS = "sudo apt install linux-headers-$(uname -r)"


def check(case: Case) -> Iterator[Finding]:
    """Every finding about the driver; none where the sink is no v4l2loopback device."""
    if not case.linux or case.config.sink.kind not in {"auto", "v4l2loopback"}:
        return
    yield _module(case)
    secure_boot = _secure_boot(case)
    if secure_boot is not None:
        yield secure_boot
    yield _kept(case)


def _is_loaded(case: Case) -> bool:
    return case.machine.path(MODULE).is_dir()


def _finding(
    name: str, title: str, severity: Severity, found: str, means: str = "", *mend: str
) -> Finding:
    return Finding(f"driver.{name}", Group.DRIVER, title, severity, found, means, mend)


def _module(case: Case) -> Finding:
    title = "v4l2loopback"
    if _is_loaded(case):
        version = case.machine.text(f"{MODULE}/version") or "of unknown version"
        return _finding("module", title, Severity.FINE, f"loaded, {version}")
    # modinfo looks among the modules of the running kernel.
    magic = case.machine.run("modinfo", "--field=vermagic", "v4l2loopback")
    if magic.ok:
        return _not_loaded(case, magic.out.split()[0] if magic.out.strip() else case.kernel)
    built = case.machine.run("dkms", "status", "v4l2loopback").out.strip()
    if built:
        return _finding(
            "module",
            title,
            Severity.PROBLEM,
            f"installed, but not built for the running kernel {case.kernel} ({_short(built)})",
            f"{NO_CAMERA} The kernel was updated and its headers were not there.",
            *((_HEADERS,) if _package(case).startswith("sudo apt") else ()),
            "sudo dkms autoinstall",
            "sudo modprobe v4l2loopback",
        )
    return _finding(
        "module", title, Severity.PROBLEM, "not installed", NO_CAMERA, _package(case), settings()
    )


def _not_loaded(case: Case, built_for: str) -> Finding:
    if built_for != case.kernel:
        return _finding(
            "module",
            "v4l2loopback",
            Severity.PROBLEM,
            f"built for kernel {built_for}, and {case.kernel} is running",
            f"{NO_CAMERA} The module does not fit; restart into the other kernel, or build it.",
            "sudo dkms autoinstall",
            "sudo modprobe v4l2loopback",
        )
    load = "sudo modprobe v4l2loopback" if _has_settings(case) else settings()
    return _finding(
        "module", "v4l2loopback", Severity.PROBLEM, "installed, not loaded", NO_CAMERA, load
    )


def _short(text: str) -> str:
    return "; ".join(line.strip() for line in text.splitlines()[:3])


def _package(case: Case) -> str:
    """The command that installs the driver on this distribution."""
    text = case.machine.text("/etc/os-release") or ""
    pairs = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    names = f"{pairs.get('ID', '')} {pairs.get('ID_LIKE', '')}".replace('"', "").split()
    known = (_PACKAGES[name] for name in names if name in _PACKAGES)
    return next(known, _PACKAGES["debian"])


def _secure_boot(case: Case) -> Finding | None:
    """Whether the kernel refuses the module because it is not signed."""
    title = "Secure Boot"
    enabled = _secure_boot_is_on(case)
    if enabled is None:
        return None
    if not enabled:
        return _finding("secure_boot", title, Severity.FINE, "off")
    if _is_loaded(case):
        return _finding("secure_boot", title, Severity.FINE, "on, and it accepts the driver")
    refused = _refusal(case)
    return _finding(
        "secure_boot",
        title,
        Severity.PROBLEM if refused else Severity.WARNING,
        f"on, and the kernel has refused the driver: {refused}" if refused else "on",
        "The kernel loads only modules whose key is enrolled. Enrol the key that DKMS signs with: "
        "choose a password, restart, and confirm it in the blue screen.",
        _enrol(case),
        "sudo reboot",
    )


def _secure_boot_is_on(case: Case) -> bool | None:
    """None where there is no Secure Boot at all, or nobody says."""
    said = case.machine.run("mokutil", "--sb-state").out.lower()
    if "secureboot" in said:
        return "enabled" in said
    try:
        # Four bytes of attributes, then the value (efivarfs, in the kernel's documentation).
        value = case.machine.path(SECURE_BOOT).read_bytes()
    except OSError:
        return None
    return value[4:5] == b"\x01"


def _refusal(case: Case) -> str:
    """The kernel's own words about a module that it did not take; empty if there are none."""
    log = case.machine.run("journalctl", "--dmesg", "--boot", "--no-pager", "--output=cat").out
    lines = log or case.machine.run("dmesg").out
    return next((line.strip() for line in lines.splitlines() if _REJECTED.search(line)), "")


def _enrol(case: Case) -> str:
    keys = ("/var/lib/shim-signed/mok/MOK.der", "/var/lib/dkms/mok.pub")
    there = (key for key in keys if case.machine.path(key).exists())
    return f"sudo mokutil --import {next(there, keys[1])}"


def _has_settings(case: Case) -> bool:
    """Whether any file of modprobe.d sets the module's options."""
    return any(
        line.split()[:2] == ["options", "v4l2loopback"]
        for file in _files(case, "/etc/modprobe.d")
        for line in file.splitlines()
    )


def _is_loaded_at_boot(case: Case) -> bool:
    return any(
        line.strip() == "v4l2loopback"
        for file in _files(case, "/etc/modules-load.d")
        for line in file.splitlines()
    ) or "v4l2loopback" in (case.machine.text("/etc/modules") or "").split("\n")


def _files(case: Case, folder: str) -> Iterator[str]:
    for path in sorted(case.machine.path(folder).glob("*.conf")):
        yield case.machine.text(f"{folder}/{path.name}") or ""


def _kept(case: Case) -> Finding:
    title = "after a reboot"
    missing = [
        what
        for what, there in (
            ("its options (/etc/modprobe.d)", _has_settings(case)),
            ("to load it at boot (/etc/modules-load.d)", _is_loaded_at_boot(case)),
        )
        if not there
    ]
    if not missing:
        return _finding("kept", title, Severity.FINE, "the driver is loaded with its options")
    return _finding(
        "kept",
        title,
        Severity.WARNING,
        f"not set: {' and '.join(missing)}",
        "After the next boot the virtual camera is not there, or not one that browsers list.",
        settings(),
    )


def settings() -> str:
    """The command that writes the driver's settings, and loads it."""
    return as_root("service", "install", "--driver")


def reload_commands(label: str, number: int) -> tuple[str, ...]:
    """The commands that load the module anew with one device; whatever uses it must be closed.

    The label goes through a file: on the command line modprobe cuts it at its first space.
    """
    keep = (settings(),) if label == LABEL else tuple(keep_command(label, number).splitlines())
    return (*keep, "sudo modprobe -r v4l2loopback", "sudo modprobe v4l2loopback")
