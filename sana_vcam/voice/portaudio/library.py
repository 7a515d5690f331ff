"""PortAudio by the library sounddevice: which devices there are, and the two streams of a line.

All of it blocks, and is called on threads for that. sounddevice is loaded when it is first used.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sana_vcam.errors import VoiceError
from sana_vcam.lib.extras import install_command
from sana_vcam.voice.levels import levels_of
from sana_vcam.voice.line import Microphone, VoiceLevel
from sana_vcam.voice.ring import DelayRing, Samples

RATE = 48_000
"""Frames a second; the systems convert from and to the devices' own rates."""
BLOCK = RATE // 50
"""Frames that are carried at a time: 20 ms."""
HOST_APIS = ("Windows WASAPI", "Core Audio")
"""Each device is listed once by every interface of a system; these name them in full."""
CABLES = {"CABLE Input": "CABLE Output", "VB-Cable": "VB-Cable", "BlackHole": "BlackHole"}
"""Begin of the names of virtual cables: where we play, and what applications choose."""
INSTALL = (
    "install VB-Cable (https://vb-audio.com/Cable) or BlackHole "
    "(https://existential.audio/blackhole), and start the computer again"
)
LOST_S = 2.0
"""A stream that has not moved for so long has lost its device."""
KEPT = 3000
"""Levels that wait for whoever takes them: half a minute."""


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """One device of the sound system."""

    index: int
    name: str
    inputs: int
    outputs: int

    @property
    def is_cable(self) -> bool:
        """Whether it is one end of a virtual cable, and so no microphone."""
        ends = (*CABLES, *CABLES.values())
        return self.name.startswith(ends) or "VB-Audio" in self.name


@dataclass(frozen=True, slots=True)
class Cable:
    """A virtual cable: the device that we play into, and what applications choose."""

    device: SoundDevice
    source: str


@dataclass(frozen=True, slots=True)
class SoundDevices:
    """The devices at one moment."""

    host_api: str
    devices: tuple[SoundDevice, ...]
    default_output: int

    @property
    def microphones(self) -> list[Microphone]:
        """What can be chosen."""
        return [
            Microphone(device.name, device.name)
            for device in self.devices
            if device.inputs and not device.is_cable
        ]

    def microphone(self, name: str) -> SoundDevice:
        """Find a microphone by its name. Raises `VoiceError`."""
        for device in self.devices:
            if device.name == name and device.inputs and not device.is_cable:
                return device
        names = ", ".join(f'"{one.name}"' for one in self.microphones)
        there = f"put one of these into [voice] microphone: {names}" if names else "there is none"
        raise VoiceError(f'there is no microphone "{name}": plug it in, or {there}')

    def cable(self) -> Cable:
        """Find the virtual cable that carries the voice to applications. Raises `VoiceError`."""
        for begin, source in CABLES.items():
            for device in self.devices:
                if device.outputs and device.name.startswith(begin):
                    if device.index == self.default_output:
                        raise VoiceError(
                            f'this computer plays its sound into "{device.name}", and the call '
                            "would hear itself: choose another output in the sound settings"
                        )
                    same = device.name if source == begin else source
                    return Cable(device, same)
        raise VoiceError(f"there is no virtual cable for the voice: {INSTALL}")


def load() -> Any:
    """Load sounddevice, which takes a moment. Raises `VoiceError`."""
    try:
        import sounddevice
    except ImportError:
        raise VoiceError(f"sounddevice is not installed: {install_command('voice')}") from None
    except OSError as error:
        raise VoiceError(f"{error}: install PortAudio") from error
    return sounddevice


class Streams:
    """A microphone that is recorded into a ring, and a cable into which the ring is played."""

    def __init__(self, cable: Cable, ring: DelayRing) -> None:
        self.source = cable.source
        self.latency_s = 0.0
        """What the devices add to the ring's delay, as they say."""
        self.levels: deque[VoiceLevel] = deque(maxlen=KEPT)
        self._ring = ring
        self._streams: list[Any] = []
        self._recorded = self._played = 0
        self._moved = (0, 0)
        self._moved_at = time.monotonic()

    def open(self, library: Any, microphone: SoundDevice, cable: Cable, settings: Any) -> None:
        """Open and start both streams. Raises what the library does."""
        usual = {
            "samplerate": RATE,
            "blocksize": BLOCK,
            "dtype": "float32",
            "latency": "low",
            "extra_settings": settings,
        }
        for kind, device, channels, callback in (
            (library.InputStream, microphone, 1, self._record),
            (library.OutputStream, cable.device, min(2, cable.device.outputs), self._play),
        ):
            stream = kind(device=device.index, channels=channels, callback=callback, **usual)
            self._streams.append(stream)
        for stream in self._streams:
            stream.start()
        self.latency_s = sum(float(stream.latency) for stream in self._streams)

    def is_lost(self) -> bool:
        """Whether a device is gone: its stream has ended, or stands still."""
        now, moved = time.monotonic(), (self._recorded, self._played)
        if all(after > before for before, after in zip(self._moved, moved, strict=True)):
            self._moved, self._moved_at = moved, now
        return now - self._moved_at > LOST_S or not all(one.active for one in self._streams)

    def close(self) -> None:
        """Stop at once: what the devices hold is thrown away."""
        streams, self._streams = self._streams, []
        for stream in streams:
            # Errors of a device that is gone are ignored by default.
            stream.abort()
            stream.close()

    # -- on PortAudio's threads ----------------------------------------------------------------

    def _record(self, block: Samples, frames: int, _time: Any, _status: Any) -> None:
        self._recorded += frames
        self._ring.write(block)
        self.levels.extend(levels_of(block, RATE, time.monotonic()))

    def _play(self, block: Samples, frames: int, _time: Any, _status: Any) -> None:
        self._played += frames
        block[:] = self._ring.read(frames)


class PortAudio:
    """The sound system of this process, used by one thread at a time."""

    def __init__(self, loading: Callable[[], Any] = load) -> None:
        self._loading = loading
        self._lock = threading.Lock()
        self._library: Any = None
        self._in_use: Streams | None = None

    def look(self) -> SoundDevices:
        """List the devices; opens none. Raises `VoiceError`."""
        with self._lock:
            return self._look()

    def open(self, microphone: str, ring: DelayRing) -> Streams:
        """Record `microphone` into the ring, and play the ring into the cable.

        Raises `VoiceError`; nothing is left open then.
        """
        with self._lock:
            look = self._look()
            device, cable = look.microphone(microphone), look.cable()
            library = self._library
            settings = None
            if look.host_api == "Windows WASAPI":
                settings = library.WasapiSettings(auto_convert=True)
            streams = Streams(cable, ring)
            try:
                streams.open(library, device, cable, settings)
            except library.PortAudioError as error:
                streams.close()
                raise VoiceError(
                    f'"{device.name}" or "{cable.device.name}" cannot be opened ({error}): close '
                    "what uses it, and let this program use the microphone in the privacy settings"
                ) from error
            self._in_use = streams
            return streams

    def close(self, streams: Streams) -> None:
        """Close both streams."""
        with self._lock:
            self._in_use = None
            streams.close()

    def _look(self) -> SoundDevices:
        if self._library is None:
            self._library = self._loading()
        library = self._library
        try:
            if self._in_use is None:
                # PortAudio lists once what there is; this is how to have it look again.
                library._terminate()
                library._initialize()
            apis = library.query_hostapis()
            devices = library.query_devices()
        except library.PortAudioError as error:
            raise VoiceError(f"the sound system cannot be asked: {error}") from error
        names = [api["name"] for api in apis]
        chosen = next((names.index(name) for name in HOST_APIS if name in names), 0)
        return SoundDevices(
            host_api=names[chosen] if names else "",
            devices=tuple(
                SoundDevice(
                    index, one["name"], one["max_input_channels"], one["max_output_channels"]
                )
                for index, one in enumerate(devices)
                if one["hostapi"] == chosen
            ),
            default_output=apis[chosen]["default_output_device"] if names else -1,
        )
