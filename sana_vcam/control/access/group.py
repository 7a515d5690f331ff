"""How the people of a machine find a daemon that runs as a system service.

Its own run-time files stay its own, in `/run/sana-vcam/private`. A copy of the control file
lies in `/run/sana-vcam` for the unit's group, `sana-vcam`, whose members may steer the picture.
The folder is made by systemd and goes with the service.
"""

from __future__ import annotations

import logging
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from sana_vcam.control.access.discovery import CONTROL_FILE, ControlFile
from sana_vcam.lib.atomicfile import replace_file
from sana_vcam.lib.statefile import read_bounded

SHARED = Path("/run/sana-vcam")
"""The folder of the group's copy."""
GROUP = "sana-vcam"
JOIN_GROUP = f"sudo usermod -aG {GROUP} $USER, then log out and in again"
"""What somebody outside the group has to do."""

log = logging.getLogger(__name__)

_MAX_FILE_BYTES = 4096
_READABLE_BY_GROUP = 0o640


class Copy:
    """Keeps the group's copy of the control file."""

    def __init__(self, private: Path, shared: Path) -> None:
        self._source = private / CONTROL_FILE
        self._target = shared / CONTROL_FILE
        self._copied: tuple[int, int] | None = None
        self._told = ""

    def bring_up_to_date(self) -> None:
        """Copy the control file when it is new or has changed, or the copy has gone. Blocks.

        That it cannot be copied is logged.
        """
        try:
            found = self._source.stat()
            now = (found.st_ino, found.st_mtime_ns)
            if now == self._copied and self._target.exists():
                return
            data = read_bounded(self._source, _MAX_FILE_BYTES)
            replace_file(self._target, data, mode=_READABLE_BY_GROUP, lasting=False)
        except FileNotFoundError:
            return
        except OSError as error:
            if str(error) != self._told:
                self._told = str(error)
                log.warning("the group cannot find this daemon: %s", error)
        else:
            self._copied, self._told = now, ""


@dataclass(frozen=True, slots=True)
class SystemDaemon:
    """Where a system service listens, and the user whom it runs as."""

    control_file: ControlFile
    uid: int


def find(folder: Path = SHARED) -> SystemDaemon | None:
    """Read the group's copy; None if there is none, or if others could have put it there.

    Raises:
        PermissionError: it is there, and we are not in the group.
    """
    if sys.platform == "win32":
        return None
    path = folder / CONTROL_FILE
    try:
        home, parent = folder.lstat(), folder.parent.stat()
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError:
        raise
    except OSError:
        return None
    with os.fdopen(file, "rb") as stream:
        found = os.fstat(file)
        text = stream.read(_MAX_FILE_BYTES)
    # systemd gives the folder to the service's user; nobody else may write to it, or replace it.
    trusted = (
        stat.S_ISDIR(home.st_mode)
        and stat.S_ISREG(found.st_mode)
        and found.st_uid == home.st_uid
        and not home.st_mode & 0o022
        and not parent.st_mode & 0o022
    )
    try:
        return (
            SystemDaemon(ControlFile.model_validate_json(text), found.st_uid) if trusted else None
        )
    except ValidationError:
        return None
