"""Where files of the running daemon live: state that lasts, and run-time files that do not."""

from __future__ import annotations

import warnings
from pathlib import Path

import platformdirs

from sana_vcam.errors import StartupError

APP = "sana-vcam"


def state_dir() -> Path:
    """For the token, the open sessions and what was billed; usually ~/.local/state/sana-vcam."""
    return platformdirs.user_state_path(APP, appauthor=False)


def runtime_dir() -> Path:
    """For the lock and control.json; usually $XDG_RUNTIME_DIR/sana-vcam, gone after a reboot.

    Raises:
        StartupError: there is no directory that is safe to use.
    """
    with warnings.catch_warnings():
        # Where XDG_RUNTIME_DIR is unset, platformdirs warns that it takes its fallback.
        warnings.simplefilter("ignore")
        try:
            return platformdirs.user_runtime_path(APP, appauthor=False)
        except PermissionError as error:
            raise StartupError(f"no private place for run-time files: {error}") from error
