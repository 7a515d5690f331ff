"""The ledger of open sessions: on disk from the moment an id is known until it is surely ended.

A killed daemon leaves its session open and billed. The next start reads the ledger and ends what
it finds before it opens anything. So an entry that can be read counts, whatever stands beside it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from sana_vcam.lib import statefile
from sana_vcam.lib.atomicfile import remove_drafts, replace_file
from sana_vcam.lib.diskwriter import WriteSoon, write_at_once
from sana_vcam.reactor import OpenSession

log = logging.getLogger(__name__)

VERSION = 1
"""Of the file's form; a file of a later one is left as it is."""
_BEGINNING = re.compile(r'\{\s*"session_id"')
_IN_AN_ADDRESS = r"[^\s/?#%\\\p{C}]"
_ID = rf"^\.*[^.\s/?#%\\\p{{C}}]{_IN_AN_ADDRESS}*$"
"""An id becomes a part of an address, in which dots alone would be another place."""


class _Entry(BaseModel):
    """A session as it stands in the file."""

    model_config = ConfigDict(extra="ignore")

    session_id: Annotated[str, Field(strict=True, pattern=_ID, max_length=256)]
    api_url: Annotated[str, Field(strict=True, max_length=2048, pattern=r"^https?://[!-~]+$")]
    local: StrictBool
    model: Annotated[str, Field(strict=True, max_length=8192)]

    def session(self) -> OpenSession:
        """Make what the engine knows it as."""
        return OpenSession(self.session_id, self.api_url, self.local, self.model)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a file holds."""

    sessions: Sequence[OpenSession] = ()
    is_newer: bool = False
    is_kept_aside: bool = False
    """Some of it was damaged, and is kept beside it: the file may be written anew."""


class Ledger:
    """A small JSON file, mode 0600, replaced by rename; used on the event loop.

    Args:
        path: The file; read at once, which blocks.
        write_soon: Writes it; at once, unless the daemon's disk writer does.
    """

    def __init__(self, path: Path, write_soon: WriteSoon = write_at_once) -> None:
        self.path = path
        """The file that is written."""
        self._write_soon = write_soon
        remove_drafts(path)
        found = _read(path)
        sessions = list(found.sessions)
        if found.is_newer:
            self.path = statefile.beside_newer(path, VERSION)
            sessions += _read(self.path).sessions
            log.warning(
                "%s is of a newer sana-vcam and stays as it is; open sessions are noted in %s",
                path,
                self.path,
            )
        self._open = {session.session_id: session for session in sessions}
        if found.is_kept_aside:
            self._write()

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

    def is_missing(self) -> bool:
        """Whether somebody has removed the file, or its folder. Blocks."""
        return not self.path.exists()

    def write_again(self) -> None:
        """Note all that is open once more, if anything is."""
        if self._open:
            self._write()

    def _write(self) -> None:
        """Have the file replaced; a full disk costs the safety net, not the picture."""
        sessions = [asdict(session) for session in self._open.values()]
        text = json.dumps({"version": VERSION, "sessions": sessions})

        def write() -> None:
            try:
                statefile.make_private_folder(self.path.parent)
                replace_file(self.path, text.encode())
            except OSError as error:
                log.warning("%s: the open session cannot be noted: %s", self.path, error)

        self._write_soon(self.path, write)


def _read(path: Path) -> _Found:
    """Read every entry that can be read; what is damaged is said, and kept aside."""
    try:
        data = statefile.read_bounded(path)
    except FileNotFoundError:
        return _Found()
    except OSError as error:
        kept = statefile.kept_as(statefile.set_aside(path))
        log.warning(
            "%s is unreadable (%s)%s; sessions of an earlier run may be open",
            path,
            error.strerror,
            kept,
        )
        return _Found()
    try:
        found = statefile.parse_object(data)
        entries = found.get("sessions")
        if not isinstance(entries, list):
            raise ValueError("it has no list of sessions")
    except ValueError as error:
        found, entries, why = {}, _salvage(data), str(error)
        sessions = list(filter(None, map(_session, entries)))
    else:
        sessions = list(filter(None, map(_session, entries)))
        why = f"{len(entries) - len(sessions)} of its {len(entries)} sessions"
        why = "" if len(sessions) == len(entries) else why
    is_newer = statefile.is_newer(found, VERSION)
    aside = statefile.copy_aside(path, data) if why and not is_newer else None
    if why:
        log.warning(
            "%s is unreadable (%s)%s; sessions of an earlier run may be open",
            path,
            why,
            statefile.kept_as(aside),
        )
    return _Found(sessions, is_newer, aside is not None)


def _salvage(data: bytes) -> list[Any]:
    """Find what looks like entries in a text that is cut off, or damaged elsewhere."""
    text, decoder = data.decode(errors="replace"), json.JSONDecoder()
    entries = []
    for match in _BEGINNING.finditer(text):
        try:
            entries.append(decoder.raw_decode(text, match.start())[0])
        except (ValueError, RecursionError):
            continue
    return entries


def _session(entry: Any) -> OpenSession | None:
    try:
        return _Entry.model_validate(entry).session()
    except ValidationError:
        return None
