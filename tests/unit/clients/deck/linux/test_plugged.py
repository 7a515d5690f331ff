from __future__ import annotations

import os
from pathlib import Path

import pytest

from sana_vcam.clients.deck.linux.plugged import (
    INSTALL_RULE,
    RULE_NAME,
    plugged,
    rule,
    why_unopened,
)


def add(devices: Path, name: str, **files: object) -> None:
    folder = devices / name
    folder.mkdir(parents=True)
    for file, content in files.items():
        (folder / file).write_text(f"{content}\n")


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    folder = tmp_path / "devices"
    add(folder, "1-2", idVendor="0fd9", busnum=1, devnum=7)
    add(folder, "1-3", idVendor="046d", busnum=1, devnum=8)
    add(folder, "1-4", idVendor="0fd9", busnum=1)  # unplugged while we read
    add(folder, "1-0:1.0")  # an interface, not a device
    return folder


def test_the_vendors_devices_are_listed(devices: Path, tmp_path: Path):
    (found,) = plugged(devices, tmp_path / "bus")
    assert (found.name, found.node, found.number) == ("1-2", tmp_path / "bus" / "001" / "007", 7)


def test_plugging_in_again_is_seen(devices: Path, tmp_path: Path):
    before = plugged(devices, tmp_path)
    (devices / "1-2" / "devnum").write_text("9\n")
    assert plugged(devices, tmp_path) != before


def test_no_sysfs_is_no_device(tmp_path: Path):
    assert plugged(tmp_path / "none", tmp_path) == frozenset()


def test_missing_rights_are_told_from_another_program(devices: Path, tmp_path: Path):
    bus = tmp_path / "bus"
    assert INSTALL_RULE in why_unopened(plugged(devices, bus))
    (bus / "001").mkdir(parents=True)
    (bus / "001" / "007").touch()
    assert "another program holds it" in why_unopened(plugged(devices, bus))


def test_the_rule_is_read_before_the_one_that_gives_the_rights():
    assert RULE_NAME < "73-seat-late.rules"
    lines = [line for line in rule().splitlines() if not line.startswith("#")]
    assert len(lines) == 2
    assert all('=="0fd9"' in line and 'TAG+="uaccess"' in line for line in lines)
    assert "sudo udevadm" in INSTALL_RULE


def test_we_may_write_to_what_is_ours(tmp_path: Path):
    add(tmp_path / "devices", "1-2", idVendor="0fd9", busnum=1, devnum=7)
    (found,) = plugged(tmp_path / "devices", tmp_path)
    assert not found.is_ours
    assert os.access(tmp_path, os.W_OK)
