"""The guest suite runs only where it is asked for: `python -m tests.guest`, or by its path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.guest.rig import Cache, RigMissing

HERE = Path(__file__).parent
COLUMNS = ("driver", "size", "format", "fps", "frames", "colour error", "sent per got")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the suite out of a plain `pytest`, which must be quick and pass on any machine."""
    places = [Path(name.split("::")[0]).absolute() for name in config.args]
    return None if any(place.is_relative_to(HERE) for place in places) else True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what each consumer saw of the picture."""
    lines = []
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        seen = dict(report.user_properties).get("seen", {})
        if "colour error" in seen:
            words = ", ".join(f"{key} {seen[key]}" for key in COLUMNS if key in seen)
            lines.append(f"{report.nodeid.partition('[')[2].rstrip(']')}: {words}")
    if lines:
        terminalreporter.section("what the consumers saw")
        terminalreporter.write("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def rig() -> Cache:
    """The built guests; without them the suite is skipped, or fails where tools are required."""
    cache = Cache.default()
    try:
        cache.require()
    except RigMissing as error:
        if os.environ.get("SANA_VCAM_REQUIRE_TOOLS") == "1":
            raise
        pytest.skip(str(error))
    return cache
