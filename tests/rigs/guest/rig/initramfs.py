"""The first program of both guests: an initramfs of busybox and one script."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.rigs.guest.rig.apt import run
from tests.rigs.guest.rig.cache import FILES

INIT = FILES / "init"
MOUNT_POINTS = ("proc", "sys", "dev", "rig", "low", "rw", "new")


def pack(busybox: Path, into: Path, modules: Sequence[Path] = ()) -> None:
    """Write the initramfs; it loads `modules` in their order before it mounts anything."""
    with tempfile.TemporaryDirectory(dir=into.parent) as name:
        folder = Path(name)
        for part in ("bin", "m", *MOUNT_POINTS):
            (folder / part).mkdir()
        shutil.copy(busybox, folder / "bin/busybox")
        (folder / "bin/sh").symlink_to("busybox")
        shutil.copy(INIT, folder / "init")
        for path in (folder / "bin/busybox", folder / "init"):
            path.chmod(0o755)
        for module in modules:
            shutil.copy(module, folder / "m")
        (folder / "m/order").write_text("".join(f"{module.name}\n" for module in modules))
        run("sh", "-c", f"find . | cpio -o -H newc --quiet | gzip -1 > '{into}'", cwd=folder)
