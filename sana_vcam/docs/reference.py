"""The page about the control API, made from the models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from sana_vcam.clients.ctl import words
from sana_vcam.control.protocol import events, messages
from sana_vcam.control.server import limits, routes
from sana_vcam.control.server.requests import PATH
from sana_vcam.docs.markdown import one_line
from sana_vcam.presets.library import THUMBNAIL_PATH

_INTRODUCTION = f"""\
# The control API

For whoever writes a client.

Hotkeys, prompts and presets for the running daemon. Whoever may use it, and what keeps others
out, is in [threats.md](threats.md). What each model takes is in [its page](models/README.md). The
same as data: [asyncapi.json](asyncapi.json), [schema.json](schema.json).

## Where

| way in | address | token |
| --- | --- | --- |
| WebSocket | `ws://127.0.0.1:7262{PATH}` | `Authorization: Bearer …` or `?token=…`; on \
Linux none for programs of the same user |
| GET | `http://127.0.0.1:7262{routes.PREFIX}<command>?field=value&token=…` | always |
| Unix socket (Linux) | `$XDG_RUNTIME_DIR/sana-vcam/control.sock`, both of these | none |
| command line | `sana-vcam ctl …` | none |

`control.json` in the same folder tells the address and the token of the daemon that runs:
`{{"url", "token", "pid", "version", "socket"}}`. `sana-vcam ctl url` prints both ready to paste.

Further GETs: `/` is the dashboard; `{routes.SNAPSHOT_PATH}` is what viewers see now, as a picture;
`{THUMBNAIL_PATH}?id=` the still of a preset's look, if there is one; `{routes.LOOKS_PATH}?ids=`
looks as [a file](sharing.md); `{routes.METRICS_PATH}` is for Prometheus; `{routes.LINE_PATH}?text=`
runs a line of plain text (see below). Other methods are refused.

## Messages

One JSON text each: `{{"type", "id", "data"}}`. `id` is an integer or a string of the client's own
choice, may be left out, and comes back with the reply. A field that is not known is an error in a
command; in an event, take it as news of a later version. A line of plain text is a command as
well: the first word is its type, the rest its fields, in their order or as `field=value`; where a
command has several, values with spaces in them stand in quotes.

```
{{"type": "set_prompt", "id": 1, "data": {{"prompt": "as a clay figure"}}}}
set_prompt as a clay figure
GET {routes.PREFIX}set_prompt?prompt=as+a+clay+figure&token=…
GET {routes.LINE_PATH}?text=set_prompt+as+a+clay+figure&token=…
```

The commands of one client run in the order in which they came, those of another beside them. A
command runs even if its client closes right after it. Only a preview is opened and closed, and a
file of looks read and taken, beside the others: the reply may come after that of a later command.

A reply is `{{"type": "ok", "id": 1, "data": …}}` or
`{{"type": "error", "id": 1, "data": {{"code", "message"}}}}`. A GET is answered with the same text.

That a command is ok does not say that viewers see it already: what is wanted is kept while no
session runs. So the replies of commands about look and session say in `applies` when it takes
effect, for programs, and in `note` why not now, for people; `sana-vcam ctl` prints the note.
"""


def page() -> str:
    """Write the page."""
    sections = [
        _INTRODUCTION,
        "\n".join(_codes()),
        "\n".join(_commands()),
        "\n".join(_events()),
        "\n".join(_limits()),
        f"## The command line\n\n```\n{words.help_text()}```",
    ]
    return "\n".join(f"{section.rstrip()}\n" for section in sections)


def _codes() -> Iterator[str]:
    yield "| code | status of a GET | why |\n| --- | --- | --- |"
    for code in messages.ReplyCode:
        yield f"| `{code}` | {routes.STATUS_OF[code].value} | {_WHY[code]} |"


_WHY: Mapping[messages.ReplyCode, str] = {
    messages.ReplyCode.PARSE_ERROR: "The message is neither JSON nor one line of text.",
    messages.ReplyCode.INVALID_REQUEST: 'The message is not `{"type", "id", "data"}`.',
    messages.ReplyCode.UNKNOWN_COMMAND: "There is no command of that name.",
    messages.ReplyCode.INVALID_DATA: "A field of the command is missing, unknown or wrong.",
    messages.ReplyCode.NOT_FOUND: "The command names something that does not exist.",
    messages.ReplyCode.NOT_READY: "The command needs something that is not there yet.",
    messages.ReplyCode.REJECTED: "The model or the configuration refuses it.",
    messages.ReplyCode.RATE_LIMITED: "Too many in a short time; the command did not run.",
    messages.ReplyCode.INTERNAL: "A defect of the daemon; its log has the details.",
}


def _commands() -> Iterator[str]:
    yield "## Commands"
    for name, model in messages.COMMANDS.items():
        example = {
            key: field.examples[0] for key, field in model.model_fields.items() if field.examples
        }
        request = {"type": name} | ({"data": example} if example else {})
        yield f"\n### `{name}`\n\n{model.__doc__}\n\n```json\n{json.dumps(request)}\n```\n"
        yield from _fields(model)
        yield f"Reply: {_reply(model.reply)}"


def _reply(model: type[BaseModel]) -> str:
    if not model.model_fields:
        return "`{}`"
    names = ", ".join(f"`{name}`" for name in model.model_fields)
    event = next((name for name, kind in events.EVENTS.items() if kind is model), None)
    return f"as the event [`{event}`](#{event})" if event else names


def _events() -> Iterator[str]:
    yield "## Events\n\nThey have no `id`. `hello` comes first, and the others as `subscribe` says."
    for name, model in events.EVENTS.items():
        yield f"\n### `{name}`\n\n{model.__doc__}\n"
        yield from _fields(model)


def _fields(model: type[BaseModel]) -> Iterator[str]:
    if not model.model_fields:
        return
    schema = model.model_json_schema()
    yield "| field | type | what |\n| --- | --- | --- |"
    for name, field in model.model_fields.items():
        kind = _type(schema["properties"][name], schema.get("$defs", {}))
        yield f"| `{name}` | {kind} | {one_line(field.description or '')} |"
    yield ""


def _type(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    match schema:
        case {"$ref": str(ref)}:
            return _type(definitions[ref.rpartition("/")[2]], definitions)
        case {"anyOf": list(kinds)}:
            return " or ".join(_type(kind, definitions) for kind in kinds)
        case {"enum": list(words)}:
            return ", ".join(f"`{word}`" for word in words)
        case {"const": word}:
            return f"`{word}`"
        case {"type": "array", "items": dict(items)}:
            return f"list of {_type(items, definitions)}"
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"integer from {least} to {most}"
        case {"type": "string", "maxLength": longest}:
            return f"string of at most {longest} characters"
        case {"type": "object", "properties": dict(properties)}:
            return f"object of {', '.join(f'`{name}`' for name in properties)}"
    return str(schema["type"])


def _limits() -> Iterator[str]:
    yield "## Limits\n\n| what | how much |\n| --- | --- |"
    table = {
        "a message": f"{limits.MAX_MESSAGE_BYTES // 1024} KiB",
        "open WebSockets": (
            f"{limits.MAX_CLIENTS}, of which {limits.MAX_CLIENTS_OF_ANOTHER_USER} of one other "
            "user; as many again on the Unix socket"
        ),
        "messages of one WebSocket": (
            f"{limits.MESSAGES_HZ} a second, after a burst of {limits.MESSAGES_BURST}"
        ),
        "GETs of all clients": (
            f"{limits.MESSAGES_HZ} a second, after a burst of {limits.MESSAGES_BURST}"
        ),
        "the head of a request": f"{limits.HEAD_TIMEOUT_S:g} s",
        "`state` events": f"one in {limits.STATE_EVERY_S * 1000:g} ms, always the newest",
        "`stats` events": f"one in {limits.STATS_EVERY_S:g} s",
        "what a client has not read": f"{limits.MAX_WAITING} messages, then it is closed",
    }
    for what, how_much in table.items():
        yield f"| {what} | {how_much} |"
