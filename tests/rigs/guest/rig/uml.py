"""Stage "uml": a kernel that is a program of the host, with the newest camera drivers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.rigs.guest.rig import apt, initramfs
from tests.rigs.guest.rig.apt import run
from tests.rigs.guest.rig.cache import FILES, Stage

SUITE = "forky"
"""User Mode Linux before 6.13 does not start on processors with AMX; its fast mode and its
second processor came with 6.16 and later."""
CONFIG = FILES / "uml.config"
MUST_HAVE = (
    *("VIDEO_VIVID=m", "USBIP_VHCI_HCD=m", "USB_VIDEO_CLASS=m"),
    *("OVERLAY_FS=y", "HOSTFS=y", "SMP=y", "CGROUP_BPF=y", "SECCOMP_FILTER=y"),
)


def build(folder: Path) -> None:
    """Leave linux, initrd.gz and modules/ in the folder."""
    work = folder / "work"
    work.mkdir()
    archive = apt.Archive(work / "apt", (SUITE,))
    package = archive.newest(r"linux-source-[0-9.]+")
    unpacked = work / "unpacked"
    archive.unpack(unpacked, package, "v4l2loopback-dkms", "busybox-static")
    source = work / "linux"
    source.mkdir()
    packed = unpacked / "usr/src" / f"{package}.tar.xz"
    run("tar", "xf", packed, "-C", source, "--strip-components=1")
    _configure(source)
    make = ("make", "-s", "-C", source, "ARCH=um")
    log = work / "build.log"
    run(*make, f"-j{os.cpu_count()}", "vmlinux", "modules", log=log)
    run("strip", "-g", source / "vmlinux", "-o", folder / "linux")
    (loopback,) = (unpacked / "usr/src").glob("v4l2loopback-*")
    run(*make, f"M={loopback}", "modules", log=log)
    _copy_modules(make, source, loopback / "v4l2loopback.ko", folder / "modules")
    initramfs.pack(_busybox(unpacked), folder / "initrd.gz")
    shutil.rmtree(work)


def _configure(source: Path) -> None:
    run("make", "-s", "-C", source, "ARCH=um", "defconfig")
    run("scripts/kconfig/merge_config.sh", "-m", ".config", CONFIG, cwd=source)
    run("make", "-s", "-C", source, "ARCH=um", "olddefconfig")
    have = (source / ".config").read_text().splitlines()
    lacking = [option for option in MUST_HAVE if f"CONFIG_{option}" not in have]
    if lacking:
        raise RuntimeError(f"the kernel's configuration lacks {', '.join(lacking)}")


def _copy_modules(make: tuple[str | Path, ...], source: Path, loopback: Path, into: Path) -> None:
    release = (source / "include/config/kernel.release").read_text().strip()
    tree = into.with_name("tree")
    install = (f"INSTALL_MOD_PATH={tree}", "INSTALL_MOD_STRIP=1", "DEPMOD=true")
    run(*make, *install, "modules_install")
    modules = tree / "lib/modules" / release
    for link in ("build", "source"):
        (modules / link).unlink(missing_ok=True)
    (modules / "updates").mkdir(exist_ok=True)
    run("strip", "--strip-debug", loopback, "-o", modules / "updates/v4l2loopback.ko")
    run("depmod", "-b", tree, release)
    (modules / "release").write_text(release)
    modules.rename(into)
    shutil.rmtree(tree)


def _busybox(unpacked: Path) -> Path:
    places = (unpacked / "bin/busybox", unpacked / "usr/bin/busybox")
    return next(place for place in places if place.exists())


HERE = Path(__file__)
STAGE = Stage(
    "uml",
    (HERE, HERE.with_name("apt.py"), HERE.with_name("initramfs.py"), initramfs.INIT, CONFIG),
    build,
)
