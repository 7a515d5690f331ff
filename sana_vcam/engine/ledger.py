"""The ledger of open sessions: on disk from the moment an id is known until it is surely ended.

A killed daemon leaves its session open and billed. The next start reads the ledger and ends what
it finds before it opens anything.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from sana_vcam.lib.atomicfile import remove_drafts, replace_file
from sana_vcam.reactor import OpenSession

log = logging.getLogger(__name__)

_SESSION = TypeAdapter(OpenSession)


class Ledger:
    """A small JSON file, mode 0600, replaced by rename; used on the event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        remove_drafts(path)
        self._open = {session.session_id: session for session in _read(path)}

    @property
    def pending(self) -> tuple[OpenSession, ...]:
        """Sessions that are open as far as anybody knows."""
        return tuple(self._open.values())

    def opened(self, session: OpenSession) -> None:
        """Note a session that the platform has just created."""
        self._open[session.session_id] = session
        self._write()

    def ended(self, session_id: str) -> None:
        """Forget a session that the platform has confirmed to be gone."""
        if self._open.pop(session_id, None) is not None:
            self._write()

    def _write(self) -> None:
        """Replace the file; a full disk costs the safety net, not the picture."""
        text = json.dumps({"sessions": [asdict(s) for s in self._open.values()]})
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, text.encode())
        except OSError as error:
            log.warning("%s: the open session cannot be noted: %s", self._path, error)


def _read(path: Path) -> list[OpenSession]:
    try:
        entries = json.loads(path.read_text())["sessions"]
        return [_SESSION.validate_python(entry) for entry in entries]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        log.warning("%s is unreadable (%s); sessions of an earlier run may be open", path, error)
        return []
