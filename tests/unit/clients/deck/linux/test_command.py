"""The command line, and the process as it ends."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from StreamDeck.DeviceManager import DeviceManager, ProbeError

from sana_vcam.app.cli import main
from sana_vcam.clients.deck.linux.deck import Light
from sana_vcam.clients.deck.linux.layout import (
    ACTS_ON_DEMAND,
    PlaylistPlace,
    RehearsalPlace,
    SettingPlace,
)
from sana_vcam.clients.deck.linux.plugged import rule
from sana_vcam.lib.extras import install_command


def test_the_rule_is_printed(capsys: pytest.CaptureFixture[str]):
    assert main(["deck", "udev", "--print"]) == 0
    assert capsys.readouterr().out == rule()
    assert main(["deck", "udev"]) == 0
    assert "sudo udevadm control --reload" in capsys.readouterr().out


def test_a_unit_is_printed_with_this_installations_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, require_tools: bool
):
    assert main(["deck", "unit"]) == 0
    unit = capsys.readouterr().out
    (start,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    assert start.endswith(" deck run --dim-after 600")
    assert Path(start.removeprefix("ExecStart=").split()[0]).exists()
    if shutil.which("systemd-analyze") is None:
        if require_tools:
            pytest.fail("systemd-analyze is needed")
        pytest.skip("no systemd-analyze here")
    (tmp_path / "sana-vcam-deck.service").write_text(unit)
    verify = ["systemd-analyze", "--user", "verify", tmp_path / "sana-vcam-deck.service"]
    done = subprocess.run(verify, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_library_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def probe(self: DeviceManager) -> None:
        raise ProbeError("no backend")

    monkeypatch.setattr(DeviceManager, "__init__", probe)
    assert main(["deck", "run"]) == 1
    assert "sudo apt install libhidapi-libusb0" in capsys.readouterr().err


def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delitem(sys.modules, "sana_vcam.clients.deck.linux.run", raising=False)
    monkeypatch.delattr("sana_vcam.clients.deck.linux.run", raising=False)
    monkeypatch.setitem(sys.modules, "StreamDeck.DeviceManager", None)
    assert main(["deck", "run"]) == 1
    assert install_command("deck") in capsys.readouterr().err


@pytest.mark.parametrize("percent", ["-1", "101", "much"])
def test_a_brightness_is_a_percentage(percent: str):
    with pytest.raises(SystemExit):
        main(["deck", "run", f"--brightness={percent}"])


def test_the_defaults_of_the_flags_are_those_of_the_code(monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr(
        "sana_vcam.clients.deck.linux.run.run", lambda *words: asked.append(words) or 0
    )
    assert main(["deck", "run"]) == 0
    assert main(["deck", "run", "--brightness=30", "--dim-after=60", "--url=ws://x/ws"]) == 0
    keys = ["voice", "clip", "record", "take", "back"]
    keys += ["setting:keep_backlog", "playlist:show", "rehearse:noir"]
    assert main(["deck", "run", *(word for key in keys for word in ("--key", key))]) == 0
    named = (PlaylistPlace("show"), RehearsalPlace("noir"))
    assert asked == [
        (Light(), None, ()),
        (Light(30, 60.0), "ws://x/ws", ()),
        (Light(), None, (*ACTS_ON_DEMAND, SettingPlace("keep_backlog"), *named)),
    ]


@pytest.mark.parametrize(
    "key", ["privacy", "setting", "setting:", "voice:x", "playlist:", "rehearse"]
)
def test_a_key_that_there_is_none_of_is_refused(key: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["deck", "run", "--key", key])
    assert (
        f"'{key}' is no key: voice, clip, record, take, back, rehearse:PRESET, "
        in capsys.readouterr().err
    )


WITHOUT_DECKS = """
import sys
from StreamDeck.DeviceManager import DeviceManager
from tests.unit.clients.deck.linux.hid import Bus
DeviceManager._get_transport = staticmethod(lambda name: Bus())
from sana_vcam.app.cli import main
sys.exit(main(["deck", "run"]))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_process_waits_for_decks_and_ends_on_a_signal(number: int):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WITHOUT_DECKS, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    awaited = {"no deck is plugged in", "offline: no daemon runs"}
    line = b""
    async for line in process.stderr:
        awaited -= {words for words in awaited if words in line.decode()}
        if not awaited and b"stopped" not in line:
            process.send_signal(number)
    assert await process.wait() == 0
    assert b"stopped" in line
