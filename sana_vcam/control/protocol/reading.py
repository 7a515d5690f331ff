"""Requests as text: JSON, one line of words, or a query; and what is wrong with a bad one."""

from __future__ import annotations

import difflib
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sana_vcam.config.preset import MAX_SETTING_CHARS, MAX_SETTINGS
from sana_vcam.control.protocol.messages import (
    COMMANDS,
    MAX_ID_INTEGER,
    MAX_ID_LENGTH,
    Command,
    ExportPresets,
    ImportPresets,
    ProtocolError,
    Rehearse,
    ReplyCode,
    Request,
    RequestId,
    SavePreset,
    Subscribe,
)
from sana_vcam.control.protocol.replies import EVENT_NAMES
from sana_vcam.control.protocol.texts import encodable

MAX_QUERY_FIELDS = 16
MAX_LINE_PARTS = 2000
DEEPEST = 100
"""JSON in more levels is refused; what is asked for has about five."""
"""How often `text` may stand in the query of a line; a request's head has room for fewer."""
LINE_FIELD = "text"
"""The field of a URL's query that holds a line of plain text, or its words."""
TOKEN_FIELD = "token"  # noqa: S105 - a field's name
"""The field of a URL's query that holds the token, and is no part of the command."""


def parse(text: str) -> Request:
    """Read one message: a JSON object, or one line of plain text.

    Raises:
        ProtocolError: it is no valid request.
    """
    message = text.removeprefix("\ufeff").strip()
    if not message:
        raise ProtocolError(ReplyCode.PARSE_ERROR, "the message is empty")
    if message[0] in '{["':
        return _parse_json(message)
    return _parse_line(message)


def command_from_words(name: str, rest: str) -> Command:
    """Read a command's fields from text: `key=value` or positional.

    If the only field is a string, all of `rest` is its value (`prompt=` may stand before it);
    else values with spaces stand in quotes. Events may be separated by commas or spaces.

    Raises:
        ProtocolError: there is no such command, or its fields are wrong.
    """
    model = _model(name, None)
    return _build(model, _words_to_data(model, rest.strip()), None, lax=True)


def command_from_query(name: str, query: str) -> Command:
    """Read a command's fields from the query of a URL, values as leniently as in text.

    Raises:
        ProtocolError: there is no such command, or its fields are wrong.
    """
    model = _model(name, None)
    data: dict[str, object] = {}
    for key, value in _fields(query, MAX_QUERY_FIELDS):
        if key in data:
            raise ProtocolError(ReplyCode.INVALID_DATA, f"{_short(key)} stands twice in the query")
        data[key] = value
    data.pop(TOKEN_FIELD, None)
    return _build(model, _split_lists(model, data), None, lax=True)


def command_from_arguments(line: str, rest: Sequence[str] = ()) -> Command:
    """Read a line of plain text, and words after it that a shell has split already.

    Each of those stays one value, also with spaces and quotation marks in it.

    Raises:
        ProtocolError: there is no such command, or its fields are wrong.
    """
    name, _, begun = line.strip().partition(" ")
    several = len(_model(name, None).model_fields) > 1
    said = shlex.join(rest) if several else " ".join(rest)
    return command_from_words(name, f"{begun} {said}")


def command_from_line_query(query: str) -> Command:
    """Read a line from the query of a URL: `text=blank on`, or `text` once for each word.

    Raises:
        ProtocolError: there is no line, no such command, or its fields are wrong.
    """
    fields = [pair for pair in _fields(query, MAX_LINE_PARTS) if pair[0] != TOKEN_FIELD]
    other = next((key for key, _ in fields if key != LINE_FIELD), None)
    if other is not None or not fields:
        what = f"no field {_short(other)}" if other is not None else "no line"
        raise ProtocolError(
            ReplyCode.INVALID_REQUEST, f"{what} is understood here; send ?{LINE_FIELD}=blank+on"
        )
    line, *rest = (value for _, value in fields)
    return command_from_arguments(line, rest)


def _fields(query: str, most: int) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError as error:
        raise ProtocolError(
            ReplyCode.INVALID_DATA, f"the query is not UTF-8, or has more than {most} fields"
        ) from error


def _parse_line(line: str) -> Request:
    if "\n" in line or "\r" in line:
        raise ProtocolError(
            ReplyCode.PARSE_ERROR, "a plain-text message is one line; send one command per message"
        )
    name, *rest = line.split(maxsplit=1)
    return Request(None, command_from_words(name, "".join(rest)))


def _words_to_data(model: type[Command], rest: str) -> dict[str, object]:
    fields = list(model.model_fields)
    if not rest:
        return {}
    if _takes_one_text(model):
        return {fields[0]: rest.removeprefix(f"{fields[0]}=").strip()}
    if model is Subscribe:
        return {"events": rest.removeprefix("events=").replace(",", " ").split()}
    data: dict[str, object] = {}
    free = iter(fields)
    for word in _words(rest):
        key, equals, value = word.partition("=")
        key, value = (key, value) if equals else (next(free, word), word)
        if key in data or (key not in fields and not equals):
            takes = ", ".join(fields) or "nothing"
            raise ProtocolError(
                ReplyCode.INVALID_DATA,
                f"one word too many: {_short(word)}; {model.wire_name} takes: {takes}",
            )
        data[key] = value
    return _split_lists(model, data)


def _takes_one_text(model: type[Command]) -> bool:
    """Whether all that follows the command in a line of text is its one field's value."""
    types = [field.annotation for field in model.model_fields.values()]
    return types in ([str], [str | None])


def _words(line: str) -> list[str]:
    """Split a line as a shell does, so that values in quotes may have spaces in them."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise ProtocolError(
            ReplyCode.INVALID_DATA, "a quotation mark is not closed; write \\' for a plain one"
        ) from error


def _split_lists(model: type[Command], data: dict[str, object]) -> dict[str, object]:
    """Split texts that stand for lists: events at commas and spaces, prompts at line ends."""
    if model is Subscribe and isinstance(events := data.get("events"), str):
        return data | {"events": events.replace(",", " ").split()}
    if model in {ExportPresets, ImportPresets} and isinstance(ids := data.get("ids"), str):
        return data | {"ids": ids.replace(",", " ").split()}
    if model is SavePreset and isinstance(prompts := data.get("evolve"), str):
        data |= {"evolve": [line.strip() for line in prompts.splitlines() if line.strip()]}
    if model in {SavePreset, Rehearse} and isinstance(pairs := data.get("settings"), str):
        data |= {"settings": dict(map(setting_of, _words(pairs.replace(",", " "))))}
    return data


def setting_of(word: str) -> tuple[str, object]:
    """Read name=value; what JSON reads as a number or a boolean is one, all else is a text."""
    name, _, text = word.partition("=")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    return name, value if isinstance(value, bool | int | float) else text


def _parse_json(text: str) -> Request:
    message = _load(text)
    if not isinstance(message, dict):
        _refuse('a request is an object: {"type": "get_state"}')
    request_id = _request_id(message.get("id"))
    name = message.get("type")
    if not isinstance(name, str):
        _refuse('"type" must be a string that names the command', request_id)
    unknown = [key for key in message if key not in {"type", "id", "data"}]
    if unknown:
        _refuse(f'unknown field {_short(unknown[0])}; have: "type", "id", "data"', request_id)
    data = message.get("data")
    if data is not None and not isinstance(data, dict):
        _refuse('"data" must be an object that holds the command\'s fields', request_id)
    model = _model(name, request_id)
    return Request(request_id, _build(model, data or {}, request_id))


def _refuse(message: str, request_id: RequestId = None) -> NoReturn:
    raise ProtocolError(ReplyCode.INVALID_REQUEST, message, request_id)


def _is_deep(loaded: object) -> bool:
    level: list[object] = [loaded]
    for _ in range(DEEPEST):
        level = [child for one in level for child in _children(one)]
        if not level:
            return False
    return True


def _children(loaded: object) -> Iterable[object]:
    if isinstance(loaded, dict):
        return loaded.values()
    return loaded if isinstance(loaded, list) else ()


def _load(text: str) -> object:
    try:
        loaded: object = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant
        )
        if text.count("[") + text.count("{") > DEEPEST and _is_deep(loaded):
            # From Python 3.14 on its own bound is far off.
            raise RecursionError
        # A lone surrogate (an escape such as \ud800) could be neither sent on nor echoed.
        json.dumps(loaded, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ProtocolError(ReplyCode.PARSE_ERROR, "the JSON is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise ProtocolError(
            ReplyCode.PARSE_ERROR, "the JSON holds half a character (a lone surrogate)"
        ) from error
    except ValueError as error:
        raise ProtocolError(
            ReplyCode.PARSE_ERROR, f"the message is not JSON: {encodable(str(error))[:200]}"
        ) from error
    return loaded


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _request_id(value: object) -> RequestId:
    match value:
        case None:
            return None
        case bool():
            pass
        case int() if abs(value) <= MAX_ID_INTEGER:
            return value
        case str() if len(value) <= MAX_ID_LENGTH:
            return value
    _refuse(f'"id" must be an integer or a string of at most {MAX_ID_LENGTH} characters')


def _model(name: str, request_id: RequestId) -> type[Command]:
    model = COMMANDS.get(name)
    if model is None:
        nearest = difflib.get_close_matches(name[:64].lower(), COMMANDS, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ";"
        raise ProtocolError(
            ReplyCode.UNKNOWN_COMMAND,
            f"no command {_short(name)}{hint} have: {', '.join(COMMANDS)}",
            request_id,
        )
    return model


def _build(
    model: type[Command],
    data: Mapping[str, object],
    request_id: RequestId,
    *,
    lax: bool = False,
) -> Command:
    try:
        return model.model_validate(data, strict=False if lax else None)
    except ValidationError as error:
        message = "; ".join(_complaints(model, error))
        raise ProtocolError(ReplyCode.INVALID_DATA, message, request_id) from error


def _complaints(model: type[Command], error: ValidationError) -> Iterator[str]:
    """Say of each wrong field what is wrong and what is expected; at most three."""
    schema = _properties(model)
    for fault in error.errors(include_url=False, include_context=False)[:3]:
        field = str(fault["loc"][0]) if fault["loc"] else ""
        if fault["type"] == "extra_forbidden":
            fields = ", ".join(model.model_fields) or "no fields"
            yield f"unknown field {_short(field)}; {model.wire_name} takes: {fields}"
        elif fault["type"] == "missing":
            yield f"{field}: missing; expected {_expected(schema[field])}"
        else:
            got = _short(fault["input"])
            yield f"{field}: expected {_expected(schema[field])} (got {got}){_reason(fault)}"


def _reason(fault: ErrorDetails) -> str:
    """Say what a check of ours has found, which the expectation does not say."""
    own = fault["type"] == "value_error"
    return f": {fault['msg'].removeprefix('Value error, ')}" if own else ""


@cache
def _properties(model: type[Command]) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = model.model_json_schema().get("properties", {})
    return properties


def _expected(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"type": "boolean"}:
            return "true or false"
        case {"type": "integer" | "number" as kind}:
            noun = "an integer" if kind == "integer" else "a number"
            return f"{noun} from {schema['minimum']} to {schema['maximum']}"
        case {"enum": words}:
            return f"one of {', '.join(words)}"
        case {"type": "string", "pattern": _}:
            return "a short name of lower-case letters, digits, - and _"
        case {"type": "string"}:
            return f"a string of at most {schema['maxLength']} characters"
        case {"type": "array", "items": items}:
            texts = f"a list of at most {schema.get('maxItems')} texts"
            return (
                texts if items.get("type") == "string" else f"a list of: {', '.join(EVENT_NAMES)}"
            )
        case {"anyOf": [{"type": "boolean"}, {"type": "integer"}, *_]}:
            return f"a number, true, false or a text of at most {MAX_SETTING_CHARS} characters"
        case {"type": "object"}:
            return f"at most {MAX_SETTINGS} settings, each a number, true, false or a text"
        case {"anyOf": [{"type": "boolean"}, _]}:
            return "true or false, or nothing to toggle"
        case {"anyOf": [inner, {"type": "null"}]}:
            return f"{_expected(inner)}, or nothing"
        case _:
            raise AssertionError(f"no words for {schema}")


def _short(value: object) -> str:
    """Quote what the client sent, on one line and at most 48 characters of it."""
    text = value[:64] if isinstance(value, str) else repr(value)[:64]
    text = json.dumps(text, ensure_ascii=False) if isinstance(value, str) else text
    return text if len(text) <= 48 else f"{text[:47]}…"
