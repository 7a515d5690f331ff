"""`python -m tests.rigs.package`: the packages as strangers get them, in clean environments.

Builds sdist and wheel, has pipx install the wheel with its extras from the package registry, and
runs the commands of the first ten minutes there, up to the demo's picture. With `--deb FILE` it
installs that Debian package into a fresh root of Debian 13 (as root, by mmdebstrap and chroot, in
mount namespaces of its own), runs the same commands, and removes it again. With `--booted` as well
that root has its own systemd running, and the package's services are used, put in anew and removed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path

from tests.rigs.package import booted
from tests.rigs.package.building import (
    REPOSITORY,
    Installed,
    built,
    last_words_of_the_demo,
    unpacked,
)

SUITE = "trixie"
NEEDED = ("python3", "libstdc++6", "zlib1g")
"""What the package depends on; there is no network when it is installed."""
IN_THE_ROOT = """
set -eu
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount --bind "$2" "$1/mnt"
exec chroot "$1" /usr/bin/env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -euxc "$3"
"""
COME_AND_GO = """
find / -xdev -not -path '/var/*' -not -path '/mnt/*' | sort > /tmp/before
dpkg -i /mnt/sana-vcam.deb
sana-vcam version
sana-vcam licences
/usr/lib/sana-vcam/bin/python -c "import reactor_runtime, StreamDeck, PIL, dbus_fast, pythonosc"
sana-vcam doctor || test $? = 1
sana-vcam deck package --out /tmp/plugin
sana-vcam service install --dry-run | grep -F 'ExecStart=/usr/bin/sana-vcam run'
mkdir -m 700 /tmp/run
XDG_RUNTIME_DIR=/tmp/run timeout -s INT --preserve-status 60 \
    sana-vcam demo --port 0 --camera test --sink preview 2>&1 | tee /tmp/said
grep '^LIVE' /tmp/said
dpkg --purge sana-vcam
rm -rf /tmp/run /tmp/said /tmp/plugin "$HOME"/.config "$HOME"/.local "$HOME"/.cache
find / -xdev -not -path '/var/*' -not -path '/mnt/*' -not -path /tmp/after | sort > /tmp/after
diff /tmp/before /tmp/after
"""


def main() -> int:
    """Try what was asked for, and print the sizes; a failure is a traceback."""
    parser = argparse.ArgumentParser(prog="python -m tests.rigs.package", description=__doc__)
    parser.add_argument("--deb", type=Path, metavar="FILE", help="try this Debian package instead")
    parser.add_argument("--booted", action="store_true", help="and below a running systemd")
    asked = parser.parse_args()
    if asked.booted and not asked.deb:
        parser.error("--booted is for a Debian package: --deb FILE --booted")
    with tempfile.TemporaryDirectory(prefix="sana-vcam-package-") as folder:
        if asked.deb:
            _try_debian_package(asked.deb, Path(folder), is_booted=asked.booted)
        else:
            _try_wheel(Path(folder))
    return 0


def _try_wheel(top: Path) -> None:
    sdist = built("sdist", REPOSITORY, top / "sdist")
    wheel = built("wheel", unpacked(sdist, top / "source"), top / "wheel")
    for path in (sdist, wheel):
        print(f"{path.stat().st_size:9} bytes  {path.name}")
    venv.create(top / "tools", with_pip=True, symlinks=True)
    tools = top / "tools/bin"
    subprocess.run([tools / "pip", "install", "-q", "pipx"], check=True)
    homes = {"PIPX_HOME": str(top / "pipx"), "PIPX_BIN_DIR": str(top / "bin")}
    subprocess.run(
        [tools / "pipx", "install", "--python", sys.executable, f"{wheel}[demo,deck,keys,osc]"],
        check=True, env=os.environ | homes,
    )  # fmt: skip
    there = Installed(top / "pipx/venvs/sana-vcam")
    for words, succeeds in _commands():
        done = there.run(*words)
        print(f"exit status {done.returncode}  sana-vcam {' '.join(words)}")
        assert succeeds(done.returncode), done.stdout + done.stderr
        assert "Traceback" not in done.stderr, done.stderr
    print("".join(last_words_of_the_demo(there)))


def _commands() -> list[tuple[tuple[str, ...], Callable[[int], bool]]]:
    def good(status: int) -> bool:
        return status == 0

    return [
        (("version",), good),
        # What a machine lacks is no fault of the package.
        (("doctor",), lambda status: status in {0, 1}),
        (("licences",), good),
        (("deck", "package"), good),
        (("deck", "companion"), good),
        (("service", "install", "--dry-run"), good),
        (("man",), good),
        (("completion", "bash"), good),
    ]


def _try_debian_package(package: Path, top: Path, *, is_booted: bool) -> None:
    print(f"{package.stat().st_size:9} bytes  {package.name}", flush=True)
    root, brought = top / "root", top / "brought"
    brought.mkdir()
    shutil.copy(package, brought / "sana-vcam.deb")
    wanted = ",".join((*NEEDED, *(booted.NEEDED if is_booted else ())))
    options = ("--variant=apt", "--dpkgopt=force-unsafe-io", f"--include={wanted}")
    subprocess.run(["mmdebstrap", "-q", *options, SUITE, str(root)], check=True)
    if is_booted:
        booted.come_and_go(root, brought, top / "work")
        return
    subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-c", IN_THE_ROOT, "sh",
         str(root), str(brought), COME_AND_GO],
        check=True,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
