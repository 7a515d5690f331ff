"""`sana-vcam ctl wait` and `connect --wait`: come back when it is so, or cannot become so."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TextIO

from sana_vcam.clients.connection import DaemonAddress, ask, connected
from sana_vcam.clients.statewords import output_words, session_words
from sana_vcam.clients.terminal import EXIT_OK, Failure, compact
from sana_vcam.control.protocol import messages
from sana_vcam.control.protocol.state import State
from sana_vcam.lib.printing import printable
from sana_vcam.lib.statusline import StatusLine

ON_AIR = ("streaming",)
"""What `connect --wait` waits for."""


def _members(field: str) -> tuple[str, ...]:
    words = State.model_fields[field].annotation
    if not isinstance(words, type) or not issubclass(words, StrEnum):
        raise TypeError(f"{field} has no words")
    return tuple(str(word) for word in words)


OUTPUTS = _members("output")
SESSIONS = _members("session")
WORDS = (*OUTPUTS, *SESSIONS)
"""What can be waited for: a word for what viewers see, or one for the session."""
_NEED_A_SESSION = frozenset({"live", "streaming", "starting", "waiting", "paused"})


def alias(word: str) -> str:
    """Read `card` as the API's word for it."""
    return "slate" if word == "card" else word


def connect(daemon: DaemonAddress, command: messages.Command) -> dict[str, Any]:
    """Ask for a session, and give the reply."""
    return ask(daemon, command)


def wait(
    daemon: DaemonAddress,
    wanted: Sequence[str],
    *,
    timeout_s: float | None,
    json_output: bool,
    out: TextIO | None = None,
) -> int:
    """Wait for a state with one of the words; print it with `json_output`.

    Raises `Failure` when time is up, the daemon stops, or what is waited for needs a session and
    the daemon has given up to open one.
    """
    until = None if timeout_s is None else time.monotonic() + timeout_s
    with connected(daemon) as connection, StatusLine(out or sys.stderr) as line:
        last: dict[str, Any] | None = None
        while True:
            left = None if until is None else max(0.0, until - time.monotonic())
            try:
                message = json.loads(connection.recv(timeout=left))
            except TimeoutError:
                raise Failure(_too_late(wanted, last)) from None
            if message["type"] != "state":
                continue
            last = message["data"]
            if _is_so(last, wanted):
                if json_output:
                    print(compact(message))
                return EXIT_OK
            if last["session"] == "refused" and set(wanted) <= _NEED_A_SESSION:
                raise Failure(f"no session is opened: {printable(last['error'] or 'refused')}")
            line.show(printable(session_words(last)))


def _is_so(state: Mapping[str, Any], wanted: Sequence[str]) -> bool:
    return state["output"] in wanted or state["session"] in wanted


def _too_late(wanted: Sequence[str], last: Mapping[str, Any] | None) -> str:
    if last is None:
        return "time is up, and the daemon has said nothing"
    error = f"; {last['error']}" if last["error"] else ""
    return printable(
        f"time is up before {' or '.join(wanted)}: viewers see {output_words(last)}, "
        f"{session_words(last)}{error}"
    )
