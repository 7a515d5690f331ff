"""This daemon with made-up virtual cameras, so that several of them need no kernel driver.

`URL HOME FIGURES CAMERAS VIEWERS [key=value ...]`: the model, a folder of its own, where to write
what it took in itself, how many virtual cameras and how many apps at each. Only the system calls
are made up: a frame that is written is copied once, as the driver does.

Prints "settled" once viewers see the edit, or, without viewers, once everything rests. Measured is
from SIGUSR1 to SIGUSR2; SIGTERM ends it.
"""

from __future__ import annotations

import asyncio
import json
import select
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from sana_vcam.app.daemon import Daemon
from sana_vcam.app.native import set_up_malloc
from sana_vcam.config.load import load
from sana_vcam.config.paths import APP
from sana_vcam.control.protocol.state import State
from sana_vcam.engine.states import SessionState
from sana_vcam.lib.signals import stop_on_signals
from sana_vcam.media.states import CameraState, ProgramSource
from sana_vcam.media.v4l2 import devices
from tests.rigs.bench.delays import TimedMedia, timed_sink
from tests.rigs.bench.figures import summary_ms
from tests.system.daemon import local_settings
from tests.unit.media.sinks.fakes import Machine

FIRST = 10


class VirtualCameras(Machine):
    """So many v4l2loopback devices, each with so many apps that take its pictures."""

    def __init__(self, root: Path, count: int, viewers: int) -> None:
        super().__init__(root)
        self._memory: dict[int, bytearray] = {}
        for number in range(count):
            place = f" {number + 1}" if number else ""
            self.add(FIRST + number, f"{devices.LABEL}{place}").count = viewers

    def write(self, fd: int, frame: memoryview) -> int:
        """Take a frame as the driver does, into memory that is there."""
        memory = self._memory.setdefault(fd, bytearray(frame.nbytes))
        memory[:] = frame.cast("B")
        return frame.nbytes

    def poll(self, wanted: Mapping[int, int], timeout_s: float) -> dict[int, int]:
        """Wait as poll(2) does, without looking again and again: nobody comes or goes later."""
        ready: dict[int, int] = self._ready(wanted)
        if ready:
            return ready
        waiting = select.poll()
        for fd, events in wanted.items():
            if self._owner(fd) is None:
                waiting.register(fd, events)
        return dict(waiting.poll(timeout_s * 1e3))


async def main(
    url: str, home: str, figures: str, cameras: str, viewers: str, *settings: str
) -> None:
    set_up_malloc()
    place = Path(home)
    machine = VirtualCameras(place / "machine", int(cameras), int(viewers))
    devices.System = lambda: machine.system  # type: ignore[assignment, misc]
    chosen = dict(setting.partition("=")[::2] for setting in settings)
    overrides = local_settings(url) | {"sink.kind": "v4l2loopback"} | chosen
    daemon = Daemon(
        load(environ={}, overrides=overrides).config,
        state_dir=place / "state",
        runtime_dir=place / APP,
        make_media=TimedMedia,
    )
    settled = False

    def look(state: State) -> None:
        nonlocal settled
        if not settled and (_streams(state) if int(viewers) else _rests(state)):
            settled = True
            print("settled", flush=True)

    daemon.on_state = look
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: _media(daemon).clear())
    loop.add_signal_handler(signal.SIGUSR2, lambda: _write(_media(daemon), Path(figures)))
    with stop_on_signals(stop), timed_sink(daemon):
        await daemon.run(stop)


def _write(media: TimedMedia, path: Path) -> None:
    found = {
        "camera read to push returned, ms": summary_ms(media.pushed),
        "SDK callback to sink returned, ms": summary_ms(media.waited),
        "tick to sink returned, ms": summary_ms(media.handed_over),
    }
    path.write_text(json.dumps(found))


def _media(daemon: Daemon) -> TimedMedia:
    assert daemon.parts is not None
    assert isinstance(daemon.parts.media, TimedMedia)
    return daemon.parts.media


def _streams(state: State) -> bool:
    return state.output is ProgramSource.LIVE and state.session is SessionState.STREAMING


def _rests(state: State) -> bool:
    off = state.camera is CameraState.OFF and state.session is SessionState.IDLE
    return off and state.viewers == 0


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
