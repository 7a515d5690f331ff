"""A private PipeWire session for tests, of Debian 12's version and of a newer one beside it.

    with Session(VERSIONS["debian"]) as session:
        session.run("pw-cli", "info", "0")

`python -m tests.rigs.pipewire COMMAND…` runs a command in one.
"""

from tests.rigs.pipewire.session import Session
from tests.rigs.pipewire.versions import VERSIONS, PipeWireMissing, Version

__all__ = ["VERSIONS", "PipeWireMissing", "Session", "Version"]
