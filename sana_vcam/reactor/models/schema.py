"""What a session declares of itself: its OpenAPI document, read with mistrust.

Shape, as reactor-runtime 3.10 writes it: `paths` has `/events/<command>` with the JSON Schema of
its fields, `webhooks` has the messages, `x-reactor.tracks` the tracks. Numbers are floats.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from sana_vcam.reactor.bounds import bounded
from sana_vcam.reactor.errors import Refused
from sana_vcam.reactor.models.record import (
    ImageSlot,
    Model,
    Prompt,
    Scalar,
    Setting,
    StateFields,
)

MOST_COMMANDS = 200
"""More are not read: nobody would find one among them."""
MOST_NAME_CHARS = 64
MOST_CHOICES = 100
MOST_SCHEMA_CHARS, MOST_SCHEMA_PARTS = 1_000_000, 50_000
"""Of a whole document; those of the models that are known have less than a tenth of it."""
_EVENTS = "/events/"
_KINDS = {"integer": "integer", "number": "number", "boolean": "boolean", "string": "text"}
_STATES = ("state", "session_state", "state_update")
_PROMPTS = ("prompt", "text")


@dataclass(frozen=True)
class Track:
    """One declared track."""

    name: str
    direction: str
    kind: str


@dataclass(frozen=True)
class Field:
    """One declared field of a command."""

    name: str
    kind: str
    """integer, number, boolean, text, or file; anything else as the schema calls it."""
    least: float | None = None
    most: float | None = None
    most_chars: int | None = None
    choices: tuple[str, ...] = ()
    default: Scalar | None = None
    words: str = ""


@dataclass(frozen=True)
class Schema:
    """Everything that a session declares."""

    commands: Mapping[str, tuple[Field, ...]]
    tracks: tuple[Track, ...] = ()
    messages: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The fields of each message."""


def read_schema(document: Any) -> Schema | None:
    """Read the document, within bounds; None if it declares no command at all."""
    document = bounded(document, chars=MOST_SCHEMA_CHARS, parts=MOST_SCHEMA_PARTS)
    if not isinstance(document, dict):
        return None
    commands = {}
    for path, item in list(_table(document.get("paths")).items())[:MOST_COMMANDS]:
        name = str(path).removeprefix(_EVENTS)
        if str(path).startswith(_EVENTS) and 0 < len(name) <= MOST_NAME_CHARS:
            commands[name] = tuple(_fields(document, _body(item)))
    if not commands:
        return None
    messages = {
        str(name): frozenset(_table(_resolved(document, _body(item)).get("properties")))
        for name, item in list(_table(document.get("webhooks")).items())[:MOST_COMMANDS]
    }
    tracks = _table(document.get("x-reactor")).get("tracks")
    return Schema(commands, tuple(_tracks(tracks)), messages)


def complete(model: Model, schema: Schema) -> Model:
    """Fill `model` in and correct it by what its session declares.

    Raises `Refused` for nonsense.
    """
    _check_tracks(model, schema)
    model = _with_tracks(model, schema)
    model = _with_prompt(model, schema)
    model = _with_image(model, schema)
    return _with_settings(model, schema)


def from_schema(name: str, schema: Schema | None) -> Model:
    """Make the record of a model that nobody here knows, and say what was guessed."""
    guessed = [f"{name} is not known here: what it takes is guessed from what it declares"]
    if schema is None:
        guessed = [f"{name} is not known here and declares nothing: it is taken for an editor"]
        return Model(name, name, "", guessed=tuple(guessed), output_size=None)
    has = schema.commands.__contains__
    message = next((one for one in _STATES if one in schema.messages), "state")
    fields = schema.messages.get(message, frozenset())
    running = next(
        (one for one in ("started", "generating", "running") if one in fields), "started"
    )
    prompts = (one for one in ("current_prompt", "prompt", "active_prompt") if one in fields)
    state = StateFields(
        message=message,
        running=running,
        paused="paused" if "paused" in fields else None,
        prompt=next(prompts, None),
    )
    starts = has("start")
    guessed.append(f"its state is {message}.{running}")
    guessed.append("start begins it" if starts else "it begins by itself")
    return Model(
        name,
        name,
        "",
        adapter="runs" if starts else "armed",
        output_size=None,
        largest_chunk=48,
        prompt=_guess_prompt(schema),
        image=_guess_image(schema),
        start="start" if starts else None,
        state=state,
        guessed=tuple(guessed),
    )


# -- inside ---


def _guess_prompt(schema: Schema) -> Prompt | None:
    for command, fields in schema.commands.items():
        for one in fields:
            if command.startswith("set_") and one.name in _PROMPTS and len(fields) == 1:
                return Prompt(command, one.name, one.most_chars or Prompt().most)
    return None


def _guess_image(schema: Schema) -> ImageSlot | None:
    for command, fields in schema.commands.items():
        if len(fields) == 1 and fields[0].kind == "file" and "image" in command:
            return ImageSlot(command, fields[0].name)
    return None


def _check_tracks(model: Model, schema: Schema) -> None:
    names = [track.name for track in schema.tracks]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _nonsense(model, f"declares its track {twice!r} twice")
    outs = [one for one in schema.tracks if one.direction == "out" and one.kind == "video"]
    if schema.tracks and not outs:
        raise _nonsense(model, "declares no video that comes back")


def _with_tracks(model: Model, schema: Schema) -> Model:
    if not schema.tracks:
        return model
    outs = [one.name for one in schema.tracks if one.direction == "out" and one.kind == "video"]
    ins = [one.name for one in schema.tracks if one.direction == "in" and one.kind == "video"]
    guessed = list(model.guessed)
    output, taken = model.output_track, model.input_track
    if output not in outs:
        output = outs[0]
        guessed.append(f"what comes back is its track {output!r}")
    if taken not in ins and (taken is not None or model.guessed):
        taken = ins[0] if ins else None
        guessed.append(f"the camera goes to {taken!r}" if taken else "it takes no camera")
    return replace(model, output_track=output, input_track=taken, guessed=tuple(guessed))


def _with_prompt(model: Model, schema: Schema) -> Model:
    prompt = model.prompt
    if prompt is None or prompt.command not in schema.commands:
        return replace(model, prompt=None)
    declared = _field(schema, prompt.command, prompt.field)
    if declared is not None and declared.most_chars is not None:
        return replace(model, prompt=replace(prompt, most=declared.most_chars))
    return model


def _with_image(model: Model, schema: Schema) -> Model:
    slot = model.image
    if slot is None or slot.command is None or slot.command in schema.commands:
        return model
    return replace(model, image=None)


def _with_settings(model: Model, schema: Schema) -> Model:
    """Keep the settings that are declared, with the declared ranges, and find further ones."""
    settings = []
    for one in model.settings:
        combined = [c.command for c in model.combinations if one.name in c.fields]
        if (one.command or "") in schema.commands or any(c in schema.commands for c in combined):
            declared = _field(schema, one.command or combined[0], one.field)
            settings.append(one if declared is None else _narrowed(model, one, declared))
    taken = {one.command for one in settings} | {name for name, _ in model.opening}
    taken |= {one.command for one in (model.prompt, model.image) if one is not None}
    for command, fields in schema.commands.items():
        if command in taken or not command.startswith("set_") or len(fields) != 1:
            continue
        (declared,) = fields
        if declared.kind in _KINDS.values() and declared.name not in _PROMPTS:
            name = command.removeprefix("set_")
            found = Setting(name, command, declared.name, _kind(declared))
            settings.append(_narrowed(model, found, declared))
    return replace(model, settings=tuple(settings))


def _narrowed(model: Model, setting: Setting, declared: Field) -> Setting:
    least = setting.least if declared.least is None else declared.least
    most = setting.most if declared.most is None else declared.most
    if least is not None and most is not None and least > most:
        raise _nonsense(model, f"declares {setting.name} from {least:g} to {most:g}")
    return replace(
        setting,
        least=least,
        most=most,
        choices=declared.choices or setting.choices,
        default=setting.default if declared.default is None else declared.default,
        words=setting.words or declared.words,
    )


def _field(schema: Schema, command: str, name: str) -> Field | None:
    return next((one for one in schema.commands.get(command, ()) if one.name == name), None)


def _fields(document: dict[str, Any], body: Any) -> list[Field]:
    properties = _table(_resolved(document, body).get("properties"))
    return [_one_field(document, str(name), node) for name, node in list(properties.items())[:32]]


def _one_field(document: dict[str, Any], name: str, node: Any) -> Field:
    node = _table(node)
    for option in _list(node.get("anyOf")):
        resolved = _resolved(document, option)
        if resolved.get("type") != "null":
            node = {**resolved, **{key: value for key, value in node.items() if key != "anyOf"}}
    node = {**_resolved(document, node), **{k: v for k, v in node.items() if k != "$ref"}}
    listed = [one for one in _list(node.get("enum")) if one is not None][:MOST_CHOICES]
    choices = tuple(str(one)[:MOST_NAME_CHARS] for one in listed)
    kind = _KINDS.get(str(node.get("type")), str(node.get("type")))
    if node.get("format") == "reactor-upload-reference":
        kind = "file"
    chars = _number(node.get("maxLength"))
    return Field(
        name,
        kind,
        least=_number(node.get("minimum")),
        most=_number(node.get("maximum")),
        most_chars=None if chars is None else int(chars),
        choices=choices,
        default=_default(node.get("default"), kind),
        words=str(node.get("description") or "")[:300],
    )


def _default(value: Any, kind: str) -> Scalar | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, float) and kind == "integer":
        return int(value)
    return value if isinstance(value, (bool, int, float, str)) else None


def _tracks(nodes: Any) -> list[Track]:
    tables = [_table(node) for node in _list(nodes)]
    return [
        Track(str(one.get("name")), str(one.get("direction")), str(one.get("kind")))
        for one in tables[:16]
    ]


def _resolved(document: dict[str, Any], item: object) -> dict[str, Any]:
    node = _table(item)
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/components/schemas/"):
        schemas = _table(_table(document.get("components")).get("schemas"))
        return _table(schemas.get(reference.rpartition("/")[2]))
    return node


def _body(item: Any) -> Any:
    content = _table(_table(_table(_table(item).get("post")).get("requestBody")).get("content"))
    return _table(content.get("application/json")).get("schema")


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def _kind(declared: Field) -> Literal["integer", "number", "boolean", "text"]:
    return cast(Literal["integer", "number", "boolean", "text"], declared.kind)


def _nonsense(model: Model, what: str) -> Refused:
    return Refused(
        f"{model.title} {what}. Choose another model: [reactor] model",
        words="The model does not fit this software",
    )
