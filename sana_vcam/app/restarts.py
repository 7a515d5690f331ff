"""A count of the daemon's restarts after ends that nobody asked for.

systemd does not tell a service how often it has restarted it, and not everybody has systemd. So
the daemon leaves a mark in a file while it runs: one that is found at the start is of a daemon that
was killed or that failed.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sana_vcam.lib import statefile
from sana_vcam.lib.atomicfile import remove_drafts, replace_file

log = logging.getLogger(__name__)

RESTARTS_FILE = "runs.json"


class _RestartsFile(BaseModel):
    model_config = ConfigDict(extra="ignore")

    restarts: Annotated[int, Field(ge=0, le=10**9)] = 0
    running: bool = False


class RestartCounter:
    """The count, kept in a file that one daemon at a time uses; it does without a file that fails.

    Blocks for the disk.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.restarts: int | None = None
        """Starts after an end that nobody asked for; None while it cannot be known."""

    def begin(self) -> None:
        """Count the start if the mark of the last one is still there, and leave a mark."""
        remove_drafts(self._path)
        before = self._read()
        self.restarts = before.restarts + before.running
        self._write(_RestartsFile(restarts=self.restarts, running=True))

    def end(self) -> None:
        """Take the mark away: the daemon ends as it should."""
        if self.restarts is not None:
            self._write(_RestartsFile(restarts=self.restarts))

    def _read(self) -> _RestartsFile:
        try:
            return _RestartsFile.model_validate_json(statefile.read_bounded(self._path))
        except FileNotFoundError:
            return _RestartsFile()
        except (OSError, ValidationError) as error:
            why = error.strerror if isinstance(error, OSError) else "it holds no count"
            kept = statefile.kept_as(statefile.set_aside(self._path))
            text = "%s cannot be read (%s)%s; restarts are counted anew"
            log.warning(text, self._path, why, kept)
            return _RestartsFile()

    def _write(self, file: _RestartsFile) -> None:
        try:
            statefile.make_private_folder(self._path.parent)
            replace_file(self._path, file.model_dump_json().encode())
        except OSError as error:
            log.warning("%s cannot be written; restarts are not counted: %s", self._path, error)
            self.restarts = None
