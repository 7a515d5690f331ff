"""The guest suite: `python -m tests.rigs.guest`."""

from __future__ import annotations

import os

import pytest

from tests.rigs.guest.rig import Cache, RigMissing

COLUMNS = ("driver", "size", "format", "fps", "frames", "colour error", "sent per got")


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
