"""Windows and macOS, as far as this machine can be one of them: what they lack is not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.daemon import environment

PATIENCE_S = 300


def said(home: Path, platform: str, *commands: str) -> dict[str, str]:
    """Run commands there: what each has said."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fakes.elsewhere", platform, *commands],
        env=environment(home, "http://127.0.0.1:9", REACTOR__LOCAL="false", SINK__KIND="auto"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "Traceback" not in ran.stdout
    parts = (part.partition("\n") for part in f"\n{ran.stdout}".split("\n$ ")[1:])
    return {words: text for words, _, text in parts}


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_every_module_is_imported_and_commands_speak_of_that_system(
    tmp_path: Path, platform: str
) -> None:
    words = (
        "import",
        "config check",
        "devices",
        "presets",
        "where",
        "config init",
        "service status",
        "ctl state",
        "doctor",
    )
    found = said(tmp_path, platform, *words)
    done = {name: text.rstrip().endswith("exit status 0") for name, text in found.items()}
    assert [name for name in words if not done[name]] == ["service status", "ctl state", "doctor"]
    assert "OK" in found["config check"]
    assert "OBS Studio" in found["devices"]
    assert "Film noir" in found["presets"]
    assert "here: sana-vcam run" in found["service status"]
    assert "start it: sana-vcam run" in found["ctl state"]
    assert "systemctl" not in found["ctl state"] + found["doctor"]
    virtual = "OBS Virtual Camera"
    virtual += " or Unity Video Capture: not tried" if platform == "win32" else ": not tried"
    assert virtual in found["doctor"]
    assert "would fail" not in found["doctor"]
    assert (
        "a token of 43 letters, as it was kept; ws://127.0.0.1:7262/ws is found" in found["where"]
    )
    assert ("$env:REACTOR_API_KEY = Read-Host" in found["doctor"]) == (platform == "win32")
