"""Where files of the running daemon live: state that lasts, and run-time files that do not."""

from __future__ import annotations

from pathlib import Path

import platformdirs

APP = "sana-vcam"


def state_dir() -> Path:
    """For the token and the ledger of open sessions; survives a reboot."""
    return platformdirs.user_state_path(APP, appauthor=False)


def runtime_dir() -> Path:
    """For the lock and control.json; gone after a reboot."""
    return platformdirs.user_runtime_path(APP, appauthor=False)
