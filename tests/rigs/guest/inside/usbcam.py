"""A USB webcam made in software, for the kernel's real uvcvideo driver.

It speaks USB/IP to vhci_hcd over a pair of sockets, as a UVC 1.0 camera that streams over a bulk
endpoint. Ending the process unplugs the camera. SIGUSR1 stalls it, SIGUSR2 lets it go on. It
prints a line when it is plugged in, and when a program starts or stops streaming.
"""

from __future__ import annotations

import argparse
import select
import signal
import socket
import struct
import time
from pathlib import Path

import cv2
import numpy as np

ATTACH = Path("/sys/devices/platform/vhci_hcd.0/attach")
HIGH_SPEED = 3
MJPEG, YUYV = 1, 2
SIZES = {MJPEG: [(1280, 720), (640, 360), (320, 180)], YUYV: [(640, 360), (320, 180)]}
RATES = (30, 24, 15, 5)
SECOND = 10_000_000
"""In the units of UVC's frame intervals."""
PAYLOAD = 16384
"""Bytes of a bulk transfer: what uvcvideo asks for at a time."""
YUY2_GUID = bytes.fromhex("5955593200001000800000aa00389b71")
PICTURES = 60
STALL = -32
UNLINKED = -104

# Requests of USB and of UVC.
CLEAR_FEATURE, GET_DESCRIPTOR, GET_CONFIGURATION, GET_INTERFACE = 1, 6, 8, 10
SET_CUR, GET_CUR, GET_MIN, GET_MAX = 1, 0x81, 0x82, 0x83
GET_LEN, GET_INFO, GET_DEF = 0x85, 0x86, 0x87


def _with_length(body: bytes) -> bytes:
    return bytes([len(body) + 1]) + body


def _frames(subtype: int, sizes: list[tuple[int, int]]) -> bytes:
    intervals = b"".join(struct.pack("<I", SECOND // rate) for rate in RATES)
    out = b""
    for index, (width, height) in enumerate(sizes, 1):
        most = width * height * 2
        rates = (most * 8 * min(RATES), most * 8 * max(RATES), most, SECOND // RATES[0])
        numbers = (0x24, subtype, index, 0, width, height, *rates, len(RATES))
        out += _with_length(struct.pack("<BBBBHHIIIIB", *numbers) + intervals)
    return out


def configuration() -> bytes:
    """The configuration descriptor: a video control and a video streaming interface."""
    colour = bytes([6, 0x24, 0x0D, 1, 1, 4])
    mjpeg = bytes([11, 0x24, 6, MJPEG, len(SIZES[MJPEG]), 1, 1, 0, 0, 0, 0])
    yuyv = bytes([27, 0x24, 4, YUYV, len(SIZES[YUYV])]) + YUY2_GUID + bytes([16, 1, 0, 0, 0, 0])
    formats = mjpeg + _frames(7, SIZES[MJPEG]) + colour + yuyv + _frames(5, SIZES[YUYV]) + colour
    lengths = (15, 0x24, 1, 2, 15 + len(formats), 0x81)
    header = struct.pack("<BBBBHBBBBBBBBB", *lengths, 0, 3, 0, 0, 0, 1, 0, 0)
    terminals = struct.pack("<BBBBHBBHHHBBBB", 18, 0x24, 2, 1, 0x0201, 0, 0, 0, 0, 0, 3, 0, 0, 0)
    terminals += struct.pack("<BBBBHBBB", 9, 0x24, 3, 3, 0x0101, 0, 1, 0)
    control = struct.pack("<BBBHHIBB", 13, 0x24, 1, 0x0100, 13 + len(terminals), 48_000_000, 1, 1)
    body = bytes([8, 11, 0, 2, 0x0E, 3, 0, 2, 9, 4, 0, 0, 0, 0x0E, 1, 0, 2]) + control + terminals
    body += bytes([9, 4, 1, 0, 1, 0x0E, 2, 0, 0]) + header + formats
    body += bytes([7, 5, 0x81, 2, 0, 2, 0])
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), 2, 1, 0, 0x80, 250) + body


class UsbCamera:
    """Answers the kernel's requests on one socket, and streams on its own clock."""

    def __init__(self, sock: socket.socket, name: str, serial: str) -> None:
        self.stalled = False
        self._sock = sock
        self._strings = {1: "Guest", 2: name, 3: serial}
        self._device = struct.pack(
            *("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0xEF, 2, 1, 64, 0x1D6B, 0x0102, 0x0100, 1, 2, 3, 1)
        )
        self._configuration = configuration()
        self._streaming = False
        self._due = 0.0
        self._toggle = 0
        self._count = 0
        self._asked: list[int] = []
        """The bulk transfers that wait for data."""
        self._payloads: list[bytes] = []
        self._encoded: dict[tuple[int, int, int, int], bytes] = {}
        self._probe = self._choose(MJPEG, 1, SECOND // RATES[0])

    def run(self) -> None:
        """Serve until the kernel lets go. Raises `EOFError` then."""
        while True:
            if select.select([self._sock], [], [], self._stream())[0]:
                self._serve()

    def _stream(self) -> float:
        """Send what is due; seconds until the next picture."""
        if not self._streaming or self.stalled:
            return 1.0
        now = time.monotonic()
        if now >= self._due:
            if not self._payloads:
                self._queue_picture()
            self._due = max(self._due + self._interval_s, now - self._interval_s)
        self._pump()
        return max(0.0, self._due - time.monotonic())

    def _choose(self, pixel_format: int, frame: int, interval: int) -> bytes:
        """Settle on what was asked for, as far as it exists; the answer to a probe."""
        pixel_format = pixel_format if pixel_format in SIZES else MJPEG
        frame = frame if 1 <= frame <= len(SIZES[pixel_format]) else 1
        width, height = SIZES[pixel_format][frame - 1]
        intervals = [SECOND // rate for rate in RATES]
        interval = min(intervals, key=lambda one: abs(one - (interval or intervals[0])))
        self._mode = (pixel_format, width, height)
        self._interval_s = interval / SECOND
        numbers = (1, pixel_format, frame, interval, 0, 0, 0, 0, 0, width * height * 2, PAYLOAD)
        return struct.pack("<HBBIHHHHHII", *numbers)

    def _queue_picture(self) -> None:
        """Cut the next picture into payloads, each with UVC's header of two bytes."""
        pixel_format, width, height = self._mode
        key = (*self._mode, self._count % PICTURES)
        if key not in self._encoded:
            picture = _picture(width, height, key[3])
            self._encoded[key] = _jpeg(picture) if pixel_format == MJPEG else _yuyv(picture)
        self._count += 1
        data, step = self._encoded[key], PAYLOAD - 2
        starts = range(0, len(data), step)
        for start in starts:
            flags = 0x80 | self._toggle | (2 if start == starts[-1] else 0)
            self._payloads.append(bytes([2, flags]) + data[start : start + step])
        self._toggle ^= 1

    def _pump(self) -> None:
        while self._asked and self._payloads:
            self._reply(self._asked.pop(0), self._payloads.pop(0))

    def _reply(self, sequence: int, data: bytes = b"", *, status: int = 0, length: int = 0) -> None:
        head = (3, sequence, 0, 0, 0, status, length or len(data), 0, 0, 0)
        self._sock.sendall(struct.pack(">IIIIIiIiii8x", *head) + data)

    def _serve(self) -> None:
        """Take one message of USB/IP: a transfer, or the withdrawal of one."""
        head = self._read(48)
        command, sequence, _, inwards, endpoint = struct.unpack_from(">IIIII", head)
        if command == 1:
            (length,) = struct.unpack_from(">i", head, 24)
            data = self._read(length) if not inwards else b""
            if endpoint:
                self._asked.append(sequence)
                self._pump()
            else:
                self._control(sequence, head[40:48], data, length)
        else:
            (target,) = struct.unpack_from(">I", head, 20)
            status = UNLINKED if target in self._asked else 0
            self._asked = [one for one in self._asked if one != target]
            self._sock.sendall(struct.pack(">IIIIIi24x", 4, sequence, 0, 0, 0, status))

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._sock.recv(count - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def _control(self, sequence: int, setup: bytes, data: bytes, length: int) -> None:
        kind, request, value, index, most = struct.unpack("<BBHHH", setup)
        if kind & 0x60 == 0:
            answer = self._standard(kind, request, value)
        elif kind & 0x60 == 0x20 and index & 0xFF == 1 and value >> 8 in {1, 2}:
            answer = self._video(request, value >> 8, data)
        else:
            answer = None
        if answer is None:
            self._reply(sequence, status=STALL)
        elif kind & 0x80:
            self._reply(sequence, answer[:most])
        else:
            self._reply(sequence, length=length)

    def _standard(self, kind: int, request: int, value: int) -> bytes | None:
        if request == GET_DESCRIPTOR:
            if value >> 8 == 3:
                text = self._strings.get(value & 0xFF, "").encode("utf-16-le")
                text = text if value & 0xFF else struct.pack("<H", 0x0409)
                return bytes([len(text) + 2, 3]) + text
            return {1: self._device, 2: self._configuration}.get(value >> 8)
        if request == CLEAR_FEATURE and kind & 31 == 2:
            # How uvcvideo stops a bulk stream.
            self._streaming = False
            self._payloads.clear()
            print("usbcam: stopped", flush=True)
        return {0: b"\0\0", GET_CONFIGURATION: b"\1", GET_INTERFACE: b"\0"}.get(request, b"")

    def _video(self, request: int, selector: int, data: bytes) -> bytes | None:
        """Probe (selector 1) and commit (2)."""
        if request == SET_CUR:
            self._probe = self._choose(*struct.unpack_from("<BBI", data, 2))
            if selector == 2:
                self._streaming = True
                self._due = time.monotonic()
                self._payloads.clear()
                print("usbcam: streaming", *self._mode, round(1 / self._interval_s), flush=True)
            return b""
        if request in {GET_CUR, GET_MIN, GET_MAX, GET_DEF}:
            return self._probe
        return {GET_LEN: struct.pack("<H", len(self._probe)), GET_INFO: b"\3"}.get(request)


def _picture(width: int, height: int, number: int) -> np.ndarray:
    """A grey ramp, greenish in the middle, with a green bar that moves."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:] = np.linspace(0, 255, width, dtype=np.uint8)[None, :, None]
    left = number * width // PICTURES
    picture[:, left : left + width // 20] = (30, 200, 60)
    return picture


def _jpeg(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()


def _yuyv(picture: np.ndarray) -> bytes:
    yuv = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV)
    packed = np.empty((*picture.shape[:2], 2), np.uint8)
    packed[..., 0] = yuv[..., 0]
    packed[:, 0::2, 1] = yuv[:, 0::2, 1]
    packed[:, 1::2, 1] = yuv[:, 0::2, 2]
    return packed.tobytes()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", default="Guest USB Camera")
    parser.add_argument("--serial", default="0001")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    ours, kernels = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    for one in (ours, kernels):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    camera = UsbCamera(ours, arguments.name, arguments.serial)
    signal.signal(signal.SIGUSR1, lambda *_: setattr(camera, "stalled", True))
    signal.signal(signal.SIGUSR2, lambda *_: setattr(camera, "stalled", False))
    device = 0x10000 + arguments.port + 2
    ATTACH.write_text(f"{arguments.port} {kernels.fileno()} {device} {HIGH_SPEED}")
    kernels.close()
    print("usbcam: plugged in", flush=True)
    try:
        camera.run()
    except (EOFError, ConnectionError):
        print("usbcam: detached", flush=True)


if __name__ == "__main__":
    main()
