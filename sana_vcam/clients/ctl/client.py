"""What `sana-vcam ctl` loads beyond a press of a key: the models, a WebSocket, the token."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sana_vcam.clients.connection import (
    START_HINT,
    DaemonAddress,
    ask,
    ask_in_turn,
    connected,
    find_daemon,
    resolve_runtime_dir,
)
from sana_vcam.clients.ctl import images, words
from sana_vcam.clients.ctl.shortwords import SHORT_WORDS
from sana_vcam.clients.terminal import (
    EXIT_OK,
    EXIT_USAGE,
    Failure,
    compact,
)
from sana_vcam.config import paths
from sana_vcam.control.access import discovery, tokens
from sana_vcam.control.protocol import messages, reading
from sana_vcam.errors import StartupError
from sana_vcam.lib.nearest import meant
from sana_vcam.lib.printing import printable, printable_json

ROTATION_TIMEOUT_S = 10.0


def send(
    word: str, rest: Sequence[str], url: str | None, token: str | None, runtime_dir: Path | None
) -> dict[str, Any]:
    """Send a command over a WebSocket, and wait for its reply; raises `Failure` for wrong words."""
    command = command_from(word, rest)
    if isinstance(command, messages.Rehearse):
        # This connection ends with the reply.
        command = command.model_copy(update={"stays": True})
    token = token or os.environ.get(tokens.TOKEN_VARIABLE)
    return ask(find_daemon(url, token, runtime_dir), command)


def send_image(
    rest: Sequence[str], url: str | None, token: str | None, runtime_dir: Path | None
) -> dict[str, Any]:
    """Send a file as the reference image, or none; raises `Failure` for what cannot be read."""
    if len(rest) > 1:
        raise Failure("image takes one file, or nothing", EXIT_USAGE)
    # All is read before anything is sent.
    commands = list(images.commands_for(rest[0] if rest else None))
    token = token or os.environ.get(tokens.TOKEN_VARIABLE)
    return ask_in_turn(find_daemon(url, token, runtime_dir), commands)


def command_from(word: str, rest: Sequence[str]) -> messages.Command:
    """Read what the user typed as the daemon does."""
    line = SHORT_WORDS.get(word, word)
    if line.partition(" ")[0] not in messages.COMMANDS:
        near = meant(word, (*words.usages(), *messages.COMMANDS))
        hint = f"did you mean {near}? All of them" if near else "all of them"
        raise Failure(f"no command {printable(word)!r}; {hint}: sana-vcam ctl --help", EXIT_USAGE)
    try:
        return reading.command_from_arguments(line, rest)
    except messages.ProtocolError as error:
        raise Failure(error.message, EXIT_USAGE) from error


def watch(daemon: DaemonAddress, *, json_output: bool) -> int:
    """Print a line for each state that differs in more than figures, until the daemon stops.

    As JSON every state is printed as the daemon sends it.
    """
    before: tuple[object, ...] = ()
    with connected(daemon) as connection:
        for text in connection:
            message = json.loads(text)
            if message["type"] != "state":
                continue
            if json_output:
                print(compact(message), flush=True)
            elif (now := _what_matters(message["data"])) != before:
                before = now
                print(_state_line(message["data"]), flush=True)
    raise Failure("the daemon has stopped")


def _what_matters(state: Mapping[str, Any]) -> tuple[object, ...]:
    names = ("output", "session", "prompt", "preset", "camera", "error")
    return tuple(state[name] for name in names)


def _state_line(state: Mapping[str, Any]) -> str:
    """Put what matters of a state on one line."""
    parts = [
        time.strftime("%H:%M:%S"),
        f"viewers see {state['output']}",
        f"session {state['session']}",
        f"camera {state['camera']}",
        f"preset {state['preset']}" if state["preset"] else f'prompt "{state["prompt"]}"',
    ]
    if state["error"]:
        parts.append(f"error: {state['error']}")
    return printable("  ".join(parts))


def print_token(
    runtime_dir: Path | None, state_dir: Path | None, *, rotate: bool, json_output: bool = False
) -> int:
    """Print the token, to whoever may read its file anyway; with `rotate`, replace it first."""
    folder = resolve_runtime_dir(runtime_dir)
    kept_in = state_dir or paths.state_dir()
    found = discovery.find(folder)
    try:
        token = _rotate(found, kept_in, folder) if rotate else _token(found, kept_in)
    except StartupError as error:
        raise Failure(str(error)) from error
    print(printable_json(json.dumps({"token": token})) if json_output else token)
    return EXIT_OK


def _token(found: discovery.ControlFile | None, state_dir: Path) -> str:
    token = found.token.get_secret_value() if found else tokens.kept_token(state_dir)
    if token is None:
        raise Failure(f"there is no token yet; the first start makes one; {START_HINT}")
    return token


def _rotate(found: discovery.ControlFile | None, state_dir: Path, runtime_dir: Path) -> str:
    """Keep a new token, and wait until the running daemon takes no other."""
    if found is not None and found.token.get_secret_value() != tokens.kept_token(state_dir):
        raise Failure(
            "the running daemon has its token from its configuration ([control] token, or "
            f"{tokens.TOKEN_VARIABLE}); change it there, and restart"
        )
    token = tokens.rotate_token(state_dir)
    if found is None:
        return token
    deadline = time.monotonic() + ROTATION_TIMEOUT_S
    while time.monotonic() < deadline:
        now = discovery.find(runtime_dir)
        if now is None or now.token.get_secret_value() == token:
            print(
                "sana-vcam ctl: the old token is void; clients that used it are closed",
                file=sys.stderr,
            )
            return token
        time.sleep(0.05)
    raise Failure("the new token is kept, but the daemon still uses the old one; restart it")
