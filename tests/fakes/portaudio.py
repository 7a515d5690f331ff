"""PortAudio as sounddevice gives it, without sound: devices that can be plugged, streams on demand.

Nothing runs by itself: `run` has each open stream carry so many blocks, as its own thread would.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

WASAPI, MME = "Windows WASAPI", "MME"
CABLE_INPUT = "CABLE Input (VB-Audio Virtual Cable)"
CABLE_OUTPUT = "CABLE Output (VB-Audio Virtual Cable)"
HEADSET = "Headset (USB)"
SPEAKERS = "Speakers (USB)"


class PortAudioError(Exception):
    """As the library raises it."""


class FakeStream:
    """One stream of sound, which a callback fills or takes."""

    latency = 0.02

    def __init__(self, portaudio: FakePortAudio, is_input: bool, given: dict[str, Any]) -> None:
        self.portaudio = portaudio
        self.is_input = is_input
        self.given = given
        self.name: str = portaudio.query_devices()[given["device"]]["name"]
        if self.name in portaudio.refused:
            raise PortAudioError("Device unavailable [PaErrorCode -9985]")
        self.active = False
        self.closed = False
        portaudio.streams.append(self)

    def start(self) -> None:
        self.active = True

    def abort(self) -> None:
        self.active = False

    def close(self) -> None:
        self.active, self.closed = False, True

    def carry(self, said: float) -> NDArray[np.float32]:
        """Call the callback with one block."""
        frames, channels = self.given["blocksize"], self.given["channels"]
        block = np.full((frames, channels), said if self.is_input else np.nan, np.float32)
        self.given["callback"](block, frames, None, 0)
        return block


class FakePortAudio:
    """The module `sounddevice`, and the sound system below it."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        self.plugged = [
            (HEADSET, 1, 0, WASAPI),
            (SPEAKERS, 0, 2, WASAPI),
            (CABLE_INPUT, 0, 2, WASAPI),
            (CABLE_OUTPUT, 2, 0, WASAPI),
            (HEADSET, 1, 0, MME),
        ]
        """What is there: name, inputs, outputs, interface. It is seen when it is looked again."""
        self.default_output = SPEAKERS
        self.refused: set[str] = set()
        self.streams: list[FakeStream] = []
        self.loads = 0
        self._seen = list(self.plugged)
        self._begun = 1
        self._carrying = threading.Lock()

    def load(self) -> FakePortAudio:
        self.loads += 1
        return self

    # -- the module ----------------------------------------------------------------------------

    def _terminate(self) -> None:
        assert self._begun == 1
        assert not self.open_streams, "would end streams that are in use"
        self._begun = 0

    def _initialize(self) -> None:
        self._begun += 1
        self._seen = list(self.plugged)

    def query_devices(self) -> tuple[dict[str, Any], ...]:
        return tuple(
            {
                "name": name,
                "hostapi": (MME, WASAPI).index(api),
                "max_input_channels": inputs,
                "max_output_channels": outputs,
            }
            for name, inputs, outputs, api in self._seen
        )

    def query_hostapis(self) -> tuple[dict[str, Any], ...]:
        names = [(name, api) for name, _, _, api in self._seen]
        return tuple(
            {
                "name": api,
                "default_output_device": names.index(wanted) if wanted in names else -1,
            }
            for api in (MME, WASAPI)
            for wanted in [(self.default_output, api)]
        )

    def WasapiSettings(self, *, auto_convert: bool) -> tuple[str, bool]:
        return "WASAPI", auto_convert

    def InputStream(self, **given: Any) -> FakeStream:
        return FakeStream(self, True, given)

    def OutputStream(self, **given: Any) -> FakeStream:
        return FakeStream(self, False, given)

    # -- the world -----------------------------------------------------------------------------

    @property
    def open_streams(self) -> list[FakeStream]:
        return [stream for stream in self.streams if not stream.closed]

    def unplug(self, name: str) -> None:
        self.plugged = [device for device in self.plugged if device[0] != name]
        for stream in self.streams:
            if stream.name == name:
                stream.active = False

    def run(self, blocks: int, said: Callable[[int], float] = lambda _: 0.5) -> NDArray[np.float32]:
        """Have blocks of 20 ms carried; what comes out of the cable, silence without a stream."""
        heard = []
        for number in range(blocks):
            block = np.zeros((960, 2), np.float32)
            with self._carrying:
                for stream in sorted(self.open_streams, key=lambda one: not one.is_input):
                    if stream.active:
                        carried = stream.carry(said(number))
                        block = block if stream.is_input else carried
            heard.append(block)
        return np.concatenate(heard)
