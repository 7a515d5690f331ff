"""`sana-vcam ctl`: one command to the running daemon, for shells and hotkeys.

A press of a key goes over the Unix socket with the standard library alone, as a line that the
daemon reads. All else loads more when it is needed: the models for the help and for what to say of
wrong words, a WebSocket for `watch`, for daemons elsewhere (--url), for text that is too long for
a URL, and for a daemon of an older version that takes no lines.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from sana_vcam.clients.ctl.shortwords import (
    OWN_OPTIONS,
    OWN_WORDS,
    SHORT_WORDS,
    USAGE,
)
from sana_vcam.clients.terminal import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_REFUSED,
    EXIT_USAGE,
    REPLY_TIMEOUT_S,
    REQUEST_ID,
    Failure,
    compact,
)
from sana_vcam.config.runtimedir import usual_runtime_dir
from sana_vcam.control.access import unixsocket
from sana_vcam.errors import SanaVcamError
from sana_vcam.lib.printing import printable, printable_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


_NOT_UNDERSTOOD = frozenset({"parse_error", "invalid_request", "unknown_command", "invalid_data"})
"""The codes of replies to a command that did not run, since nobody could read it."""

_KEEPING_WORDS = {"--gif": "gif=true", "start": "on", "stop": "off"}
"""What people type after `clip` and `record`, and the words of the API."""

_MAX_TARGET_BYTES = 8000
"""The longest target of a GET; the server takes lines of 8 KiB."""
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def main(arguments: Sequence[str]) -> int:
    """Run `sana-vcam ctl` with what follows on the command line; the result is its exit code."""
    words: list[str] = []
    own: list[str] = []
    json_output = False
    url: str | None = None
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += rest
            break
        if word in {"-h", "--help"}:
            from sana_vcam.clients.ctl.words import help_text  # made from the models

            print(help_text(), end="")
            return EXIT_OK
        if word == "--json":
            json_output = True
        elif _is_flag(word):
            name, equals, value = word.partition("=")
            if not _is_option(name, words):
                return _refuse_option(f"no such option: {name}", name)
            if name == "--url" or OWN_OPTIONS[name].value:
                if not equals and not rest:
                    return _refuse_option(f"{name} needs a value")
                value = value if equals else rest.pop(0)
                if name == "--url":
                    url = value
                else:
                    own += [name, value]
            else:
                own.append(word)
        else:
            words.append(word)
    return run_ctl(words + own, json_output=json_output, url=url)


def _is_option(name: str, words: Sequence[str]) -> bool:
    """Whether it is an option of all words, or of the one that was typed."""
    if name not in OWN_OPTIONS:
        return name == "--url"
    return bool(words) and words[0] in OWN_OPTIONS[name].words


def _refuse_option(what: str, name: str = "") -> int:
    from sana_vcam.lib.nearest import did_you_mean  # not for a press of a key

    near = did_you_mean(name, ("--json", "--url", "--help", *OWN_OPTIONS)) if name else ""
    print(printable_lines(f"{USAGE}\nsana-vcam ctl: {what}{near}"), file=sys.stderr)
    return EXIT_USAGE


def _is_flag(word: str) -> bool:
    """Whether a word is an option: not a negative number, and not a text with spaces."""
    if not word.startswith("-") or word == "-" or " " in word:
        return False
    return not word[1:].replace(".", "", 1).isdecimal()


def run_ctl(
    arguments: Sequence[str],
    *,
    json_output: bool = False,
    url: str | None = None,
    token: str | None = None,
    runtime_dir: Path | None = None,
    state_dir: Path | None = None,
) -> int:
    """Run one `ctl` command; print to standard output and error, and give the exit code.

    Blocks until the daemon has answered, or with `watch` until Ctrl-C. Without `url` the daemon
    is found by its Unix socket or its control file.
    """
    try:
        return _run(arguments, json_output, url, token, (runtime_dir, state_dir))
    except Failure as failure:
        _complain(str(failure))
        return failure.exit_code
    except SanaVcamError as error:
        _complain(printable_lines(str(error)))
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_OK if list(arguments) == ["watch"] else EXIT_INTERRUPTED


def _complain(text: str) -> None:
    from sana_vcam.lib.screen import complaint  # not for a press of a key that does what it should

    print(complaint("sana-vcam ctl", text), file=sys.stderr)


def _run(
    arguments: Sequence[str],
    json_output: bool,
    url: str | None,
    token: str | None,
    folders: tuple[Path | None, Path | None],
) -> int:
    if not arguments:
        from sana_vcam.clients.ctl.words import command_list  # made from the models

        raise Failure(f"no command; have:\n{command_list()}", EXIT_USAGE)
    word, *rest = arguments
    runtime_dir, state_dir = folders
    if url is not None:
        from sana_vcam.clients.ctl.addresses import read_address  # no press of a key comes here

        url, token = read_address(url, token)
    if word in OWN_WORDS or (word == "connect" and rest):
        from sana_vcam.clients.ctl.ownwords import Asked, run_own

        return run_own(word, rest, Asked(json_output, url, token, runtime_dir, state_dir))
    if word == "presets" and rest == ["--ids"]:
        return _print_ids(_press(word, [], runtime_dir))
    if SHORT_WORDS.get(word, word) == "set_image":
        from sana_vcam.clients.ctl import client  # a picture does not fit into a URL

        return _show(word, client.send_image(rest, url, token, runtime_dir), json_output, None)
    if SHORT_WORDS.get(word, word) == "set_voice":
        rest = _voice_words(rest)
    if word in {"clip", "record"}:
        rest = [_KEEPING_WORDS.get(one, one) for one in rest]
    file = rest.pop() if word == "snapshot" and len(rest) == 1 else None
    if file is not None:
        from sana_vcam.clients.ctl.stills import require_format  # before the picture is asked for

        require_format(file)
    if word == "rehearse" and not json_output:
        from sana_vcam.clients.ctl.prices import say_before_rehearsal  # no key waits for it

        say_before_rehearsal(_asked("state", [], url, token, runtime_dir))
    return _show(word, _asked(word, rest, url, token, runtime_dir), json_output, file)


def _asked(
    word: str, rest: Sequence[str], url: str | None, token: str | None, runtime_dir: Path | None
) -> dict[str, Any]:
    """Send a command, and return the daemon's reply."""
    reply = _press(word, rest, runtime_dir) if url is None else None
    if reply is None:
        from sana_vcam.clients.ctl import client  # a GET over the Unix socket was not enough

        reply = client.send(word, rest, url, token, runtime_dir)
    return reply


def _print_ids(reply: dict[str, Any] | None) -> int:
    """Print the ids of the presets, of a running daemon or else of the configuration."""
    if reply is not None and reply["type"] == "ok":
        ids = [str(preset["id"]) for preset in reply["data"]["presets"]]
    else:
        from sana_vcam.config.source import ConfigSource  # without a daemon

        ids = [preset.id for preset in ConfigSource().load().config.presets]
    print(printable_lines("\n".join(ids)))
    return EXIT_OK


def _voice_words(rest: Sequence[str]) -> list[str]:
    """Write `--microphone NAME` as the field that it is."""
    words, flag = list(rest), "--microphone"
    if flag in words[:-1]:
        place = words.index(flag)
        words[place : place + 2] = [f"microphone={words[place + 1]}"]
    return words


# -- a press of a key ---


def _press(word: str, rest: Sequence[str], runtime_dir: Path | None) -> dict[str, Any] | None:
    """Send a command over the Unix socket; None if it did not run, and `client` must send it."""
    target = target_of(word, rest)
    if target is None or not unixsocket.IS_SUPPORTED:
        return None
    directory = runtime_dir or usual_runtime_dir()
    try:
        connection = None if directory is None else unixsocket.connect(directory)
    except OSError:
        # `client` finds out why, and says it.
        return None
    if connection is None:
        return None
    request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with connection:
        connection.settimeout(REPLY_TIMEOUT_S)
        try:
            connection.sendall(request.encode("ascii"))
            answer = bytearray()
            while part := connection.recv(65536):
                answer += part
        except TimeoutError as error:
            raise Failure(f"no answer from {directory}/{unixsocket.SOCKET_FILE}") from error
        except OSError as error:
            raise Failure("the daemon closed the connection") from error
    reply = _reply(bytes(answer))
    if reply["type"] == "error" and reply["data"].get("code") in _NOT_UNDERSTOOD:
        # `client` says what is wrong, or finds another way to a daemon that is older.
        return None
    return reply


def _reply(answer: bytes) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    try:
        reply: dict[str, Any] = json.loads(body)
        return {"type": reply["type"], "id": REQUEST_ID, "data": reply["data"]}
    except (ValueError, KeyError, TypeError) as error:
        if not head:
            raise Failure("the daemon closed the connection") from error
        status = head.decode("latin-1").partition(" ")[2][:3]
        said = printable(body.decode(errors="replace").strip())
        raise Failure(f"the daemon refused ({status}): {said}") from error


def target_of(word: str, rest: Sequence[str]) -> str | None:
    """Write the GET for what the user typed; None if a URL cannot hold it."""
    try:
        parts = [f"text={_quoted(part)}" for part in (SHORT_WORDS.get(word, word), *rest)]
    except UnicodeEncodeError:
        return None
    target = f"/v1/line?{'&'.join(parts)}"
    return target if len(target) <= _MAX_TARGET_BYTES else None


def _quoted(text: str) -> str:
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode())


# -- output ---


def _show(word: str, reply: dict[str, Any], json_output: bool, file: str | None) -> int:
    if json_output:
        print(compact(reply))
    if reply["type"] == "error":
        if not json_output:
            raise Failure(printable(reply["data"]["message"]))
        return EXIT_REFUSED
    data = reply["data"]
    if "mime" in data and (file or not json_output):
        from sana_vcam.clients.ctl.stills import save  # no press of a key comes here

        save(data["data"], file)
    elif not json_output:
        print(_human(word, data))
    return EXIT_OK


def _human(word: str, data: Mapping[str, Any]) -> str:
    """Write a reply for people, by what is in it."""
    match data:
        case {"output": _, "session": _}:
            rows = (f"{name:<16} {_value(value)}" for name, value in data.items())
            return _table("\n".join(rows), cuts=False)
        case {"presets": presets}:
            from sana_vcam.config.preset import Preset
            from sana_vcam.presets.catalog import render_presets

            looks = [Preset.model_construct(**preset) for preset in presets]
            return _table(printable_lines(render_presets(looks)))
        case {"suggestions": found} | {"microphones": found}:
            names = ("name", "description") if "microphones" in data else ("label", "prompt")
            pairs = ([printable(one[name]) for name in names] for one in found)
            return "\n".join(f"{first:<16} {second}" for first, second in pairs) or "none"
        case {"model": _, "settings": _}:
            from sana_vcam.clients.ctl.settings import render_settings

            return _table(printable_lines(render_settings(data)), cuts=False)
        case {"total_s": _} | {"playlists": _}:
            from sana_vcam.clients.ctl.playlists import render_playlists
            from sana_vcam.clients.ctl.usage import render_usage

            render = render_usage if "total_s" in data else render_playlists
            return printable_lines(render(data))
        case {"id": preset_id, "name": name}:
            left_out = ", ".join(data.get("left_out", ()))
            more = f" (the model does not take its {left_out})" if left_out else ""
            note = f"\n{data['note']}" if data.get("note") else ""
            return f"preset {preset_id}: {printable(name)}{printable(more)}{printable_lines(note)}"
        case {"on": on, "advice": advice}:
            return "\n".join([f"{word} is {'on' if on else 'off'}", *map(printable, advice)])
        case {"on": on}:
            note = f", {data['note']}" if data.get("note") else ""
            return f"{word} is {'on' if on else 'off'}{printable(note)}"
        case {"note": str(note)} if note:
            return printable(note)
    return "ok"


def _table(text: str, *, cuts: bool = True) -> str:
    from sana_vcam.lib.screen import table  # no press of a key prints one

    return table(text, sys.stdout, cuts=cuts)


def _value(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.1f}"
        case dict() | list():
            items = value.items() if isinstance(value, dict) else [(one,) for one in value]
            said = " ".join("=".join(str(part) for part in item) for item in items)
            return printable(said) or "-"
        case _:
            return printable(str(value))
