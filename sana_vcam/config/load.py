"""Loading the configuration: flags over environment over file over defaults.

Each source is read into a layer: dotted key → value and where it stands. The layers lie over one
another, the tree of `sana_vcam.config.schema` judges the result, and every problem becomes one line
that names its source. A secret's value is in no message.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import stat
import tomllib
import types
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sana_vcam.config.apikey import API_KEY_VARIABLE, bare_key
from sana_vcam.config.lines import line_numbers, position, syntax_problem
from sana_vcam.config.paths import default_paths, presets_paths
from sana_vcam.config.preset import Preset
from sana_vcam.config.presetsfile import COPIED, fingerprint
from sana_vcam.config.schema import ENV_DELIMITER, ENV_PREFIX, Config, leaves, merged, sections
from sana_vcam.config.words import (
    bare_type,
    expectation,
    is_secret,
    nearest,
    nearest_key,
    variable,
    wrong,
)
from sana_vcam.errors import ConfigError
from sana_vcam.lib.statefile import read_bounded

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

API_KEY = "reactor.api_key"
API_KEY_FILE = "reactor.api_key_file"
CREDENTIAL = "reactor_api_key"
DEFAULT = "default"
MAX_KEY_BYTES = 64 * 1024
"""More than any file with a key has."""

NOT_SETTINGS = frozenset({"SANA_VCAM_REQUIRE_TOOLS"})
"""Variables with the prefix that the tests read; the daemons that tests start inherit them."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value as one source gives it, and where it stands there."""

    value: object
    origin: str

    @property
    def where(self) -> str:
        """The origin as a problem line begins: `path:line`, a variable or a flag."""
        return re.sub(r"^(file|environment|flag) ", "", self.origin)


type Layer = dict[str, Given]


@dataclass(frozen=True, slots=True)
class Flag:
    """The value of a flag that has a name of its own, such as --camera, for one key."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Loaded:
    """The configuration, and where each of its values comes from."""

    config: Config
    path: Path | None
    """The file that was read, if any."""
    origins: Mapping[str, str]
    """For every key: default, or the file, variable, flag or credential that gave the value."""
    warnings: tuple[str, ...] = ()
    """What is unsafe about the files that were read, or has no effect in them, one sentence each,
    with its fix."""
    copied: str = ""
    """The fingerprint of the `[[presets]]` that the list of presets is, or was once copied from;
    empty if there were none."""


def load(
    path: Path | None = None,
    overrides: Mapping[str, object] = types.MappingProxyType({}),
    environ: Mapping[str, str] = os.environ,
    drafts: Mapping[Path, str] = types.MappingProxyType({}),
) -> Loaded:
    """Read every source and build the frozen tree, or raise one `ConfigError` for all problems.

    `overrides` are the flags: dotted keys, whose text values are read as the environment's. A
    value may be a `Flag`, which says how it was typed; others were --set.
    Without a `path` the file is the first of `default_paths` that exists; there may be none.
    A path in `drafts` is judged as if it held that text.
    """
    problems: list[str] = []
    warnings: list[str] = []
    flags = _flags(overrides, problems)
    environment = _environment(environ, problems)
    usual = default_paths(environ)
    found, text = _first_text((path,) if path else usual, drafts, problems, named=bool(path))
    lines = line_numbers(text)
    file = _file(found, text, lines, problems) if found else {}
    tables = file.get("presets")
    copied = fingerprint(tables.value) if tables else ""
    listed, text = _first_text(presets_paths(path, found, environ), drafts, problems)
    if listed:
        lines = line_numbers(text)
        file.pop("presets", None)
        own, copied = _presets_file(listed, text, lines, problems)
        file |= own
        if tables and fingerprint(tables.value) != copied:
            warnings.append(_not_in_force(tables.where, listed))
    layers = [flags, environment, file]
    if API_KEY not in environment:
        layers.insert(2, _key_layer(ChainMap(*layers), environ, problems, warnings))
    _keep_the_topmost(layers, "start.prompt", "start.preset")

    given = ChainMap(*layers)
    config = _build(layers, _Sources(given, listed or found, lines))
    if isinstance(config, list):
        problems += config
    if problems or isinstance(config, list):
        raise ConfigError("\n".join(problems))
    if found and any(is_secret(key) and entry.value for key, entry in file.items()):
        warnings += _open_to_others(found)
    origins = {key: given[key].origin if key in given else DEFAULT for key in leaves()}
    return Loaded(config, found, types.MappingProxyType(origins), tuple(warnings), copied)


def require_key(config: Config) -> None:
    """Raise `ConfigError` if a session needs an API key and there is none."""
    if config.reactor.api_key is None and not config.reactor.local:
        raise ConfigError(
            f"no Reactor API key. Give one as {API_KEY_VARIABLE} in the environment, in a file "
            f"that {API_KEY_FILE} names (chmod 600), or as systemd's credential {CREDENTIAL} "
            "(the unit reads ~/.config/sana-vcam/reactor_api_key; see also systemd-creds). "
            "Without a key: sana-vcam demo"
        )


# -- the sources ---------------------------------------------------------------------------------


def _flags(overrides: Mapping[str, object], problems: list[str]) -> Layer:
    layer: Layer = {}
    for key, value in overrides.items():
        flag = value if isinstance(value, Flag) else Flag(f"--set {key}", value)
        given = Given(flag.value, f"flag {flag.name}")
        if key in sections():
            problems.append(f"{given.where}: {_table_in_words(key)} {_first_key(key)}")
        elif key not in leaves():
            problems.append(_unknown_key(given.where, key))
        elif is_secret(key):
            problems.append(f"{given.where}: {_secret_in_a_flag(key)}")
        else:
            _add_text(layer, key, given, problems)
    return layer


def _secret_in_a_flag(key: str) -> str:
    reason = f"{key} is never taken from a flag, which other users can read in the process list"
    if key == API_KEY:
        return (
            f"{reason}; put it into {API_KEY_VARIABLE} in the environment, into a file that "
            f"{API_KEY_FILE} names, or into systemd's credential {CREDENTIAL}"
        )
    return f"{reason}; put it into {variable(key)} in the environment or into the file"


def _environment(environ: Mapping[str, str], problems: list[str]) -> Layer:
    """Read SANA_VCAM_*, in any case; an empty variable is unset, but for keys that are texts."""
    layer: Layer = {}
    if key := bare_key(environ.get(API_KEY_VARIABLE, "")):
        layer[API_KEY] = Given(key, f"environment {API_KEY_VARIABLE}")
    by_variable = {variable(key): key for key in leaves()}
    for name, text in environ.items():
        if not name.upper().startswith(ENV_PREFIX) or name.upper() in NOT_SETTINGS:
            continue
        key = by_variable.get(name.upper(), "")
        if not key:
            problems.append(_unknown_variable(name))
        elif text.strip() or bare_type(leaves()[key]) is str:
            _add_text(layer, key, Given(text, f"environment {name}"), problems)
    return layer


def _unknown_variable(name: str) -> str:
    word = name.upper().removeprefix(ENV_PREFIX).lower()
    if word in sections():
        return f"{name}: {_table_in_words(word)} {variable(_first_key(word))}"
    like = nearest_key(word.replace(ENV_DELIMITER, "."))
    return f"{name}: there is no such setting; the nearest is {variable(like)}"


def _table_in_words(section: str) -> str:
    return f"{section} is a table; set one key of it, such as"


def _first_key(section: str) -> str:
    """Find a key of this table that a flag may set."""
    return next(k for k in leaves() if k.startswith(f"{section}.") and not is_secret(k))


def _add_text(layer: Layer, key: str, given: Given, problems: list[str]) -> None:
    """Add a value of a flag or variable; a list, which has no form as a plain text, is JSON."""
    if key != "presets" or not isinstance(given.value, str):
        layer[key] = given
        return
    try:
        layer[key] = Given(json.loads(given.value), given.origin)
    except json.JSONDecodeError as error:
        problems.append(
            f"{given.where}: presets: expected a JSON list of presets; "
            f"{error.msg} at character {error.pos + 1}"
        )


def _first_text(
    candidates: Sequence[Path], drafts: Mapping[Path, str], problems: list[str], named: bool = False
) -> tuple[Path | None, str]:
    """Find the file that counts and read it; that a `named` one is missing is a problem."""
    for candidate in candidates:
        if candidate in drafts:
            return candidate, drafts[candidate]
        try:
            return candidate, read_bounded(candidate).decode("utf-8-sig")
        except (FileNotFoundError, NotADirectoryError):
            if named:
                problems.append(
                    f"{candidate}: there is no such file (from --config); "
                    f"to write one: sana-vcam config init {shlex.quote(str(candidate))}"
                )
        except OSError as error:
            problems.append(f"{candidate}: cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            problems.append(f"{candidate}: is not UTF-8 text (byte {error.start + 1})")
    return None, ""


def _parsed(path: Path, text: str, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(syntax_problem(path, text, error))
    except (RecursionError, ValueError):
        # What Python's reader gives up on without saying where.
        problems.append(f"{path}: holds a list that is nested too deeply, or too long a number")
    return {}


def _file(path: Path, text: str, lines: Mapping[str, int], problems: list[str]) -> Layer:
    layer: Layer = {}
    for name, value in _parsed(path, text, problems).items():
        at = position(path, lines, name)
        if name == "presets":
            layer[name] = Given(value, f"file {at}")
        elif name not in sections():
            problems.append(_unknown_table(at, name, value))
        elif not isinstance(value, dict):
            problems.append(f"{at}: {name} is a table: write [{name}] and its keys below it")
        else:
            for key, entry in value.items():
                dotted = f"{name}.{key}"
                at = position(path, lines, dotted)
                if dotted in leaves():
                    layer[dotted] = Given(entry, f"file {at}")
                elif key in sections() and isinstance(entry, dict):
                    problems.append(_below_a_table(at, name, key, entry))
                else:
                    problems.append(_unknown_key(at, dotted))
    return layer


def _presets_file(
    path: Path, text: str, lines: Mapping[str, int], problems: list[str]
) -> tuple[Layer, str]:
    """Read the presets' own file, and the fingerprint of the tables that it was copied from."""
    layer: Layer = {}
    table = _parsed(path, text, problems)
    for name, value in table.items():
        at = position(path, lines, name)
        if name == "presets":
            layer[name] = Given(value, f"file {at}")
        elif name != COPIED:
            problems.append(_unknown_table(at, name, value, own=True))
    return layer, str(table.get(COPIED, ""))


def _not_in_force(where: str, path: Path) -> str:
    name = shlex.quote(str(path))
    return (
        f"{where}: these [[presets]] are not in force: the list is in {path}. Edit it there, or "
        f"with `sana-vcam presets`; to have the ones here again: mv {name} {name}.old"
    )


def _below_a_table(at: str, table: str, section: str, keys: Mapping[str, object]) -> str:
    names = ", ".join(f"{section}.{key}" for key in keys)
    return (
        f"{at}: {names} is below the line [{table}] and so belongs to that table; "
        f"move [{table}] and its keys to the end of the file"
    )


def _unknown_key(at: str, key: str) -> str:
    return f"{at}: there is no key {key}; the nearest is {nearest_key(key)}"


def _unknown_table(at: str, name: str, value: object, *, own: bool = False) -> str:
    """Say what is near to a name at the top of a file, which may be the presets' own."""
    if own and name in sections():
        return f"{at}: {name} is a table of the configuration file; this one has [[presets]] only"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return f"{at}: there is no list [[{name}]]; the nearest is [[presets]]"
    if isinstance(value, dict):
        like = "[[presets]]" if own else f"[{nearest(name, sections())}]"
        return f"{at}: there is no table [{name}]; the nearest is {like}"
    if own:
        return f"{at}: there is no key {name}; the nearest is {nearest(name, ('presets', COPIED))}"
    return _unknown_key(at, name)


def _key_layer(
    given: Mapping[str, Given], environ: Mapping[str, str], problems: list[str], warnings: list[str]
) -> Layer:
    """Read the API key from the file that is named for it, else from systemd's credentials."""
    named = given.get(API_KEY_FILE)
    if named and named.value and isinstance(named.value, str | Path):
        path = Path(os.path.expanduser(named.value))  # noqa: PTH111  (never raises)
        key = _read_key(path, f"{named.where}: {API_KEY_FILE}", problems)
        if key is None:
            return {}
        warnings += _open_to_others(path)
        if key:
            return {API_KEY: Given(key, f"file {API_KEY_FILE} {path}")}
        warnings.append(f"{path} is empty; {API_KEY_FILE} expects the API key in it")
    if directory := environ.get("CREDENTIALS_DIRECTORY"):
        path = Path(directory) / CREDENTIAL
        if key := _read_key(path, f"credential {CREDENTIAL}", problems, may_lack=True):
            return {API_KEY: Given(key, f"credential {CREDENTIAL}")}
    return {}


def _read_key(
    path: Path, source: str, problems: list[str], *, may_lack: bool = False
) -> str | None:
    try:
        return bare_key(read_bounded(path, MAX_KEY_BYTES).decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        if not may_lack or not isinstance(error, FileNotFoundError | NotADirectoryError):
            reason = error.strerror if isinstance(error, OSError) else "it holds no text"
            problems.append(f"{source}: cannot read {path}: {reason}")
        return None


def _open_to_others(path: Path) -> list[str]:
    """Warn of a file with a secret that others may read, if they may."""
    if os.name != "posix" or not path.exists():
        return []
    if not path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return []
    return [f"{path}: holds a secret and others may read it; chmod 600 {shlex.quote(str(path))}"]


def _keep_the_topmost(layers: Sequence[Layer], *keys: str) -> None:
    """Drop, of keys that exclude each other, what lies below the first layer that gives one."""
    for above, layer in enumerate(layers):
        if any(key in layer and layer[key].value for key in keys):
            for below in layers[above + 1 :]:
                for key in keys:
                    below.pop(key, None)
            return


# -- the judgement -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sources:
    """All that was given, and the places that messages name."""

    given: Mapping[str, Given]
    path: Path | None
    """The file that the presets would stand in."""
    lines: Mapping[str, int]

    def where(self, key: str) -> str:
        """Say where a key, or a part of one such as `presets.3.id`, is given."""
        source = key if key in self.given else "presets"
        if source not in self.given:
            return DEFAULT
        entry = self.given[source]
        if source != key and self.path and entry.origin.startswith("file "):
            return position(self.path, self.lines, key)
        return entry.where


def _build(layers: Sequence[Layer], sources: _Sources) -> Config | list[str]:
    """Build the tree, or the problem lines of its values."""
    try:
        return merged([_nested(layer) for layer in layers])
    except ValidationError as error:
        found = error.errors(include_url=False)
    # Outside of the handler: the library's error would come along as context, and carries values.
    return [_problem(error, sources) for error in found]


def _nested(layer: Layer) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, entry in layer.items():
        section, _, name = key.rpartition(".")
        (tree.setdefault(section, {}) if section else tree)[name] = entry.value
    return tree


def _problem(error: ErrorDetails, sources: _Sources) -> str:
    loc = [str(part) for part in error["loc"]]
    if error["type"] == "conflict":
        return f"{sources.where(error['ctx']['key'])}: {error['ctx']['message']}"
    if loc[0] == "presets":
        return f"{sources.where('.'.join(loc))}: {_preset_problem(error, sources)}"
    key = ".".join(loc[:2])
    return f"{sources.where(key)}: {wrong(key, leaves()[key], error['input'])}"


def _preset_problem(error: ErrorDetails, sources: _Sources) -> str:
    """Say what is wrong with one preset, named by its number as people count and its id."""
    _, *loc = error["loc"]
    presets = sources.given["presets"].value
    if not loc or not isinstance(presets, list):
        return "presets: expected a list of [[presets]] tables"
    index = int(loc[0])
    preset_id = presets[index].get("id", "") if isinstance(presets[index], dict) else ""
    name = f"preset {index + 1} ({preset_id})" if preset_id else f"preset {index + 1}"
    if len(loc) == 1:
        return f"{name}: expected a table with {', '.join(Preset.model_fields)}"
    key = str(loc[1])
    if error["type"] == "extra_forbidden":
        return f"{name}: there is no key {key}; the nearest is {nearest(key, Preset.model_fields)}"
    field = Preset.model_fields[key]
    if error["type"] == "missing":
        return f"{name}: {key} is missing; expected {expectation(field)}"
    return f"{name}: {wrong(key, field, error['input'])}"
