"""The control file, `control.json` in the runtime directory: where the running daemon listens.

It is private, and a file that another user has planted is not believed. The token in it is kept in
a file of its own, see `tokens`.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from sana_vcam.control.access.privatefiles import (
    private_directory,
    read_private,
    replace,
)
from sana_vcam.errors import StartupError

CONTROL_FILE = "control.json"
"""The file's name, in the runtime directory."""


class ControlFile(BaseModel):
    """The content of control.json."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    url: str
    """The WebSocket's address, without the token."""
    token: SecretStr
    """What clients present as `Authorization: Bearer` or `?token=`."""
    pid: int
    """The daemon's process."""
    version: str
    """The daemon's version."""
    socket: str | None = None
    """The Unix socket, where there is one; it takes no token."""

    @property
    def dashboard(self) -> str:
        """The dashboard's address, with the token in clear: for the user's own eyes."""
        query = urlencode({"token": self.token.get_secret_value()})
        return f"http://{urlsplit(self.url).netloc}/?{query}"

    def text(self) -> str:
        """Write the file's content, with the token in clear."""
        return json.dumps(self.model_dump() | {"token": self.token.get_secret_value()}) + "\n"


def publish(control_file: ControlFile, runtime_dir: Path) -> None:
    """Write the control file, replacing whatever has its name.

    Raises:
        StartupError: the directory cannot be trusted or written.
    """
    private_directory(runtime_dir)
    replace(runtime_dir / CONTROL_FILE, control_file.text(), lasting=False)


def find(runtime_dir: Path) -> ControlFile | None:
    """Read the control file; None if there is none or it is not ours to trust."""
    try:
        return ControlFile.model_validate_json(read_private(runtime_dir / CONTROL_FILE))
    except (StartupError, ValidationError):
        return None


def withdraw(control_file: ControlFile, runtime_dir: Path) -> None:
    """Remove the control file, unless another daemon has replaced it."""
    if find(runtime_dir) == control_file:
        (runtime_dir / CONTROL_FILE).unlink(missing_ok=True)
