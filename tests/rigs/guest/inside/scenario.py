"""The scenarios of a module, and running them one after the other."""

from __future__ import annotations

import importlib
import json
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any, TextIO

PACKAGE = "tests.rigs.guest.inside"


@dataclass
class Case:
    """What a scenario is given: the guest's setting, and where it notes what it saw."""

    exclusive_caps: int
    seen: dict[str, Any] = field(default_factory=dict)
    after: ExitStack = field(default_factory=ExitStack)
    """Closed when the scenario has ended, however it ended."""


type Run = Callable[[Case], None]


@dataclass(frozen=True)
class Result:
    """How a scenario went. `error` is a traceback, empty if all went well."""

    scenario: str
    error: str
    seen: dict[str, Any]
    took_s: float

    @classmethod
    def from_json(cls, line: str) -> Result:
        return cls(**json.loads(line))


def scenarios(module: str) -> dict[str, Run]:
    """The scenarios of a module in their order: its own public functions that take a `Case`."""
    loaded = importlib.import_module(f"{PACKAGE}.{module}")
    return {
        f"{module}.{name}": value
        for name, value in vars(loaded).items()
        if getattr(value, "is_scenario", False) and value.__module__ == loaded.__name__
    }


def scenario(run: Run) -> Run:
    """Mark a function as a scenario."""
    run.is_scenario = True  # type: ignore[attr-defined]
    return run


def run_all(names: Sequence[str], exclusive_caps: int, results: TextIO) -> None:
    """Run the named scenarios and write each result as a line of JSON."""
    for result in _results(names, exclusive_caps):
        results.write(json.dumps(asdict(result)) + "\n")
        results.flush()


def _results(names: Sequence[str], exclusive_caps: int) -> Iterator[Result]:
    for name in names:
        print(f"--- {name}", flush=True)
        case = Case(exclusive_caps)
        began = time.monotonic()
        error = ""
        try:
            with case.after:
                scenarios(name.partition(".")[0])[name](case)
        except Exception:
            error = traceback.format_exc()
            print(error, flush=True)
        yield Result(name, error, case.seen, round(time.monotonic() - began, 1))
