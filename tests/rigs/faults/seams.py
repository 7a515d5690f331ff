"""The daemon with faulty devices at its seams: `python -m tests.rigs.faults.seams run [options]`.

Everything else is the real process. Lines on standard input say what fails:

    camera unplugged | busy | stalled | back
    sink gone | back | refuses          the first virtual camera
    viewers N                           how many applications read the virtual camera
    stall SECONDS                       the event loop does nothing else for so long

With FAULTS_LOOPBACK=1 or 2 there are so many made-up v4l2loopback devices; what is written to the
last one goes into the FIFO named by FAULTS_FIFO.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sana_vcam.app import daemon as app
from sana_vcam.config.schema import CameraConfig
from sana_vcam.errors import CameraFault, CameraWords
from sana_vcam.media.camera.source import CameraSource, open_source
from sana_vcam.media.pipeline import Pipeline
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.sinks import raw
from sana_vcam.media.states import CameraKind
from sana_vcam.media.v4l2 import devices
from tests.unit.media.sinks.fakes import Machine

STALL_S = 2.5
"""How long a read of a stalled camera takes to fail, as with the kernel's webcams."""


class FaultyCamera:
    """The configured source, with what a webcam does besides: go, be taken, hang."""

    def __init__(self, source: CameraSource) -> None:
        self._source = source

    fault = ""
    """What is wrong now, for all cameras of this process."""

    @property
    def kind(self) -> CameraKind:
        """The source's kind."""
        return self._source.kind

    @property
    def name(self) -> str:
        """The source's name."""
        return self._source.name

    def open(self) -> None:
        """Open, unless the camera is gone or taken."""
        self._complain()
        self._source.open()

    def read(self) -> Pixels:
        """Wait for a picture, for as long as a webcam would."""
        until = time.monotonic() + STALL_S
        while self.fault == "stalled" and time.monotonic() < until:
            time.sleep(0.02)
        if self.fault == "stalled":
            raise CameraFault("the camera gives no picture", CameraWords.SILENT)
        self._complain()
        return self._source.read()

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _complain(self) -> None:
        match self.fault:
            case "unplugged":
                raise CameraFault("the camera was unplugged", CameraWords.UNPLUGGED)
            case "busy":
                raise CameraFault("the camera is in use by cheese (pid 4711)", CameraWords.BUSY)


class VirtualCameras(Machine):
    """One or two v4l2loopback devices; the last one's frames go on into a FIFO."""

    def __init__(self, root: Path, count: int, fifo: Path) -> None:
        super().__init__(root)
        self._out = raw.RawBackend(str(fifo))
        self.numbers = list(range(10, 10 + count))
        for number in self.numbers:
            self.plug_in(number)

    def plug_in(self, number: int) -> None:
        """Load the device."""
        place = "" if number == 10 else f" {number - 9}"
        self.add(number, f"SANA VCam{place}")

    def write(self, fd: int, frame: memoryview) -> int:
        """Take a frame as the driver does; the last device's readers get it."""
        written = int(super().write(fd, frame))
        device = self._device(fd)
        device.written.clear()
        if device is self.devices.get(self.path(self.numbers[-1])):
            self._out.send(_Frame(bytes(frame)))
        return written


class _Frame:
    """As much of an array as the raw backend asks for."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def tobytes(self) -> bytes:
        return self._data


class Console:
    """Carries out the lines of standard input, in a thread of its own."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.cameras: VirtualCameras | None = None
        threading.Thread(target=self._read, name="console", daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            words = line.split()
            self._verbs()[words[0]](words[1])

    def _verbs(self) -> dict[str, Callable[[str], None]]:
        return {
            "camera": self._camera,
            "sink": self._sink,
            "viewers": self._viewers,
            "stall": self._stall,
        }

    def _camera(self, fault: str) -> None:
        FaultyCamera.fault = "" if fault == "back" else fault

    def _sink(self, fault: str) -> None:
        cameras = self.cameras
        assert cameras is not None
        number = cameras.numbers[0]
        match fault:
            case "gone":
                cameras.remove(number)
            case "refuses":
                cameras.devices[cameras.path(number)].write_error = 5
            case "back" if cameras.path(number) in cameras.devices:
                cameras.devices[cameras.path(number)].write_error = None
            case "back":
                cameras.plug_in(number)

    def _viewers(self, count: str) -> None:
        assert self.cameras is not None
        for number in self.cameras.numbers:
            self.cameras.viewers(number, int(count))

    def _stall(self, seconds: str) -> None:
        assert self.loop is not None
        self.loop.call_soon_threadsafe(time.sleep, float(seconds))


def main() -> int:
    console = Console()

    def faulty(config: CameraConfig) -> CameraSource:
        return FaultyCamera(open_source(config))

    defaults: dict[str, Any] = Pipeline.__init__.__kwdefaults__
    defaults["make_source"] = faulty
    run = app.Daemon.run

    async def run_with_console(daemon: app.Daemon, stop: asyncio.Event) -> None:
        console.loop = asyncio.get_running_loop()
        await run(daemon, stop)

    app.Daemon.run = run_with_console  # type: ignore[method-assign]
    if "FAULTS_LOOPBACK" not in os.environ:
        return _daemon()
    with tempfile.TemporaryDirectory() as root:
        count, fifo = int(os.environ["FAULTS_LOOPBACK"]), Path(os.environ["FAULTS_FIFO"])
        console.cameras = machine = VirtualCameras(Path(root), count, fifo)
        devices.System = lambda: machine.system  # type: ignore[assignment, misc]
        return _daemon()


def _daemon() -> int:
    from sana_vcam.__main__ import main as daemon

    return daemon()


if __name__ == "__main__":
    sys.exit(main())
