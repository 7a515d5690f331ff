"""The words of `sana-vcam ctl` that are no single command of the daemon's."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sana_vcam.clients.connection import DaemonAddress, find_daemon
from sana_vcam.clients.ctl import addresses, client, opening, waiting, words
from sana_vcam.clients.terminal import EXIT_OK, EXIT_REFUSED, EXIT_USAGE, Failure, compact
from sana_vcam.control.access import tokens
from sana_vcam.control.protocol import messages
from sana_vcam.lib.nearest import did_you_mean
from sana_vcam.lib.printing import printable


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed beside the words, and the folders; None: the usual ones."""

    json_output: bool
    url: str | None
    token: str | None = field(repr=False)
    runtime_dir: Path | None = None
    state_dir: Path | None = None

    def daemon(self) -> DaemonAddress:
        """Find the daemon that is meant. Raises `Failure` without one."""
        token = self.token or os.environ.get(tokens.TOKEN_VARIABLE)
        return find_daemon(self.url, token, self.runtime_dir)


def run_own(word: str, rest: Sequence[str], asked: Asked) -> int:
    """Run one of the words and give the exit code. Raises `Failure`."""
    values, timeout_s = _timeout(rest)
    match word, values:
        case "help", []:
            print(words.help_text(), end="")
            return EXIT_OK
        case "watch", []:
            return client.watch(asked.daemon(), json_output=asked.json_output)
        case "open", []:
            return opening.open_dashboard(addresses.found_daemon(asked.runtime_dir))
        case "url", [] | [_]:
            kind = _one_of(addresses.KINDS, values[0], "url") if values else None
            return addresses.print_urls(asked.runtime_dir, kind, json_output=asked.json_output)
        case "token", [] | ["--rotate"]:
            return client.print_token(
                asked.runtime_dir,
                asked.state_dir,
                rotate=bool(values),
                json_output=asked.json_output,
            )
        case "wait", [_, *_]:
            wanted = [_one_of(waiting.WORDS, waiting.alias(value), "wait") for value in values]
            return waiting.wait(
                asked.daemon(), wanted, timeout_s=timeout_s, json_output=asked.json_output
            )
        case "connect", ["--wait"]:
            return _connect_and_wait(asked, timeout_s)
        case "connect", []:
            raise Failure("--timeout goes with --wait: sana-vcam ctl connect --wait", EXIT_USAGE)
    raise Failure(_takes(word), EXIT_USAGE)


def _takes(word: str) -> str:
    match word:
        case "token":
            return "token takes nothing but --rotate"
        case "connect":
            return "connect takes nothing but --wait and --timeout SECONDS"
        case "url":
            return f"url takes nothing, or one of {', '.join(addresses.KINDS)}"
        case "wait":
            return f"wait for what? one or more of: {', '.join(waiting.WORDS)}"
    return f"{word} takes no value"


def _one_of(known: Sequence[str], word: str, of: str) -> str:
    if word in known:
        return word
    raise Failure(
        f"{of}: no word {printable(word)!r}; expected one of {', '.join(known)}"
        f"{did_you_mean(word, known)}",
        EXIT_USAGE,
    )


def _timeout(rest: Sequence[str]) -> tuple[list[str], float | None]:
    """Take --timeout and its value out of the words."""
    values = list(rest)
    if "--timeout" not in values:
        return values, None
    at = values.index("--timeout")
    text = values[at + 1] if at + 1 < len(values) else ""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise Failure(
            f"--timeout {printable(text)}: expected a number of seconds from 0 on", EXIT_USAGE
        )
    return values[:at] + values[at + 2 :], seconds


def _connect_and_wait(asked: Asked, timeout_s: float | None) -> int:
    daemon = asked.daemon()
    reply = waiting.connect(daemon, messages.Connect())
    if reply["type"] == "error":
        if asked.json_output:
            print(compact(reply))
            return EXIT_REFUSED
        raise Failure(printable(reply["data"]["message"]))
    return waiting.wait(
        daemon, waiting.ON_AIR, timeout_s=timeout_s, json_output=asked.json_output, out=sys.stderr
    )
