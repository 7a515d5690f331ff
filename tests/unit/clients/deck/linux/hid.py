"""Stand-in decks: the library's real code on a transport that keeps reports and hands out ours."""

from __future__ import annotations

import io
import itertools
import struct
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image
from StreamDeck.DeviceManager import DeviceManager
from StreamDeck.Devices.StreamDeck import StreamDeck
from StreamDeck.ProductIDs import USBProductIDs, USBVendorIDs
from StreamDeck.Transport.Transport import Transport, TransportError

PRODUCTS = {
    name.removeprefix("USB_PID_STREAMDECK_"): number
    for name, number in vars(USBProductIDs).items()
    if name.startswith("USB_PID_")
}
"""Every model that the library knows, by its name there."""


class Device:
    """One device on the wire; `reports` has all that was written to it, in order."""

    def __init__(self, pid: int, path: str) -> None:
        self.pid, self._path = pid, path
        self._lock = threading.Lock()
        self._incoming: deque[bytes] = deque()
        self._written: list[bytes] = []
        self._features: list[bytes] = []
        self.is_plugged = True
        self.may_open = True
        self.is_held = False
        self.attempts = 0
        self.handles = 0
        """How many are open."""

    def path(self) -> str:
        return self._path

    def inject(self, report: bytes) -> None:
        """The device says this."""
        with self._lock:
            self._incoming.append(report)

    def take(self) -> bytes | None:
        with self._lock:
            return self._incoming.popleft() if self._incoming else None

    def keep(self, report: bytes, *, is_feature: bool) -> None:
        with self._lock:
            (self._features if is_feature else self._written).append(report)

    def reports(self) -> list[bytes]:
        with self._lock:
            return list(self._written)

    def settings(self) -> list[bytes]:
        """The feature reports."""
        with self._lock:
            return list(self._features)


class Handle(Transport.Device):
    """What the library holds of a device; each search makes new ones."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._open = False

    def open(self) -> None:
        device = self._device
        device.attempts += 1
        if device.is_held or not (device.is_plugged and device.may_open):
            raise TransportError("Could not open HID device.")
        self._open = True
        device.handles += 1

    def close(self) -> None:
        if self._open:
            self._open = False
            self._device.handles -= 1

    def is_open(self) -> bool:
        return self._open

    def connected(self) -> bool:
        return self._device.is_plugged

    def path(self) -> str:
        return self._device.path()

    def vendor_id(self) -> int:
        return USBVendorIDs.USB_VID_ELGATO

    def product_id(self) -> int:
        return self._device.pid

    def _require(self) -> None:
        if not (self._open and self._device.is_plugged):
            raise TransportError("No HID device.")

    def write_feature(self, payload: bytes | bytearray) -> int:
        self._require()
        self._device.keep(bytes(payload), is_feature=True)
        return len(payload)

    def read_feature(self, report_id: int, length: int) -> bytes:
        self._require()
        return bytes([report_id]) + bytes(length - 1)

    def write(self, payload: bytes | bytearray) -> int:
        self._require()
        self._device.keep(bytes(payload), is_feature=False)
        return len(payload)

    def read(self, length: int) -> bytes | None:  # type: ignore[override]
        """As the real transport: at once, None without a report, never longer than the report."""
        self._require()
        report = self._device.take()
        return None if report is None else report[:length]


class Bus(Transport):
    """All devices; they come and go."""

    def __init__(self) -> None:
        self.devices: list[Device] = []
        self._paths = itertools.count(1)

    @staticmethod
    def probe() -> None:
        return

    def enumerate(self, vid: int, pid: int) -> Sequence[Handle]:
        present = [device for device in self.devices if device.is_plugged]
        return [
            Handle(device)
            for device in present
            if (vid, pid) == (USBVendorIDs.USB_VID_ELGATO, device.pid)
        ]

    def plug(self, pid: int, path: str | None = None) -> Device:
        device = Device(pid, path or f"1-{next(self._paths)}:1.0")
        self.devices.append(device)
        return device

    def unplug(self, device: Device) -> None:
        device.is_plugged = False
        self.devices.remove(device)

    def find(self) -> list[StreamDeck]:
        """The library's own search, on this bus."""
        found = DeviceManager("dummy")
        found.transport = self
        return list(found.enumerate())


# What a device shows


@dataclass(frozen=True)
class Model:
    """How one model speaks, as its firmware would read and write it."""

    deck: StreamDeck

    @property
    def grid(self) -> int:
        return int(self.deck.key_count())

    def key_images(self, reports: Sequence[bytes]) -> dict[int, bytes]:
        """The last whole picture that each key was sent."""
        is_bmp = self.deck.key_image_format()["format"] == "BMP"
        return _bmp_keys(reports, self.key_number) if is_bmp else _jpeg_keys(reports)

    def key_number(self, wire: int) -> int:
        """The first model counts its keys from the right."""
        return self._mirrored(wire) if type(self.deck).__name__ == "StreamDeckOriginal" else wire

    def _mirrored(self, key: int) -> int:
        columns = self.deck.key_layout()[1]
        return key - key % columns + (columns - 1 - key % columns)

    def keys_report(self, *down: int) -> bytes:
        """The report of these keys being down, and all others up."""
        count = self.grid + self.deck.touch_key_count()
        states = [0] * count
        for key in down:
            states[self.key_number(key)] = 1
        name = type(self.deck).__name__
        head = [1] if name in {"StreamDeckOriginal", "StreamDeckMini"} else [1, 0, count, 0]
        return bytes(head + states).ljust(64, b"\0")

    def tap_key(self, device: Device, key: int) -> None:
        device.inject(self.keys_report(key))
        device.inject(self.keys_report())

    def turn_dial(self, device: Device, dial: int, clicks: int) -> None:
        device.inject(self._dial_report(1, dial, clicks & 0xFF))

    def push_dial(self, device: Device, dial: int) -> None:
        device.inject(self._dial_report(0, dial, 1))
        device.inject(self._dial_report(0, dial, 0))

    def _dial_report(self, kind: int, dial: int, value: int) -> bytes:
        values = [0] * self.deck.dial_count()
        values[dial] = value
        return bytes([1, 3, len(values) + 1, 0, kind, *values]).ljust(64, b"\0")

    def tap_strip(self, device: Device, x: int) -> None:
        head = bytes([1, 2, 14, 0, 1, 0])
        device.inject((head + struct.pack("<HH", x, 50)).ljust(64, b"\0"))

    def upright(self, image: bytes, wanted: dict[str, object]) -> Image.Image:
        """A native picture as a person sees it: the format's turn and flip undone."""
        with Image.open(io.BytesIO(image)) as native:
            assert native.format == wanted["format"]
            turned = native.convert("RGB")
        flip_x, flip_y = wanted["flip"]  # type: ignore[misc]
        if flip_y:
            turned = turned.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        if flip_x:
            turned = turned.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return turned.rotate(-int(str(wanted["rotation"])), expand=True)


def _jpeg_keys(reports: Sequence[bytes]) -> dict[int, bytes]:
    """Reports 02 07 key last length(2) page(2)."""
    images: dict[int, bytes] = {}
    parts: dict[int, bytes] = {}
    for report in reports:
        if report[:2] != b"\x02\x07":
            continue
        key, is_last, length, page = struct.unpack_from("<BBHH", report, 2)
        before = parts.get(key, b"") if page else b""
        parts[key] = before + report[8 : 8 + length]
        if is_last:
            images[key] = parts.pop(key)
    return images


def _bmp_keys(reports: Sequence[bytes], number: Callable[[int], int]) -> dict[int, bytes]:
    """Reports 02 01 page 0 last key+1, with a header of 16 bytes; the file tells its length."""
    images: dict[int, bytes] = {}
    parts: dict[int, list[bytes]] = {}
    for report in reports:
        if report[:2] != b"\x02\x01":
            continue
        is_last, key = report[4], number(report[5] - 1)
        parts.setdefault(key, []).append(report[16:])
        if is_last:
            pages = parts.pop(key)
            # The first model sends two halves, each shorter than its report.
            size = struct.unpack_from("<I", pages[0], 2)[0]
            half = size // 2 if len(report) > 1024 else len(report) - 16
            images[key] = b"".join(page[:half] for page in pages)[:size]
    return images


def strip_image(reports: Sequence[bytes]) -> bytes | None:
    """The last whole picture of a touch strip: reports 02 0c x y w h (2 each) last page length."""
    return _pages(reports, b"\x02\x0c", header=16, last=10, page=11, length=13)


def screen_image(reports: Sequence[bytes]) -> bytes | None:
    """The last whole picture of the small screen: reports 02 0b 00 last length page."""
    return _pages(reports, b"\x02\x0b", header=8, last=3, page=6, length=4)


def _pages(
    reports: Sequence[bytes], start: bytes, *, header: int, last: int, page: int, length: int
) -> bytes | None:
    image, part = None, b""
    for report in reports:
        if report[:2] != start:
            continue
        number = struct.unpack_from("<H", report, page)[0]
        size = struct.unpack_from("<H", report, length)[0]
        part = (part if number else b"") + report[header : header + size]
        if report[last]:
            image = part
    return image
