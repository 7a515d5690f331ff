"""The compiled halves of pyvirtualcam on Windows and macOS, and pyvirtualcam itself on top of them.

Each native module has a class `Camera` with the arguments and methods that pyvirtualcam 0.15
describes in its `Backend`. What they do beyond that is as their authors' documentation has it: OBS
has one camera of one name, which one program at a time feeds; Unity Capture has one for each name
that it was installed under.
"""

from __future__ import annotations

import importlib
import platform
import sys
from dataclasses import dataclass, field
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest

OBS, UNITY = "OBS Virtual Camera", "Unity Video Capture"
NATIVE = {
    ("Windows", "10"): {"_native_windows_obs": OBS, "_native_windows_unity_capture": UNITY},
    ("Darwin", "23.5.0"): {"_native_macos_obs_cmioextension": OBS},
    ("Darwin", "21.6.0"): {"_native_macos_obs_dal": OBS},
}
"""What a release of a system has, by `platform.system` and `platform.release`, and its camera."""
I420 = int.from_bytes(b"I420", "little")
"""FourCC codes are little-endian numbers in libyuv (video_common.h)."""


@dataclass
class Cameras:
    """The virtual cameras of the machine: what is installed, what is fed, and what was shown."""

    installed: set[str] = field(default_factory=set)
    fed_by_others: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    opened: list[tuple[str, int, int, float]] = field(default_factory=list)
    """Name, width, height and rate of each that was opened, in turn."""
    shown: list[tuple[str, npt.NDArray[np.uint8]]] = field(default_factory=list)
    gone: bool = False
    """Whether the other program has been taken away, and refuses whatever is sent."""

    def native(self, usual: str) -> type:
        """Make the class `Camera` of a native module whose camera is called `usual`."""
        cameras = self

        class Camera:
            def __init__(
                self, *, width: int, height: int, fps: float, fourcc: int, device: str | None
            ) -> None:
                self._size = width * height * 3 // 2
                self._name = device or usual
                if fourcc != I420:
                    raise RuntimeError("unsupported pixel format")
                if usual == OBS and self._name != OBS:
                    raise RuntimeError(f"device name must be '{OBS}'")
                if self._name not in cameras.installed:
                    raise RuntimeError(f"'{self._name}' device not found")
                if self._name in cameras.fed_by_others | cameras.open:
                    raise RuntimeError("virtual camera output could not be started")
                cameras.open.add(self._name)
                cameras.opened.append((self._name, width, height, fps))

            def send(self, frame: npt.NDArray[np.uint8]) -> None:
                assert self._name in cameras.open, "closed"
                assert frame.ndim == 1
                assert frame.dtype == np.uint8
                assert frame.flags.c_contiguous
                assert frame.size == self._size
                if cameras.gone:
                    raise RuntimeError("the camera has gone")
                cameras.shown.append((self._name, frame.copy()))

            def close(self) -> None:
                cameras.open.remove(self._name)

            def device(self) -> str:
                return self._name

            def native_fourcc(self) -> int | None:
                return I420

        return Camera


def there(patch: pytest.MonkeyPatch, system: str, release: str, *installed: str) -> Cameras:
    """Have pyvirtualcam be imported as on that system, with these virtual cameras installed."""
    cameras = Cameras(set(installed))
    patch.setattr(platform, "system", lambda: system)
    patch.setattr(platform, "release", lambda: release)
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyvirtualcam"]:
        patch.delitem(sys.modules, name)
    for name, usual in NATIVE[system, release].items():
        module = ModuleType(f"pyvirtualcam.{name}")
        module.Camera = cameras.native(usual)  # type: ignore[attr-defined]
        patch.setitem(sys.modules, module.__name__, module)
    fresh = importlib.import_module("pyvirtualcam")
    patch.setitem(sys.modules, "pyvirtualcam", fresh)
    return cameras
