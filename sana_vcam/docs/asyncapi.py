"""The control API as an AsyncAPI 3 document and as JSON Schema, made from the models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from sana_vcam.control.protocol import events, reading
from sana_vcam.control.protocol import messages as protocol
from sana_vcam.control.server import routes
from sana_vcam.control.server.requests import PATH

REF = "#/components/schemas/{model}"

_PUBLISHED: Mapping[str, str] = {
    "Empty": "Nothing",
    "EncodedPicture": "Picture",
    "ListedPreset": "Look",
    "PeriodUsage": "Spent",
    "ProgramSource": "Output",
    "Toggled": "Switched",
}
"""Names of schemas that clients know, where the class has another one."""

type Document = dict[str, Any]
type Kind = Literal["request", "reply", "event"]


class ErrorData(BaseModel):
    """Why a request was refused or failed."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    code: protocol.ReplyCode
    """For programs."""
    message: str
    """For people: what is wrong, and what is expected."""


def published(model: type[BaseModel]) -> str:
    """Name a model's schema."""
    return _PUBLISHED.get(model.__name__, model.__name__)


def camel(name: str) -> str:
    """Write a command's or event's name as a schema's: set_prompt is SetPrompt."""
    return "".join(part.title() for part in name.split("_"))


def asyncapi() -> Document:
    """Make the AsyncAPI 3 document, from the daemon's side."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "sana-vcam control API",
            "version": f"{protocol.API_VERSION}.0.0",
            "description": (
                "Hotkeys, prompts and presets over a local WebSocket. Each message is one JSON "
                'text `{"type", "id", "data"}`, or one line of plain text. Unknown fields are '
                "errors in commands, and to be ignored in events. Every command that needs "
                "no connection which stays open is also a GET at "
                f"`{routes.PREFIX}<command>?field=value&token=…`."
            ),
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {"control": _channel()},
        "operations": _operations(),
        "components": {
            "securitySchemes": _security_schemes(),
            "messages": _messages(),
            "schemas": _schemas(REF),
        },
    }


def json_schema() -> Document:
    """Make one JSON Schema document of every message."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sana-vcam control API",
        "description": "A message: from a client one of the Request, to a client all others.",
        "anyOf": [{"$ref": f"#/$defs/{key}"} for key, *_ in _each()],
        "$defs": _schemas("#/$defs/{model}"),
    }


def _servers() -> Document:
    return {
        "local": {
            "host": "127.0.0.1:7262",
            "protocol": "ws",
            "description": (
                "Loopback only. control.json in $XDG_RUNTIME_DIR/sana-vcam has the address and "
                "the token of the daemon that runs."
            ),
            "security": [
                {"$ref": "#/components/securitySchemes/bearer"},
                {"$ref": "#/components/securitySchemes/query"},
            ],
        },
        "unixSocket": {
            "host": "localhost",
            "protocol": "ws",
            "description": (
                "$XDG_RUNTIME_DIR/sana-vcam/control.sock, on Linux: for programs of the same user, "
                "without a token."
            ),
        },
    }


def _security_schemes() -> Document:
    return {
        "bearer": {"type": "http", "scheme": "bearer"},
        "query": {"type": "httpApiKey", "in": "query", "name": reading.TOKEN_FIELD},
    }


def _channel() -> Document:
    return {
        "address": PATH,
        "title": "Commands, replies and events",
        "servers": [{"$ref": "#/servers/local"}, {"$ref": "#/servers/unixSocket"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _messages()},
        "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
    }


def _operations() -> Document:
    channel = {"$ref": "#/channels/control"}
    operations: Document = {}
    for name, command in protocol.COMMANDS.items():
        replies = [f"{published(command.reply)}Ok", "Error"]
        operations[name] = {
            "action": "receive",
            "summary": command.__doc__,
            "channel": channel,
            "messages": [_on_channel(f"{camel(name)}Request")],
            "reply": {"channel": channel, "messages": [_on_channel(reply) for reply in replies]},
        }
    for name, event in events.EVENTS.items():
        operations[f"{name}_event"] = {
            "action": "send",
            "summary": _first_line(event),
            "channel": channel,
            "messages": [_on_channel(f"{camel(name)}Event")],
        }
    return operations


def _on_channel(name: str) -> Document:
    return {"$ref": f"#/channels/control/messages/{name}"}


def _each() -> Iterator[tuple[str, str, type[BaseModel], Kind]]:
    """Yield every message: what it is called here, its type, the model of its data, its kind."""
    for name, command in protocol.COMMANDS.items():
        yield f"{camel(name)}Request", name, command, "request"
    for reply in dict.fromkeys(command.reply for command in protocol.COMMANDS.values()):
        yield f"{published(reply)}Ok", "ok", reply, "reply"
    yield "Error", "error", ErrorData, "reply"
    for name, event in events.EVENTS.items():
        yield f"{camel(name)}Event", name, event, "event"


def _messages() -> Document:
    """Describe every message by its name; each has a schema of the same name."""
    return {
        key: {
            "name": name,
            "title": f"{name} ({kind})",
            "summary": _first_line(model),
            "payload": {"$ref": REF.format(model=key)},
        }
        for key, name, model, kind in _each()
    }


def _schemas(template: str) -> Document:
    """Make the schemas of all data and, around them, of all messages."""
    _, definitions = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(model for _, _, model, _ in _each())],
        ref_template=template,
    )
    schemas = _publish(definitions["$defs"], template)
    for name in schemas.keys() - {command.__name__ for command in protocol.COMMANDS.values()}:
        # What the daemon sends may have more fields one day.
        schemas[name].pop("additionalProperties", None)
    return schemas | {
        key: _envelope(template, name, model, kind) for key, name, model, kind in _each()
    }


def _publish(schemas: Document, template: str) -> Document:
    """Give each schema the name that clients know, wherever it stands."""
    references = {
        template.format(model=old): template.format(model=new) for old, new in _PUBLISHED.items()
    }

    def renamed(value: Any) -> Any:
        match value:
            case {"$ref": reference}:
                return value | {"$ref": references.get(reference, reference)}
            case dict():
                return {key: renamed(one) for key, one in value.items()}
            case list():
                return [renamed(one) for one in value]
        return value

    named: Document = {}
    for name, schema in schemas.items():
        new = _PUBLISHED.get(name, name)
        title = {"title": new} if new != name else {}
        named[new] = renamed(schema) | title
    return dict(sorted(named.items()))


def _envelope(template: str, name: str, model: type[BaseModel], kind: Kind) -> Document:
    ids: Document = {
        "description": "What the client calls this request; it comes back with the reply.",
        "oneOf": [
            {
                "type": "integer",
                "minimum": -protocol.MAX_ID_INTEGER,
                "maximum": protocol.MAX_ID_INTEGER,
            },
            {"type": "string", "maxLength": protocol.MAX_ID_LENGTH},
        ],
    }
    return {
        "type": "object",
        **({"additionalProperties": False} if kind == "request" else {}),
        "required": ["type", "data"] if kind != "request" or _has_required(model) else ["type"],
        "properties": {
            "type": {"const": name},
            **({} if kind == "event" else {"id": ids}),
            "data": {"$ref": template.format(model=published(model))},
        },
    }


def _has_required(model: type[BaseModel]) -> bool:
    return any(field.is_required() for field in model.model_fields.values())


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").partition("\n")[0]
