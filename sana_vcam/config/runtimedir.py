"""The usual place of the daemon's run-time files; light, because each press of a key asks it."""

from __future__ import annotations

import os
import stat
import sys

APP = "sana-vcam"


def usual_runtime_dir() -> str | None:
    """Name the folder in XDG_RUNTIME_DIR; None where that is unset, not private, or not the rule.

    `sana_vcam.config.paths.runtime_dir` looks further then, as the desktop of the platform has it.
    """
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    if sys.platform in {"darwin", "win32"} or not os.path.isabs(base):  # noqa: PTH117
        return None
    try:
        found = os.lstat(base)
    except OSError:
        return None
    is_private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
    return os.path.join(base, APP) if is_private and found.st_uid == os.geteuid() else None  # noqa: PTH118
