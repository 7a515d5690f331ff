"""The virtual cameras that other programs install, through pyvirtualcam: OBS and Unity Capture.

pyvirtualcam is loaded only where one of them may be fed, which is not on Linux.
"""

from __future__ import annotations

from typing import Literal

from sana_vcam.config.schema import SinkConfig
from sana_vcam.errors import SinkError
from sana_vcam.media.pixels import Pixels

type ExternalKind = Literal["obs", "unitycapture"]

EXTERNAL_KINDS: tuple[ExternalKind, ...] = ("obs", "unitycapture")
"""What pyvirtualcam calls them, in the order in which "auto" tries them."""
NAMES: dict[ExternalKind, str] = {
    "obs": "OBS Virtual Camera",
    "unitycapture": "Unity Video Capture",
}
FIXES: dict[ExternalKind, str] = {
    "obs": "install OBS Studio and start its virtual camera once, then stop it",
    "unitycapture": "install Unity Capture, and set sink.device to its name",
}


def possible_kinds() -> tuple[ExternalKind, ...]:
    """List the kinds that pyvirtualcam knows on this system."""
    import pyvirtualcam  # loaded only when a sink is opened

    return tuple(kind for kind in EXTERNAL_KINDS if kind in pyvirtualcam.camera.BACKENDS)


class ExternalBackend:
    """One open virtual camera of another program; it takes I420."""

    def __init__(self, kind: ExternalKind, config: SinkConfig) -> None:
        """Open `sink.device`, or the only one there is. Raises `SinkError` with the fix."""
        import pyvirtualcam  # loaded only when a sink is opened

        try:
            self._camera = pyvirtualcam.Camera(
                config.width,
                config.height,
                config.fps,
                fmt=pyvirtualcam.PixelFormat.I420,
                backend=kind,
                device=config.device or None,
            )
        except RuntimeError as error:
            why = str(error).removeprefix(f"'{kind}' backend: ")
            raise SinkError(
                f"cannot open the virtual camera {config.device or NAMES[kind]}: {why}; "
                f"{FIXES[kind]}"
            ) from error
        self.device: str = self._camera.device

    def send(self, frame: Pixels) -> None:
        """Show a frame. Raises `RuntimeError` when the other program takes none any more."""
        self._camera.send(frame)

    def close(self) -> None:
        """Let go of the virtual camera."""
        self._camera.close()
