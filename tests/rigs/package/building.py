"""Builds the packages, and environments that have them and not the repository."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
PACKAGE = REPOSITORY / "sana_vcam"
BESIDE = {
    "sana_vcam/host/service/files/systemd": REPOSITORY / "systemd",
    "sana_vcam/host/service/files/config": REPOSITORY / "config",
}
"""Where a wheel has what lies beside the package."""
NOT_SHIPPED = {"__pycache__", "node_modules", "logs"}
ONLY_FOR_READERS = "sana-vcam.toml"
"""The example, which `sana-vcam config init` writes from the schema."""
PATIENCE_S = 600


def built(kind: str, source: Path, out: Path) -> Path:
    """Build an `sdist` or a `wheel` of a source tree by its own backend; gives the file."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)],
        cwd=source, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = out.glob("*.tar.gz" if kind == "sdist" else "*.whl")
    return found


def unpacked(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist; gives its one folder."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    return top


def in_the_repository() -> dict[str, bytes]:
    """What a wheel is to have below its top, each file with its bytes."""
    sources = [("sana_vcam", PACKAGE), *BESIDE.items()]
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for name, folder in sources
        for path in folder.rglob("*")
        if path.is_file()
        and not NOT_SHIPPED & set(path.parts)
        and path.name != ONLY_FOR_READERS
        and path.suffix != ".pyc"
    }


def in_the_wheel(wheel: Path) -> dict[str, bytes]:
    """What a wheel has, less its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        return {name: archive.read(name) for name in names}


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel, and folders of its own for what a user has."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin/python"

    @property
    def site(self) -> Path:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / f"lib/{version}/site-packages"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def words(self, *words: str) -> list[str]:
        return [str(self.folder / "bin/sana-vcam"), *words]

    def environment(self) -> dict[str, str]:
        folders = {
            name: str(self.home / name.lower())
            for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")
        }
        for folder in folders.values():
            Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        own = ("SANA_VCAM_", "REACTOR_", "PYTHON", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        return kept | folders

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of it, in a folder where there is nothing of ours."""
        return self.run_any(self.words(*words))

    def run_any(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.home, env=self.environment(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip


def last_words_of_the_demo(there: Installed) -> list[str]:
    """Run the demo until its picture is live, then end it as Ctrl-C does; gives what it said."""
    process = subprocess.Popen(
        there.words("demo", "--port", "0", "--camera", "test", "--sink", "preview"),
        cwd=there.home, env=there.environment(), stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    said: list[str] = []
    try:
        for line in process.stderr:
            said.append(line)
            if line.startswith("LIVE"):
                process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0, said
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert any(line.startswith("LIVE") for line in said), said
    assert "Traceback" not in "".join(said), said
    return said[-3:]


def installed(wheel: Path, folder: Path) -> Installed:
    """Install the wheel alone; what it needs is taken from where the tests run.

    The path to that is no site of its own there, so the repository, which is installed there in
    place, is not found.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    made = Installed(folder)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(made.python), "install", "-q", "--no-deps",
         "--no-index", "--no-compile", str(wheel)],
        check=True, timeout=PATIENCE_S,
    )  # fmt: skip
    (made.site / "needed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    made.environment()
    return made
