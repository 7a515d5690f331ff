"""Stage "debian": the stock kernel with three series of v4l2loopback, and the guests' root."""

from __future__ import annotations

import lzma
import re
import shutil
import subprocess
from pathlib import Path

from tests.rigs.guest.rig import apt, initramfs
from tests.rigs.guest.rig.apt import run
from tests.rigs.guest.rig.cache import FILES, Stage

SERIES = {"0.12": "bookworm", "0.13": "bookworm-backports", "0.15": "trixie"}
"""The series of v4l2loopback, and the suites of Debian that have them."""

BOOT_MODULES = ("virtio_pci", "virtio-rng", "9pnet_virtio", "9p", "overlay")
MODULES = ("videodev", "vivid", "dummy")
"""What a guest may load besides v4l2loopback."""

ROOT_PACKAGES = (
    *("systemd", "systemd-sysv", "udev", "kmod", "dbus", "procps", "iproute2", "psmisc"),
    *("v4l-utils", "ffmpeg", "chromium"),
    *("gstreamer1.0-tools", "gstreamer1.0-plugins-base", "gstreamer1.0-plugins-good"),
    # What a Python that was built on the host is linked with.
    *("libssl3", "libffi8", "zlib1g", "libbz2-1.0", "liblzma5", "libsqlite3-0", "libreadline8"),
    *("libncursesw6", "libexpat1"),
)
MASKED_UNITS = (
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer"),
    *("e2scrub_all.timer", "e2scrub_reap.service", "getty@tty1.service"),
    *("serial-getty@ttyS0.service", "systemd-networkd-wait-online.service"),
)


def build(folder: Path) -> None:
    """Leave vmlinux, initrd.gz, busybox, modules/ and root/ in the folder."""
    work = folder / "work"
    work.mkdir()
    stock = apt.Archive(work / "apt", apt.STOCK)
    release = stock.dependency("linux-image-amd64", r"linux-image-\d.*").removeprefix(
        "linux-image-"
    )
    headers = f"linux-headers-{release}"
    unpacked = work / "stock"
    stock.unpack(
        unpacked,
        f"linux-image-{release}",
        headers,
        f"{headers.removesuffix('-amd64')}-common",
        stock.dependency(headers, r"linux-kbuild-.*"),
        stock.dependency(headers, r"linux-compiler-.*"),
        "busybox-static",
    )
    shutil.copy(unpacked / "bin/busybox", folder / "busybox")
    _unpack_kernel(unpacked / f"boot/vmlinuz-{release}", folder / "vmlinux")
    modules = unpacked / "lib/modules" / release
    _build_loopbacks(unpacked / "usr/src", release, modules, work)
    run("depmod", "-b", unpacked, release)
    _copy_modules(unpacked, release, folder / "modules")
    boot = _paths(unpacked, release, BOOT_MODULES)
    initramfs.pack(folder / "busybox", folder / "initrd.gz", boot)
    _make_root(folder / "root")
    shutil.rmtree(work)


def _unpack_kernel(packed: Path, into: Path) -> None:
    """The bare ELF boots through PVH, without unpacking itself under emulation."""
    data = packed.read_bytes()
    kernel = lzma.LZMADecompressor().decompress(data[data.find(b"\xfd7zXZ\0") :])
    if not kernel.startswith(b"\x7fELF"):
        raise RuntimeError(f"{packed.name} holds no xz-packed ELF kernel")
    into.write_bytes(kernel)


def _build_loopbacks(sources: Path, release: str, modules: Path, work: Path) -> None:
    """Build each series; `modprobe` finds the first one, the guest mounts another over it."""
    headers = sources / f"linux-headers-{release}"
    makefile = headers / "Makefile"
    # The headers are not installed, so their absolute include is moved.
    text = makefile.read_text().replace("include /usr/src/", f"include {sources}/")
    makefile.write_text(text)
    (modules / "v4l2loopback").mkdir()
    (modules / "updates").mkdir()
    archive = apt.Archive(work / "apt-newer", ("bookworm", *list(SERIES.values())[1:]))
    for series, suite in SERIES.items():
        unpacked = work / f"v4l2loopback-{series}"
        archive.unpack(unpacked, f"v4l2loopback-dkms/{suite}")
        (source,) = (unpacked / "usr/src").iterdir()
        if not source.name.startswith(f"v4l2loopback-{series}."):
            raise RuntimeError(f"{suite} has {source.name}, not v4l2loopback {series}")
        run("make", "-C", headers, f"M={source}", "modules", log=work / f"{source.name}.log")
        built = modules / "v4l2loopback" / f"{series}.ko"
        run("strip", "--strip-debug", source / "v4l2loopback.ko", "-o", built)
    first = modules / "v4l2loopback" / f"{next(iter(SERIES))}.ko"
    shutil.copy(first, modules / "updates/v4l2loopback.ko")


def _paths(unpacked: Path, release: str, names: tuple[str, ...]) -> list[Path]:
    """The modules and all that they need, each after what it needs."""
    found: dict[Path, None] = {}
    for name in names:
        said = run("modprobe", "-d", unpacked, "-S", release, "--show-depends", name)
        paths = re.findall(r"^insmod (\S+)", said, re.MULTILINE)
        found |= dict.fromkeys(Path(path) for path in paths)
    return list(found)


def _copy_modules(unpacked: Path, release: str, into: Path) -> None:
    source = unpacked / "lib/modules" / release
    wanted = _paths(unpacked, release, (*BOOT_MODULES, *MODULES, "v4l2loopback"))
    wanted += (source / "v4l2loopback").iterdir()
    wanted += (source / name for name in ("modules.order", "modules.builtin"))
    wanted += (source / "modules.builtin.modinfo",)
    target = into.parent / "tree/lib/modules" / release
    for path in wanted:
        to = target / path.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)
    # depmod must not see the other series: they are the same module.
    hidden = target.parent / "hidden"
    (target / "v4l2loopback").rename(hidden)
    run("depmod", "-b", into.parent / "tree", release)
    hidden.rename(target / "v4l2loopback")
    (target / "release").write_text(release)
    target.rename(into)
    shutil.rmtree(into.parent / "tree")


def _make_root(root: Path) -> None:
    options = [
        *("--mode=root", "--variant=apt", "--dpkgopt=force-unsafe-io", "--format=directory"),
        *("--aptopt=APT::Install-Recommends false", "--aptopt=APT::Sandbox::User root"),
        *("--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"),
        *("--dpkgopt=path-exclude=/usr/share/locale/*",),
        f"--include={','.join(ROOT_PACKAGES)}",
    ]
    subprocess.run(
        ["mmdebstrap", "--quiet", *options, "bookworm", root, "-"],
        input=apt.sources(apt.STOCK),
        text=True,
        check=True,
    )
    (root / "etc/hosts").write_text("127.0.0.1 localhost guest\n::1 localhost\n")
    (root / "etc/hostname").write_text("guest\n")
    (root / "etc/fstab").write_text("")
    (root / "rig").mkdir()
    (root / "root").chmod(0o755)
    units = root / "etc/systemd/system"
    for unit in MASKED_UNITS:
        (units / unit).symlink_to("/dev/null")
    # It empties /tmp at boot, where shares may lie.
    (root / "etc/tmpfiles.d/tmp.conf").symlink_to("/dev/null")
    shutil.copy(FILES / "rig.service", units)
    wants = units / "multi-user.target.wants"
    wants.mkdir(exist_ok=True)
    (wants / "rig.service").symlink_to("../rig.service")


HERE = Path(__file__)
STAGE = Stage(
    "debian",
    (
        HERE,
        HERE.with_name("apt.py"),
        HERE.with_name("initramfs.py"),
        initramfs.INIT,
        FILES / "rig.service",
    ),
    build,
)
