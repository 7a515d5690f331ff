"""The systemd units: clean for systemd's own checker, and true to what the daemon promises."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sana_vcam.config.load import CREDENTIAL
from sana_vcam.errors import EXIT_CONFIG
from sana_vcam.host.service import templates

FOLDER = Path(__file__).parents[4] / "systemd"
USER, SYSTEM = FOLDER / "sana-vcam.service", FOLDER / "system" / "sana-vcam.service"
UNITS = pytest.mark.parametrize("unit", [USER, SYSTEM], ids=["user", "system"])
MOST_EXPOSURE = 20
"""Tenths, as `systemd-analyze security --threshold` counts."""


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


def settings(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text("utf-8").splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def analyze(words: Sequence[str], home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [("sana-vcam",), ("odd folder/100%/sana-vcam",), ("bin/python3.12", "-m", "sana_vcam")],
    ids=["plain", "odd", "module"],
)
@pytest.mark.parametrize("manager", ["user", "system"])
def test_systemd_finds_nothing_to_say(
    tool: Callable[[str], str], tmp_path: Path, manager: str, words: tuple[str, ...]
) -> None:
    command = tmp_path / words[0]
    command.parent.mkdir(parents=True, exist_ok=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    name = templates.USER_UNIT if manager == "user" else templates.SYSTEM_UNIT
    unit = tmp_path / "sana-vcam.service"
    unit.write_text(
        templates.with_command(templates.template(name), (str(command), *words[1:])), "utf-8"
    )
    done = analyze(
        [tool("systemd-analyze"), "verify", f"--{manager}", "--man=no", str(unit)], tmp_path
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_system_unit_is_closed(tool: Callable[[str], str], tmp_path: Path) -> None:
    words = [tool("systemd-analyze"), "security", "--offline=true", "--no-pager"]
    if "--offline" not in analyze([words[0], "--help"], tmp_path).stdout:
        pytest.skip("this systemd-analyze rates no files")
    done = analyze([*words, f"--threshold={MOST_EXPOSURE}", str(SYSTEM)], tmp_path)
    assert done.returncode == 0, done.stdout


@UNITS
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "notify"),
        ("NotifyAccess", "main"),
        ("WatchdogSec", "10"),
        ("Restart", "on-failure"),
        ("RestartPreventExitStatus", str(EXIT_CONFIG)),
        ("KillSignal", "SIGTERM"),
        ("TimeoutStopSec", "20"),
        ("LimitCORE", "0"),
        ("UMask", "0077"),
        ("NoNewPrivileges", "yes"),
    ],
)
def test_what_the_daemon_counts_on(unit: Path, key: str, value: str) -> None:
    assert settings(unit)[key] == [value]


def test_the_user_unit_comes_before_wireplumber_and_at_login() -> None:
    assert settings(USER)["ExecStart"] == ["%h/.local/bin/sana-vcam run"]
    assert settings(USER)["Before"] == ["wireplumber.service"]
    assert settings(USER)["WantedBy"] == ["default.target"]


@UNITS
def test_a_reload_judges_before_it_signals(unit: Path) -> None:
    check, signal = settings(unit)["ExecReload"]
    start = settings(unit)["ExecStart"][0]
    # Without the variable: systemd 252 sets it for a reload, but keeps the folder closed.
    without = "/usr/bin/env -u CREDENTIALS_DIRECTORY "
    assert check == without + start.replace(" run", " config check")
    assert signal == "kill -HUP $MAINPID"


@UNITS
def test_a_missing_key_does_not_prevent_the_start(unit: Path) -> None:
    """With SetCredential= beside it, LoadCredential= passes over a file that is not there."""
    folder = "%E/sana-vcam" if unit == USER else "/etc/sana-vcam"
    assert settings(unit)["LoadCredential"] == [f"{CREDENTIAL}:{folder}/{CREDENTIAL}"]
    assert settings(unit)["SetCredential"] == [f"{CREDENTIAL}:\\n"]


@UNITS
def test_nothing_in_it_needs_a_newer_systemd(unit: Path) -> None:
    later = {"ImportCredential", "RestartSteps", "RestartMaxDelaySec", "ExecSearchPath"}
    assert later.isdisjoint(settings(unit))


def test_the_system_unit_reaches_cameras_and_no_other_device() -> None:
    found = settings(SYSTEM)
    assert found["DevicePolicy"] == ["closed"]
    assert found["DeviceAllow"] == ["char-video4linux rw"]
    assert found["SupplementaryGroups"] == ["video"]
    assert found["CapabilityBoundingSet"] == [""]


def test_the_group_may_find_the_system_daemon() -> None:
    found = settings(SYSTEM)
    assert (found["RuntimeDirectory"], found["RuntimeDirectoryMode"]) == (["sana-vcam"], ["0750"])
    assert (found["User"], found["Group"]) == (["sana-vcam"], ["sana-vcam"])
    users = templates.template(templates.SYSUSERS).splitlines()
    assert any(line.startswith("u sana-vcam ") for line in users)
