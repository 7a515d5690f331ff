"""What the page about the Python client says of classes: signatures, fields and docstrings."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from sana_vcam.docs.markdown import NONE, code, one_line, table
from sana_vcam.media.frames import ModelFrame
from sana_vcam.reactor import (
    CommandRejected,
    ConnectionStats,
    OpenSession,
    ReactorClient,
    Refused,
    SanaClient,
    SessionError,
    SessionGone,
    SessionLost,
    Unavailable,
    UploadFailed,
)
from sana_vcam.reactor.messages import WireMessage
from sana_vcam.reactor.models import Image, Look, Model, ModelReading, Setting, Step
from sana_vcam.reactor.models.adapters import Adapter
from sana_vcam.reactor.models.record import (
    Combination,
    ImageSlot,
    Prompt,
    PromptSchedule,
    StateFields,
)
from sana_vcam.reactor.models.sana import SANA
from sana_vcam.reactor.sana import MESSAGES

_RECORDS: Mapping[str, type] = {
    kind.__name__: kind
    for kind in (
        *(Model, Prompt, ImageSlot, Setting, Combination, PromptSchedule, StateFields),
        *(Look, Image, Step, ModelReading, WireMessage, OpenSession, ConnectionStats, ModelFrame),
    )
}
_ERRORS: Mapping[type[SessionError], str] = {
    Refused: "Tell the user: the message says what is to be changed. Do not try again.",
    Unavailable: "Try again later, after `retry_after_s` if it is given; wait longer each time.",
    SessionLost: "`reconnect`, for as long as the platform keeps the session: 30 s.",
    SessionGone: "`close`, and open another session with another client.",
    CommandRejected: "Nothing has changed at the model. Ask for something else.",
    UploadFailed: "Take another file; the message says what is wrong with this one.",
}
"""What to do about each error."""
_ATTRIBUTES: Mapping[str, str] = {
    "link": "What is known of the model: its `adapter` and its `channel`.",
    "phase": "The connection's phase: disconnected, connecting, waiting, ready.",
    "platform": "Where sessions come from, and under which name the model is there.",
    "ready_at": "When the session became ready, from which on it is billed, of `time.monotonic`.",
    "send_size": "(width, height) of what `push` takes.",
    "session_id": "The platform's name of the session; None before there is one.",
}
"""Words for the attributes of a client that have none in the code."""


def methods(of: str) -> str:
    """Make the list of the public methods of a class, those of its own."""
    return "\n\n".join(_methods(of))


def arguments(of: str) -> str:
    """Make the table of what a client is made with."""
    found: Any = {"ReactorClient": ReactorClient}[of]
    section = _doc(found.__init__).partition("Args:\n")[2]
    entry = re.compile(r"^(\w+): (.+?)(?=^\w|\Z)", re.DOTALL | re.MULTILINE)
    said = dict(entry.findall(textwrap.dedent(section)))
    rows = [
        (f"`{name}`", _default(one.default), one_line(said[name]))
        for name, one in inspect.signature(found).parameters.items()
    ]
    return table(("argument", "default", "what"), rows)


def attributes(of: str) -> str:
    """Make the table of a client's attributes and properties."""
    client = _client(of)
    inherited = () if of == "ReactorClient" else _attribute_names(_client("ReactorClient"))
    words = {**_ATTRIBUTES, **_attribute_words(ReactorClient), **_attribute_words(type(client))}
    rows = [
        (f"`{name}`", _property_words(type(client), name) or words[name])
        for name in _attribute_names(client)
        if name not in inherited
    ]
    return table(("attribute", "what"), rows)


def fields(of: str) -> str:
    """Make the table of the fields of a record."""
    kind = _RECORDS[of]
    words = _attribute_words(kind)
    rows = [
        (f"`{one.name}`", code(str(one.type)), _field_default(one), words.get(one.name, ""))
        for one in dataclasses.fields(kind)
    ]
    return f"**`{of}`**\n\n{_doc(kind)}\n\n{table(('field', 'type', 'default', 'what'), rows)}"


def messages(_of: str) -> str:
    """Make the table of the typed messages."""
    rows = [
        (f"`{kind.__name__}`", f"`{name}`", _message_fields(kind), one_line(_doc(kind)))
        for name, kind in MESSAGES.items()
    ]
    return table(("class", "on the wire", "fields", "what"), rows)


def errors(_of: str) -> str:
    """Make the table of what a session can fail with."""
    rows = []
    for kind in SessionError.__subclasses__():
        own = [name for name in _said(kind) if name != "words"]
        rows.append((f"`{kind.__name__}`", one_line(_doc(kind)), _list(own), _ERRORS[kind]))
    return table(("error", "what it is", "attributes", "what to do"), rows)


MAKERS: Mapping[str, Callable[[str], str]] = {
    "methods": methods,
    "arguments": arguments,
    "attributes": attributes,
    "fields": fields,
    "messages": messages,
    "errors": errors,
}


# -- a class's members ---


@cache
def _client(of: str) -> ReactorClient:
    """Make a client to look at; it does no I/O."""
    if of == "SanaClient":
        return SanaClient(local=True)
    return ReactorClient(local=True, record=SANA)


def _methods(of: str) -> Iterator[str]:
    kind: Any = Adapter if of == "Adapter" else type(_client(of))
    whole: Any = Adapter if of == "Adapter" else _client(of)
    for name in _method_names(whole):
        method = getattr(whole, name)
        own = name in vars(kind) or not issubclass(kind, SanaClient)
        if own:
            awaited = "await " if inspect.iscoroutinefunction(method) else ""
            yield f"**`{awaited}{name}{_signature(method)}`**\n\n{_doc(method)}"


def _method_names(whole: Any) -> list[str]:
    return [
        name
        for name in dir(whole)
        if not name.startswith("_") and inspect.isroutine(inspect.getattr_static(whole, name))
    ]


def _attribute_names(client: ReactorClient) -> list[str]:
    return [
        name
        for name in dir(client)
        if not name.startswith("_") and name not in _method_names(client)
    ]


def _signature(method: Any) -> str:
    """Write a signature as it stands in the code, without the object itself."""
    signature = inspect.signature(method)
    parts, starred = [], False
    for name, one in signature.parameters.items():
        if name == "self":
            continue
        if one.kind is one.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        text = f"{'**' if one.kind is one.VAR_KEYWORD else ''}{name}"
        if one.annotation is not one.empty:
            text += f": {one.annotation}"
        if one.default is not one.empty:
            text += f" = {one.default!r}"
        parts.append(text)
    gives = str(signature.return_annotation)
    return f"({', '.join(parts)})" + (
        "" if gives in {"None", "<class 'inspect._empty'>"} else f" -> {gives}"
    )


def _doc(what: Any) -> str:
    return inspect.getdoc(what) or ""


def _property_words(kind: type, name: str) -> str:
    found = inspect.getattr_static(kind, name, None)
    return one_line(_doc(found)) if isinstance(found, property) else ""


def _attribute_words(kind: Any) -> Mapping[str, str]:
    """Collect the docstrings below the attributes of a class, in its body and its `__init__`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    bodies = [
        one.body
        for one in ast.walk(tree)
        if isinstance(one, ast.ClassDef)
        or (isinstance(one, ast.FunctionDef) and one.name == "__init__")
    ]
    found: dict[str, str] = {}
    for body in bodies:
        names: list[str] = []
        for one in body:
            match one:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    found.update(dict.fromkeys(names, one_line(text)))
                case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                    names = _targets(target)
                    continue
            names = []
    return found


def _targets(node: ast.expr) -> list[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name):
            return [name]
        case ast.Tuple(elts=parts):
            return [name for part in parts for name in _targets(part)]
    return []


# -- cells ---


def _message_fields(kind: type[BaseModel]) -> str:
    return ", ".join(
        f"`{name}`: {_kind_name(one.annotation)}" for name, one in kind.model_fields.items()
    )


def _kind_name(annotation: Any) -> str:
    return (
        annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("|", "or")
    )


def _said(kind: type[SessionError]) -> list[str]:
    """Name the attributes that an error keeps."""
    return re.findall(r"self\.(\w+) = ", inspect.getsource(kind))


def _default(value: object) -> str:
    return NONE if value is inspect.Parameter.empty else f"`{value!r}`"


def _field_default(one: dataclasses.Field[Any]) -> str:
    if one.default is not dataclasses.MISSING:
        return code(repr(one.default)) if not dataclasses.is_dataclass(one.default) else "its own"
    if one.default_factory is not dataclasses.MISSING:
        return code(repr(one.default_factory())) if one.type != "StateFields" else "its own"
    return NONE


def _list(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or NONE
