"""Which of Elgato's devices are plugged in, read from sysfs: cheap enough to ask every second."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

VENDOR = "0fd9"
DEVICES = Path("/sys/bus/usb/devices")
BUS = Path("/dev/bus/usb")
RULE_NAME = "70-sana-vcam-deck.rules"

INSTALL_RULE = (
    f"sana-vcam deck udev --print | sudo tee /etc/udev/rules.d/{RULE_NAME} && "
    "sudo udevadm control --reload && "
    "sudo udevadm trigger --action=add --subsystem-match=usb --subsystem-match=hidraw"
)


@dataclass(frozen=True, slots=True)
class Plugged:
    """One device."""

    name: str
    """Such as 1-2: the port that it is in."""
    node: Path
    """Whoever drives it must be able to write to this."""
    number: int
    """Counts up each time that it is plugged in."""

    @property
    def is_ours(self) -> bool:
        """Whether we may open it."""
        return os.access(self.node, os.R_OK | os.W_OK)


def plugged(devices: Path = DEVICES, bus: Path = BUS) -> frozenset[Plugged]:
    """List Elgato's devices; none where there is no sysfs."""
    found = (_read(folder, bus) for folder in devices.glob("*/idVendor"))
    return frozenset(device for device in found if device is not None)


def _read(vendor: Path, bus: Path) -> Plugged | None:
    try:
        if vendor.read_text().strip() != VENDOR:
            return None
        folder = vendor.parent
        number = int((folder / "devnum").read_text())
        node = bus / f"{int((folder / 'busnum').read_text()):03}" / f"{number:03}"
    except OSError:
        # Unplugged while we read.
        return None
    return Plugged(folder.name, node, number)


def rule() -> str:
    """Read the udev rule that lets whoever sits at the computer open a deck."""
    return (files(__package__) / RULE_NAME).read_text(encoding="utf-8")


def why_unopened(devices: frozenset[Plugged]) -> str:
    """What keeps a deck from being opened, and what mends it."""
    if any(not device.is_ours for device in devices):
        return f"you may not open it; allow it once, then plug it in again: {INSTALL_RULE}"
    return (
        "another program holds it; end that (OpenDeck, StreamController, Companion, "
        "streamdeck-ui), or use a plugin for it instead"
    )
