"""Which PipeWire a session runs: the one that is installed, or a newer one unpacked beside it."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock

from tests.rigs.guest.rig import apt
from tests.rigs.guest.rig.cache import VARIABLE, Stage

TOOLS = {
    "pipewire": "pipewire-bin",
    "pw-cli": "pipewire-bin",
    "pipewire-pulse": "pipewire-pulse",
    "wireplumber": "wireplumber",
    "pactl": "pulseaudio-utils",
    "dbus-daemon": "dbus-daemon",
}
"""Commands that a session needs, and the packages of Debian that they come from."""
SUITES = ("bookworm", "bookworm-backports")
NEWER = (
    "pipewire",
    "pipewire-bin",
    "pipewire-pulse",
    "wireplumber",
    "libpipewire-0.3-0",
    "libpipewire-0.3-common",
    "libpipewire-0.3-modules",
    "libspa-0.2-modules",
    "libwireplumber-0.5-0",
    "gstreamer1.0-pipewire",
)
"""Packages of the newer version; nothing else of them is installed."""
LIBRARIES = ("liblua5.4-0", "libfftw3-single3", "libebur128-1")
"""What they need beside that, of Debian 12."""


class PipeWireMissing(Exception):
    """A version cannot be run on this machine; says what would mend it."""


@dataclass(frozen=True)
class Version:
    """One PipeWire with its session manager."""

    name: str
    packaged: tuple[str, ...] = ()
    """Packages of bookworm-backports that it is unpacked from; none: the installed one."""

    def prefix(self) -> Path | None:
        """Give the folder that its files are in, unpacked once; None for the installed one.

        Raises `PipeWireMissing`.
        """
        missing = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
        if missing:
            raise PipeWireMissing(f"apt install --no-install-recommends {' '.join(missing)}")
        if not self.packaged:
            return None
        if not apt.is_debian_12():
            raise PipeWireMissing(f"PipeWire's version {self.name!r} is unpacked on Debian 12 only")
        named = os.environ.get(VARIABLE)
        cache = (Path(named) if named else platformdirs.user_cache_path("sana-vcam-rig")).absolute()
        stage = Stage("pipewire", (Path(__file__),), self._unpack)
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / "pipewire.lock"):
            stage.ensure(cache)
        return cache / stage.folder_name / "root"

    def _unpack(self, folder: Path) -> None:
        archive = apt.Archive(folder / "apt", SUITES)
        newer = [f"{package}/{SUITES[1]}" for package in self.packaged]
        archive.unpack(folder / "root", *newer, *LIBRARIES)
        shutil.rmtree(folder / "apt")

    def environment(self, folder: Path) -> dict[str, str]:
        """Give the variables by which programs find this version; `folder` is the session's."""
        prefix = self.prefix()
        if prefix is None:
            return {}
        libraries = prefix / "usr/lib" / f"{platform.machine()}-linux-gnu"
        share = prefix / "usr/share"
        return {
            "PATH": f"{prefix / 'usr/bin'}:{os.environ['PATH']}",
            "LD_LIBRARY_PATH": str(libraries),
            "PIPEWIRE_MODULE_DIR": str(libraries / "pipewire-0.3"),
            "SPA_PLUGIN_DIR": str(libraries / "spa-0.2"),
            "SPA_DATA_DIR": str(share / "spa-0.2"),
            "WIREPLUMBER_MODULE_DIR": str(libraries / "wireplumber-0.5"),
            "WIREPLUMBER_DATA_DIR": str(share / "wireplumber"),
            "XDG_DATA_DIRS": f"{share}:/usr/local/share:/usr/share",
            "GST_PLUGIN_PATH": str(libraries / "gstreamer-1.0"),
            "GST_REGISTRY": str(folder / "gst-registry"),
        }


VERSIONS = {version.name: version for version in (Version("debian"), Version("newer", NEWER))}
"""Debian 12's 0.3.65 with WirePlumber 0.4, and backports' 1.4 with WirePlumber 0.5."""
