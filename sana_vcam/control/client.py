"""`sana-vcam ctl`: one command to the running daemon, for shells and hotkeys."""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from sana_vcam import places
from sana_vcam.control import procnet, protocol, rendezvous
from sana_vcam.errors import StartupError
from sana_vcam.presets import Preset, render_presets
from sana_vcam.status import State

EXIT_OK = 0
EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

TOKEN_VARIABLE = "SANA_VCAM_CONTROL__TOKEN"  # noqa: S105 - a variable's name

REPLY_TIMEOUT_S = 60.0
_MAX_REPLY_BYTES = 32 * 1024 * 1024
_REQUEST_ID = 1

_START_HINT = "start it: sana-vcam run (or: systemctl --user start sana-vcam)"

SHORT_WORDS: Mapping[str, str] = {
    "state": "get_state",
    "presets": "list_presets",
    "prompt": "set_prompt",
    "preset": "apply_preset",
    "next": "step_preset by=1",
    "previous": "step_preset by=-1",
    "seed": "set_seed",
    "anchor": "set_anchor_interval",
}
"""What people type, and the command that it stands for; the other commands have one word."""

_ABOUT: Mapping[str, str] = {
    "next": "Go to the next preset.",
    "previous": "Go to the previous preset.",
    "watch": "Print each change of the state, until Ctrl-C.",
}
"""What the words do that are no command by themselves."""

_EXAMPLES = """\
examples:
  sana-vcam ctl prompt "as a clay figure"
  sana-vcam ctl preset noir
  sana-vcam ctl next
  sana-vcam ctl blank             black for viewers, or back again
  sana-vcam ctl blank on
  sana-vcam ctl seed 42           takes effect at: sana-vcam ctl reset
  sana-vcam ctl snapshot now.jpg
  sana-vcam ctl state --json
  sana-vcam ctl watch             one line for each change, until Ctrl-C

exit codes: 0 done, 1 refused or no daemon, 2 wrong usage
"""


class _Failure(Exception):
    """Something to tell the user, and the exit code."""

    def __init__(self, message: str, exit_code: int = EXIT_REFUSED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True)
class _Daemon:
    """Where to connect, and what to show there."""

    url: str
    token: str | None = field(repr=False)
    pid: int | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe `sana-vcam ctl` to argparse."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = "Send one command to the running daemon."
    parser.epilog = f"commands:\n{_command_list()}\n\n{_EXAMPLES}"
    parser.add_argument("arguments", nargs="*", metavar="COMMAND [VALUE]", help="see below")
    parser.add_argument(
        "--json", dest="json_output", action="store_true", help="print the reply as JSON"
    )
    parser.add_argument(
        "--url",
        help=f"the daemon's address, if control.json does not tell it; token: {TOKEN_VARIABLE}",
    )


def run_ctl(
    arguments: Sequence[str],
    *,
    json_output: bool = False,
    url: str | None = None,
    token: str | None = None,
    runtime_dir: Path | None = None,
) -> int:
    """Run one `ctl` command and return its exit code; speaks on standard output and error.

    Blocks until the daemon has answered, or with `watch` until Ctrl-C. Without `url` the daemon
    is found by its control.json.
    """
    try:
        return _run(arguments, json_output, lambda: _find_daemon(url, token, runtime_dir))
    except _Failure as failure:
        print(f"sana-vcam ctl: {failure}", file=sys.stderr)
        return failure.exit_code
    except BrokenPipeError:
        # The reader (such as `head`) has enough; keep Python from complaining again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except KeyboardInterrupt:
        return EXIT_OK if list(arguments) == ["watch"] else EXIT_INTERRUPTED


def _run(arguments: Sequence[str], json_output: bool, find: Callable[[], _Daemon]) -> int:
    if not arguments:
        raise _Failure(f"no command; have:\n{_command_list()}", EXIT_USAGE)
    word, *rest = arguments
    if word == "watch":
        if rest:
            raise _Failure("watch takes no value", EXIT_USAGE)
        return _watch(find(), json_output)
    file = rest.pop() if word == "snapshot" and len(rest) == 1 else None
    command = _command(word, rest)
    return _show(command, _ask(find(), command), json_output, file)


def _command(word: str, rest: Sequence[str]) -> protocol.Command:
    """Read what the user typed, by the grammar of the plain-text line."""
    name, _, fixed = SHORT_WORDS.get(word, word).partition(" ")
    if name not in protocol.COMMANDS:
        raise _Failure(f"no command {word!r}; have: {', '.join(_words())}", EXIT_USAGE)
    try:
        return protocol.command_from_words(name, " ".join([fixed, *rest]))
    except protocol.ProtocolError as error:
        raise _Failure(error.message, EXIT_USAGE) from error


def _words() -> Iterator[str]:
    short = {line.partition(" ")[0] for line in SHORT_WORDS.values()}
    yield from SHORT_WORDS
    yield from (name for name in protocol.COMMANDS if name not in short | {"subscribe"})
    yield "watch"


def _command_list() -> str:
    return "\n".join(f"  {_usage(word):<24} {_about(word)}" for word in _words())


def _usage(word: str) -> str:
    """Write a word with what follows it: `seed SEED`, `blank [ON]`."""
    model = protocol.COMMANDS.get(SHORT_WORDS.get(word, word))
    fields = model.model_fields.items() if model else ()
    values = [name.upper() if field.is_required() else "[on|off]" for name, field in fields] or (
        ["[FILE]"] if word == "snapshot" else []
    )
    return " ".join([word, *values])


def _about(word: str) -> str:
    return _ABOUT.get(word) or protocol.COMMANDS[SHORT_WORDS.get(word, word)].__doc__ or ""


# The connection


def _find_daemon(url: str | None, token: str | None, runtime_dir: Path | None) -> _Daemon:
    try:
        directory = runtime_dir or places.runtime_dir()
    except StartupError as error:
        raise _Failure(str(error)) from error
    note = rendezvous.find(directory)
    if note is not None and url in {None, note.url}:
        return _Daemon(note.url, token or note.token.get_secret_value(), note.pid)
    if url is None:
        raise _Failure(
            f"no daemon runs (there is no {directory / rendezvous.CONTROL_FILE}); {_START_HINT}"
        )
    return _Daemon(url, token or os.environ.get(TOKEN_VARIABLE))


@contextmanager
def _connected(daemon: _Daemon) -> Iterator[ClientConnection]:
    """Connect; every way in which that or the conversation fails becomes a `_Failure`."""
    _require_same_owner(daemon)
    try:
        with connect(
            daemon.url,
            additional_headers=_authorization(daemon.token),
            proxy=None,
            compression=None,
            max_size=_MAX_REPLY_BYTES,
            close_timeout=1,
        ) as connection:
            yield connection
    except BrokenPipeError:
        raise
    except InvalidStatus as error:
        said = _printable((error.response.body or b"").decode(errors="replace").strip())
        raise _Failure(f"the daemon refused ({error.response.status_code}): {said}") from error
    except ConnectionClosed as error:
        raise _Failure("the daemon closed the connection") from error
    except TimeoutError as error:
        raise _Failure(f"no answer from {daemon.url}") from error
    except (OSError, WebSocketException) as error:
        if daemon.pid is None:
            raise _Failure(f"cannot connect to {daemon.url}: {error}") from error
        raise _Failure(
            f"the daemon has gone without a goodbye: nothing answers at {daemon.url}, "
            f"where control.json has it (pid {daemon.pid}); {_START_HINT}"
        ) from error


def _require_same_owner(daemon: _Daemon) -> None:
    """Refuse to show the token to another user who listens where our daemon was."""
    if daemon.pid is None or sys.platform != "linux":
        return
    try:
        where = urlsplit(daemon.url)
        server = procnet.endpoint(where.hostname or "", where.port or 0)
    except ValueError as error:
        raise _Failure(f"control.json has no address of a daemon; {_START_HINT}") from error
    uid = procnet.listener_uid(server)
    if uid not in {None, os.geteuid()}:
        raise _Failure(
            f"the daemon has gone, and another user (id {uid}) listens at {daemon.url}; "
            f"{_START_HINT}"
        )


def _authorization(token: str | None) -> dict[str, str]:
    if not token:
        return {}
    # A header's value is written as ISO-8859-1; the daemon compares UTF-8.
    return {"Authorization": f"Bearer {token}".encode().decode("iso-8859-1")}


def _ask(daemon: _Daemon, command: protocol.Command) -> dict[str, Any]:
    """Send one command and wait for its reply, passing over events."""
    with _connected(daemon) as connection:
        connection.send(protocol.request_text(command, _REQUEST_ID))
        while True:
            message: dict[str, Any] = json.loads(connection.recv(timeout=REPLY_TIMEOUT_S))
            if message.get("id") == _REQUEST_ID:
                return message


def _watch(daemon: _Daemon, json_output: bool) -> int:
    with _connected(daemon) as connection:
        for text in connection:
            message = json.loads(text)
            if message["type"] == "state":
                line = _compact(message) if json_output else _state_line(message["data"])
                print(line, flush=True)
    raise _Failure("the daemon has stopped")


# What people read


def _show(
    command: protocol.Command, reply: dict[str, Any], json_output: bool, file: str | None
) -> int:
    if json_output:
        print(_compact(reply))
    if reply["type"] == "error":
        if not json_output:
            raise _Failure(_printable(reply["data"]["message"]))
        return EXIT_REFUSED
    data = reply["data"]
    if command.reply is protocol.Picture and (file or not json_output):
        _save(base64.b64decode(data["data"]), file or time.strftime("sana-vcam-%Y%m%d-%H%M%S.jpg"))
    elif not json_output:
        print(_human(command, data))
    return EXIT_OK


def _save(picture: bytes, file: str) -> None:
    if file == "-":
        sys.stdout.buffer.write(picture)
        return
    try:
        Path(file).write_bytes(picture)
    except OSError as error:
        raise _Failure(f"cannot write {file}: {error.strerror}") from error
    print(f"wrote {file}", file=sys.stderr)


def _human(command: protocol.Command, data: Mapping[str, Any]) -> str:
    if command.reply is State:
        return "\n".join(f"{name:<16} {_value(value)}" for name, value in data.items())
    if command.reply is protocol.Presets:
        looks = [Preset.model_construct(**preset) for preset in data["presets"]]
        return "\n".join(_printable(line) for line in render_presets(looks).splitlines())
    if command.reply is Preset:
        return f"preset {data['id']}: {_printable(data['name'])}"
    if command.reply is protocol.Switched:
        return f"{command.name} is {'on' if data['on'] else 'off'}"
    return "ok"


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
    return _printable("  ".join(parts))


def _value(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.1f}"
        case _:
            return _printable(str(value))


def _compact(message: Mapping[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def _printable(text: str) -> str:
    """Keep what could command a terminal from it."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
