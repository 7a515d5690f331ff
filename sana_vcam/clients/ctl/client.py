"""What `sana-vcam ctl` loads beyond a press of a key: the models, a WebSocket, the token."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sana_vcam.clients.connection import (
    START_HINT,
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
from sana_vcam.lib.printing import printable

ROTATION_TIMEOUT_S = 10.0


def send(
    word: str, rest: Sequence[str], url: str | None, token: str | None, runtime_dir: Path | None
) -> dict[str, Any]:
    """Send a command over a WebSocket, and wait for its reply; raises `Failure` for wrong words."""
    command = command_from(word, rest)
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
        raise Failure(f"no command {word!r}; have: {', '.join(words.usages())}", EXIT_USAGE)
    try:
        return reading.command_from_arguments(line, rest)
    except messages.ProtocolError as error:
        raise Failure(error.message, EXIT_USAGE) from error


def watch(
    url: str | None, token: str | None, runtime_dir: Path | None, *, json_output: bool
) -> int:
    """Print each state, until the daemon stops or Ctrl-C."""
    token = token or os.environ.get(tokens.TOKEN_VARIABLE)
    with connected(find_daemon(url, token, runtime_dir)) as connection:
        for text in connection:
            message = json.loads(text)
            if message["type"] == "state":
                line = compact(message) if json_output else _state_line(message["data"])
                print(line, flush=True)
    raise Failure("the daemon has stopped")


def _state_line(state: Mapping[str, Any]) -> str:
    """Put what matters of a state on one line."""
    parts = [
        time.strftime("%H:%M:%S"),
        f"viewers see {state['output']}",
        f"session {state['session']}",
        f"camera {state['camera']}",
        f"{state['fps_model']:.1f} fps from the model, {state['fps_output']:.1f} out",
        f"preset {state['preset']}" if state["preset"] else f'prompt "{state["prompt"]}"',
    ]
    if state["error"]:
        parts.append(f"error: {state['error']}")
    return printable("  ".join(parts))


def print_token(runtime_dir: Path | None, state_dir: Path | None, *, rotate: bool) -> int:
    """Print the token, to whoever may read its file anyway; with `rotate`, replace it first."""
    folder = resolve_runtime_dir(runtime_dir)
    kept_in = state_dir or paths.state_dir()
    found = discovery.find(folder)
    try:
        print(_rotate(found, kept_in, folder) if rotate else _token(found, kept_in))
    except StartupError as error:
        raise Failure(str(error)) from error
    return EXIT_OK


def _token(found: discovery.ControlFile | None, state_dir: Path) -> str:
    token = found.token.get_secret_value() if found else tokens.kept_token(state_dir)
    if token is None:
        raise Failure(f"there is no token yet; the first start makes one; {START_HINT}")
    return token


def print_urls(runtime_dir: Path | None) -> int:
    """Print the addresses with the token in them."""
    found = discovery.find(resolve_runtime_dir(runtime_dir))
    if found is None:
        raise Failure(f"no daemon runs; {START_HINT}")
    query = f"?token={quote(found.token.get_secret_value(), safe='')}"
    print(f"WebSocket  {found.url}{query}")
    print(f"dashboard  {found.dashboard}")
    print(
        "sana-vcam ctl: the token in these is a secret: whoever has it can switch your camera on. "
        "Replace it: sana-vcam ctl token --rotate",
        file=sys.stderr,
    )
    return EXIT_OK


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
