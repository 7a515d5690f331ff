"""The systemd unit: clean for systemd's own checker, and true to what the daemon promises."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sana_vcam.configfile import CREDENTIAL
from sana_vcam.errors import EXIT_CONFIG

UNIT = Path(__file__).parent.parent / "systemd" / "sana-vcam.service"


@pytest.fixture
def tool() -> Callable[[str], str]:
    """Find a program; without it the test is skipped, or fails where all tools must be there."""

    def find(name: str) -> str:
        if path := shutil.which(name):
            return path
        if os.environ.get("SANA_VCAM_REQUIRE_TOOLS") == "1":
            pytest.fail(f"{name} is not installed, and SANA_VCAM_REQUIRE_TOOLS=1")
        pytest.skip(f"{name} is not installed")

    return find


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text("utf-8").splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def test_systemd_finds_nothing_to_say(tool: Callable[[str], str], tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    command = tmp_path / ".local" / "bin" / "sana-vcam"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    done = subprocess.run(
        [analyze, "verify", "--user", "--man=no", str(UNIT)],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "notify"),
        ("NotifyAccess", "main"),
        ("ExecStart", "%h/.local/bin/sana-vcam run"),
        ("WatchdogSec", "10"),
        ("Restart", "on-failure"),
        ("RestartPreventExitStatus", str(EXIT_CONFIG)),
        ("KillSignal", "SIGTERM"),
        ("TimeoutStopSec", "15"),
        ("Before", "wireplumber.service"),
        ("WantedBy", "default.target"),
    ],
)
def test_what_the_daemon_counts_on(key: str, value: str) -> None:
    assert settings()[key] == [value]


def test_a_missing_key_does_not_prevent_the_start() -> None:
    """With SetCredential= beside it, LoadCredential= passes over a file that is not there."""
    assert settings()["LoadCredential"] == [f"{CREDENTIAL}:%E/sana-vcam/{CREDENTIAL}"]
    assert settings()["SetCredential"] == [f"{CREDENTIAL}:\\n"]


def test_nothing_in_it_needs_a_newer_systemd() -> None:
    later = {"ImportCredential", "RestartSteps", "RestartMaxDelaySec", "ExecSearchPath"}
    assert later.isdisjoint(settings())
