"""Packages from the Debian archive that this host itself uses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

HOST_TOOLS = {
    "bc": "bc",
    "bison": "bison",
    "cpio": "cpio",
    "flex": "flex",
    "gcc-12": "gcc-12",
    "gcc": "gcc",
    "make": "make",
    "mmdebstrap": "mmdebstrap",
    "modprobe": "kmod",
    "qemu-system-x86_64": "qemu-system-x86",
    "xz": "xz-utils",
}
"""Commands that the build and the guests need, and the packages that they come from."""
STOCK = ("bookworm", "bookworm-updates", "bookworm-security")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


def run(*command: str | Path, cwd: Path | None = None, log: Path | None = None) -> str:
    """Run a command to its end and return what it printed.

    With `log`, both outputs go there. Raises `RuntimeError` with the end of what it printed.
    """
    with (log or Path(os.devnull)).open("a") as file:
        done = subprocess.run(
            [str(part) for part in command],
            check=False,
            cwd=cwd,
            env=os.environ | ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=file if log else subprocess.PIPE,
            stderr=subprocess.STDOUT if log else subprocess.PIPE,
            text=True,
        )
    if done.returncode == 0:
        return done.stdout or ""
    said = log.read_text(errors="replace") if log else done.stdout + done.stderr
    words = " ".join(str(part) for part in command)
    raise RuntimeError(f"exit status {done.returncode} of {words}\n{said[-3000:]}")


def is_debian_12() -> bool:
    """Whether this host is what the recipe was written for."""
    try:
        return "VERSION_CODENAME=bookworm" in Path("/etc/os-release").read_text()
    except OSError:
        return False


def install_host_tools() -> None:
    """Install the packages whose commands are missing."""
    missing = [package for command, package in HOST_TOOLS.items() if not shutil.which(command)]
    if missing:
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing)
    if not _mirrors():
        run("apt-get", "update", "-qq")


def _mirrors() -> dict[str, str]:
    """For each suite of the host's package lists its address."""
    lines = run(
        *("apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages")
    ).splitlines()
    return dict(line.split(" ", 1) for line in reversed(lines))


def sources(suites: Sequence[str]) -> str:
    """The sources.list for these suites; those that the host lacks lie beside its bookworm."""
    mirrors = _mirrors()
    lines = [
        f"deb [signed-by={KEYRING}] {mirrors.get(suite, mirrors['bookworm'])} {suite} main\n"
        for suite in suites
    ]
    return "".join(lines)


class Archive:
    """A private state of apt, so that other suites never touch the host's own lists."""

    def __init__(self, folder: Path, suites: Sequence[str]) -> None:
        for part in ("lists/partial", "cache/archives/partial"):
            (folder / part).mkdir(parents=True)
        (folder / "sources.list").write_text(sources(suites))
        settings = {
            "APT::Sandbox::User": "root",
            "Dir::Etc::SourceList": folder / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Lists": folder / "lists",
            "Dir::Cache": folder / "cache",
        }
        self._options = [f"-o{key}={value}" for key, value in settings.items()]
        run("apt-get", *self._options, "update", "-qq")

    def dependency(self, package: str, pattern: str) -> str:
        """The first package that `package` depends on and whose whole name matches."""
        said = run("apt-cache", *self._options, "depends", package)
        return next(
            name for name in re.findall(r"Depends: (\S+)", said) if re.fullmatch(pattern, name)
        )

    def newest(self, pattern: str) -> str:
        """The package with the highest number among those whose whole names match."""
        said = run("apt-cache", *self._options, "search", "--names-only", f"^{pattern}$")
        names = [line.split(" ", 1)[0] for line in said.splitlines()]
        return max(names, key=lambda name: [int(part) for part in re.findall(r"\d+", name)])

    def unpack(self, into: Path, *packages: str) -> None:
        """Download packages (`name` or `name/suite`) and unpack their files."""
        debs = into.with_suffix(".debs")
        debs.mkdir()
        run("apt-get", *self._options, "download", "-qq", *packages, cwd=debs)
        for deb in debs.iterdir():
            run("dpkg", "-x", deb, into)
        shutil.rmtree(debs)
