#!/usr/bin/env python3
"""Build the Debian package: `python .packaging/deb.py [--python 3.13] [--out dist]`.

It has a virtual environment of its own with all that sana-vcam needs from PyPI, compiled for one
version of Python: that of the interpreter which runs this, unless --python names another. Debian
13 has 3.13, Ubuntu 24.04 has 3.12; Debian 12 has none that is new enough.

Needed: dpkg-deb, and an environment with sana-vcam in it (`pip install -e .`), whose manual page
and completion are written into the package. SOURCE_DATE_EPOCH, or else the last commit, is the
time of all files, so that the same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Template

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
sys.path.insert(0, str(REPOSITORY))

from sana_vcam import __version__  # noqa: E402  it is found from here on
from sana_vcam.host.service import templates  # noqa: E402

HOME = Path("usr/lib/sana-vcam")
"""Where the virtual environment is; the policy's place for what a program alone uses."""
COMMAND = "/usr/bin/sana-vcam"
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's architectures, and what wheels call them."""
OLDEST_GLIBC, NEWEST_GLIBC = 17, 39
"""The minor versions of glibc 2 whose wheels are taken; Ubuntu 24.04 has 39, Debian 13 has 41."""

SCRIPT = """\
#!/{home}/bin/python
import sys

from sana_vcam.__main__ import main

sys.exit(main())
"""


def main() -> int:
    """Build it and print where it is."""
    asked = _arguments()
    stamp = _stamp()
    with tempfile.TemporaryDirectory(prefix="sana-vcam-deb-") as folder:
        root = Path(folder) / "root"
        _environment(root, asked.python, asked.architecture)
        _units(root)
        _pages(root, stamp)
        _control(root, asked.python, asked.architecture)
        _touch(root, stamp)
        asked.out.mkdir(parents=True, exist_ok=True)
        package = asked.out / f"sana-vcam_{__version__}_{asked.architecture}.deb"
        build = (
            "dpkg-deb",
            "--root-owner-group",
            "-Zxz",
            "-z1",
            "--build",
            str(root),
            str(package),
        )
        _run(*build, SOURCE_DATE_EPOCH=str(stamp))
    print(package)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the Debian package.")
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    parser.add_argument("--python", metavar="3.N", default=own, help="the system's, from 3.12 on")
    parser.add_argument("--out", metavar="FOLDER", type=Path, default=REPOSITORY / "dist")
    parser.add_argument("--architecture", choices=MACHINES, default=None, help="default: this one")
    asked = parser.parse_args()
    if not re.fullmatch(r"3\.(1[2-9]|[2-9]\d)", asked.python):
        parser.error(f"--python {asked.python}: sana-vcam needs Python 3.12 or newer")
    if shutil.which("dpkg-deb") is None:
        parser.error("dpkg-deb is missing; on Debian and Ubuntu: sudo apt install dpkg")
    if asked.architecture is None:
        asked.architecture = _run("dpkg", "--print-architecture").strip()
    return asked


def _stamp() -> int:
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given.isdecimal():
        return int(given)
    try:
        return int(_run("git", "-C", str(REPOSITORY), "log", "-1", "--format=%ct"))
    except (OSError, subprocess.CalledProcessError):
        # An sdist has no history.
        return int((REPOSITORY / "pyproject.toml").stat().st_mtime)


def _run(*command: str, **environment: str) -> str:
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | environment
    ).stdout


def _environment(root: Path, python: str, architecture: str) -> None:
    """Lay a virtual environment as venv(1) would, without running the Python that it is for."""
    home = root / HOME
    (home / "bin").mkdir(parents=True)
    (home / "pyvenv.cfg").write_text(
        f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {python}\n"
    )
    for name in ("python", "python3", f"python{python}"):
        (home / "bin" / name).symlink_to(f"/usr/bin/python{python}")
    script = home / "bin/sana-vcam"
    script.write_text(SCRIPT.format(home=HOME))
    script.chmod(0o755)
    link = root / COMMAND.lstrip("/")
    link.parent.mkdir(parents=True)
    link.symlink_to("../lib/sana-vcam/bin/sana-vcam")
    site = home / f"lib/python{python}/site-packages"
    wheels = root.parent / "wheel"
    pip = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")
    _run(*pip, "wheel", "--no-deps", "--wheel-dir", str(wheels), str(REPOSITORY))
    (wheel,) = wheels.iterdir()
    machine = MACHINES[architecture]
    glibcs = range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in glibcs]
    _run(
        *(*pip, "install", "--target", str(site), "--no-compile", "--only-binary=:all:"),
        *(f"--python-version={python}", "--implementation=cp", *platforms),
        f"{wheel}[{_extras()}]",
    )
    # The commands of others, which would find no interpreter.
    shutil.rmtree(site / "bin", ignore_errors=True)


def _extras() -> str:
    """Name all that users may want: who has the package cannot add to its environment."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    return ",".join(sorted(project["optional-dependencies"].keys() - {"test"}))


def _units(root: Path) -> None:
    for name, place in (
        (templates.USER_UNIT, "usr/lib/systemd/user/sana-vcam.service"),
        (templates.DECK_UNIT, "usr/lib/systemd/user/sana-vcam-deck.service"),
        (templates.SYSTEM_UNIT, "usr/lib/systemd/system/sana-vcam.service"),
        (templates.SYSUSERS, "usr/lib/sysusers.d/sana-vcam.conf"),
        # What loads the driver at boot is left to `sana-vcam service install --driver`: it would
        # make the boot fail where the driver is not there.
        (templates.MODPROBE, "usr/lib/modprobe.d/sana-vcam.conf"),
    ):
        _write(root / place, templates.with_command(templates.template(name), (COMMAND,)))
    rules = "70-sana-vcam-deck.rules"
    source = REPOSITORY / "sana_vcam/clients/deck/linux" / rules
    _write(root / "usr/lib/udev/rules.d" / rules, source.read_text("utf-8"))
    example = REPOSITORY / "config/sana-vcam.toml"
    _write(root / "etc/sana-vcam/config.toml", example.read_text("utf-8"))


def _pages(root: Path, stamp: int) -> None:
    ours = (sys.executable, "-m", "sana_vcam")
    at = {"SOURCE_DATE_EPOCH": str(stamp), "PYTHONPATH": str(REPOSITORY)}
    page = _run(*ours, "man", **at)
    _write_compressed(root / "usr/share/man/man1/sana-vcam.1.gz", page)
    for shell, place in (
        ("bash", "bash-completion/completions/sana-vcam"),
        ("zsh", "zsh/vendor-completions/_sana-vcam"),
        ("fish", "fish/vendor_completions.d/sana-vcam.fish"),
    ):
        _write(root / "usr/share" / place, _run(*ours, "completion", shell, **at))
    papers = root / "usr/share/doc/sana-vcam"
    _write(papers / "copyright", _filled("copyright", licence=_indented_licence()))
    day = datetime.fromtimestamp(stamp, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    _write_compressed(papers / "changelog.gz", _filled("changelog", version=__version__, day=day))
    overrides = root / "usr/share/lintian/overrides/sana-vcam"
    _write(overrides, _filled("lintian-overrides"))


def _indented_licence() -> str:
    lines = (REPOSITORY / "sana_vcam/LICENSE").read_text("utf-8").strip().split("\n")
    return "\n".join(f" {line}" if line.strip() else " ." for line in lines)


def _control(root: Path, python: str, architecture: str) -> None:
    major, minor = (int(part) for part in python.split("."))
    kept = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]
    control = root / "DEBIAN"
    size = sum(path.stat().st_size for path in kept) // 1024
    _write(
        control / "control",
        _filled(
            "control",
            version=__version__,
            architecture=architecture,
            size=str(size),
            python=python,
            next_python=f"{major}.{minor + 1}",
        ),
    )
    _write(control / "conffiles", "/etc/sana-vcam/config.toml\n")
    sums = (
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  "
        f"{path.relative_to(root)}\n"
        for path in kept
        if not path.is_relative_to(root / "etc")
    )
    _write(control / "md5sums", "".join(sums))
    for name in ("postinst", "prerm", "postrm"):
        own = {"managers": _filled("managers"), "home": f"/{HOME}", "command": COMMAND}
        _write(control / name, _filled(name, **own))
        (control / name).chmod(0o755)


def _filled(name: str, **values: str) -> str:
    return Template((HERE / "debian" / name).read_text("utf-8")).safe_substitute(values)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _write_compressed(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _touch(root: Path, stamp: int) -> None:
    for path in _all(root):
        if not path.is_symlink():
            is_command = path.is_dir() or path.stat().st_mode & 0o100
            library = path.suffix == ".so" or ".so." in path.name
            path.chmod(0o755 if is_command and not library else 0o644)
        os.utime(path, (stamp, stamp), follow_symlinks=False)


def _all(root: Path) -> Iterator[Path]:
    yield root
    yield from root.rglob("*")


if __name__ == "__main__":
    sys.exit(main())
