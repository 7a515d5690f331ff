"""`pytest --slow-calls`: a test fails if a daemon that it started held its event loop up.

The daemons are told by their environment, which the processes of the tests inherit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow-calls",
        action="store_true",
        help="fail a test whose daemon runs a call on its event loop for longer than 50 ms",
    )


@pytest.fixture(scope="session")
def slow_calls_folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path | None]:
    """The folder that watched daemons report to; None unless it was asked for."""
    if not request.config.getoption("--slow-calls"):
        yield None
        return
    folder = tmp_path_factory.mktemp("slow-calls")
    site = Path(__file__).parent / "site"
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        patch.setenv("SLOW_CALLS_FOLDER", str(folder))
        patch.setenv("SLOW_CALLS_PROJECT", str(PROJECT))
        yield folder


@pytest.fixture(autouse=True)
def _no_slow_calls(slow_calls_folder: Path | None) -> Iterator[None]:
    """Fail a test in whose time a daemon reported a slow call."""
    yield
    if slow_calls_folder is None:
        return
    found = []
    for report in sorted(slow_calls_folder.glob("*.jsonl")):
        found += [json.loads(line) for line in report.read_text().splitlines()]
        report.unlink()
    assert not found, "the event loop was held up:\n" + "\n".join(map(described, found))


def described(call: dict[str, object]) -> str:
    return "{own_ms} ms of its own ({wall_ms} ms in all): {call}\n{stack}".format_map(call)
