"""Words about the schema: what a key takes, what its variable is called, which key is near."""

from __future__ import annotations

import json
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from sana_vcam.config.preset import Expected, nearest_first
from sana_vcam.config.schema import ENV_DELIMITER, ENV_PREFIX, leaves
from sana_vcam.lib.nearest import did_you_mean

SHOWN_CHARS = 60
"""How much of a wrong value a message repeats."""


def variable(key: str) -> str:
    """Name the environment variable that sets this key."""
    return ENV_PREFIX + key.replace(".", ENV_DELIMITER).upper()


def is_secret(key: str) -> bool:
    """Whether the value of this key must never be shown."""
    return key in leaves() and bare_type(leaves()[key]) is SecretStr


def nearest(word: str, known: Iterable[str]) -> str:
    """Find the known word that is most like this one."""
    return nearest_first(word, list(known))[0]


def nearest_key(key: str) -> str:
    """Find the dotted key most like this one, which may lack its table."""
    tails = {key.rpartition(".")[2]: key for key in leaves()}
    known = tails | {key: key for key in leaves()}
    return known[nearest(key, known)]


def wrong(name: str, field: FieldInfo, value: object) -> str:
    """Say `name = value: expected …`, without the value if it is a secret's."""
    shown = "" if bare_type(field) is SecretStr else f" = {_shown(value)}"
    near = did_you_mean(value, choices(field)) if isinstance(value, str) else ""
    return f"{name}{shown}: expected {expectation(field)}{near}"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "a table"
    shown = json.dumps(value, ensure_ascii=False, default=str)
    return shown if len(shown) <= SHOWN_CHARS else f"{shown[: SHOWN_CHARS - 1]}…"


def bare_type(field: FieldInfo) -> Any:
    """Tell the type of a field without None and constraints."""
    return _taken_apart(field)[0]


def choices(field: FieldInfo) -> tuple[str, ...]:
    """List the words that a field is limited to; none for other fields."""
    kind = bare_type(field)
    return get_args(kind) if get_origin(kind) is Literal else ()


def expectation(field: FieldInfo) -> str:
    """Say what a field takes."""
    kind, constraints = _taken_apart(field)
    for constraint in constraints:
        if isinstance(constraint, Expected):
            return constraint.text
    if words := choices(field):
        return f"one of {', '.join(words)}"
    limits = {
        name: getattr(constraint, name)
        for constraint in constraints
        for name in ("ge", "gt", "le", "multiple_of", "min_length", "max_length")
        if hasattr(constraint, name)
    }
    if kind in (int, float):
        return _number(kind, limits)
    if kind is str:
        return _text(limits)
    return {bool: "true or false", Path: "a path"}.get(kind, "a list of [[presets]] tables")


def _number(kind: type, limits: Mapping[str, Any]) -> str:
    noun = "a number" if kind is float else "a whole number"
    if limits.get("multiple_of") == 2:
        noun = "an even number"
    if "le" in limits:
        return f"{noun} from {limits['ge']} to {limits['le']}"
    return f"{noun} above {limits['gt']}"


def _text(limits: Mapping[str, Any]) -> str:
    longest = f" of at most {limits['max_length']} characters" if "max_length" in limits else ""
    return f"a text{longest}{', not empty' if 'min_length' in limits else ''}"


def _taken_apart(field: FieldInfo) -> tuple[Any, list[Any]]:
    """Split a field's annotation into its bare type, without None, and all constraints."""
    kind: Any = field.annotation
    constraints = list(field.metadata)
    while True:
        if isinstance(kind, TypeAliasType):
            kind = kind.__value__
        elif get_origin(kind) is Annotated:
            kind, *more = get_args(kind)
            for item in more:
                constraints += item.metadata if isinstance(item, FieldInfo) else [item]
        elif get_origin(kind) in (types.UnionType, Union):
            kind = next(arm for arm in get_args(kind) if arm is not type(None))
        else:
            return kind, constraints
