"""The fault matrix: `python -m tests.rigs.faults`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rigs.faults import table
from tests.rigs.faults.row import Result, Row

RESULT = "fault result"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--table", action="append", type=Path, default=[], metavar="FILE",
        help="write the fault matrix to FILE, as JSON or, by any other name, as Markdown",
    )  # fmt: skip


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table, whatever the verdict."""
    results: list[Result] = [
        found
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if (found := dict(report.user_properties).get(RESULT)) is not None
    ]
    if not results:
        return
    order = {row.name: number for number, row in enumerate(_rows())}
    results.sort(key=lambda result: order[result.name])
    terminalreporter.section("the fault matrix")
    for line in (*table.lines(results), "", *table.again(results), table.summary(results)):
        terminalreporter.write_line(line)
    for path in config.getoption("--table"):
        table.write(results, path)


def _rows() -> tuple[Row, ...]:
    from tests.rigs.faults.rows import ROWS

    return ROWS


@pytest.fixture(scope="session")
def played(request: pytest.FixtureRequest) -> Iterator[Callable[[Row], Result]]:
    """What became of a row; all that this session selected are played from its start on."""
    from tests.rigs.faults.runner import CannotPlay, Runner

    rows = [
        item.callspec.params["row"] for item in request.session.items if hasattr(item, "callspec")
    ]
    runner = Runner(rows)

    def result(row: Row) -> Result:
        try:
            return runner.result(row)
        except CannotPlay as error:
            if os.environ.get("SANA_VCAM_REQUIRE_TOOLS") == "1":
                raise
            pytest.skip(str(error))

    try:
        yield result
    finally:
        runner.close()
