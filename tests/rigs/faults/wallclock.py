"""The wall clock of one process, stepped from outside; compiled on first use."""

from __future__ import annotations

import mmap
import struct
import subprocess
from pathlib import Path


class WallClock:
    """What to add to the wall clock of every process started with `environment`."""

    def __init__(self, folder: Path) -> None:
        """Compile the library into `folder`. Raises `OSError` or `CalledProcessError`."""
        source = Path(__file__).with_name("clock.c")
        self._library = folder / "clock.so"
        self._path = folder / "clock"
        self._path.write_bytes(struct.pack("d", 0.0))
        command = ("gcc", "-shared", "-fPIC", "-O1", str(source), "-o", str(self._library), "-ldl")
        subprocess.run(command, check=True)

    @property
    def environment(self) -> dict[str, str]:
        """What such a process is started with."""
        return {"LD_PRELOAD": str(self._library), "FAULTS_CLOCK": str(self._path)}

    def step(self, seconds: float) -> None:
        """Set the wall clock this far from the true one; 0 is right."""
        with self._path.open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared:
            shared[:8] = struct.pack("d", seconds)
