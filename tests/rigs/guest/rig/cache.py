"""Where the built guests lie, and whether they are what the recipe would build now."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock

HERE = Path(__file__).parent
FILES = HERE / "files"
VARIABLE = "SANA_VCAM_RIG_CACHE"
HASH_LENGTH = 12


class RigMissing(Exception):
    """The rig cannot be used, or not be built, on this machine; says what would mend it."""


@dataclass(frozen=True)
class Stage:
    """One folder of the cache, named after the hash of the files that say how it is made.

    `build` fills an empty folder. A folder under its final name is always complete.
    """

    name: str
    recipe: tuple[Path, ...]
    build: Callable[[Path], None]

    @property
    def folder_name(self) -> str:
        recipe = hashlib.sha256()
        for path in self.recipe:
            recipe.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return f"{self.name}-{recipe.hexdigest()[:HASH_LENGTH]}"

    def ensure(self, cache: Path) -> None:
        """Build the folder unless it is there, then remove those of former recipes."""
        final = cache / self.folder_name
        if final.exists():
            return
        began = time.monotonic()
        print(f"rig: building {final.name}", file=sys.stderr, flush=True)
        building = final.with_suffix(".building")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        self.build(building)
        building.rename(final)
        for old in cache.glob(f"{self.name}-{'?' * HASH_LENGTH}*"):
            if old != final:
                shutil.rmtree(old)
        took_s = time.monotonic() - began
        print(f"rig: built {final.name} in {took_s:.0f} s", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Cache:
    """A folder of finished stages."""

    folder: Path
    stages: tuple[Stage, ...]

    @classmethod
    def default(cls) -> Cache:
        """The folder that the environment names, else one in the user's cache folder."""
        from tests.rigs.guest.rig import debian, uml

        named = os.environ.get(VARIABLE)
        folder = Path(named) if named else platformdirs.user_cache_path("sana-vcam-rig")
        return cls(folder.absolute(), (debian.STAGE, uml.STAGE))

    @property
    def debian(self) -> Path:
        """vmlinux, initrd.gz, modules/, root/."""
        return self._of("debian")

    @property
    def uml(self) -> Path:
        """linux, initrd.gz, modules/."""
        return self._of("uml")

    def _of(self, name: str) -> Path:
        stage = next(stage for stage in self.stages if stage.name == name)
        return self.folder / stage.folder_name

    @property
    def is_built(self) -> bool:
        """Whether everything is there, as the recipe says."""
        return all((self.folder / stage.folder_name).exists() for stage in self.stages)

    def require(self) -> None:
        """Raise `RigMissing` unless everything is there."""
        if not self.is_built:
            raise RigMissing(
                f"the guests are not built in {self.folder}: as root on Debian 12, "
                "python -m tests.rigs.guest.rig build (about ten minutes, once)"
            )

    def ensure(self) -> None:
        """Build what is missing, all stages at once. Raises `RigMissing` where that cannot be."""
        if self.is_built:
            return
        from tests.rigs.guest.rig import apt

        if os.geteuid() != 0 or not apt.is_debian_12():
            raise RigMissing("building the guests takes root on Debian 12")
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "lock"):
            apt.install_host_tools()
            with ThreadPoolExecutor(len(self.stages)) as pool:
                for result in [pool.submit(stage.ensure, self.folder) for stage in self.stages]:
                    result.result()
