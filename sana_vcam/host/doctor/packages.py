"""How the driver comes onto this machine: its package manager is asked first what it has.

A made-up answer costs people an evening, so what nobody offers gets no command.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sana_vcam.host.doctor.facts import Facts

DEBIAN_DRIVER = "v4l2loopback-dkms"
FEDORA_DRIVER = "akmod-v4l2loopback"
SUSE_DRIVER = "v4l2loopback-kmp-default"
RPM_FUSION = (
    "sudo dnf install https://mirrors.rpmfusion.org/free/fedora/"
    "rpmfusion-free-release-$(rpm -E %fedora).noarch.rpm"
)
"""As https://rpmfusion.org/Configuration has it, for the free part."""


@dataclass(frozen=True, slots=True)
class PackageOffer:
    """What the package manager offers: commands, and what is to be known about them."""

    commands: tuple[str, ...] = ()
    note: str = ""


def offered_driver(facts: Facts) -> PackageOffer:
    """Ask this distribution's package manager for the driver, built or to be built."""
    return _FAMILIES.get(_family(facts), _nowhere)(facts)


def offered_headers(facts: Facts) -> PackageOffer:
    """Ask for what the driver is built with for the running kernel; nothing if it is there."""
    if facts.machine.path(f"/lib/modules/{facts.kernel}/build").exists():
        return PackageOffer()
    family = _family(facts)
    if family == "debian":
        return _debian_headers(facts, "")
    if family == "arch":
        return PackageOffer((f"sudo pacman -S {_arch_headers(facts)}",))
    if family == "fedora":
        return PackageOffer((f"sudo dnf install kernel-devel-{facts.kernel}",))
    return PackageOffer(note=f"Install the headers of kernel {facts.kernel}.")


def update_command(facts: Facts) -> str:
    """Write the command that updates the whole system; empty where none is known."""
    return {
        "debian": "sudo apt update && sudo apt full-upgrade",
        "fedora": "sudo dnf upgrade",
        "arch": "sudo pacman -Syu",
        "suse": "sudo zypper dup" if _is_rolling(facts) else "sudo zypper update",
    }.get(_family(facts), "")


def _is_rolling(facts: Facts) -> bool:
    return "tumbleweed" in (facts.machine.text("/etc/os-release") or "").lower()


def _family(facts: Facts) -> str:
    """Name the family of distributions that this one is of; empty for one that is not known."""
    if facts.machine.path("/run/ostree-booted").exists():
        return "ostree"
    text = facts.machine.text("/etc/os-release") or ""
    pairs = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    names = f"{pairs.get('ID', '')} {pairs.get('ID_LIKE', '')}".replace('"', "").split()
    families = {"ubuntu": "debian", "opensuse": "suse", "rhel": "fedora"}
    known = (families.get(name, name) for name in names)
    return next((name for name in known if name in _FAMILIES), "")


# -- one for each family ---------------------------------------------------------------------------


def _debian(facts: Facts) -> PackageOffer:
    if not _apt_has(facts, DEBIAN_DRIVER):
        note = f"apt does not know {DEBIAN_DRIVER}; perhaps its lists are old. Look again then."
        return PackageOffer(("sudo apt update", "sana-vcam doctor"), note)
    return _debian_headers(facts, f"{DEBIAN_DRIVER} ")


def _debian_headers(facts: Facts, driver: str) -> PackageOffer:
    """Find the headers for the running kernel, or a newer kernel with its own."""
    if _apt_has(facts, f"linux-headers-{facts.kernel}"):
        return PackageOffer((f"sudo apt install {driver}linux-headers-$(uname -r)",))
    found = re.search(r"-([a-z][a-z0-9-]*)$", facts.kernel)
    kernel = [f"linux-{part}-{found[1]}" for part in ("image", "headers")] if found else []
    if kernel and all(_apt_has(facts, package) for package in kernel):
        note = f"apt has no headers for {facts.kernel} any more, so this takes a newer kernel too."
        return PackageOffer((f"sudo apt install {driver}{' '.join(kernel)}", "sudo reboot"), note)
    note = (
        f"apt has no headers for the running kernel {facts.kernel}, so the driver cannot be built "
        "for it. Run a kernel of the distribution, or take the headers from whom this one is."
    )
    return PackageOffer(note=note)


def _apt_has(facts: Facts, package: str) -> bool:
    return facts.machine.run("apt-cache", "show", "--no-all-versions", package).ok


def _fedora(facts: Facts) -> PackageOffer:
    install = f"sudo dnf install {FEDORA_DRIVER}"
    run = facts.machine.run
    if run("dnf", "--cacheonly", "repoquery", FEDORA_DRIVER).out.strip():
        return PackageOffer((install,))
    if run("rpm", "-q", "rpmfusion-free-release").ok:
        return PackageOffer((install,))
    note = "It is in RPM Fusion."
    if "ID=fedora" in (facts.machine.text("/etc/os-release") or "").splitlines():
        return PackageOffer((RPM_FUSION, install), note)
    return PackageOffer(note=f"{note} How it is added here: https://rpmfusion.org/Configuration")


def _ostree(_: Facts) -> PackageOffer:
    return PackageOffer(
        (f"sudo rpm-ostree install {FEDORA_DRIVER}", "sudo systemctl reboot"),
        "It is in RPM Fusion, which has to be added before: https://rpmfusion.org/Configuration",
    )


def _arch(facts: Facts) -> PackageOffer:
    # Without a known package its lists were never fetched.
    known = facts.machine.run("pacman", "-Si", DEBIAN_DRIVER).ok
    take = "-S" if known else "-Syu"
    return PackageOffer((f"sudo pacman {take} {DEBIAN_DRIVER} {_arch_headers(facts)}",))


def _arch_headers(facts: Facts) -> str:
    """Name the headers of the kernel's own package, such as linux-lts or linux66."""
    modules = f"/usr/lib/modules/{facts.kernel}"
    owner = facts.machine.run("pacman", "-Qqo", modules)
    return f"{owner.out.split()[0] if owner.ok and owner.out.strip() else 'linux'}-headers"


def _suse(facts: Facts) -> PackageOffer:
    found = facts.machine.run("zypper", "--no-refresh", "search", "--match-exact", SUSE_DRIVER)
    if found.ok:
        return PackageOffer((f"sudo zypper install {SUSE_DRIVER}",))
    return PackageOffer(note=f"zypper does not know {SUSE_DRIVER}.")


def _nowhere(_: Facts) -> PackageOffer:
    return PackageOffer(note="Install v4l2loopback as this system installs modules of the kernel.")


_FAMILIES: dict[str, Callable[[Facts], PackageOffer]] = {
    "debian": _debian,
    "fedora": _fedora,
    "ostree": _ostree,
    "arch": _arch,
    "suse": _suse,
}
