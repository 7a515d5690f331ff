"""How a running daemon is known on its machine: by locks that nobody else can have."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

LOCK_FILE = "daemon.lock"
"""In the run-time folder, locked by flock(2) as long as the daemon runs."""
LOCK_NAME = re.compile(r"sana-vcam\.(\d+)\.[0-9a-f]{16}")
"""What `lock_name` gives; its group is the user's number."""


def lock_name(folder: Path, uid: int) -> str:
    """Name the abstract socket (unix(7)) that stands for the daemon of a run-time folder."""
    digest = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
    return f"sana-vcam.{uid}.{digest}"
